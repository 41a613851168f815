//! Quiet graphics drivers on machines without a desktop.

/// Mesa's drivers print `error: XDG_RUNTIME_DIR is invalid` at each start where that variable is
/// missing, which a newcomer takes for a failure. A process cannot safely change its own variables
/// once it runs, so it starts again with this one set; where that fails, it just goes on.
#[cfg(target_os = "linux")]
pub fn start_quietly() {
    use std::os::unix::process::CommandExt;

    const VARIABLE: &str = "XDG_RUNTIME_DIR";
    if std::env::var_os(VARIABLE).is_some_and(|folder| !folder.is_empty()) {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        let error = std::process::Command::new(program)
            .args(std::env::args_os().skip(1))
            .env(VARIABLE, std::env::temp_dir())
            .exec();
        log::debug!("{VARIABLE} could not be set: {error}");
    }
}

/// Other systems have nothing to say.
#[cfg(not(target_os = "linux"))]
pub fn start_quietly() {}
