//! Quiet graphics drivers on machines without a desktop.

/// Starts this program once more with the variable `XDG_RUNTIME_DIR` set, if it is missing. To be called
/// first in `main`, before anything is read, written or started.
///
/// Without this variable Mesa's drivers print `error: XDG_RUNTIME_DIR is invalid` at each start, which a
/// newcomer takes for a failure, and a process cannot safely change its own variables once it runs. The
/// program keeps its arguments, its process number and its open files. It does nothing on systems other than
/// Linux, if the variable is set, and if the second start fails.
///
/// ```no_run
/// fn main() -> lif::Result<()> {
///     lif::start_quietly();
///     println!("{}", lif::Device::auto());
///     Ok(())
/// }
/// ```
#[cfg(target_os = "linux")]
pub fn start_quietly() {
    use std::ffi::OsString;
    use std::os::unix::process::CommandExt;
    use std::path::{Path, PathBuf};

    const FOLDER: &str = "XDG_RUNTIME_DIR";
    /// Marks the second start, so that there is never a third.
    const STARTED_AGAIN: &str = "LIF_STARTED_AGAIN";

    let is_set = |name| std::env::var_os(name).is_some_and(|value: OsString| !value.is_empty());
    if is_set(FOLDER) || std::env::var_os(STARTED_AGAIN).is_some() {
        return;
    }
    let (Ok(program), Some(name)) = (std::env::current_exe(), std::env::args_os().next()) else { return };
    // If the program was started through a loader (`ld-linux.so lif ...`), the running program is the loader,
    // to which these arguments mean something else.
    if program.file_name() != Path::new(&name).file_name() {
        return;
    }
    let temporary = Some(std::env::temp_dir()).filter(|folder| !folder.as_os_str().is_empty());
    let error = std::process::Command::new(program)
        .args(std::env::args_os().skip(1))
        .env(FOLDER, temporary.unwrap_or_else(|| PathBuf::from("/tmp")))
        .env(STARTED_AGAIN, "1")
        .exec();
    log::debug!("{FOLDER} could not be set: {error}");
}

/// Does nothing: the drivers of other systems print no such message.
#[cfg(not(target_os = "linux"))]
pub fn start_quietly() {}
