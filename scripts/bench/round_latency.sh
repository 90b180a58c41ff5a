#!/usr/bin/env bash
# Time of one round without training: 50 virtual clients and a model of 2,410 parameters by default; full durability.
# Prints the median, the 10th and the 90th percentile of the rounds' durations in milliseconds, and resident memory.
#
#   scripts/bench/round_latency.sh [CLIENTS [ROUNDS]]
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

clients="${1:-50}" rounds="${2:-100}"
bin="$REPO/build/release/bin"
[[ -x "$bin/fl-client" ]] || die "the programs are not built; run scripts/demo.sh or scripts/test.sh first"
work="$(mktemp -d)"
children=()
cleanup() {
  ((${#children[@]})) && kill "${children[@]}" 2>/dev/null
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

"$bin/fl-client" new-model --arch mlp:64,32,10 -o "$work/model.pt"
"$bin/fl-coordinator" --model "$work/model.pt" --state-dir "$work/state" --listen 127.0.0.1:0 \
  --ready-file "$work/address" --log-level warning &
coordinator=$!
children+=("$coordinator")
for _ in $(seq 100); do
  [[ -s "$work/address" ]] && break
  sleep 0.1
done
resident() { awk '/VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$1/status"; }
idle="$(resident "$coordinator")"
address="$(cat "$work/address")"
"$bin/fl-client" --coordinator "$address" --data digits --virtual "$clients" --partition iid --metrics-samples 0 \
  --log-level warning &
children+=($!)
"$bin/fedctl" --coordinator "$address" --quiet start-round --clients "$clients" --rounds "$rounds" --epochs 0
"$bin/fedctl" --coordinator "$address" rounds list --limit "$rounds" --json | python3 -c '
import json, statistics, sys
seconds = sorted(r["seconds"] * 1000 for r in json.load(sys.stdin)["rounds"])
tenth = len(seconds) // 10
print(f"{len(seconds)} rounds of '"$clients"' clients: median {statistics.median(seconds):.1f} ms, "
      f"10 % {seconds[tenth]:.1f} ms, 90 % {seconds[-tenth - 1]:.1f} ms")'
echo "coordinator resident: $idle MB idle, $(resident "$coordinator") MB after"
