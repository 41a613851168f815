// The ring of a network where a kernel changes the sums of its own cells only; see ring.wgsl.

// [steps, channels, cells]; step s has the place s modulo the number of steps.
@group(0) @binding(8) var<storage, read_write> ring: array<i32>;

fn sum_at(at: u32) -> i32 {
    return ring[at];
}

fn clear_sum(at: u32) {
    ring[at] = 0;
}
