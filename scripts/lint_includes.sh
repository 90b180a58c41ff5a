#!/usr/bin/env bash
# Holds libraries to their homes and the arrows of ARCHITECTURE.md: prints each include that breaks a rule, exits 1 if any.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$REPO"

failed=0

# only_in WHAT PATTERN FOLDER ...: an include that matches PATTERN stands only under these folders (or in these files).
only_in() {
  local what="$1" pattern="$2" line file home allowed
  shift 2
  while IFS= read -r line; do
    file="${line%%:*}"
    allowed=0
    for home in "$@"; do [[ "$file" == "$home"* ]] && allowed=1; done
    if ((!allowed)); then
      printf '%s: %s belongs in: %s\n' "$line" "$what" "$*"
      failed=1
    fi
  done < <(git ls-files -co --exclude-standard '*.h' '*.cc' | xargs grep -nE "^#include [<\"]($pattern)" /dev/null || true)
}

# never FOLDER PATTERN WHY: nothing under FOLDER includes PATTERN.
never() {
  local hits
  hits="$(git ls-files -co --exclude-standard "$1*.h" "$1*.cc" | xargs -r grep -nE "^#include [<\"]($2)" /dev/null || true)"
  if [[ -n "$hits" ]]; then
    printf '%s\n       ^ %s\n' "$hits" "$3"
    failed=1
  fi
}

only_in LibTorch 'torch/|ATen/|c10/|caffe2/' fl-client/torch/ compress/lower/ compress/torch/ tests/unit/learn/ \
  tests/integration/ tests/support/torch_evaluator tests/bench/ scripts/golden/
only_in 'gRPC and protobuf' 'grpc|google/protobuf|fedge/v1/' common/rpc/ fl-coordinator/rpc/ fl-coordinator/fedctl/ \
  fl-client/rpc/ edge-serve/program/codec_ops edge-serve/program/program_codec.cc edge-serve/program/samples.cc tests/unit/services/ tests/unit/fedctl/ tests/unit/client/ tests/e2e/ tests/bench/ tests/fuzz/
only_in CLI11 'CLI/' common/cli/
only_in Boost 'boost/' common/http/
only_in prometheus-cpp 'prometheus/' fl-coordinator/rpc/
only_in spdlog 'spdlog/' common/log.cc
only_in SQLite 'sqlite3' fl-coordinator/core/ tests/unit/storage/ tests/support/durability/
only_in oneDNN 'oneapi/|dnnl' edge-serve/runtime/onednn/
only_in RapidJSON 'rapidjson/' common/ tests/
only_in OpenSSL 'openssl/' common/

servers='fedge/(coordinator|coordinator_rpc|fedctl)/'
clients='fedge/(client|client_rpc)/'
never common/ "$servers|$clients|fedge/(data|learn)/" "common includes nothing above it"
never fl-client/data/ "$servers|$clients|fedge/learn/" "fedge::data is shared: it includes no server and no client"
never fl-client/torch/ "$servers|$clients" "fedge::learn is shared: it includes no server and no client"
never fl-client/ "$servers" "the client knows nothing of the coordinator"
never fl-coordinator/ "$clients|fedge/(data|learn)/" "the coordinator knows nothing of the client"
never fl-coordinator/core/ 'fedge/(coordinator_rpc|fedctl|rpc|v1)/' "cores know nothing of gRPC"
never compress/ "$servers|$clients|fedge/serving/" "compress knows no server and no client"
never compress/lower/ 'fedge/(compress_torch|compress_main|compress_report|cli)/' "lowering knows nothing of the program around it"
never fl-client/core/ 'fedge/(client_rpc|rpc|v1|cli)/' "cores know nothing of gRPC"
never edge-serve/program/ "$servers|$clients|fedge/(engine|rpc|data|learn)/" "programs are shared: nothing above is included"
never edge-serve/runtime/ "$servers|$clients|fedge/(rpc|v1|data|learn)/" "fedge::engine is shared: it includes no server, no client and no protobuf"

exit "$failed"
