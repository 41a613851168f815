#!/usr/bin/env bash
# The tests of lists of synapses in Parquet files, which the command reads only with the feature `parquet`.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo test --package lif-cli --features parquet --test command -- lists::
