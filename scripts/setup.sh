#!/usr/bin/env bash
# Installs what building Fedge needs: the distribution's packages (with apt), and LibTorch under .deps/.
# Idempotent: what is there is left alone. Touches nothing outside the repository but packages.
#
#   LIBTORCH=/path/to/libtorch ./scripts/setup.sh     uses that LibTorch instead; CMAKE_PREFIX_PATH does too
#   ./scripts/setup.sh --no-libtorch                  packages only
#   ./scripts/setup.sh --check-tools                  also what scripts/check.sh runs: clang, clang-tidy, shellcheck, promtool,
#                                                     a cross compiler, QEMU, and libraries for aarch64 in .deps/aarch64
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TORCH_VERSION=2.13.0
TORCH_CPU_INDEX=https://download.pytorch.org/whl/cpu # PyTorch's own; has CPU builds only

PACKAGES=(
  build-essential cmake ninja-build ccache mold pkg-config git ca-certificates python3 python3-pip
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc
  libsqlite3-dev libeigen3-dev libcli11-dev libspdlog-dev libfmt-dev
  libgtest-dev libgmock-dev libbenchmark-dev libdeflate-dev zlib1g-dev rapidjson-dev libssl-dev
  libboost-dev prometheus-cpp-dev libdnnl-dev
)
CHECK_PACKAGES=(clang clang-tidy clang-format-14 libclang-rt-14-dev shellcheck valgrind g++-aarch64-linux-gnu qemu-user)
# What the edge engine and its tests link, for aarch64.
AARCH64_PACKAGES=(
  libprotobuf-dev libspdlog-dev libfmt-dev libssl-dev zlib1g-dev libdeflate-dev rapidjson-dev libgtest-dev libgmock-dev
)

WANT_LIBTORCH=1
WANT_CHECK_TOOLS=0
for argument in "$@"; do
  case "$argument" in
    --no-libtorch) WANT_LIBTORCH=0 ;;
    --check-tools)
      PACKAGES+=("${CHECK_PACKAGES[@]}")
      WANT_CHECK_TOOLS=1
      ;;
    -h | --help)
      sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *) die "unknown argument '$argument'; see --help" ;;
  esac
done

