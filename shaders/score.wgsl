// Updates the scores of cells against a target with the spikes of a dispatch.
//
// The twin of crates/lif-model/src/score.rs, which is the definition and explains it: the same functions in
// the same order, giving the same bits. Appended to neuron.wgsl, for rounded() and flush(). Each invocation
// has one cell. The structs and the bindings are mirrored in src/engine/gpu/score.rs.

override WORKGROUP: u32 = 64u;
// Whether van Rossum distances are computed.
override DISTANCES: bool = false;

const WORD: u32 = 32u;
// Length of the table with the decays of 0 to LOW - 1 steps; a second table has the decays of multiples of
// LOW.
const LOW: u32 = 4096u;
// Step numbers from here on are steps before the first one that is scored.
const BEFORE: u32 = 0xc0000000u;

// What is scored in a dispatch. Steps are counted from the first that is scored, modulo 2^32.
struct Goal {
    // Number of cells that are scored, and the index of the first among all cells that have words and delays.
    cells: u32,
    first_cell: u32,
    // Invocations in a row of the grid.
    grid_width: u32,
    // Number of words of each cell, and number of words in a row of all cells.
    words: u32,
    word_cells: u32,
    // The step of the first bit of the first word, and the step after the last.
    first: u32,
    end: u32,
    // Number of steps that are scored.
    length: u32,
    window: u32,
    // Number of recorded spikes, which are at the beginning of `tables`.
    spikes: u32,
    // The places in `tables` of the decays of single steps and of multiples, and the number of multiples.
    low: u32,
    high: u32,
    high_count: u32,
    // Whether spikes have delays.
    delayed: u32,
    unused_0: u32,
    unused_1: u32,
}

struct CellScore {
    next: u32,
    predicted: u32,
    coincidences: u32,
    next_jump: u32,
    at: u32,
    level: f32,
    sum: f32,
    lost: f32,
}

@group(0) @binding(1) var<uniform> goal: Goal;
@group(0) @binding(2) var<storage, read> tables: array<u32>;
@group(0) @binding(3) var<storage, read> delays: array<u32>;
@group(0) @binding(4) var<storage, read> words: array<u32>;
// One more than there are cells: the last one counts the updates, which proves on readback that all were
// made.
@group(0) @binding(5) var<storage, read_write> scores: array<CellScore>;

var<private> score: CellScore;

fn decay_at(place: u32) -> vec2<f32> {
    return vec2<f32>(bitcast<f32>(tables[place]), bitcast<f32>(tables[place + 1u]));
}

fn decay(steps: u32) -> vec2<f32> {
    let multiple = steps / LOW;
    if (multiple >= goal.high_count) {
        return vec2<f32>(0.0, 0.5);
    }
    let low = decay_at(goal.low + 2u * (steps % LOW));
    let high = decay_at(goal.high + 2u * multiple);
    let square = rounded(low.x * low.x);
    let left = flush(rounded(low.x * high.x), SMALLEST_STATE);
    return vec2<f32>(left, rounded(low.y + rounded(square * high.y)));
}

fn jump(step: u32, by: f32) {
    let left_gain = decay(step - score.at);
    let square = flush(rounded(score.level * score.level), SMALLEST_STATE);
    let more = rounded(flush(rounded(square * left_gain.y), SMALLEST_STATE) - score.lost);
    let sum = rounded(score.sum + more);
    score.lost = rounded(rounded(sum - score.sum) - more);
    score.sum = sum;
    score.level = rounded(flush(rounded(score.level * left_gain.x), SMALLEST_STATE) + by);
    score.at = step;
}

fn record(end: u32) {
    while (score.next_jump < goal.spikes) {
        let spike = tables[score.next_jump];
        if (spike >= end) {
            break;
        }
        jump(spike, -1.0);
        score.next_jump += 1u;
    }
}

fn pass_by(step: u32) {
    while (score.next < goal.spikes) {
        if (tables[score.next] + goal.window >= step) {
            break;
        }
        score.next += 1u;
    }
}

fn take_spike(step: u32) {
    score.predicted += 1u;
    pass_by(step);
    if (score.next < goal.spikes) {
        if (tables[score.next] <= step + goal.window) {
            score.coincidences += 1u;
            score.next += 1u;
        }
    }
    if (DISTANCES) {
        record(step + 1u);
        jump(step, 1.0);
    }
}

fn take_word(word: u32, first: u32) {
    var rest = word;
    while (rest != 0u) {
        let step = first + firstTrailingBit(rest);
        rest &= rest - 1u;
        if (step < goal.length) {
            take_spike(step);
        }
    }
}

fn catch_up(end: u32) {
    if (end < BEFORE) {
        pass_by(end);
        if (DISTANCES) {
            record(end);
        }
    }
}

@compute @workgroup_size(WORKGROUP)
fn take(@builtin(global_invocation_id) id: vec3<u32>) {
    let index = id.y * goal.grid_width + id.x;
    if (index >= goal.cells) {
        return;
    }
    score = scores[index];
    let cell = goal.first_cell + index;
    var late = 0u;
    if (goal.delayed != 0u) {
        late = delays[cell];
    }
    var block = 0u;
    while (block < goal.words) {
        take_word(words[block * goal.word_cells + cell], goal.first + block * WORD + late);
        block += 1u;
    }
    // Recorded spikes are passed now, so that no later dispatch has more of them than it may loop over.
    catch_up(goal.end + late);
    scores[index] = score;
    if (index == 0u) {
        scores[goal.cells].predicted += 1u;
    }
}
