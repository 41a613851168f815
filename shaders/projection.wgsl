// Sums the weights of arriving spikes for each cell and step.
//
// The CPU engine does the same in src/engine/cpu/projection.rs: the weights of trains that spike are added in
// the order of the trains. With INHIBITION, negative weights have sums of their own. Appended to neuron.wgsl, for
// rounded() and flush(). Each invocation makes eight
// steps of one cell, so that each weight and word that it reads serves eight sums. The struct Projection and
// the bindings are mirrored in src/engine/gpu/projection.rs.

override WORKGROUP: u32 = 64u;

const STEPS: u32 = 8u;

struct Projection {
    cells: u32,
    neurons: u32,
    // Invocations in a row of the grid.
    grid_width: u32,
    steps: u32,
    // Index of the first step's bit, counted from the first word of a cell.
    first_bit: u32,
    word_offset: u32,
    // Words from one block of 32 steps to the next, and from one batch row to the next.
    word_block: u32,
    word_row: u32,
    // The range of trains that this dispatch sums. If `own_train` is set, each neuron has only the train of
    // its number.
    first_train: u32,
    end_train: u32,
    own_train: u32,
    // The place of the weight of a train and a cell: an offset, and strides of trains, batch rows and
    // neurons.
    weight_offset: u32,
    weight_train: u32,
    weight_row: u32,
    weight_neuron: u32,
    // The place in `arrivals` of the sums of the first step.
    sums: u32,
    // Whether the weights are added to sums of earlier trains, or to 0.
    goes_on: u32,
    // The place in `arrivals` of the count of how often sums were made, and the value at which it wraps to 0.
    sums_made_place: u32,
    most_sums_made: u32,
    // The place in `arrivals` of the sums of negative weights at the first step.
    inhibitory_sums: u32,
}

@group(0) @binding(1) var<uniform> projection: Projection;
@group(0) @binding(2) var<storage, read> words: array<u32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> arrivals: array<f32>;

fn rounded_4(x: vec4<f32>) -> vec4<f32> {
    return bitcast<vec4<f32>>(bitcast<vec4<u32>>(x) ^ zero.xxxx);
}

// The spikes of a train at eight steps, from a bit on.
fn spikes(place: u32, bit: u32) -> u32 {
    let word = place + (bit / 32u) * projection.word_block;
    let shift = bit % 32u;
    var found = words[word] >> shift;
    if (shift > 32u - STEPS) {
        found |= words[word + projection.word_block] << (32u - shift);
    }
    return found & 0xffu;
}

fn added(sums: vec4<f32>, weight: f32, spikes: u32) -> vec4<f32> {
    let there = (vec4<u32>(spikes) & vec4<u32>(1u, 2u, 4u, 8u)) != vec4<u32>(0u);
    return select(sums, rounded_4(sums + vec4<f32>(weight)), there);
}

// The sum of a step so far; 0 for steps beyond the last.
fn sum_so_far(sums: u32, step: u32, steps: u32) -> f32 {
    if (projection.goes_on == 0u || step >= steps) {
        return 0.0;
    }
    return arrivals[sums + step * projection.cells];
}

fn store_sum(sums: u32, step: u32, steps: u32, sum: f32) {
    if (step < steps) {
        arrivals[sums + step * projection.cells] = sum;
    }
}

fn sums_so_far(sums: u32, step: u32, steps: u32) -> vec4<f32> {
    return vec4<f32>(
        sum_so_far(sums, step, steps),
        sum_so_far(sums, step + 1u, steps),
        sum_so_far(sums, step + 2u, steps),
        sum_so_far(sums, step + 3u, steps),
    );
}

fn store_sums(sums: u32, step: u32, steps: u32, values: vec4<f32>) {
    store_sum(sums, step, steps, values.x);
    store_sum(sums, step + 1u, steps, values.y);
    store_sum(sums, step + 2u, steps, values.z);
    store_sum(sums, step + 3u, steps, values.w);
}

@compute @workgroup_size(WORKGROUP)
fn project(@builtin(global_invocation_id) id: vec3<u32>) {
    let index = id.y * projection.grid_width + id.x;
    let first_step = id.z * STEPS;
    if (index >= projection.cells) {
        return;
    }
    let row = index / projection.neurons;
    let neuron = index % projection.neurons;
    let place = projection.word_offset + row * projection.word_row;
    let bit = projection.first_bit + first_step;
    let steps = min(STEPS, projection.steps - first_step);

    let sums = projection.sums + first_step * projection.cells + index;
    var first = sums_so_far(sums, 0u, steps);
    var second = sums_so_far(sums, 4u, steps);
    let inhibitory_sums = projection.inhibitory_sums + first_step * projection.cells + index;
    var first_inhibitory = vec4<f32>();
    var second_inhibitory = vec4<f32>();
    if (INHIBITION) {
        first_inhibitory = sums_so_far(inhibitory_sums, 0u, steps);
        second_inhibitory = sums_so_far(inhibitory_sums, 4u, steps);
    }

    var train = projection.first_train;
    var end = projection.end_train;
    if (projection.own_train != 0u) {
        train = neuron;
        end = neuron + 1u;
    }
    let weight_place = projection.weight_offset + row * projection.weight_row + neuron * projection.weight_neuron;
    while (train < end) {
        let found = spikes(place + train, bit);
        if (found != 0u) {
            let weight = flush(weights[weight_place + train * projection.weight_train], SMALLEST_PARAMETER);
            if (INHIBITION && weight < 0.0) {
                first_inhibitory = added(first_inhibitory, weight, found);
                second_inhibitory = added(second_inhibitory, weight, found >> 4u);
            } else {
                first = added(first, weight, found);
                second = added(second, weight, found >> 4u);
            }
        }
        train += 1u;
    }

    store_sums(sums, 0u, steps, first);
    store_sums(sums, 4u, steps, second);
    if (INHIBITION) {
        store_sums(inhibitory_sums, 0u, steps, first_inhibitory);
        store_sums(inhibitory_sums, 4u, steps, second_inhibitory);
    }
    if (index == 0u && id.z == 0u) {
        let made = arrivals[projection.sums_made_place] + 1.0;
        arrivals[projection.sums_made_place] = select(made, 0.0, made >= f32(projection.most_sums_made));
    }
}
