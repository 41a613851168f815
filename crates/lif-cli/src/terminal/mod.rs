//! What people see on the terminal: output and errors, the log, progress bars, and figures.

pub mod figures;
pub mod logging;
pub mod progress;

use crate::failure::Failure;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Writes a line to standard output. A closed pipe is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    match writeln!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::fault(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a line to standard error; a failure cannot be reported anywhere.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A path quoted as one word for a shell.
pub fn quoted(path: &Path) -> String {
    let shown = path.display().to_string();
    let shown = if shown.starts_with('-') { format!("./{shown}") } else { shown };
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+=:@%,".contains(c);
    if !shown.is_empty() && shown.chars().all(is_plain) {
        shown
    } else {
        format!("'{}'", shown.replace('\'', r"'\''"))
    }
}

#[test]
fn paths_are_one_word_to_a_shell() {
    for (path, word) in [
        ("/a/b-1_c.st", "/a/b-1_c.st"),
        ("a b.st", "'a b.st'"),
        ("it's", r"'it'\''s'"),
        ("$HOME", "'$HOME'"),
        ("-x", "./-x"),
        ("Köln", "Köln"),
        ("", "''"),
    ] {
        assert_eq!(quoted(Path::new(path)), word);
    }
}
