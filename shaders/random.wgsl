// Random numbers that are a function of seed, cell, step and stream.
//
// The twin of crates/lif-model/src/random.rs, which is the definition and explains it: the same functions in
// the same order, giving the same bits. Appended to neuron.wgsl, which has rounded(), and to product.wgsl or
// wide_product.wgsl, which have high_product(). The tables are in `parameters`, from a given place on.

const SEGMENT_BITS: u32 = 6u;

const MULTIPLIER_0: u32 = 0xD2511F53u;
const MULTIPLIER_1: u32 = 0xCD9E8D57u;
const KEY_STEP_0: u32 = 0x9E3779B9u;
const KEY_STEP_1: u32 = 0xBB67AE85u;

fn philox_round(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
    return vec4<u32>(
        high_product(MULTIPLIER_1, counter.z) ^ counter.y ^ key.x,
        MULTIPLIER_1 * counter.z,
        high_product(MULTIPLIER_0, counter.x) ^ counter.w ^ key.y,
        MULTIPLIER_0 * counter.x,
    );
}

// Unrolled, because some drivers limit the number of loop rounds of an invocation.
fn philox(start: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
    let key_step = vec2<u32>(KEY_STEP_0, KEY_STEP_1);
    var counter = philox_round(start, key);
    counter = philox_round(counter, key + key_step);
    counter = philox_round(counter, key + 2u * key_step);
    counter = philox_round(counter, key + 3u * key_step);
    counter = philox_round(counter, key + 4u * key_step);
    counter = philox_round(counter, key + 5u * key_step);
    counter = philox_round(counter, key + 6u * key_step);
    counter = philox_round(counter, key + 7u * key_step);
    counter = philox_round(counter, key + 8u * key_step);
    return philox_round(counter, key + 9u * key_step);
}

// `cell` and `group` are numbers of two words: low, high.
fn counter(cell: vec2<u32>, group: vec2<u32>, stream: u32) -> vec4<u32> {
    return vec4<u32>(cell.x, group.x, cell.y | (group.y << 16u), stream);
}

fn uniform_draw(word: u32) -> f32 {
    return f32(word >> 8u) * (1.0 / 16777216.0);
}

fn normal(word: u32, place: u32) -> f32 {
    let probability = word | 1u;
    let octave = countLeadingZeros(probability);
    let scaled = probability << octave;
    let segment =
        (octave << SEGMENT_BITS) | ((scaled >> (31u - SEGMENT_BITS)) & ((1u << SEGMENT_BITS) - 1u));
    let value = bitcast<f32>(parameters[place + 2u * segment]);
    let slope = bitcast<f32>(parameters[place + 2u * segment + 1u]);
    let within = f32((scaled & ((1u << (31u - SEGMENT_BITS)) - 1u)) >> 1u) * (1.0 / 16777216.0);
    let magnitude = rounded(value + rounded(slope * within));
    return select(magnitude, -magnitude, (word & 1u) == 1u);
}

fn poisson(word: u32, place: u32) -> u32 {
    var exceeded = 0u;
    var half = (1u << parameters[place + 1u]) >> 1u;
    while (half > 0u) {
        if (word > parameters[place + 1u + exceeded + half]) {
            exceeded += half;
        }
        half >>= 1u;
    }
    return parameters[place] + exceeded;
}
