#!/usr/bin/env bash
# Installs the Python package into a fresh environment, as a user does, and runs its tests there.
#
#   scripts/test-python.sh TARGET [PYTEST ARGUMENT]...      TARGET is cargo's folder, with a build of the workspace in it
#
# The libraries that it is tested with are those of .python, or of the folder that ENGRAM_PYTHON_DIR names.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(realpath "$1")
shift
libraries=$(realpath "${ENGRAM_PYTHON_DIR:-.python}")
home=$target/python
library=$target/debug/libengram_python.so

if [ ! -f "$library" ]; then
    echo "error: there is no $library" >&2
    echo "hint: make test-python builds it" >&2
    exit 1
fi
rm -rf "$home"
mkdir -p "$home"
wheel=$("$libraries/bin/python" scripts/python_wheel.py "$library" "$home")
# Without a pip of its own, because Debian keeps the module that would put one there in a separate package.
"$libraries/bin/python" -m venv --without-pip "$home/environment"
python3 -m pip --python "$home/environment/bin/python" install --quiet --disable-pip-version-check \
    --root-user-action=ignore --no-index --no-deps "$wheel"
rm "$wheel"
# The libraries lie in an environment of their own, of which the fresh one reads.
site=$("$home/environment/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
"$libraries/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$site/libraries.pth"

# -P: not the sources, which lie in the working folder.
cd python
export PYTHONDONTWRITEBYTECODE=1
ENGRAM_COMMAND=$target/debug/engram exec "$home/environment/bin/python" -P -m pytest "$@"
