#!/usr/bin/env bash
# From an empty machine to a federated model: sets up, builds, and trains on the embedded digits data with a coordinator,
# 50 virtual clients and an evaluator, all on this machine.
#
#   ./scripts/demo.sh [--seed S] [-o FILE]     further flags go to `fedctl start-round --local`
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
  -h | --help)
    sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
esac

"$REPO/scripts/setup.sh"
build_preset release fl-coordinator fl-client fedctl # not all programs: a first try should not wait for the rest

bin="$REPO/build/release/bin"
output="$REPO/global.pt"
for ((i = 1; i < $#; ++i)); do
  next=$((i + 1))
  case "${!i}" in
    -o | --output) output="${!next}" ;;
    --output=*) output="${!i#--output=}" ;;
  esac
done

command=("$bin/fedctl" start-round --local --clients 50 --rounds 10 --epochs 5 --batch-size 4 --lr 0.3 --force -o "$output" "$@")
say "running: fedctl ${command[*]:1}"
"${command[@]}"

say "done: $output is a TorchScript model. Next:"
cat <<TEXT
    $bin/fedctl model info $output
    PYTHONPATH=.deps/libtorch python3 -c 'import torch; print(torch.jit.load("$output"))'
    $bin/fl-coordinator --model $output --state-dir state &       # a coordinator that stays
    $bin/fl-client --data digits --virtual 50 --partition iid &    # or one fl-client on each site
    $bin/fedctl start-round --clients 50
TEXT
