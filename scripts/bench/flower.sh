#!/usr/bin/env bash
# Time and memory of Flower's rounds without training, in its deployment mode on loopback: a superlink, a supernode for
# each client, `flwr run`. Clients send the model back plus a constant; FedAvg; no evaluation. Flower is installed from
# PyPI into build/flower-venv; its telemetry is off.
#
#   scripts/bench/flower.sh tiny [--clients N] [--rounds R] [--json FILE]     2,500 parameters, 10 clients by default
#   scripts/bench/flower.sh large [--clients N] [--rounds R] [--json FILE]    100 MB (25,000,000 float32), 8 clients
#
# Prints a line for each round, the median, and the peak resident memory of the processes on the server's side.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

FLOWER_VERSION=1.41.0
venv="$REPO/build/flower-venv"

installed() {
  [[ -x "$venv/bin/flower-superlink" ]] && "$venv/bin/python" -c \
    "import importlib.metadata as m, sys; sys.exit(m.version('flwr') != '$FLOWER_VERSION')" 2>/dev/null
}

if ! installed; then
  say "installing flwr $FLOWER_VERSION into build/flower-venv; this takes minutes" >&2
  python3 -m venv "$venv" || die "python3 -m venv failed; on Debian it needs the package python3-venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "flwr==$FLOWER_VERSION" ||
    die "flwr $FLOWER_VERSION could not be installed" "It needs Python 3.11 or newer and a way to PyPI."
fi
exec "$venv/bin/python" "$REPO/scripts/bench/flower.py" "$@"
