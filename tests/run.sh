#!/usr/bin/env bash
# All checks of this repository, on a fresh machine with nothing but a Rust toolchain.
#
#   tests/run.sh                         everything; installs a software Vulkan adapter where it may
#   tests/run.sh --all                   also what takes minutes and seldom finds anything: the tests that are
#                                        ignored by default, the programs of the README in a package of their
#                                        own, the shaders in a second compiler (where there is npm), and the tests
#                                        of the library without its features
#   LIF_SKIP_GPU_TESTS=1 tests/run.sh    without any adapter: GPU tests show as ignored
set -euo pipefail
cd "$(dirname "$0")/.."

case "${*:-}" in
    '' | --all) ;;
    *) echo "usage: tests/run.sh [--all]" >&2; exit 2 ;;
esac

say() { printf '\n== %s\n' "$*"; }

has_vulkan() {
    { ldconfig -p 2>/dev/null || true; } | grep -q 'libvulkan\.so\.1' || return 1
    [ -n "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ] && return 0
    compgen -G '/usr/share/vulkan/icd.d/*.json' >/dev/null || compgen -G '/etc/vulkan/icd.d/*.json' >/dev/null
}

if [ "$(uname -s)" = Linux ] && [ -z "${LIF_SKIP_GPU_TESTS:-}" ] && ! has_vulkan; then
    say "no Vulkan driver: installing the software adapter lavapipe"
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo -n)
    if command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
        "${as_root[@]}" apt-get update -qq
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends mesa-vulkan-drivers libvulkan1 libegl1 libgl1-mesa-dri spirv-tools >/dev/null
    else
        echo "cannot install packages here; see docs/headless.md for what is needed, or set LIF_SKIP_GPU_TESTS=1" >&2
    fi
fi

# Without it Mesa complains at each start on machines that have no desktop.
if [ -z "${XDG_RUNTIME_DIR:-}" ]; then
    XDG_RUNTIME_DIR=$(mktemp -d)
    export XDG_RUNTIME_DIR
    trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
fi

say "formatting"
cargo fmt --check

say "lints"
cargo clippy --all-targets -- -D warnings
cargo clippy --package lif --lib --profile test --no-default-features -- -D warnings

say "documentation"
RUSTDOCFLAGS='-D warnings' cargo doc --no-deps

say "unit, integration and documentation tests"
cargo test

say "lists in Parquet files, which a feature reads"
tests/parquet.sh

say "benchmarks, each once"
cargo test --bench speed

say "examples"
for example in examples/*.rs; do
    name=$(basename "$example" .rs)
    if [ "$name" = own_wgpu ] && [ -n "${LIF_SKIP_GPU_TESTS:-}" ]; then continue; fi
    said=$(env -u XDG_RUNTIME_DIR cargo run -q --example "$name" 2>&1 >/dev/null)
    [ -z "$said" ] || { echo "the example $name says: $said" >&2; exit 1; }
done

if [ "${1:-}" = --all ]; then
    say "the tests that take long"
    [ -n "${LIF_SKIP_GPU_TESTS:-}" ] || cargo test --lib --test engines --test population --test programs -- --ignored
    cargo test --release --test command -- --ignored
    if [ -e /usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json ] && [ -z "${LIF_SKIP_GPU_TESTS:-}" ]; then
        say "the GPU tests under the Khronos validation layer, which has nothing to say"
        said=$(VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation WGPU_BACKEND=vulkan cargo test --lib -- engine::gpu 2>&1) ||
            { echo "$said" >&2; exit 1; }
        if grep -E 'VUID|UNASSIGNED' <<<"$said" >&2; then exit 1; fi
    fi
    if command -v npm >/dev/null; then
        say "the shaders in a second compiler, which has nothing to say"
        tests/second-compiler.sh
    fi
    say "the library without its features, which is compiled anew"
    cargo test --package lif --no-default-features --lib --test analytic --test conventions --test sinks
    cargo test --package lif --lib --test conventions --test population
fi

say "what the packages would hold"
holds() {
    local package=$1 files needed
    shift
    files=$(cargo package --list --allow-dirty --package "$package")
    for needed; do
        grep -qx "$needed" <<<"$files" || { echo "$needed is missing from the package $package" >&2; exit 1; }
    done
}
holds lif build.rs shaders/{neuron,product,wide_product,random,block,noise,check,roofline,projection,score}.wgsl README.md LICENSE-MIT LICENSE-APACHE
holds lif-model README.md src/neuron.rs
holds lif-kernels README.md src/neuron.rs
holds lif-cli README.md build.rs src/main.rs src/settings/presets/origin.toml

say "all checks passed"
