#!/usr/bin/env bash
# Puts libtorch where the build looks for it, out of the wheels on PyPI. No Python is needed afterwards.
#
#   scripts/setup-libtorch.sh         for the CPU: 540 MB to fetch, 0.5 GB kept
#   scripts/setup-libtorch.sh cuda    for CUDA 13 (NVIDIA driver 580 or newer): 3 GB to fetch, 3.7 GB kept
#
# ENGRAM_LIBTORCH_DIR names another folder than .libtorch. A LIBTORCH that is set in the environment is used as it is,
# after its version is checked.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=2.13.0
flavour=${1:-}
home=${ENGRAM_LIBTORCH_DIR:-$PWD/.libtorch}

fail() {
    printf 'error: %s\n' "$1" >&2
    printf 'hint: %s\n' "$2" >&2
    exit 1
}

# The version of the libtorch in folder $1: the headers say it, the wheels carry no build-version file.
version_of() {
    local header=$1/include/torch/headeronly/version.h
    [ -f "$header" ] || header=$1/include/torch/csrc/api/include/torch/version.h
    [ -f "$header" ] || return 1
    awk '$2 == "TORCH_VERSION_MAJOR" { a = $3 } $2 == "TORCH_VERSION_MINOR" { b = $3 }
         $2 == "TORCH_VERSION_PATCH" { c = $3 } END { print a "." b "." c }' "$header"
}

check() {
    local found
    found=$(version_of "$1") ||
        fail "LIBTORCH=$1 holds no libtorch: there is no include/torch/.../version.h in it" \
            "point LIBTORCH at the folder that has include/ and lib/, or unset it to fetch libtorch $wanted"
    [ "$found" = "$wanted" ] ||
        fail "LIBTORCH=$1 is libtorch $found, and Engram is built against libtorch $wanted" \
            "install libtorch $wanted there, or unset LIBTORCH to have it fetched"
}

if [ -n "${LIBTORCH:-}" ] && [ "${LIBTORCH%/}" != "$home/torch" ]; then
    check "$LIBTORCH"
    echo "libtorch $wanted: using LIBTORCH=$LIBTORCH"
    exit 0
fi

# The default folder is reached through .libtorch, so that .cargo/config.toml can name it.
if [ "$home" != "$PWD/.libtorch" ] && { [ -L .libtorch ] || [ ! -e .libtorch ]; }; then
    mkdir -p "$(dirname "$home")"
    ln -sfn "$home" .libtorch
fi
# Asked for none in particular, whichever is there stays.
present=$(cat "$home/flavour" 2>/dev/null || true)
if [ "${present%% *}" = "$wanted" ] && [ "${flavour:-${present##* }}" = "${present##* }" ]; then exit 0; fi
flavour=${flavour:-cpu}

wheels=(torch==$wanted nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85)
case $flavour in
cpu) ;;
cuda)
    wheels+=(nvidia-cublas==13.1.1.3 nvidia-cudnn-cu13==9.20.0.48 nvidia-cufft==12.0.0.61 nvidia-cufile==1.15.1.6
        nvidia-curand==10.4.0.35 nvidia-cusolver==12.0.4.66 nvidia-cusparse==12.6.3.3 nvidia-cusparselt-cu13==0.8.1
        nvidia-cuda-nvrtc==13.0.88 nvidia-nccl-cu13==2.29.7 nvidia-nvjitlink==13.0.88 nvidia-nvshmem-cu13==3.4.5)
    ;;
*) fail "unknown flavour of libtorch: $flavour" "choose cpu or cuda, as in: make setup TORCH=cuda" ;;
esac

echo "libtorch $wanted ($flavour): fetching into $home"
new=$home.new
rm -rf "$new"
platforms=()
for glibc in manylinux_2_28 manylinux_2_27 manylinux_2_25 manylinux_2_18 manylinux_2_17 manylinux2014 manylinux2010; do
    platforms+=(--platform "${glibc}_$(uname -m)")
done
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$new" --no-deps --no-compile \
    --only-binary=:all: --implementation cp --python-version 3.11 "${platforms[@]}" "${wheels[@]}" ||
    fail "libtorch $wanted could not be fetched from the Python package index" \
        "check the network, or set LIBTORCH to a libtorch $wanted that you have"

# Keep what linking and running need.
find "$new" -mindepth 1 -maxdepth 1 ! -name torch ! -name nvidia -exec rm -rf {} +
find "$new/torch" -mindepth 1 -maxdepth 1 ! -name lib ! -name include -exec rm -rf {} +
rm -rf "$new"/torch/lib/libtorch_python.so "$new"/torch/lib/libshm.so "$new"/nvidia/cu13/include
if [ "$flavour" = cpu ]; then
    rm -f "$new"/torch/lib/lib*cuda* "$new"/torch/lib/libtorch_nvshmem.so "$new"/torch/lib/libcaffe2_nvrtc.so \
        "$new"/torch/lib/libtorch_global_deps.so
    find "$new/nvidia" -name 'lib*' -type f ! -name libcudart.so.13 ! -name libcupti.so.13 -delete
fi
# libtorch.so only names the CPU and the CUDA library; linking through it would pull in both.
ln -sfn libtorch_cpu.so "$new/torch/lib/libtorch.so"
echo "$wanted $flavour" >"$new/flavour"
rm -rf "$home"
mv "$new" "$home"
echo "libtorch $wanted ($flavour): ready, $(du -sh "$home" | cut -f1)"
