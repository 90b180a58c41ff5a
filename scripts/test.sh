#!/usr/bin/env bash
# Sets up, builds (release) and runs the tests. The last lines are ctest's summary.
#
#   ./scripts/test.sh                 the default tests
#   ./scripts/test.sh -L slow         arguments go to ctest; this runs the long ones
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$REPO/scripts/setup.sh"
build_preset release
say "testing"
selection=(-LE slow)
(($# > 0)) && selection=("$@")
ctest --test-dir "$REPO/build/release" --output-on-failure --parallel "$(nproc)" --progress "${selection[@]}"
