#!/usr/bin/env bash
# One network a task of a Slurm job array:
#
#   sbatch scripts/slurm-array.sh SWEEP URL [options of engram generate]
#
# SWEEP and URL must mean the same on every node: a shared folder, or a URL of an object store. `engram` must be on the
# nodes' PATH, or be named in ENGRAM (sbatch passes the environment on).
#
# Most clusters allow 1,001 tasks an array and the study has 1,056 runs (`engram plan SWEEP --counts`), so it takes two
# jobs. The range, the number of tasks at once (%) and all else below can be said on sbatch's command line instead:
#
#   sbatch --array=0-999%100 scripts/slurm-array.sh sweeps/paper.toml /shared/paper
#   sbatch --array=0-55%100  scripts/slurm-array.sh sweeps/paper.toml /shared/paper --offset 1000
#
# Submitting again trains what is missing: a task whose run is there ends at once. To submit the missing ones only:
#
#   sbatch --array="$(engram plan SWEEP --missing --at URL --format csv | cut -d, -f1 | tail -n +2 | paste -sd,)" ...
#
# Networks that take minutes are better trained several a task, here by twenty tasks with a share of the plan each:
#
#   SHARDS=20 sbatch --array=1-20 --cpus-per-task=8 scripts/slurm-array.sh SWEEP URL

#SBATCH --job-name=engram
#SBATCH --array=0-999%100
#SBATCH --output=engram-%A_%a.log
#SBATCH --open-mode=append
#SBATCH --cpus-per-task=1
#SBATCH --mem=8G
#SBATCH --time=24:00:00
# Two minutes before the time is up Slurm signals this script, which has engram store a checkpoint and asks to be queued
# again. For a GPU add --gpus=1 here and --device cuda:0 to the options.
#SBATCH --signal=B:USR1@120
#SBATCH --requeue

if [ $# -lt 2 ]; then
    echo "usage: sbatch $(basename "$0") SWEEP URL [options of engram generate]" >&2
    exit 1
fi
sweep=$1
url=$2
shift 2

# Signals reach this script alone, so they are passed on.
child=
signal=
interrupted=
pass_on() {
    signal=$1
    interrupted=yes
    if [ -n "$child" ]; then kill -s "$1" "$child" 2>/dev/null; fi
}
trap 'pass_on USR1' USR1
trap 'pass_on TERM' TERM

# Without --shard, engram takes the place in the plan from SLURM_ARRAY_TASK_ID.
if [ -n "${SHARDS:-}" ]; then
    set -- "$@" --shard "$SLURM_ARRAY_TASK_ID/$SHARDS"
fi
"${ENGRAM:-engram}" generate "$sweep" --to "$url" "$@" &
child=$!
# A signal that came before there was anybody to pass it on to.
if [ -n "$signal" ]; then kill -s "$signal" "$child"; fi

# A signal ends `wait` before the child has ended.
previous=
while :; do
    interrupted=
    wait "$child"
    code=$?
    # The child's end was noticed already, before the signal was.
    if [ "$code" -eq 127 ] && [ -n "$previous" ]; then code=$previous; fi
    if [ -z "$interrupted" ]; then break; fi
    previous=$code
done

# 75: preempted, with a checkpoint. After SIGTERM the job was cancelled, or Slurm queues it again by itself.
if [ "$code" -eq 75 ] && [ "$signal" = USR1 ]; then
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
fi
exit "$code"
