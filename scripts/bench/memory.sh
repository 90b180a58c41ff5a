#!/usr/bin/env bash
# Peak resident memory of the coordinator over rounds of large updates: at most 96 MB and 25 KB for each connection, whatever
# the model and the cohort. Clients share the download of the model, not the upload.
#
#   scripts/bench/memory.sh [CLIENTS MEGABYTES [ROUNDS [CONNECTIONS]]]    without arguments: 8 x 100, 500 x 1 and 4 x 2000 MB
set -euo pipefail

if (($# == 0)); then
  "${BASH_SOURCE[0]}" 8 100 3 8
  "${BASH_SOURCE[0]}" 500 1 3 500
  exec "${BASH_SOURCE[0]}" 4 2000 1 4
fi
# shellcheck source=scripts/bench/cluster.sh
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"

clients="$1" megabytes="$2" rounds="${3:-3}" connections="${4:-$1}"
make_model $((megabytes * 250000))
start_coordinator "$WORK/model.pt" --keep-rounds 1
idle="$(resident "$COORDINATOR")"
start_swarm --clients "$clients" --connections "$connections" --workers 2
wait_for_clients "$clients"
joined="$(resident "$COORDINATOR")"
fedctl --quiet start-round --clients "$clients" --rounds "$rounds" --deadline 1h
limit="$(python3 -c "print(96 + 0.025 * $connections)")"
highest="$(peak "$COORDINATOR")"
echo "$clients clients x $megabytes MB, $connections connections: resident $idle MB idle, $joined MB joined, peak $highest MB (limit $limit); median round $(round_seconds "$rounds" | median) s"
python3 -c "import sys; sys.exit($highest > $limit)" || die "the coordinator's peak is above its limit"
