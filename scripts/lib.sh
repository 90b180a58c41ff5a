# Helpers of the scripts in this folder; sourced, not run.
# shellcheck shell=bash disable=SC2034

REPO="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
DEPS="$REPO/.deps"
# The compiler cache stays in the repository, unless the user has one of their own.
export CCACHE_DIR="${CCACHE_DIR:-$DEPS/ccache}"

if [[ -t 1 && -z "${NO_COLOR:-}" ]]; then
  BOLD=$'\e[1m' RED=$'\e[31m' RESET=$'\e[0m'
else
  BOLD='' RED='' RESET=''
fi

# say TEXT: one line of progress.
say() { printf '%s==>%s %s\n' "$BOLD" "$RESET" "$*"; }

# die TEXT [TEXT ...]: a message to stderr, one line per argument, exit 1.
die() {
  printf '%serror:%s %s\n' "$RED" "$RESET" "$1" >&2
  shift
  for line in "$@"; do printf '       %s\n' "$line" >&2; done
  exit 1
}

# jobs: how many compilers to run at once: one per core, and no more than memory has room for (2 GB each).
jobs() {
  local cores memory_kb by_memory
  cores="$(nproc)"
  memory_kb="$(awk '/MemAvailable/ {print $2}' /proc/meminfo)"
  by_memory=$((memory_kb / 2000000))
  ((by_memory >= 1)) || by_memory=1
  echo $((cores < by_memory ? cores : by_memory))
}

# build_preset PRESET [TARGET ...]: configures once, builds the targets (all of them if none is named).
build_preset() {
  local preset="$1" dir="$REPO/build/$1"
  shift
  if [[ ! -f "$dir/build.ninja" ]]; then
    say "configuring build/$preset"
    mkdir -p "$dir"
    (cd "$REPO" && cmake --preset "$preset" >"$dir/configure.log" 2>&1) || {
      tail -n 30 "$dir/configure.log" >&2
      die "configuring failed; the whole log is in build/$preset/configure.log"
    }
  fi
  say "building build/$preset ($(jobs) jobs)"
  cmake --build "$dir" --parallel "$(jobs)" ${1:+--target "$@"}
}
