// The high word of a product of two 32-bit numbers, for devices without 64-bit integers.
//
// It replaces the 64-bit product of philox_round() in crates/lif-model/src/random.rs. With 64-bit integers,
// wide_product.wgsl takes the place of this file. Followed by random.wgsl.

fn high_product(a: u32, b: u32) -> u32 {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let cross_0 = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let cross_1 = (a & 0xffffu) * (b >> 16u) + (cross_0 & 0xffffu);
    return (a >> 16u) * (b >> 16u) + (cross_0 >> 16u) + (cross_1 >> 16u);
}
