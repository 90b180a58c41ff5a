#!/usr/bin/env bash
# Time of one round without training: 50 virtual clients and a model of 2,410 parameters by default; full durability.
# Prints the median, the 10th and the 90th percentile of the rounds' durations in milliseconds, and resident memory.
#
#   scripts/bench/round_latency.sh [CLIENTS [ROUNDS]]
set -euo pipefail
# shellcheck source=scripts/bench/cluster.sh
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"

clients="${1:-50}" rounds="${2:-100}"

"$BIN/fl-client" new-model --arch mlp:64,32,10 -o "$WORK/model.pt"
start_coordinator "$WORK/model.pt"
idle="$(resident "$COORDINATOR")"
start_client --data digits --virtual "$clients" --partition iid --metrics-samples 0
wait_for_clients "$clients"
fedctl --quiet start-round --clients "$clients" --rounds "$rounds" --epochs 0
fedctl rounds list --limit "$rounds" --json | python3 -c '
import json, statistics, sys
took = sorted(r["ended_unix_ms"] - r["started_unix_ms"] for r in json.load(sys.stdin)["rounds"])
tenth = len(took) // 10
print(f"{len(took)} rounds of '"$clients"' clients: median {statistics.median(took):.1f} ms, "
      f"10 % {took[tenth]:.1f} ms, 90 % {took[-tenth - 1]:.1f} ms")'
echo "coordinator resident: $idle MB idle, $(resident "$COORDINATOR") MB after"
