#!/usr/bin/env bash
# Lints and tests of what the feature `parquet` adds: lists of synapses, files of any content, and the fly.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo clippy --package lif-cli --features parquet --all-targets -- -D warnings
cargo test --package lif-cli --features parquet --test command -- lists:: fly:: corpus::networks
