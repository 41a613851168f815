// The self-check: each invocation advances one cell with its own options, so that one small dispatch tries
// every combination of them.
//
// Appended to neuron.wgsl, which has the model. Its twin is src/engine/gpu/self_check.rs, which computes the
// same with crates/lif-model/src/neuron.rs and compares the bits.

const WORKGROUP: u32 = 64u;

// Steps between arriving spikes, with a positive weight and a negative one; none arrives at a step without current.
const ARRIVES_EVERY: u32 = 4u;

struct Check {
    cells: u32,
    steps: u32,
    unused_0: u32,
    unused_1: u32,
}

// A cell as the host uploads it: the bits of its numbers.
struct Case {
    options: array<u32, OPTIONS>,
    v: u32,
    jump: u32,
    arriving: u32,
    inhibitory: u32,
    coefficients: array<u32, COEFFICIENTS>,
}

struct Outcome {
    v: u32,
    refractory: u32,
    trace: u32,
    spikes: u32,
    // A hash of the state after each step, so that no difference on the way goes unnoticed.
    path: u32,
}

@group(0) @binding(1) var<uniform> check: Check;
@group(0) @binding(2) var<storage, read> cases: array<Case>;
@group(0) @binding(3) var<storage, read> currents: array<f32>;
@group(0) @binding(4) var<storage, read_write> outcomes: array<Outcome>;

fn mix(path: u32, bits: u32) -> u32 {
    return (path ^ bits) * 16777619u;
}

@compute @workgroup_size(WORKGROUP)
fn run(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= check.cells) {
        return;
    }
    let c = cases[id.x];
    let options = options_of(c.options);
    let cell = coefficients_of(c.coefficients);
    var state: State;
    state.v = bitcast<f32>(c.v);
    var spikes = 0u;
    var path = 0u;
    for (var step = 0u; step < check.steps; step++) {
        let arrives = step % ARRIVES_EVERY == 0u && currents[step] != 0.0;
        let arriving = select(0.0, bitcast<f32>(c.arriving), arrives);
        let inhibitory = select(0.0, bitcast<f32>(c.inhibitory), arrives);
        let input = StepInput(currents[step], arriving, inhibitory, bitcast<f32>(c.jump));
        state = step_cell(options, cell, state, input, step);
        spikes += select(0u, 1u, state.spike);
        path = mix(path, state.refractory);
        for (var field = 0u; field < FIELDS; field++) {
            path = mix(path, bitcast<u32>(field_of(state, field)));
        }
    }
    outcomes[id.x] = Outcome(
        bitcast<u32>(state.v), state.refractory, bitcast<u32>(state.trace), spikes, path
    );
}
