// The neuron model: one step of one leaky integrate-and-fire cell. The kernels are appended to this file.
//
// The twin of crates/lif-model/src/neuron.rs, which is the definition and explains it: the same functions in
// the same order, giving the same bits.

const SMALLEST_STATE: f32 = 1e-30;
const SMALLEST_PARAMETER: f32 = 1e-20;
const FASTEST_LEAK: f32 = 0.375;

// Values of SpikeTest.
const ABOVE: u32 = 0u;
const AT_OR_ABOVE: u32 = 1u;

// Values of Reset.
const TO_VALUE: u32 = 0u;
const SUBTRACT: u32 = 1u;
const SUBTRACT_AHEAD: u32 = 2u;
const NO_RESET: u32 = 3u;

// Values of Refractory.
const FROZEN: u32 = 0u;
const LEAK_ONLY: u32 = 1u;
const SILENT: u32 = 2u;

// Values of TraceRule.
const OFF: u32 = 0u;
const ADD: u32 = 1u;
const SET: u32 = 2u;

// Values of SynapseRule.
const INDEPENDENT: u32 = 0u;
const CLEARED: u32 = 1u;

// Values of SynapseShape.
const EXPONENTIAL: u32 = 0u;
const ALPHA: u32 = 1u;

// The rules that a kernel is compiled for, in the order of Options.
override SPIKE_TEST: u32 = 0u;
override RESET: u32 = 0u;
override REFRACTORY: u32 = 0u;
override BOUNDED: bool = false;
override TRACE: u32 = 0u;
override FAST_DECAY: bool = false;
override JUMPS: bool = false;
override SYNAPSE: bool = false;
override INHIBITION: bool = false;
override SYNAPSE_RULE: u32 = 0u;
override SYNAPSE_SHAPE: u32 = 0u;

struct Options {
    spike_test: u32,
    reset: u32,
    refractory: u32,
    bounded: bool,
    trace: u32,
    fast_decay: bool,
    jumps: bool,
    synapse: bool,
    inhibition: bool,
    synapse_rule: u32,
    synapse_shape: u32,
}

struct Coefficients {
    leak: f32,
    resistance: f32,
    v_rest: f32,
    v_threshold: f32,
    reset: f32,
    v_lower: f32,
    trace_decay: f32,
    trace_scale: f32,
    refractory_steps: u32,
    synaptic_decay: f32,
    synaptic_factor: f32,
    inhibitory_decay: f32,
    inhibitory_factor: f32,
    synaptic_growth: f32,
    rise_factor: f32,
    inhibitory_growth: f32,
    inhibitory_rise_factor: f32,
}

struct State {
    v: f32,
    refractory: u32,
    trace: f32,
    synaptic: f32,
    inhibitory: f32,
    rise: f32,
    inhibitory_rise: f32,
    spike: bool,
}

struct StepInput {
    current: f32,
    arriving: f32,
    inhibitory: f32,
    jump: f32,
}

// Always 0, which no compiler knows. A compiler may merge or reorder operations into others that round
// differently; it cannot if the bits of a result are changed in between.
@group(0) @binding(0) var<uniform> zero: vec4<u32>;

fn rounded(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ zero.x);
}

fn flush(x: f32, smallest: f32) -> f32 {
    return select(x, 0.0, abs(x) < smallest);
}

fn drive(resistance: f32, current: f32) -> f32 {
    return flush(rounded(resistance * current), SMALLEST_PARAMETER);
}

fn clears(options: Options) -> bool {
    return options.synapse_rule == CLEARED && options.synapse;
}

fn rises(options: Options) -> bool {
    return options.synapse_shape == ALPHA && options.synapse;
}

fn receive(options: Options, state: State, arriving: f32, inhibitory: f32) -> State {
    if (clears(options)) {
        return state;
    }
    return add_weights(options, state, arriving, inhibitory);
}

fn receive_late(options: Options, before: State, after: State, arriving: f32, inhibitory: f32) -> State {
    if (clears(options) && before.refractory == 0u && !after.spike) {
        return add_weights(options, after, arriving, inhibitory);
    }
    return after;
}

fn add_weights(options: Options, state: State, arriving: f32, inhibitory: f32) -> State {
    var received = state;
    if (rises(options)) {
        received.rise = rounded(state.rise + arriving);
        received.inhibitory_rise = rounded(state.inhibitory_rise + inhibitory);
        return received;
    }
    received.synaptic = rounded(state.synaptic + arriving);
    received.inhibitory = rounded(state.inhibitory + inhibitory);
    return received;
}

