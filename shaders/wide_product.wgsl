// The high word of a product, where a device has integers of 64 bits: a draw takes an H200 three quarters of the time.
//
// What philox_round() in crates/lif-model/src/random.rs does with a product of 64 bits; product.wgsl is the other.

fn high_product(a: u32, b: u32) -> u32 {
    return u32((u64(a) * u64(b)) >> 32u);
}
