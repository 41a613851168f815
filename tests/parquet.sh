#!/usr/bin/env bash
# The tests of lists of synapses in Parquet files, and of files of any content, with the feature `parquet`.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo test --package lif-cli --features parquet --test command -- lists:: corpus::networks
