// The high word of a product of two 32-bit numbers, for devices with 64-bit integers: a draw then takes an
// H200 three quarters of the time.
//
// The same 64-bit product as in philox_round() in crates/lif-model/src/random.rs. It takes the place of
// product.wgsl.

fn high_product(a: u32, b: u32) -> u32 {
    return u32((u64(a) * u64(b)) >> 32u);
}
