//! Refusals: their exit codes, and that they leave no files behind.

use super::Folder;
use predicates::prelude::*;
use std::fs;

#[test]
fn wrong_usage_ends_with_code_2_before_anything_is_written() {
    let folder = Folder::new();
    folder.write("in.txt", "1\n2\n");
    for (words, message) in [
        ("--neurons 0", "neurons is 0"),
        ("--batch 0", "batch is 0"),
        ("--neurons -1", "invalid value"),
        ("--neurons many", "invalid value 'many'"),
        ("--steps 0", "0 steps"),
        ("--duration 0", "duration is 0 ms"),
        ("--duration -5", "duration is -5 ms"),
        ("--duration nan", "must be finite"),
        ("--duration 1e30", "more than one run can have"),
        ("--steps 5000000000", "more than one run can have"),
        ("--dt 0", "dt is 0 ms"),
        ("--dt -0.1", "dt is -0.1 ms"),
        ("--dt inf", "must be finite"),
        ("--tau-m 0", "tau_m is 0"),
        ("--tau-m -10:10", "tau_m is -10 for neuron 0"),
        ("--tau-m nan", "must be finite"),
        ("--tau-m 1:2:3", "'2:3' is not a number"),
        ("--resistance 1e60", "must be finite"),
        ("--dt 1 --tau-m 0.25", "dt / tau_m is 4"),
        ("--t-ref -1", "t_ref is -1"),
        ("--t-ref 0.01", "t_ref is"),
        ("--v-reset -50 --t-ref 0", "add --allow-constant-firing"),
        ("--v-lower -50", "v_lower"),
        ("--tau-trace 5", "need a trace"),
        ("--trace add --tau-trace 0", "tau_trace is 0"),
        ("--init-voltage inf", "must be finite"),
        ("--integrator heun", "invalid value 'heun'"),
        ("--spike-test below", "[possible values: above, at-or-above]"),
        ("--reset hard", "[possible values: to-value, subtract, subtract-ahead, none]"),
        ("--refractory awake", "[possible values: frozen, leak-only, silent]"),
        (
            "--preset unheard",
            "there is no preset 'unheard'; there are: origin, normalised, receptor, synapticflow",
        ),
        ("--preset nest:tau=3", "a parameter of the preset nest is 'tau'; it must be one of C_m, tau_m"),
        ("--preset nest --tau-m 3", "tau-m cannot go with the preset nest"),
        ("--preset brian2 --dt 1", "write --preset brian2:dt=VALUE, in ms"),
        ("--device nothing-has-this-name", "no device fits 'nothing-has-this-name'"),
        ("--record sound", "'sound' cannot be recorded"),
        ("--neurons 10 --record voltage:0..11", "there is no neuron 10 to record"),
        ("--neurons 10 --record spikes:3+10", "there is no neuron 10 to record"),
        ("--record voltage:0/0", "from 1 to 4294967295"),
        ("--stimulus in.txt --current 0.1:0.2", "--resistance or --v-threshold"),
        ("--stimulus in.txt --stimulus-dt 0", "stimulus-dt is 0 ms"),
        ("--stimulus-scale 2", "stimulus-scale needs a stimulus"),
        ("--current 1e60", "must be finite"),
        ("--current 1e18 --resistance 1e18", "resistance x input"),
        ("--nonsense", "unexpected argument"),
    ] {
        // Of two devices the last would cause an error; with one device there is none.
        let device = if words.contains("--device") { "" } else { "--device cpu " };
        folder.refuses(&format!("run --no-plot {device}{words}"), 2, message);
        assert!(!folder.path("lif-out").exists(), "{words}");
    }
}

#[test]
fn constant_firing_is_allowed_where_asked_for() {
    let folder = Folder::new();
    let summary =
        folder.summary("--neurons 3 --steps 5 --v-reset -50 --v-rest -50 --t-ref 0 --allow-constant-firing");
    assert_eq!(summary["spikes"], 15);
}

#[test]
fn an_output_folder_that_cannot_be_written_is_found_before_the_run() {
    // A file in the way stops every user, also one whom permissions do not stop.
    let folder = Folder::new();
    folder.write("file", "mine\n");
    for out in ["file", "file/below"] {
        folder
            // A run of this length would not end.
            .run(&format!("--neurons 100000 --steps 4000000000 --record none --out {out}"))
            .timeout(std::time::Duration::from_secs(20))
            .assert()
            .code(1)
            .stderr(predicate::str::contains(format!("error: cannot write to the output folder {out}")));
    }
    assert_eq!(fs::read_to_string(folder.path("file")).unwrap(), "mine\n");

    fs::create_dir_all(folder.path("lif-out/spikes.npz")).unwrap();
    folder.refuses("run --device cpu --neurons 5 --steps 5", 1, "'spikes.npz' in it is a folder");
    assert_eq!(folder.written(), ["spikes.npz"]);
}

/// Limits files to this number of blocks of 512 bytes, as on a full disk.
#[cfg(target_os = "linux")]
fn file_limit(blocks: u32) -> String {
    format!("trap '' XFSZ; ulimit -f {blocks}")
}

