# A coordinator and clients on this machine for the benchmarks; sourced, not run. Everything ends with the script.
# shellcheck shell=bash disable=SC2034,SC2317
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

BIN="${FEDGE_BIN:-$REPO/build/release/bin}"
[[ -x "$BIN/fl-client" ]] || die "the programs are not built; run scripts/demo.sh or scripts/test.sh first"
SWARM="${FEDGE_BENCH:-$REPO/build/release/bench}/fedge_swarm"
WORK="$(mktemp -d "${FEDGE_WORK:-${TMPDIR:-/tmp}}/fedge-bench-XXXXXX")"
CHILDREN=()

stop_cluster() {
  ((${#CHILDREN[@]} == 0)) || kill "${CHILDREN[@]}" 2>/dev/null || true # some may have ended
  wait 2>/dev/null || true
  rm -rf "$WORK"
}
trap stop_cluster EXIT

# start_coordinator MODEL [FLAG ...]: sets ADDRESS and COORDINATOR (its process).
start_coordinator() {
  "$BIN/fl-coordinator" --model "$1" --state-dir "$WORK/state" --listen 127.0.0.1:0 --http off --ready-file "$WORK/address" \
    --log-level error "${@:2}" >/dev/null &
  COORDINATOR=$!
  CHILDREN+=("$COORDINATOR")
  for _ in $(seq 100); do
    [[ -s "$WORK/address" ]] && break
    sleep 0.1
  done
  ADDRESS="$(cat "$WORK/address")"
}

# make_model PARAMETERS: a float32 model of that many parameters in $WORK/model.pt, without LibTorch.
make_model() { "$SWARM" --make-model "$WORK/model.pt" --parameters "$1"; }

# start_swarm FLAG ...: clients that do not train.
start_swarm() {
  "$SWARM" --coordinator "$ADDRESS" --cache-dir "$WORK" "$@" &
  CHILDREN+=($!)
}

# peak PID, resident PID: memory of a process in MB.
peak() { awk '/VmHWM/ {printf "%.1f", $2 / 1024}' "/proc/$1/status"; }
resident() { awk '/VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$1/status"; }

# round_seconds ROUNDS: the duration of each of the newest rounds, oldest first.
round_seconds() {
  fedctl rounds list --limit "$1" --json | python3 -c '
import json, sys
for r in reversed(json.load(sys.stdin)["rounds"]):
    print((r["ended_unix_ms"] - r["started_unix_ms"]) / 1000)'
}

# median: of the numbers on standard input.
median() { python3 -c 'import statistics, sys; print(f"{statistics.median(map(float, sys.stdin)):.3f}")'; }

# start_client FLAG ...: an fl-client of the coordinator.
start_client() {
  "$BIN/fl-client" --coordinator "$ADDRESS" --log-level error "$@" &
  CHILDREN+=($!)
}

fedctl() { "$BIN/fedctl" --coordinator "$ADDRESS" "$@"; }

# wait_for_clients N: until N trainers and evaluators have joined, so that the first cohort is drawn from all of them.
wait_for_clients() {
  for _ in $(seq 300); do
    for child in "${CHILDREN[@]}"; do
      kill -0 "$child" 2>/dev/null || die "a program of the benchmark ended; see above"
    done
    fedctl status --json | python3 -c "import json, sys; s = json.load(sys.stdin); sys.exit(s['trainers'] + s['evaluators'] < $1)" && return
    sleep 0.1
  done
  die "only some of $1 clients joined within 30 s"
}
