#!/usr/bin/env bash
# Ten thousand rounds with ten tiny clients: memory, files and the time of a round at the beginning and at the end.
#
#   scripts/bench/soak.sh [ROUNDS]
set -euo pipefail
# shellcheck source=scripts/bench/cluster.sh
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"

rounds="${1:-10000}" clients=10 warm_up=500

make_model 100
start_coordinator "$WORK/model.pt"
start_swarm --clients "$clients"
wait_for_clients "$clients"
fedctl --quiet start-round --clients "$clients" --rounds "$warm_up"
before="$(resident "$COORDINATOR")" first="$(round_seconds "$warm_up" | median)"
fedctl --quiet start-round --clients "$clients" --rounds $((rounds - warm_up))
after="$(resident "$COORDINATOR")" last="$(round_seconds "$warm_up" | median)"
python3 -c "
print(f'$rounds rounds: resident $before MB after $warm_up rounds, $after MB at the end (grown by {$after - $before:.1f} MB)')
print(f'median round {1000 * $first:.1f} ms in the first $warm_up, {1000 * $last:.1f} ms in the last $warm_up (ratio {$last / $first:.2f})')"
verdict="$(python3 -c "print('good' if $after - $before <= 2 and $last / $first <= 1.2 else 'bad')")"
du -ab "$WORK/state" | awk -v root="$WORK/state" '{sub(root, "state"); printf "%10d bytes  %s\n", $1, $2}' | sort -k3
[[ "$verdict" == good ]] || die "memory grew by more than 2 MB, or rounds became slower by more than a fifth"
