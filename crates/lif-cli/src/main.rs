//! The command `lif`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    // Only in a process of its own, as it may start again.
    lif_cli::share_one_where_limited();
    lif_cli::main()
}
