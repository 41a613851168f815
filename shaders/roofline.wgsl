// Measures what a device can do at best: one kernel copies, another multiplies and adds. A third waits for the one before.
//
// Nothing is simulated here. src/device/roofline/gpu.rs times the kernels.

const WORKGROUP: u32 = 64u;

// Elements that one invocation of `copy` moves.
const COPIED: u32 = 64u;

const ROUNDS: u32 = 4096u;

@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> destination: array<vec4<f32>>;

@compute @workgroup_size(WORKGROUP)
fn copy(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let width = groups.x * WORKGROUP;
    for (var part = 0u; part < COPIED; part += 4u) {
        let place = part * width + id.x;
        // All four loads are in flight at a time.
        let first = source[place];
        let second = source[place + width];
        let third = source[place + 2u * width];
        let fourth = source[place + 3u * width];
        destination[place] = first;
        destination[place + width] = second;
        destination[place + 2u * width] = third;
        destination[place + 3u * width] = fourth;
    }
}

@compute @workgroup_size(WORKGROUP)
fn multiply_and_add(@builtin(global_invocation_id) id: vec3<u32>) {
    let factor = source[0];
    var a = source[id.x];
    var b = a + 1.0;
    var c = a + 2.0;
    var d = a + 3.0;
    for (var round = 0u; round < ROUNDS; round++) {
        a = a * factor + factor;
        b = b * factor + factor;
        c = c * factor + factor;
        d = d * factor + factor;
    }
    destination[id.x] = a + b + c + d;
}

// Reads what the dispatch before it has written, and does nothing else.
@compute @workgroup_size(WORKGROUP)
fn follow(@builtin(global_invocation_id) id: vec3<u32>) {
    destination[id.x] += source[id.x];
}
