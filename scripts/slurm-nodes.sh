#!/usr/bin/env bash
# One command whose queries the nodes of a Slurm job compute:
#
#   sbatch --nodes=4 scripts/slurm-nodes.sh URL COMMAND [options of the command]
#
# as in
#
#   sbatch --nodes=4 scripts/slurm-nodes.sh /shared/release query figure_4a --output figure_4a.parquet
#
# URL must mean the same on every node: a shared folder, or a URL of an object store. COMMAND is sql, query, export or identify.
# `engram` must be on the nodes' PATH, or be named in ENGRAM (sbatch passes the environment on). The nodes listen on PORT, 50061
# unless it is set, and know each other and the command by a token that is made for this job.

#SBATCH --job-name=engram-nodes
#SBATCH --output=engram-nodes-%j.log
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=16G
#SBATCH --time=04:00:00

if [ $# -lt 2 ]; then
    echo "usage: sbatch --nodes=N $(basename "$0") URL COMMAND [options of the command]" >&2
    exit 1
fi
url=$1
command=$2
shift 2
engram=${ENGRAM:-engram}
port=${PORT:-50061}

# In a folder that all nodes see and no other user can read.
umask 077
token=$(mktemp "$PWD/engram-token.XXXXXX") || exit 2
said=$token.nodes
trap 'rm -f "$token" "$said"' EXIT
head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$token"

# Each listens on an address by which the others reach it. To the machine itself its name may mean another: Debian has 127.0.1.1
# for it. So a node takes what its name means unless that is no other's way to it, or else the first of its own addresses.
# shellcheck disable=SC2016
listen='
for address in $(getent ahostsv4 "$SLURMD_NODENAME" | cut -d " " -f 1) $(hostname -I) "$SLURMD_NODENAME"; do
    case $address in
        127.* | ::1 | fe80:*) ;;
        *:*) address="[$address]" && break ;;
        *) break ;;
    esac
done
exec "$0" node --at "$1" --listen "$address:$2" --token-file "$3"'
srun --ntasks-per-node=1 bash -c "$listen" "$engram" "$url" "$port" "$token" > "$said" &
nodes=$!
trap 'kill "$nodes" 2>/dev/null; wait "$nodes" 2>/dev/null; rm -f "$token" "$said"' EXIT

# Each says where it listens once it has opened the dataset.
addresses=()
until [ "${#addresses[@]}" -eq "$SLURM_JOB_NUM_NODES" ]; do
    if ! kill -0 "$nodes" 2>/dev/null; then
        echo "the nodes ended before they listened" >&2
        exit 2
    fi
    sleep 1
    mapfile -t addresses < <(sed -n 's/^  node  //p' "$said")
done

"$engram" "$command" --at "$url" --nodes "$(IFS=, && echo "${addresses[*]}")" --nodes-token-file "$token" "$@"
