//! Writing to standard output and standard error, whose readers may have gone.

use crate::failure::Failure;
use std::io::{ErrorKind, Write};

/// Writes a text and a line end to standard output. A closed pipe is the reader's choice.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    match writeln!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::fault(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a line to standard error, where there is nobody left to tell if that fails.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