#[cfg(target_os = "linux")]
#[test]
fn folders_made_for_a_run_that_fails_go_again() {
    let folder = Folder::new();
    fs::create_dir(folder.path("there")).unwrap();
    for out in ["n1/a/b", "there/c", "n2"] {
        let output = folder
            .limited(&file_limit(1), &format!("run --device cpu --neurons 2000 --steps 200 --out {out}"));
        assert_eq!(output.status.code(), Some(1), "{output:?}");
    }
    assert!(!folder.path("n1").exists() && !folder.path("n2").exists());
    assert_eq!(fs::read_dir(folder.path("there")).unwrap().count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_files_of_the_earlier_run_and_one_message() {
    let folder = Folder::new();
    folder.run("--neurons 5 --steps 50").assert().success();
    let contents =
        || folder.written().iter().map(|name| fs::read(folder.path("lif-out").join(name)).unwrap()).collect();
    let before: Vec<Vec<u8>> = contents();
    assert_eq!(before.len(), 3);
    // 512 KiB, of which the picture needs a part: too little for an array during the run, and for the file of
    // all arrays after it.
    for (words, file) in [
        ("--neurons 2000 --steps 200 --record spikes,voltage:0..2000", "the recorded voltage in lif-out"),
        (
            "--neurons 2000 --steps 200 --record spikes,voltage:0..2000 --no-plot",
            "the recorded voltage in lif-out",
        ),
        ("--neurons 20000 --steps 200 --record voltage:0..500", "lif-out/spikes.npz"),
    ] {
        let output = folder.limited(&file_limit(1024), &format!("run --device cpu {words}"));
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.starts_with(&format!("error: cannot write {file}")), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(output.stdout.is_empty());
        assert_eq!(contents(), before);
    }
}

#[test]
fn no_gpu_is_one_failure_and_no_such_device_another_alone_or_in_a_list() {
    let folder = Folder::new();
    let refused = |words: &str, code, device: &str| {
        folder
            .lif(words)
            .env("WGPU_ADAPTER_NAME", "no adapter has this name")
            .assert()
            .code(code)
            .stdout("")
            .stderr(
                predicate::str::contains(format!("no device fits '{device}'; no adapter was found with"))
                    .and(predicate::str::contains("WGPU_ADAPTER_NAME=no adapter has this name"))
                    .and(predicate::str::contains("'cpu' is always there, and 'software' takes")),
            );
    };
    for command in ["run --neurons 5 --steps 5", "fi --neurons 5", "bench --quick"] {
        refused(&format!("{command} --device gpu"), 1, "gpu");
        refused(&format!("{command} --device software"), 1, "software");
        refused(&format!("{command} --device nothing"), 2, "nothing");
    }
    for (list, code, device) in
        [("cpu,gpu", 1, "gpu"), ("software,cpu", 1, "software"), ("cpu,nothing", 2, "nothing")]
    {
        refused(&format!("run --neurons 5 --steps 5 --device {list}"), code, device);
    }
    assert!(!folder.path("lif-out").exists());
}

#[test]
fn devices_tell_what_hides_adapters() {
    let folder = Folder::new();
    folder
        .lif("devices")
        .env("WGPU_ADAPTER_NAME", "no adapter has this name")
        .assert()
        .success()
        .stdout(predicate::str::contains("No GPU adapter was found with WGPU_ADAPTER_NAME=no adapter"));
    folder
        .lif("devices")
        .env("WGPU_BACKEND", "metal")
        .assert()
        .success()
        .stdout(predicate::str::contains("WGPU_BACKEND=metal").and(predicate::str::contains("--device cpu")));
}

/// Paths that are not regular files where one is needed, and the messages.
#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_refused_and_not_waited_for() {
    let folder = Folder::new();
    fs::create_dir(folder.path("folder")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap();
    assert!(made.success());
    let _listener = std::os::unix::net::UnixListener::bind(folder.path("socket")).unwrap();
    folder.write("in.txt", &"1\n2\n".repeat(500));
    folder.write("spikes.txt", "3\n70\n");
    for (file, what) in
        [("/dev/zero", "a device"), ("folder", "a folder"), ("pipe", "a pipe"), ("socket", "a socket")]
    {
        let message = format!("it is {what}, and no file that can be read");
        for words in [
            format!("run --config {file}"),
            format!("fi --config {file}"),
            format!("score --config {file} --stimulus in.txt --spikes spikes.txt"),
            format!("fit --config {file} --stimulus in.txt --spikes spikes.txt"),
            format!("run --resume {file}"),
            format!("run --nir {file} --dt 0.1 --t-ref 0 --reset to-value"),
            format!("nir {file}"),
        ] {
            folder.refuses(&words, 1, &message);
        }
    }
    assert!(!folder.path("lif-out").exists());
}

#[test]
fn settings_are_read_to_a_bound() {
    let folder = Folder::new();
    let file = fs::File::create(folder.path("long.toml")).unwrap();
    file.set_len((64 << 20) + 1).unwrap();
    folder.refuses("run --config long.toml", 1, "it has more than 67108864 bytes");
}

/// A full device.
#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_a_failure() {
    let folder = Folder::new();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let lif = |words: &str| {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("lif"));
        command.args(words.split_whitespace()).current_dir(folder.path(""));
        command
    };
    for words in ["--help", "-h", "--version", "help run", "run --help", "bench -h"] {
        let output = lif(words).stdout(full()).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(message.starts_with("error: cannot write to standard output: "), "{message}");
    }
    for words in ["", "--nonsense", "run --neurons many"] {
        let output = lif(words).stderr(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{words}");
    }
}

#[test]
fn more_than_memory_holds_is_refused() {
    let folder = Folder::new();
    folder.refuses("run --device cpu --neurons 4000000000 --steps 1", 1, "needed");
}
