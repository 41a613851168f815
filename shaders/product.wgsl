// The high word of a product, by halves, where a device has no wider integers.
//
// What philox_round() in crates/lif-model/src/random.rs does with a product of 64 bits; wide_product.wgsl is the other.

fn high_product(a: u32, b: u32) -> u32 {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let cross_0 = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let cross_1 = (a & 0xffffu) * (b >> 16u) + (cross_0 & 0xffffu);
    return (a >> 16u) * (b >> 16u) + (cross_0 >> 16u) + (cross_1 >> 16u);
}
