//! Commands that run in the background of a test, to be interrupted or killed.
#![cfg(unix)]

use super::Folder;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Starts `lif` with these arguments, without reading its output.
pub fn begin(folder: &Folder, words: &str) -> Child {
    start(folder, words.split_whitespace(), Stdio::null())
}

/// Starts `lif` with these arguments. Its standard error can be read after its end.
pub fn begin_and_listen<'a>(folder: &Folder, words: impl IntoIterator<Item = &'a str>) -> Child {
    start(folder, words, Stdio::piped())
}

fn start<'a>(folder: &Folder, words: impl IntoIterator<Item = &'a str>, stderr: Stdio) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin!("lif"))
        .args(words)
        .current_dir(folder.path(""))
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .unwrap()
}

/// Waits until a file exists.
pub fn wait_for(path: &Path) {
    let start = Instant::now();
    while !path.exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "{} was not written", path.display());
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Sends a signal to a process that asks it to end.
pub fn interrupt(child: &Child) {
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
}
