//! If `LIF_SKIP_GPU_TESTS` is set, shows the tests that need an adapter as ignored. Without it they fail on a
//! machine without an adapter: a check that silently did not run is no check.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LIF_SKIP_GPU_TESTS");
    println!("cargo::rustc-check-cfg=cfg(skip_gpu_tests)");
    if std::env::var_os("LIF_SKIP_GPU_TESTS").is_some() {
        println!("cargo::rustc-cfg=skip_gpu_tests");
    }
}