fn total_current(options: Options, cell: Coefficients, state: State, input: f32) -> f32 {
    let synaptic = select(
        state.synaptic, rounded(cell.synaptic_factor * state.synaptic), options.synapse
    );
    let current = risen(rises(options), rounded(input + synaptic), cell.rise_factor, state.rise);
    let inhibitory = rounded(cell.inhibitory_factor * state.inhibitory);
    var inhibited = rounded(current + inhibitory);
    inhibited = risen(rises(options), inhibited, cell.inhibitory_rise_factor, state.inhibitory_rise);
    return select(current, inhibited, options.inhibition);
}

fn risen(rises: bool, current: f32, factor: f32, rise: f32) -> f32 {
    return select(current, rounded(current + rounded(factor * rise)), rises);
}

fn crosses(options: Options, cell: Coefficients, v: f32) -> bool {
    if (options.spike_test == AT_OR_ABOVE) {
        return v >= cell.v_threshold;
    }
    return v > cell.v_threshold;
}

fn update(options: Options, cell: Coefficients, state: State, drive: f32, jump: f32) -> State {
    let refractory = state.refractory > 0u;

    let ignores_input = options.refractory == LEAK_ONLY && refractory;
    let input = select(drive, 0.0, ignores_input);
    let above_rest = rounded(state.v - cell.v_rest);
    var integrated = rounded(state.v + rounded(cell.leak * (input - above_rest)));
    integrated = select(integrated, rounded(integrated + jump), options.jumps && !ignores_input);
    let subtracted = rounded(integrated - cell.reset);
    let ahead = options.reset == SUBTRACT_AHEAD && !refractory && crosses(options, cell, state.v);
    integrated = select(integrated, subtracted, ahead);
    var v = select(integrated, state.v, options.refractory == FROZEN && refractory);

    let spike = crosses(options, cell, v) && !refractory;
    var after_spike = v;
    if (options.reset == TO_VALUE) {
        after_spike = cell.reset;
    } else if (options.reset == SUBTRACT || options.reset == SUBTRACT_AHEAD) {
        after_spike = subtracted;
    }
    let without_spike = select(v, rounded(v + cell.reset), ahead);
    v = select(without_spike, after_spike, spike);
    v = select(v, cell.v_lower, options.bounded && v < cell.v_lower);

    let waited = state.refractory - select(0u, 1u, refractory);
    let holds = clears(options) && refractory;
    let drops = clears(options) && spike;
    var synaptic = synapse(options.synapse, cell.synaptic_decay, state.synaptic, holds);
    var inhibitory = synapse(options.inhibition, cell.inhibitory_decay, state.inhibitory, holds);
    let inhibition_rises = rises(options) && options.inhibition;
    synaptic = risen(rises(options) && !holds, synaptic, cell.synaptic_growth, state.rise);
    inhibitory = risen(inhibition_rises && !holds, inhibitory, cell.inhibitory_growth, state.inhibitory_rise);
    let rise = synapse(rises(options), cell.synaptic_decay, state.rise, holds);
    let inhibitory_rise = synapse(inhibition_rises, cell.inhibitory_decay, state.inhibitory_rise, holds);
    return State(
        v,
        select(waited, cell.refractory_steps, spike),
        trace(options, cell, state.trace, spike),
        select(synaptic, 0.0, drops),
        select(inhibitory, 0.0, drops),
        select(rise, 0.0, drops),
        select(inhibitory_rise, 0.0, drops),
        spike,
    );
}

fn trace(options: Options, cell: Coefficients, trace: f32, spike: bool) -> f32 {
    if (options.trace == OFF) {
        return trace;
    }
    let decayed = rounded(trace * cell.trace_decay);
    let after_spike = select(cell.trace_scale, decayed + cell.trace_scale, options.trace == ADD);
    return select(decayed, after_spike, spike);
}

fn synapse(is_there: bool, decay: f32, current: f32, holds: bool) -> f32 {
    let advanced = select(rounded(current * decay), current, holds);
    return select(0.0, advanced, is_there);
}

