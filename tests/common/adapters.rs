//! The adapters that tests run on.

/// Returns the titles by which the adapters of this machine can be selected; if there are none, whether
/// the tests are to be skipped.
pub fn adapters_to_test() -> Result<Vec<String>, bool> {
    let titles: Vec<String> =
        lif::adapters().into_iter().map(|adapter| format!("{} ({}", adapter.name, adapter.backend)).collect();
    if titles.is_empty() {
        return Err(std::env::var_os("LIF_SKIP_GPU_TESTS").is_some());
    }
    Ok(titles)
}
