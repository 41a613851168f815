//! Compiles and runs programs that use the library: those of the README, made with its commands, and the examples.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Returns the section of the README on programs.
fn section() -> String {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).expect("a README");
    let (_, section) = readme.split_once("\n## In a program\n").expect("a section on programs");
    section.split("\n### ").next().unwrap_or_default().to_owned()
}

/// Returns the code blocks of a language in a text.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let begin = format!("```{language}\n");
    text.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

fn succeeds(command: &mut Command) -> Output {
    let output = command.output().expect("started");
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn the_readme_adds_what_its_programs_use() {
    let section = section();
    let commands = blocks(&section, "sh").concat();
    let programs = blocks(&section, "rust");
    assert!(programs.len() >= 2);
    for used in programs.iter().flat_map(|program| program.lines()) {
        let Some(path) = used.trim().strip_prefix("use ") else { continue };
        let name = path.split("::").next().unwrap_or_default();
        assert!(name == "std" || commands.contains(&format!("cargo add {name}")), "{name} is not added");
    }
}

#[test]
#[ignore = "checks a package with all that it depends on, which takes minutes; tests/run.sh does"]
fn the_programs_of_the_readme_compile_in_a_package_made_by_its_commands() {
    let folder = tempfile::tempdir().expect("a folder");
    let cargo = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args(words).env("CARGO_NET_OFFLINE", "true");
        command
    };
    succeeds(cargo(&["new", "--vcs", "none", "program"]).current_dir(folder.path()));
    let program = folder.path().join("program");
    // The program is next to the library, as the commands expect, and uses the same versions of dependencies.
    link(Path::new(ROOT), &folder.path().join("lif"));
    fs::copy(Path::new(ROOT).join("Cargo.lock"), program.join("Cargo.lock")).expect("versions");
    let section = section();
    for line in blocks(&section, "sh").concat().lines() {
        let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
        if let ["cargo", words @ ..] = &words[..] {
            succeeds(cargo(words).current_dir(&program));
        }
    }
    let target = Path::new(ROOT).join("target/programs");
    for text in blocks(&section, "rust") {
        fs::write(program.join("src/main.rs"), text).expect("a program");
        succeeds(cargo(&["check"]).current_dir(&program).env("CARGO_TARGET_DIR", &target));
    }
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) {
    std::os::unix::fs::symlink(from, to).expect("a link");
}

#[cfg(windows)]
fn link(from: &Path, to: &Path) {
    std::os::windows::fs::symlink_dir(from, to).expect("a link");
}

/// Drivers print warnings on machines without a desktop; examples must not show them.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn examples_print_nothing_of_drivers() {
    for example in ["first", "own_wgpu"] {
        let mut command = Command::new(env!("CARGO"));
        command.args(["run", "--quiet", "--offline", "--example", example]).current_dir(ROOT);
        let output = succeeds(command.env_remove("XDG_RUNTIME_DIR").env_remove("LIF_STARTED_AGAIN"));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{example}");
        assert!(!output.stdout.is_empty());
    }
}
