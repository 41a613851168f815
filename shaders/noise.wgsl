// Draws the random sources of a cell and sums them.
//
// The twin of src/prepared/noise.rs: draw_group() makes four steps of Noise::at() at once, so that all four
// words of a call of the generator are used. Appended to block.wgsl, whose `parameters` contain the sources,
// their parameters and their tables as src/engine/gpu/noise.rs packs them.

// Kinds of sources.
const NORMAL: u32 = 0u;
const UNIFORM: u32 = 1u;
const POISSON: u32 = 2u;
const POISSON_JUMPS: u32 = 3u;

// Words of the record of a source: kind, stream, and the place, row stride and neuron stride of offset, scale
// and table.
const SOURCE_WORDS: u32 = 11u;

const GROUP: u32 = 4u;

struct Contributions {
    currents: vec4<f32>,
    arriving: vec4<f32>,
    inhibitory: vec4<f32>,
    jumps: vec4<f32>,
}

// Adds a word to a number of two words.
fn wide_sum(low: u32, high: u32, added: u32) -> vec2<u32> {
    let sum = low + added;
    return vec2<u32>(sum, high + select(0u, 1u, sum < low));
}

fn rounded_4(x: vec4<f32>) -> vec4<f32> {
    return bitcast<vec4<f32>>(bitcast<vec4<u32>>(x) ^ zero.xxxx);
}

// A parameter of a source; its place and strides are in `parameters` at `spread`.
fn source_parameter(spread: u32, row: u32, neuron: u32) -> u32 {
    let place = parameters[spread] + row * parameters[spread + 1u] + neuron * parameters[spread + 2u];
    return parameters[place];
}

fn draw(kind: u32, words: vec4<u32>, table: u32) -> vec4<f32> {
    if (kind == NORMAL) {
        let place = block.normal_table;
        return vec4<f32>(
            normal(words.x, place), normal(words.y, place), normal(words.z, place), normal(words.w, place)
        );
    }
    if (kind == UNIFORM) {
        return vec4<f32>(
            uniform_draw(words.x), uniform_draw(words.y), uniform_draw(words.z), uniform_draw(words.w)
        );
    }
    return vec4<f32>(vec4<u32>(
        poisson(words.x, table), poisson(words.y, table), poisson(words.z, table), poisson(words.w, table)
    ));
}

// The sums of all sources for a cell at the four steps of a group; groups are counted from the first of the
// dispatch.
fn draw_group(index: u32, row: u32, neuron: u32, group_offset: u32) -> Contributions {
    let cell = wide_sum(block.first_cell_low, block.first_cell_high, index);
    let group = wide_sum(block.group_low, block.group_high, group_offset);
    let key = vec2<u32>(block.seed_low, block.seed_high);
    var sum: Contributions;
    for (var number = 0u; number < block.sources; number++) {
        let source = block.source_places + number * SOURCE_WORDS;
        let kind = parameters[source];
        let words = philox(counter(cell, group, parameters[source + 1u]), key);
        let offset = bitcast<f32>(source_parameter(source + 2u, row, neuron));
        let scale = bitcast<f32>(source_parameter(source + 5u, row, neuron));
        let draws = draw(kind, words, source_parameter(source + 8u, row, neuron));
        let added = rounded_4(offset + rounded_4(scale * draws));
        if (kind == POISSON_JUMPS) {
            sum.jumps = rounded_4(sum.jumps + added);
        } else if (kind == POISSON && INHIBITION && scale < 0.0) {
            sum.inhibitory = rounded_4(sum.inhibitory + added);
        } else if (kind == POISSON) {
            sum.arriving = rounded_4(sum.arriving + added);
        } else {
            sum.currents = rounded_4(sum.currents + added);
        }
    }
    return sum;
}
