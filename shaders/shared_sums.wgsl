// The ring of a network where a kernel delivers spikes, too: as own_sums.wgsl, with sums that several invocations change.

@group(0) @binding(8) var<storage, read_write> ring: array<atomic<i32>>;

fn sum_at(at: u32) -> i32 {
    return atomicLoad(&ring[at]);
}

fn clear_sum(at: u32) {
    atomicStore(&ring[at], 0);
}
