#!/usr/bin/env bash
# Runs one cell of Tables 1 and 2 of McMahan et al. 2017 (arXiv 1602.05629) with the built programs: MNIST, 100 clients of 600
# examples, a coordinator, an evaluator on the 10,000 test images. Writes the curve as CSV and SVG.
#
#   scripts/bench/mcmahan.sh MODEL-cC-eE-bB-SPLIT [--data-dir DIR] [--lr LR] [--rounds R] [--seed S] [--out DIR]
#
#   MODEL  2nn (target 97 %) or cnn (target 99 %)        C  fraction of the clients per round, 0 means one client
#   E      local epochs        B  batch size or inf      SPLIT  iid or noniid (two shards of 300 per client)
#
# Example: scripts/bench/mcmahan.sh 2nn-c0.1-e1-b10-iid --data-dir ~/mnist
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

usage() {
  sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
}

[[ "${1:-}" =~ ^(2nn|cnn)-c([0-9.]+)-e([0-9]+)-b([0-9]+|inf)-(iid|noniid)$ ]] || {
  usage
  [[ "${1:-}" == -h || "${1:-}" == --help ]] && exit 0
  exit 2
}
cell="$1" model="${BASH_REMATCH[1]}" fraction="${BASH_REMATCH[2]}" epochs="${BASH_REMATCH[3]}"
batch="${BASH_REMATCH[4]}" split="${BASH_REMATCH[5]}"
shift

data_dir="${FEDGE_DATA_DIR:-.}" rounds=1000 seed=1 lr='' out="$REPO/scripts/bench/results/mcmahan"
while (($#)); do
  case "$1" in
    --data-dir) data_dir="$2" ;;
    --lr) lr="$2" ;;
    --rounds) rounds="$2" ;;
    --seed) seed="$2" ;;
    --out) out="$2" ;;
    *) die "unknown argument '$1'; see --help" ;;
  esac
  shift 2
done

clients="$(awk -v c="$fraction" 'BEGIN {n = int(c * 100 + 0.5); print n < 1 ? 1 : n}')"
target=$([[ "$model" == 2nn ]] && echo 0.97 || echo 0.99)
partition=$([[ "$split" == iid ]] && echo iid || echo shards:2)
batch_flag=$([[ "$batch" == inf ]] && echo full || echo "$batch")
# Found by a coarse search on each kind of cell; the paper tunes the rate per cell as well.
if [[ -z "$lr" ]]; then
  case "$model-$split-$batch" in
    *-inf) lr=0.3 ;;
    2nn-iid-*) lr=0.1 ;;
    2nn-noniid-*) lr=0.05 ;;
    cnn-iid-*) lr=0.1 ;;
    *) lr=0.05 ;;
  esac
fi

bin="$REPO/build/release/bin"
[[ -x "$bin/fl-client" ]] || die "the programs are not built; run scripts/demo.sh or scripts/test.sh first"
work="$(mktemp -d)"
children=()
cleanup() {
  ((${#children[@]})) && kill "${children[@]}" 2>/dev/null
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

"$bin/fl-client" new-model --arch "$model" --seed "$seed" -o "$work/model.pt"
"$bin/fl-coordinator" --model "$work/model.pt" --state-dir "$work/state" --listen 127.0.0.1:0 \
  --ready-file "$work/address" --log-level warning &
children+=($!)
for _ in $(seq 100); do
  [[ -s "$work/address" ]] && break
  sleep 0.1
done
address="$(cat "$work/address")"
"$bin/fl-client" --coordinator "$address" --data mnist --data-dir "$data_dir" --virtual 100 --partition "$partition" \
  --seed "$seed" --metrics-samples 0 --log-level warning &
children+=($!)
"$bin/fl-client" --coordinator "$address" --data mnist --data-dir "$data_dir" --role evaluator --log-level warning &
children+=($!)

say "$cell: $clients of 100 clients a round, learning rate $lr, until $target, at most $rounds rounds"
status=0
"$bin/fedctl" --coordinator "$address" start-round --clients "$clients" --rounds "$rounds" --epochs "$epochs" \
  --batch-size "$batch_flag" --lr "$lr" --seed "$seed" --deadline 30m --until "accuracy>=$target" || status=$?
mkdir -p "$out"
"$bin/fedctl" --coordinator "$address" rounds list --limit 100000 --json >"$work/rounds.json"
python3 "$REPO/scripts/bench/curve.py" --rounds "$work/rounds.json" --target "$target" --csv "$out/$cell.csv" --svg "$out/$cell.svg" \
  --title "$cell, learning rate $lr, seed $seed"
exit "$status"
