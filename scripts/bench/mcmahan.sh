#!/usr/bin/env bash
# Runs one cell of Tables 1 and 2 of McMahan et al. 2017 (arXiv 1602.05629) with the built programs: a coordinator, 100 clients and
# an evaluator. 2NN and CNN on MNIST, 600 examples for each client, 10,000 test images; the character LSTM on a text of plays, the
# last fifth of each speaker's words for testing. Writes the curve as CSV and SVG.
#
#   scripts/bench/mcmahan.sh MODEL-cC-eE-bB-SPLIT [--data-dir DIR] [--lr LR] [--rounds R] [--seed S] [--out DIR]
#
#   MODEL  2nn (target 97 %), cnn (99 %) or lstm (54 %)  C  fraction of the clients per round, 0 means one client
#   E      local epochs        B  batch size or inf      SPLIT  iid or noniid (two shards of 300 per client; lstm: by speaker)
#
# Example: scripts/bench/mcmahan.sh 2nn-c0.1-e1-b10-iid --data-dir ~/mnist
set -euo pipefail
# shellcheck source=scripts/bench/cluster.sh
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"

usage() {
  sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
}

[[ "${1:-}" =~ ^(2nn|cnn|lstm)-c([0-9.]+)-e([0-9]+)-b([0-9]+|inf)-(iid|noniid)$ ]] || {
  usage
  [[ "${1:-}" == -h || "${1:-}" == --help ]] && exit 0
  exit 2
}
cell="$1" model="${BASH_REMATCH[1]}" fraction="${BASH_REMATCH[2]}" epochs="${BASH_REMATCH[3]}"
batch="${BASH_REMATCH[4]}" split="${BASH_REMATCH[5]}"
shift

data_dir='' rounds=1000 seed=1 lr='' out="$REPO/scripts/bench/results/mcmahan"
while (($#)); do
  [[ $# -ge 2 || "$1" != --* ]] || die "$1 needs a value; see --help"
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
case "$model" in
  2nn) target=0.97 arch=2nn ;;
  cnn) target=0.99 arch=cnn ;;
  *) target=0.54 arch=char-lstm ;;
esac
if [[ "$model" == lstm ]]; then
  data_dir="${data_dir:-${FEDGE_DATA_DIR:+$FEDGE_DATA_DIR/shakespeare}}"
  data=(--data text --data-file "${data_dir:-.}/input.txt")
  partition=$([[ "$split" == iid ]] && echo iid || echo by-key)
else
  data_dir="${data_dir:-${FEDGE_DATA_DIR:+$FEDGE_DATA_DIR/mnist}}"
  data=(--data mnist --data-dir "${data_dir:-.}")
  partition=$([[ "$split" == iid ]] && echo iid || echo shards:2)
fi
batch_flag=$([[ "$batch" == inf ]] && echo full || echo "$batch")
# Found by a coarse search on each kind of cell; the paper tunes the rate per cell as well.
if [[ -z "$lr" ]]; then
  case "$model-$split-$batch" in
    lstm-*) lr=1.0 ;;
    *-inf) lr=0.3 ;;
    2nn-iid-*) lr=0.1 ;;
    2nn-noniid-*) lr=$([[ "$fraction" == 1 ]] && echo 0.1 || echo 0.05) ;;
    cnn-iid-*) lr=0.1 ;;
    *) lr=0.05 ;;
  esac
fi

"$BIN/fl-client" new-model --arch "$arch" --seed "$seed" -o "$WORK/model.pt"
start_coordinator "$WORK/model.pt"
start_client "${data[@]}" --virtual 100 --partition "$partition" --seed "$seed" --metrics-samples 0
start_client "${data[@]}" --role evaluator
wait_for_clients 101

say "$cell: $clients of 100 clients a round, learning rate $lr, until $target, at most $rounds rounds"
status=0
fedctl start-round --clients "$clients" --rounds "$rounds" --epochs "$epochs" \
  --batch-size "$batch_flag" --lr "$lr" --seed "$seed" --deadline 30m --until "accuracy>=$target" || status=$?
mkdir -p "$out"
fedctl rounds list --limit 10000 --json >"$WORK/rounds.json"
python3 "$REPO/scripts/bench/curve.py" --rounds "$WORK/rounds.json" --target "$target" --csv "$out/$cell.csv" --svg "$out/$cell.svg" \
  --title "$cell, learning rate $lr, seed $seed"
exit "$status"
