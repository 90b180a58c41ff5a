#!/usr/bin/env bash
# Processor time and memory that joined and idle clients cost the coordinator.
#
#   scripts/bench/idle_clients.sh [CLIENTS [SECONDS]]
set -euo pipefail
# shellcheck source=scripts/bench/cluster.sh
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"

clients="${1:-5000}" seconds="${2:-120}"
cpu_ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }

make_model 2500
start_coordinator "$WORK/model.pt"
start_swarm --clients "$clients"
wait_for_clients "$clients"
sleep 30 # the polls of a joining crowd come together; they spread over the first holds
before="$(cpu_ticks "$COORDINATOR")"
sleep "$seconds"
after="$(cpu_ticks "$COORDINATOR")"
python3 -c "
share = ($after - $before) / $(getconf CLK_TCK) / $seconds
print(f'$clients idle clients: {100 * share:.2f} % of a core over $seconds s; resident $(resident "$COORDINATOR") MB')"
