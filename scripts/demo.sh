#!/usr/bin/env bash
# The main job, end to end: train, ask, identify.
#   scripts/demo.sh ENGRAM DATASET
set -euo pipefail
engram=$1
dataset=$2
started=$SECONDS

step() { printf '\n== %s\n' "$*"; }

mkdir -p "$(dirname "$dataset")"
step "engram generate sweeps/digits-demo.toml --to $dataset"
"$engram" generate sweeps/digits-demo.toml --to "$dataset"

step "engram sql --at $dataset --pivot architecture -f queries/validation_accuracy.sql"
"$engram" sql --at "$dataset" --pivot architecture -f queries/validation_accuracy.sql
cat <<'TEXT'
Accuracies are shares of the held-out digits at the last checkpoint; guessing gives 0.1. Without batch norm (_lrn),
networks that learn from feedback kernels stay far behind, some of them near chance.
TEXT

step "engram identify --at $dataset"
"$engram" identify --at "$dataset"

cat <<TEXT

Done in $((SECONDS - started)) s. Where everything is:
  $dataset/trajectories/    one Parquet file a network, readable by any tool
  $dataset/results/         what \`engram identify\` found, as a table
  $dataset/logs/            host and timings of every run
Ask more:
  $engram sql --at $dataset
TEXT
