#!/usr/bin/env bash
# What only a real GPU can tell, on a machine that has one and neither sources nor a compiler.
#
#   tests/on-gpu.sh pack FOLDER            where there is a Rust toolchain: put the programs and this script into FOLDER
#   FOLDER/on-gpu.sh [RESULTS [DEVICE]]    where there is a GPU: run the checks, within 8 minutes, and leave what they
#                                          said in RESULTS [default: FOLDER/results]. DEVICE is as for `lif run`
#                                          [default: gpu]; the tests run on every adapter of the machine.
set -euo pipefail

tests=(engines population scores spike_input streams sinks checkpoint)

pack() {
    local into executable name
    into=$(mkdir -p "$1" && cd "$1" && pwd)
    cd "$(dirname "${BASH_SOURCE[0]}")/.."
    cargo build --release --package lif-cli
    cp "${CARGO_TARGET_DIR:-target}/release/lif" "$into/lif"
    while read -r name executable; do
        cp "$executable" "$into/test-$name"
    done < <(cargo test --no-run --package lif --package lif-cli --lib "${tests[@]/#/--test=}" 2>&1 |
        sed -n -e 's|.*Executable unittests src/lib.rs (\(.*/lif-[0-9a-f]*\))|unit \1|p' \
            -e 's|.*Executable tests/\([a-z_]*\)\.rs (\(.*\))|\1 \2|p')
    strip "$into"/lif "$into"/test-*
    cp tests/on-gpu.sh "$into/on-gpu.sh"
    du -sh "$into"
}

if [ "${1:-}" = pack ]; then
    [ $# = 2 ] || { echo "usage: tests/on-gpu.sh pack FOLDER" >&2; exit 2; }
    pack "$2"
    exit
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ -x "$here/lif" ] || { echo "there are no programs in $here; first: tests/on-gpu.sh pack FOLDER" >&2; exit 2; }
results=$(mkdir -p "${1:-$here/results}" && cd "${1:-$here/results}" && pwd)
device=${2:-gpu}
lif=$here/lif
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-$scratch}
failed=0
started=$SECONDS

# A line of the report: what, how it ended, after how long.
tell() { printf '%-9s %4d s  %s\n' "$2" $((SECONDS - started)) "$1" | tee -a "$results/report.txt"; }
attempt() {
    local what=$1 most=$2 log=$3
    shift 3
    if timeout "$most" "$@" >"$results/$log" 2>&1; then tell "$what" passed; else tell "$what" "FAILED $?"; failed=1; fi
}

: >"$results/report.txt"
uname -srm >"$results/machine.txt"
{ command -v nvidia-smi >/dev/null && nvidia-smi; } >>"$results/machine.txt" 2>&1 || true
"$lif" devices >>"$results/machine.txt" 2>&1 || true

# A device that computes anything else than the model is refused with what differs.
attempt "the self-check, and the size of workgroups" 60 self-check.txt \
    env RUST_LOG=lif=debug "$lif" run --device "$device" -n 1e6 --steps 100 --record counts --no-plot --out "$scratch/check"

for program in "$here"/test-*; do
    attempt "tests: $(basename "$program")" 100 "$(basename "$program").txt" "$program"
done
attempt "tests: more random populations" 100 test-engines-long.txt "$here/test-engines" --ignored

# The files of a run are the same bytes from both devices.
same() {
    local what="lif run $*: the same files as those of the CPU"
    rm -rf "$scratch/cpu" "$scratch/gpu"
    if timeout 60 "$lif" run "$@" --device cpu --no-plot -q --out "$scratch/cpu" >>"$results/equality.txt" 2>&1 &&
        timeout 60 "$lif" run "$@" --device "$device" --no-plot -q --out "$scratch/gpu" >>"$results/equality.txt" 2>&1 &&
        diff -rq --exclude summary.json "$scratch/cpu" "$scratch/gpu" >>"$results/equality.txt" 2>&1; then
        tell "$what" passed
    else
        tell "$what" DIFFERENT
        failed=1
    fi
}
: >"$results/equality.txt"
same -n 100000 --steps 2000 --record spikes,voltage:0..1000/10
same -n 3000000 --steps 3000 --record counts
same -n 20000 --batch 7 --steps 3000 --input gaussian:mean=0.5,sd=0.9 --record spikes --seed 3
same -n 100000 --steps 2000 --input poisson:rate=1900,weight=0.5 --trace add --record spikes
same -n 100000 --steps 2000 --tau-syn 4 --integrator exact --input poisson:rate=3000,weight=0.1nA
for reset in to-value subtract subtract-ahead none; do
    for refractory in frozen leak-only silent; do
        same -n 5000 --steps 2000 --reset $reset --refractory $refractory --v-lower -70 --input uniform:low=-1,high=3
    done
done
for preset in normalised receptor synapticflow bindsnet snntorch-leaky snntorch-lapicque norse spikingjelly genn brian2 nest nest-psc-exp nengo; do
    same -n 5000 --steps 2000 --preset $preset
done

# The tables of docs/performance.md. First all adapters together, which compares their results; then each alone, as a GPU
# that has to wait for others lowers its clock.
bench() {
    local file=$1
    shift
    attempt "lif bench: $file" 90 "bench-$file.txt" "$lif" bench --json --repeats 3 "$@"
}
bench all --quick
for each in cpu "$device"; do
    bench "sizes-$each" --device "$each" --neurons 1e3,1e5,1e6,1e7 --input constant --record none,counts,spikes
    bench "long-$each" --device "$each" --neurons 1e6 --input constant --record none,spikes --steps 4096
    bench "inputs-$each" --device "$each" --neurons 1e5,1e6 --input sequence,streamed,gaussian,poisson --record none
    bench "modes-$each" --device "$each" --neurons 1e3,1e5 --input constant,streamed --record none --mode run,forward
done
bench "large-$device" --device "$device" --neurons 1e8 --input constant,gaussian --record none --steps 1024

tell "all" "$([ $failed = 0 ] && echo passed || echo FAILED)"
exit $failed