install_packages() {
  local missing=() package
  command -v apt-get >/dev/null || die "this script installs packages with apt-get, which is not here" \
    "install the equivalents of: ${PACKAGES[*]}" "then run cmake --preset release"
  for package in "${PACKAGES[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then
    say "packages: all there"
    return
  fi
  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "packages are missing and neither root nor sudo is at hand" \
      "as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "packages: installing ${missing[*]}"
  local log
  log="$(mktemp)"
  if ! { "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "apt-get could not install the packages; the whole log is in $log"
  fi
  rm -f "$log"
}

# The folder with share/cmake/Torch of the user's own LibTorch, if there is one.
own_libtorch() {
  local folder
  IFS=':;' read -r -a folders <<<"${LIBTORCH:-}:${CMAKE_PREFIX_PATH:-}"
  for folder in "${folders[@]}"; do
    if [[ -n "$folder" && -f "$folder/share/cmake/Torch/TorchConfig.cmake" ]]; then
      echo "$folder"
      return
    fi
  done
}

# download SPEC FOLDER [PIP OPTION ...]: one wheel, without what it depends on.
download() {
  local spec="$1" folder="$2"
  shift 2
  python3 -m pip download --no-cache-dir --quiet --no-deps --only-binary=:all: --dest "$folder" "$@" "$spec" 2>>"$DEPS/pip.log"
}

install_libtorch() {
  local own
  own="$(own_libtorch)"
  if [[ -n "$own" ]]; then
    say "LibTorch: using $own"
    return
  fi
  if [[ -n "${LIBTORCH:-}" ]]; then
    die "LIBTORCH=$LIBTORCH has no share/cmake/Torch/TorchConfig.cmake" \
      "point it to the unpacked 'libtorch' folder, or unset it to have this script fetch the CPU build"
  fi
  local target="$DEPS/libtorch"
  if [[ -f "$target/torch/share/cmake/Torch/TorchConfig.cmake" ]]; then
    say "LibTorch: $TORCH_VERSION is in .deps/libtorch"
    return
  fi
  mkdir -p "$DEPS"
  rm -rf "$target" "$DEPS"/wheel.* "$DEPS"/unpack.*
  : >"$DEPS/pip.log"
  local wheels unpacked
  wheels="$(mktemp -d "$DEPS/wheel.XXXXXX")"
  unpacked="$(mktemp -d "$DEPS/unpack.XXXXXX")"
  say "LibTorch: downloading torch==$TORCH_VERSION+cpu (about 190 MB)"
  download "torch==$TORCH_VERSION+cpu" "$wheels" ||
    download "torch==$TORCH_VERSION+cpu" "$wheels" --index-url "$TORCH_CPU_INDEX" ||
    download "torch==$TORCH_VERSION+cpu" "$wheels" --index-url "$TORCH_CPU_INDEX" --python-version 3.11 ||
    die "no CPU build of LibTorch $TORCH_VERSION could be downloaded (pip's messages are in .deps/pip.log)" \
      "either give pip a way to it and run this again," \
      "or unpack a LibTorch of 2.1 or newer yourself and say where: LIBTORCH=/path/to/libtorch $0"
  # Python's half of the wheel needs this one module; only the tests that ask Python's opinion of a file import it.
  download typing_extensions "$wheels" || say "LibTorch: no typing_extensions; tests in Python will be skipped"
  say "LibTorch: unpacking"
  local wheel
  for wheel in "$wheels"/*.whl; do python3 -m zipfile -e "$wheel" "$unpacked"; done
  mv "$unpacked" "$target"
  rm -rf "$wheels"
}

# promtool alone, out of the package of Prometheus: to install that would start a server.
install_promtool() {
  command -v promtool >/dev/null && return
  [[ -x "$DEPS/promtool" ]] && return
  say "promtool: unpacking it to .deps/promtool"
  local unpacked
  mkdir -p "$DEPS"
  unpacked="$(mktemp -d "$DEPS/unpack.XXXXXX")"
  if (cd "$unpacked" && apt-get download -qq prometheus && dpkg -x prometheus_*.deb .) >/dev/null 2>&1; then
    mv "$unpacked/usr/bin/promtool" "$DEPS/promtool"
  else
    say "promtool: not to be had; the tests of configs/monitoring that need it will be skipped"
  fi
  rm -rf "$unpacked"
}

# unpack_aarch64 FOLDER: the packages that AARCH64_PACKAGES need, down to libc, as a root file system in FOLDER/root. apt
# works in FOLDER as if on an empty machine, so that no package of this one is touched.
unpack_aarch64() {
  local folder="$1" package link target
  mkdir -p "$folder/root" "$folder/state/lists/partial" "$folder/cache/archives/partial"
  : >"$folder/status"
  cat >"$folder/apt.conf" <<END
APT::Architecture "arm64";
APT::Architectures "arm64";
Dir::State "$folder/state";
Dir::State::status "$folder/status";
Dir::Cache "$folder/cache";
Debug::NoLocking "true";
END
  APT_CONFIG="$folder/apt.conf" apt-get update -qq || return
  APT_CONFIG="$folder/apt.conf" apt-get install -y -qq --no-install-recommends --download-only "${AARCH64_PACKAGES[@]}" || return
  for package in "$folder"/cache/archives/*.deb; do dpkg -x "$package" "$folder/root" || return; done
  # Links that begin at the root begin at this root.
  find "$folder/root" -type l -lname '/*' | while IFS= read -r link; do
    target="$(readlink "$link")"
    ln -sfr "$folder/root$target" "$link"
  done
}

install_aarch64() {
  if [[ -d "$DEPS/aarch64" || "$(uname -m)" == aarch64 ]]; then
    return
  fi
  say "aarch64: unpacking libraries to .deps/aarch64"
  local unpacked
  mkdir -p "$DEPS"
  unpacked="$(mktemp -d "$DEPS/unpack.XXXXXX")"
  if unpack_aarch64 "$unpacked" >"$DEPS/aarch64.log" 2>&1; then
    mv "$unpacked/root" "$DEPS/aarch64"
  else
    say "aarch64: not to be had (apt's messages are in .deps/aarch64.log); the step aarch64 of scripts/check.sh can't run"
  fi
  rm -rf "$unpacked"
}

install_packages
if ((WANT_CHECK_TOOLS)); then
  install_promtool
  install_aarch64
fi
((WANT_LIBTORCH)) && install_libtorch
exit 0
