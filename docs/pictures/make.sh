#!/usr/bin/env bash
# Draws the pictures of the README and the documents again, each by the command next to it there.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

picture() { # NAME FILE COMMAND...
    local name=$1 file=$2
    shift 2
    cargo run -q --release -- "$@" --device cpu --quiet --out "$out"
    cp "$out/$file" "docs/pictures/$name.png"
}

picture run raster.png run
picture grasshopper raster.png run --config examples/grasshopper.toml
picture fi fi.png fi --current 0.4:2 --t-ref 2
picture fit fit.png fit --stimulus data/grasshopper/stimulus.npz --stimulus-decibel 2e-5 --dt 0.05 \
    --spikes data/grasshopper/spike_times_ms.txt
picture microcircuit raster.png run --network microcircuit --duration 2s --seed 1
picture sweep sweep.png run --network brunel --scale 0.2 --g 1:8:15 --eta 0.5:4:8 --warmup 200 --duration 300 --record none
