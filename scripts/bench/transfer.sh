#!/usr/bin/env bash
# Time of one round with a large model and without training, full durability, beside what its bytes cost at least: plain gRPC
# streams both ways and a synced write of what comes up (tests/bench/raw_transfer.cc). In turns in one run; prints medians and
# their ratio, and the coordinator's peak memory. Every client is a process of its own that fetches the model itself.
#
#   scripts/bench/transfer.sh [CLIENTS [MEGABYTES [TURNS]]]
set -euo pipefail
# shellcheck source=scripts/bench/cluster.sh
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"

clients="${1:-8}" megabytes="${2:-100}" turns="${3:-5}"
RAW="$(dirname "$SWARM")/raw_transfer"

make_model $((megabytes * 250000))
start_coordinator "$WORK/model.pt" --keep-rounds 2
for _ in $(seq "$clients"); do start_swarm --clients 1 --workers 1 --connections 1; done
wait_for_clients "$clients"
for turn in $(seq "$turns"); do
  raw="$("$RAW" --clients "$clients" --megabytes "$megabytes" --repetitions 1 --folder "$WORK")"
  fedctl --quiet start-round --clients "$clients" --deadline 1h
  ours="$(round_seconds 1)"
  echo "turn $turn: raw $raw s, round $ours s"
  echo "$raw" >>"$WORK/raw"
  echo "$ours" >>"$WORK/ours"
done
raw="$(median <"$WORK/raw")" ours="$(median <"$WORK/ours")"
echo "$clients clients, $megabytes MB: raw $raw s, round $ours s, ratio $(python3 -c "print(f'{$ours / $raw:.2f}')"); peak memory $(peak "$COORDINATOR") MB"
