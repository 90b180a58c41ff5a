#!/usr/bin/env bash
# Rounds without training in Flower 1.41 (scripts/bench/flower.sh) and here, in turns in one run on this machine: medians, peak
# resident memory on the server's side (the sum of its processes' peaks, and their sum at one time as sampled), and the ratios.
# Every client is a process of its own on both sides, and fetches the model itself. Ours has full durability; Flower keeps its
# state in memory, as it does by default.
#
#   scripts/bench/compare_flower.sh tiny [--clients N] [--rounds R] [--turns T]     2,500 parameters, 10 clients, 3 rounds, 2 turns
#   scripts/bench/compare_flower.sh large [--clients N] [--rounds R] [--turns T]    100 MB, 8 clients, 3 rounds, 1 turn
set -euo pipefail
# shellcheck source=scripts/bench/cluster.sh
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"

usage() { sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

case "${1:-}" in
  tiny) parameters=2500 clients=10 turns=2 ;;
  large) parameters=25000000 clients=8 turns=1 ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac
name="$1" rounds=3
shift
while (($#)); do
  [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || die "'$1' needs a number above 0; see --help"
  case "$1" in
    --clients) clients="$2" ;;
    --rounds) rounds="$2" ;;
    --turns) turns="$2" ;;
    *) die "unknown argument '$1'; see --help" ;;
  esac
  shift 2
done
[[ -x "$SWARM" ]] || die "fedge_swarm is not built; run: cmake --build build/release --target fedge_swarm"

# In the background, so that a signal to this script is not kept waiting by it.
flower() {
  "$REPO/scripts/bench/flower.sh" "$name" --clients "$clients" --rounds "$rounds" --json "$WORK/flower-$1.json" &
  CHILDREN+=($!)
  wait $!
}

make_model "$parameters"
start_coordinator "$WORK/model.pt"
for _ in $(seq "$clients"); do start_swarm --clients 1 --workers 1 --connections 1 --log-level error; done
wait_for_clients "$clients"
for turn in $(seq "$turns"); do
  flower "$turn"
  fedctl --quiet start-round --clients "$clients" --rounds "$rounds" --epochs 1 --deadline 1h >/dev/null
  round_seconds "$rounds" | tee -a "$WORK/fedge" | awk '{printf "fedge: round %d: %.3f s\n", NR, $1}'
done

python3 - "$(median <"$WORK/fedge")" "$(peak "$COORDINATOR")" "$WORK"/flower-*.json <<'EOF'
import json, statistics, sys

fedge_s, fedge_mb, *paths = sys.argv[1:]
fedge_s, fedge_mb = float(fedge_s), float(fedge_mb)
turns = []
for path in paths:
    with open(path, encoding="utf-8") as file:
        turns.append(json.load(file))
seconds = [each for turn in turns for each in turn["round_seconds"]]
flower_s = statistics.median(seconds)
flower_mb, at_once_mb = (max(turn[key] for turn in turns) for key in ("peak_mb", "peak_at_once_mb"))
first = turns[0]
print(f"{first['case']}: {first['clients']} clients, {first['parameters']:,} parameters, {len(seconds)} rounds each")
print(f"{'':14}{first['system']:>14}{'fedge':>14}{'ratio':>10}")
print(f"{'median round':14}{flower_s:12.3f} s{fedge_s:12.3f} s{flower_s / fedge_s:10.1f}")
print(f"{'peak memory':14}{flower_mb:11.1f} MB{fedge_mb:11.1f} MB{flower_mb / fedge_mb:10.1f}")
print(f"{'at one time':14}{at_once_mb:11.1f} MB{fedge_mb:11.1f} MB{at_once_mb / fedge_mb:10.1f}")
EOF
