#!/usr/bin/env bash
# Makes the Python environment of the benches that time Engram beside PyTorch, BioTorch, DuckDB, Polars, NumPy and
# scikit-learn. Nothing else needs it. DuckDB, PyArrow and NumPy are those of scripts/setup-python.sh.
#
#   scripts/setup-peers.sh        about 3 GB to fetch, 5 GB kept: the wheels of torch come with CUDA only
#
# ENGRAM_PEERS_DIR names another folder than .peers. It costs nothing to run again.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(torch==2.13.0 numpy==2.4.6 setuptools duckdb==2.0.0 polars==2.1.0 pyarrow==26.0.1 scikit-learn==1.7.2)
biotorch=biotorch==0.0.16
home=${ENGRAM_PEERS_DIR:-$PWD/.peers}
stamp=$home/packages

fail() {
    printf 'error: %s\n' "$1" >&2
    printf 'hint: %s\n' "$2" >&2
    exit 1
}

if [ "$(cat "$stamp" 2>/dev/null)" = "${packages[*]} $biotorch" ] && [ -x "$home/bin/python" ]; then exit 0; fi
if [ -e "$home" ] && [ ! -e "$home/pyvenv.cfg" ]; then
    fail "$home is there and is no Python environment" "move it away, or name another folder in ENGRAM_PEERS_DIR"
fi
command -v python3 >/dev/null || fail "there is no python3" "install Python 3.11 or newer"

echo "peers: making $home with ${packages[*]} $biotorch"
rm -rf "$home"
python3 -m venv --without-pip "$home" ||
    fail "python3 cannot make an environment in $home" "check that the folder can be written to"
python3 -m pip --python "$home/bin/python" install --quiet --disable-pip-version-check --root-user-action=ignore \
    "${packages[@]}" ||
    fail "the packages could not be fetched from the Python package index" \
        "check the network, and that pip is 22.3 or newer: python3 -m pip --version"
# Its layers need torch alone; what it requires beside that is for its own training programs.
python3 -m pip --python "$home/bin/python" install --quiet --disable-pip-version-check --root-user-action=ignore \
    --no-deps "$biotorch" ||
    fail "biotorch could not be fetched from the Python package index" "check the network"
echo "${packages[*]} $biotorch" >"$stamp"
echo "peers: ready, $(du -sh "$home" | cut -f1)"
