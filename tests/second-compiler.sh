#!/usr/bin/env bash
# Whether a second compiler of WGSL takes the shaders: Tint, which Dawn and Chromium have. wgpu has naga.
#
#   tests/second-compiler.sh    needs node and npm, and no adapter
set -euo pipefail
cd "$(dirname "$0")/.."

for needed in node npm; do
    command -v $needed >/dev/null || { echo "$needed is missing: Dawn comes as the npm package webgpu" >&2; exit 2; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

mkdir "$folder/shaders"
said=$(LIF_WRITE_SHADERS=$folder/shaders cargo test -q --lib shaders_are_written_for_another_compiler) ||
    { echo "$said" >&2; exit 1; }
npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error webgpu@0.6.2 >/dev/null
# Where it lies, node finds the package.
cp tests/second-compiler.mjs "$folder"
node "$folder/second-compiler.mjs" "$folder/shaders"