fn settle(options: Options, cell: Coefficients, state: State, step: u32) -> State {
    let due = step % 32u == 31u;
    let v_due = due || (options.fast_decay && cell.leak > FASTEST_LEAK);
    let trace_due = due || (options.fast_decay && cell.trace_decay < 1.0 - FASTEST_LEAK);
    let rise_due = due || (options.fast_decay && cell.synaptic_decay < 1.0 - FASTEST_LEAK);
    let inhibitory_rise_due = due || (options.fast_decay && cell.inhibitory_decay < 1.0 - FASTEST_LEAK);
    let synapse_due = rise_due || rises(options);
    let inhibition_due = inhibitory_rise_due || rises(options);
    return State(
        select(state.v, flush(state.v, SMALLEST_STATE), v_due),
        state.refractory,
        select(state.trace, flush(state.trace, SMALLEST_STATE), trace_due && options.trace != OFF),
        select(state.synaptic, flush(state.synaptic, SMALLEST_STATE), synapse_due && options.synapse),
        select(
            state.inhibitory, flush(state.inhibitory, SMALLEST_STATE), inhibition_due && options.inhibition
        ),
        select(state.rise, flush(state.rise, SMALLEST_STATE), rise_due && rises(options)),
        select(
            state.inhibitory_rise,
            flush(state.inhibitory_rise, SMALLEST_STATE),
            inhibitory_rise_due && rises(options),
        ),
        state.spike,
    );
}

fn step_cell(options: Options, cell: Coefficients, state: State, input: StepInput, step: u32) -> State {
    let before = receive(options, state, input.arriving, input.inhibitory);
    let current = total_current(options, cell, before, input.current);
    let updated = update(options, cell, before, drive(cell.resistance, current), input.jump);
    let after = receive_late(options, before, updated, input.arriving, input.inhibitory);
    return settle(options, cell, after, step);
}

// What follows loads and stores cells: it reaches the members of Options, Coefficients and State by number,
// in the order of Options, Coefficient and Field in the crate lif-model.

const OPTIONS: u32 = 11u;
const COEFFICIENTS: u32 = 17u;
const FIELDS: u32 = 6u;

// Member by member: naga 30 refuses a constructor whose arguments are all overrides.
fn chosen_options() -> Options {
    var options: Options;
    options.spike_test = SPIKE_TEST;
    options.reset = RESET;
    options.refractory = REFRACTORY;
    options.bounded = BOUNDED;
    options.trace = TRACE;
    options.fast_decay = FAST_DECAY;
    options.jumps = JUMPS;
    options.synapse = SYNAPSE;
    options.inhibition = INHIBITION;
    options.synapse_rule = SYNAPSE_RULE;
    options.synapse_shape = SYNAPSE_SHAPE;
    return options;
}

fn options_of(words: array<u32, OPTIONS>) -> Options {
    return Options(
        words[0], words[1], words[2], words[3] != 0u, words[4], words[5] != 0u, words[6] != 0u, words[7] != 0u,
        words[8] != 0u, words[9], words[10],
    );
}

fn coefficients_of(words: array<u32, COEFFICIENTS>) -> Coefficients {
    return Coefficients(
        bitcast<f32>(words[0]),
        bitcast<f32>(words[1]),
        bitcast<f32>(words[2]),
        bitcast<f32>(words[3]),
        bitcast<f32>(words[4]),
        bitcast<f32>(words[5]),
        bitcast<f32>(words[6]),
        bitcast<f32>(words[7]),
        words[8],
        bitcast<f32>(words[9]),
        bitcast<f32>(words[10]),
        bitcast<f32>(words[11]),
        bitcast<f32>(words[12]),
        bitcast<f32>(words[13]),
        bitcast<f32>(words[14]),
        bitcast<f32>(words[15]),
        bitcast<f32>(words[16]),
    );
}

fn has_field(options: Options, field: u32) -> bool {
    switch field {
        case 1u: { return options.trace != OFF; }
        case 2u: { return options.synapse; }
        case 3u: { return options.inhibition; }
        case 4u: { return rises(options); }
        case 5u: { return rises(options) && options.inhibition; }
        default: { return true; }
    }
}

fn field_of(state: State, field: u32) -> f32 {
    switch field {
        case 1u: { return state.trace; }
        case 2u: { return state.synaptic; }
        case 3u: { return state.inhibitory; }
        case 4u: { return state.rise; }
        case 5u: { return state.inhibitory_rise; }
        default: { return state.v; }
    }
}

fn with_field(state: State, field: u32, value: f32) -> State {
    var changed = state;
    switch field {
        case 1u: { changed.trace = value; }
        case 2u: { changed.synaptic = value; }
        case 3u: { changed.inhibitory = value; }
        case 4u: { changed.rise = value; }
        case 5u: { changed.inhibitory_rise = value; }
        default: { changed.v = value; }
    }
    return changed;
}
