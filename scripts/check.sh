#!/usr/bin/env bash
# Everything that must hold before a change is called done: lints, the tests in release, under AddressSanitizer and
# UndefinedBehaviorSanitizer, under ThreadSanitizer (what is torch-free), the clang build with thread-safety analysis, the
# edge engine on 64-bit ARM under QEMU, and the fuzz targets for a short while. Long; scripts/test.sh is the part for every day.
#
#   ./scripts/check.sh                  all of it
#   ./scripts/check.sh lint asan        only these: lint release asan tsan clang aarch64 fuzz
#   FUZZ_SECONDS=600 ./scripts/check.sh fuzz
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

STEPS=(lint release asan tsan clang aarch64 fuzz)
for step in "$@"; do
  [[ " ${STEPS[*]} " == *" $step "* ]] || die "unknown step '$step'; the steps are: ${STEPS[*]}"
done
(($# > 0)) && STEPS=("$@")

run_ctest() { ctest --test-dir "$REPO/build/$1" --output-on-failure --parallel "$(nproc)" "${@:2}"; }

step_lint() {
  shellcheck -x -P "$REPO/scripts:$REPO/scripts/bench" "$REPO"/scripts/*.sh "$REPO"/scripts/bench/*.sh "$REPO/.ci/run"
  "$REPO/scripts/lint_includes.sh"
  (cd "$REPO" && git ls-files '*.h' '*.cc' | xargs clang-format-14 --dry-run --Werror)
}

step_release() {
  build_preset release
  run_ctest release # the slow ones too
}

step_asan() {
  build_preset asan
  # LibTorch is not instrumented: containers that cross its boundary, and what it leaves to the end of the process, are
  # not findings. The programs under memory limits are not run: shadow memory is not theirs.
  ASAN_OPTIONS=detect_container_overflow=0:detect_leaks=1:allocator_may_return_null=1 LSAN_OPTIONS="suppressions=$REPO/scripts/cmake/lsan.supp:print_suppressions=0" \
    UBSAN_OPTIONS=print_stacktrace=1 run_ctest asan -LE 'slow|memory'
}

step_tsan() {
  build_preset tsan
  TSAN_OPTIONS="suppressions=$REPO/scripts/cmake/tsan.supp:second_deadlock_stack=1" run_ctest tsan -LE 'slow|memory'
}

step_clang() { build_preset clang; }

step_aarch64() {
  build_preset aarch64
  run_ctest aarch64
}

step_fuzz() {
  local target seconds="${FUZZ_SECONDS:-20}"
  build_preset fuzz
  for target in "$REPO"/build/fuzz/fuzz/*_fuzzer; do
    local name corpus
    name="$(basename "$target")"
    corpus="$(mktemp -d)"
    say "fuzzing $name for $seconds s"
    "$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 "$corpus" \
      "$REPO/tests/fuzz/corpus/${name%_fuzzer}" 2>&1 | tail -n 3
    rm -rf "$corpus"
  done
}

"$REPO/scripts/setup.sh" --check-tools
for step in "${STEPS[@]}"; do
  say "check: $step"
  "step_$step"
done
say "check: all of ${STEPS[*]} passed"
