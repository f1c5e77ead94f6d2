#!/usr/bin/env bash
# Fetches the servers that the tests of object stores speak with, each by its service's own protocol: moto for S3, Azurite
# for Azure. Nothing else needs them, and both listen on the loopback device alone.
#
#   scripts/setup-emulators.sh     about 170 MB to fetch, 660 MB kept
#
# moto comes from the Python package index, Azurite from the npm registry, in the versions and with the hashes of
# tests/emulators/package-lock.json. ENGRAM_EMULATORS_DIR names another folder than .emulators. It costs nothing to run again.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=("moto[server]==5.2.5")
home=${ENGRAM_EMULATORS_DIR:-$PWD/.emulators}
stamp=$home/packages
wanted="${packages[*]} $(cksum <tests/emulators/package-lock.json)"

fail() {
    printf 'error: %s\n' "$1" >&2
    printf 'hint: %s\n' "$2" >&2
    exit 1
}

if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && [ -x "$home/python/bin/moto_server" ]; then exit 0; fi
if [ -e "$home" ] && [ ! -e "$home/package-lock.json" ]; then
    fail "$home is there and was not made by this script" "move it away, or name another folder in ENGRAM_EMULATORS_DIR"
fi
command -v python3 >/dev/null || fail "there is no python3" "install Python 3.11 or newer"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$(python3 --version) is too old" "install Python 3.11 or newer"
command -v node >/dev/null || fail "there is no node" "install Node.js 20.11 or newer"
command -v npm >/dev/null || fail "there is no npm" "install npm, which comes with Node.js"
node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 11) ? 0 : 1)' ||
    fail "node $(node --version) is too old" "install Node.js 20.11 or newer"

echo "emulators: making $home"
rm -rf "$home"
mkdir -p "$home" || fail "$home cannot be made" "check that the folder can be written to"
cp tests/emulators/package.json tests/emulators/package-lock.json "$home/"
(cd "$home" && npm ci --ignore-scripts --no-audit --no-fund --silent) ||
    fail "the packages could not be fetched from the npm registry" "check the network, and npm's registry: npm config get registry"
# Without a pip of its own, because Debian keeps the module that would put one there in a separate package.
python3 -m venv --without-pip "$home/python" ||
    fail "python3 cannot make an environment in $home/python" "check that the folder can be written to"
python3 -m pip --python "$home/python/bin/python" install --quiet --disable-pip-version-check --root-user-action=ignore \
    --only-binary=:all: "${packages[@]}" ||
    fail "the packages could not be fetched from the Python package index" \
        "check the network, and that pip is 22.3 or newer: python3 -m pip --version"
echo "$wanted" >"$stamp"
echo "emulators: ready, $(du -sh "$home" | cut -f1)"
