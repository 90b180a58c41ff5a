# A coordinator and clients on this machine for the benchmarks; sourced, not run. Everything ends with the script.
# shellcheck shell=bash disable=SC2034,SC2317
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

BIN="$REPO/build/release/bin"
[[ -x "$BIN/fl-client" ]] || die "the programs are not built; run scripts/demo.sh or scripts/test.sh first"
WORK="$(mktemp -d)"
CHILDREN=()

stop_cluster() {
  ((${#CHILDREN[@]})) && kill "${CHILDREN[@]}" 2>/dev/null
  wait 2>/dev/null || true
  rm -rf "$WORK"
}
trap stop_cluster EXIT

# start_coordinator MODEL: sets ADDRESS and COORDINATOR (its process).
start_coordinator() {
  "$BIN/fl-coordinator" --model "$1" --state-dir "$WORK/state" --listen 127.0.0.1:0 --ready-file "$WORK/address" \
    --log-level warning >/dev/null &
  COORDINATOR=$!
  CHILDREN+=("$COORDINATOR")
  for _ in $(seq 100); do
    [[ -s "$WORK/address" ]] && break
    sleep 0.1
  done
  ADDRESS="$(cat "$WORK/address")"
}

# start_client FLAG ...: an fl-client of the coordinator.
start_client() {
  "$BIN/fl-client" --coordinator "$ADDRESS" --log-level warning "$@" &
  CHILDREN+=($!)
}

fedctl() { "$BIN/fedctl" --coordinator "$ADDRESS" "$@"; }
