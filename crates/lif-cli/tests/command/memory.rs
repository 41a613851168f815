//! The memory of a run: it is reported, refused above the limit, and devices can share it.

use super::Folder;
use predicates::prelude::*;
use serde_json::Value;
#[cfg(target_os = "linux")]
use std::io::{Seek, SeekFrom, Write};

const SMALL: &str = "--neurons 300 --batch 2 --steps 640 --record spikes,rate,voltage:0+299/7";

#[test]
fn devices_in_a_list_share_the_population() {
    let folder = Folder::new();
    let alone = folder.summary(SMALL);
    let output = folder.lif(&format!("run --device cpu,cpu --json --no-plot {SMALL}")).assert().success();
    let shared: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert!(alone["spikes"].as_u64().unwrap() > 0);
    for key in ["spikes", "spike_hash", "mean_rate_hz", "cv_isi", "engine"] {
        assert_eq!(alone[key], shared[key], "{key}");
    }
    assert!(shared["device"].as_str().unwrap().contains(" + CPU"), "{}", shared["device"]);
}

#[test]
fn the_memory_is_said_and_the_budget_kept() {
    let folder = Folder::new();
    let memory = &folder.summary(SMALL)["memory_bytes"];
    let need = memory["host"].as_u64().unwrap();
    assert_eq!(memory["device"], 0);
    // Three words of state and two words of counts for each cell, and 20 words of spikes.
    assert!(need > 600 * 4 * 25 && need < 1 << 20, "{need}");
    folder
        .run(&format!("--no-plot {SMALL}"))
        .assert()
        .success()
        .stdout(predicate::str::contains("\nmemory "));

    folder.summary(&format!("{SMALL} --memory-budget {need}"));
    folder
        .run(&format!("--out other --memory-budget {} {SMALL}", need - 1))
        .assert()
        .code(1)
        .stdout("")
        .stderr(
            predicate::str::starts_with("error: the run (the parameters")
                .and(predicate::str::contains("the blocks of the recording 54.49 KiB"))
                .and(predicate::str::contains("the memory budget is")),
        );
    assert!(!folder.path("other").exists());
    folder.refuses("run --device cpu --memory-budget much", 2, "512MiB, 2GB");
}

/// Runs on the CPU, and returns the largest memory of the process, in bytes.
#[cfg(target_os = "linux")]
fn peak(folder: &Folder, words: &str) -> u64 {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("lif"))
        .args(format!("run --device cpu --no-plot --quiet {words}").split_whitespace())
        .current_dir(folder.path(""))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        // The largest memory so far, in KiB; none if the process has ended.
        let now = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = now.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = peak.max(mark.map_or(0, |mark| mark.parse().unwrap()));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return peak << 10;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_recording_of_ten_times_the_memory_stays_within_the_budget() {
    const BUDGET: u64 = 96 << 20;
    let folder = Folder::new();
    let steps = 10 * BUDGET / (4 * 1000);
    let words = format!("--neurons 1000 --steps {steps} --record voltage:0..1000 --memory-budget {BUDGET}");
    let peak = peak(&folder, &words);
    let written = std::fs::metadata(folder.path("lif-out/spikes.npz")).unwrap().len();
    assert!(written > 10 * BUDGET - (1 << 20) && peak <= BUDGET, "{peak} bytes for {written}");
}

/// The recording of many neurons in a few steps needs more memory than everything else.
#[cfg(target_os = "linux")]
#[test]
fn the_potentials_of_many_neurons_take_the_memory_that_is_said() {
    let folder = Folder::new();
    let words = "--neurons 2000000 --steps 64 --current 0.9 --init-voltage -60 --record voltage:0..2000000";
    let need = folder.summary(words)["memory_bytes"]["host"].as_u64().unwrap();
    let peak = peak(&folder, words);
    // The command itself needs about 30 MiB.
    assert!(peak <= need + (40 << 20), "{peak} bytes, {need} said");
    // A sample has 8 MB; a neuron has three words of state, and two more for reading it.
    assert!(need < 400 << 20, "{need}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_stimulus_of_ten_times_the_memory_stays_within_the_budget() {
    const BUDGET: u64 = 48 << 20;
    let folder = Folder::new();
    let (steps, n) = (10 * BUDGET / (4 * 2000), 2000);
    // A file of zeros takes no room on the disk; only the last sample differs.
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({steps}, {n}), }}");
    header.push_str(&" ".repeat(64 - (10 + header.len() + 1) % 64));
    header.push('\n');
    let mut file = std::fs::File::create(folder.path("long.npy")).unwrap();
    file.write_all(b"\x93NUMPY\x01\x00").unwrap();
    file.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.set_len(10 + header.len() as u64 + steps * n * 4).unwrap();
    file.seek(SeekFrom::End(-4)).unwrap();
    file.write_all(&100_f32.to_le_bytes()).unwrap();
    drop(file);
    let words = format!("--stimulus long.npy --tau-m 1 --record voltage:0 --memory-budget {BUDGET}");
    let peak = peak(&folder, &words);
    assert!(peak <= BUDGET, "{peak} bytes");
    assert_eq!(folder.array::<f32>("voltage").len() as u64, steps);
    // Only the last neuron was driven, at the last step.
    let counts = folder.array::<u32>("counts");
    assert_eq!((counts.sum(), counts[[0, n as usize - 1]]), (1, 1));
}

/// Limits the address space to this number of KiB.
#[cfg(target_os = "linux")]
fn address_space(kibibytes: u64) -> String {
    format!("ulimit -v {kibibytes}")
}

#[cfg(target_os = "linux")]
#[test]
fn every_command_asks_for_memory_before_it_takes_it() {
    use ndarray::{Array1, arr0};
    use ndarray_npy::NpzWriter;

    let folder = Folder::new();
    // A small file of many samples, each of which lasts 100 steps.
    let mut archive = NpzWriter::new_compressed(std::fs::File::create(folder.path("long.npz")).unwrap());
    archive.add_array("stimulus", &Array1::from_shape_fn(1_000_000, |sample| (sample % 2) as i8)).unwrap();
    archive.add_array("dt_ms", &arr0(10.0)).unwrap();
    archive.finish().unwrap();
    folder.write("few.txt", "3\n70\n");
    folder.write("short.txt", &"1\n2\n".repeat(500));
    let sparse = |name: &str, bytes: u64| std::fs::File::create(folder.path(name)).unwrap().set_len(bytes);
    sparse("large.nir", 8 << 30).unwrap();
    let mut header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000,), }".to_owned();
    header.push_str(&" ".repeat(128 - 11 - header.len()));
    header.push('\n');
    let mut file = std::fs::File::create(folder.path("many.npy")).unwrap();
    file.write_all(b"\x93NUMPY\x01\x00").unwrap();
    file.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.set_len(128 + 8_000_000_000).unwrap();

    for (words, what) in [
        ("run --device cpu --neurons 60000000 --steps 10", "the population"),
        ("fi --device cpu --neurons 3000000", "the curve (the parameters"),
        ("bench --device cpu --neurons 6e7 --steps 1 --mode run", "cpu: the population"),
        (
            "bench --device reference --neurons 4e7 --steps 1 --mode run",
            "reference: the cells of the reference",
        ),
        ("score --device cpu --stimulus short.txt --spikes many.npy", "the spikes"),
        (
            "fit --device cpu --stimulus short.txt --spikes few.txt --candidates 10000000",
            "the search (the stimuli",
        ),
        ("fit --device cpu --stimulus long.npz --spikes few.txt", "the search (the stimuli"),
        ("nir large.nir", "the file"),
    ] {
        let output = folder.limited(&address_space(900_000), words);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{words}: {said}");
        assert!(said.contains(what), "{words}: {said}");
        let limit = "needed, but what is left of the address space that this process may take (ulimit -v) is";
        assert!(said.contains(limit), "{words}: {said}");
        assert!(!folder.path("lif-out").exists(), "{words}");
    }
}

/// The results are written, whether there is memory to draw them or not.
#[cfg(target_os = "linux")]
#[test]
fn a_picture_for_which_there_is_no_memory_takes_nothing_else_along() {
    let mut without = 0;
    for kibibytes in (28_000..120_000).step_by(4000) {
        let folder = Folder::new();
        let output = folder.limited(&address_space(kibibytes), "run --device cpu -n 200 --duration 20");
        let said = String::from_utf8(output.stderr).unwrap();
        if output.status.success() {
            let is_drawn = folder.written().contains(&"raster.png".to_owned());
            assert!(folder.written().contains(&"spikes.npz".to_owned()));
            assert_eq!(
                said.contains("warning: without raster.png: the picture: "),
                !is_drawn,
                "{kibibytes}: {said}"
            );
            without += usize::from(!is_drawn);
        } else {
            assert!(!said.contains("picture"), "{kibibytes}: {said}");
        }
    }
    assert!(without > 0);
}

/// Any amount of memory after the start, also too little for the picture.
#[cfg(target_os = "linux")]
#[test]
fn a_small_address_space_ends_no_command_without_a_word() {
    let folder = Folder::new();
    let mut without = 0;
    // With threads the system reserves more, so there are two ranges in which memory is short.
    for kibibytes in (34_000..66_000).step_by(2000).chain((150_000..240_000).step_by(6000)) {
        let output = folder.limited(&address_space(kibibytes), "fi --device cpu --neurons 5 --duration 50");
        let said = String::from_utf8(output.stderr).unwrap();
        match output.status.code() {
            Some(0) => {}
            Some(1) => assert!(said.contains("(ulimit -v) is"), "{kibibytes}: {said}"),
            code => panic!("{kibibytes}: {code:?} {said}"),
        }
        if said.contains("warning: without fi.png: the picture: ") {
            assert_eq!((output.status.code(), folder.written()), (Some(0), vec!["fi.json".to_owned()]));
            without += 1;
        }
        let _ = std::fs::remove_dir_all(folder.path("lif-out"));
    }
    assert!(without > 0);
}

/// For any number of threads: the system reserves no addresses for each of them.
#[cfg(target_os = "linux")]
#[test]
fn threads_take_no_addresses_from_what_is_asked_for() {
    let folder = Folder::new();
    for kibibytes in [150_000, 235_000, 300_000, 440_000] {
        for threads in ["1", "2", "4"] {
            for _ in 0..3 {
                let words = format!("{threads} lif run -q -n 2000 --steps 2000 --device cpu --no-plot");
                let output = std::process::Command::new("sh")
                    .args(["-c", &format!("ulimit -v {kibibytes}; RAYON_NUM_THREADS=$1; export RAYON_NUM_THREADS; shift 2; exec \"$0\" \"$@\"")])
                    .arg(assert_cmd::cargo::cargo_bin!("lif"))
                    .args(words.split(' '))
                    .current_dir(folder.path(""))
                    .output()
                    .unwrap();
                let said = String::from_utf8(output.stderr).unwrap();
                assert_eq!(output.status.code(), Some(0), "{kibibytes} KiB, {threads} threads: {said}");
            }
        }
    }
}

/// Messages of the library for programs are not shown to people.
#[cfg(target_os = "linux")]
#[test]
fn where_a_recording_is_too_large_no_method_is_named() {
    let folder = Folder::new();
    let bench = "bench --device cpu --neurons 10000 --steps 30000 --repeats 1 --record voltage --mode run";
    let run = "run --device cpu --neurons 100000 --steps 640 --record spikes,voltage:0..100000 --no-plot";
    let of_bench = String::from_utf8(folder.limited(&address_space(900_000), bench).stderr).unwrap();
    assert!(of_bench.ends_with("; take fewer --neurons or --steps, or --record counts\n"), "{of_bench}");
    // The memory left for the recording depends on the threads; here it is a little less than needed.
    let outputs =
        (100_000..400_000).step_by(1000).map(|kibibytes| folder.limited(&address_space(kibibytes), run));
    let said: Vec<String> = outputs
        .take_while(|output| !output.status.success())
        .map(|output| String::from_utf8(output.stderr).unwrap())
        .collect();
    let mut refused = said.iter().filter(|said| said.starts_with("error: the recording: ")).peekable();
    assert!(refused.peek().is_some());
    let advice = "; take fewer neurons, or record fewer of them or only every k-th step\n";
    assert!(refused.all(|said| said.ends_with(advice)), "{said:?}");
}

#[test]
fn sizes_beyond_all_memory_are_refused_by_every_command() {
    let folder = Folder::new();
    for words in ["run --device cpu", "fi --device cpu"] {
        for (neurons, code) in [("18446744073709551615", 2), ("100000000000", 2), ("4294967294", 1)] {
            let assert = folder.lif(&format!("{words} --neurons {neurons}")).assert().code(code).stdout("");
            assert.stderr(
                predicate::str::starts_with("error: ").and(predicate::str::contains("panicked").not()),
            );
        }
    }
    assert!(!folder.path("lif-out").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn drivers_are_not_started_in_an_address_space_that_is_too_small_for_them() {
    let folder = Folder::new();
    let output = folder.limited(&address_space(400_000), "devices");
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("No GPU adapter was found with ulimit -v 400000"), "{said}");
    let output = folder.limited(&address_space(400_000), "run --device software --neurons 3 --steps 3");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("no adapter was found with ulimit -v 400000"), "{said}");
    let output = folder.limited(&address_space(400_000), "run --neurons 3 --steps 3 --no-plot");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn the_memory_of_a_run_counts_no_queue() {
    let folder = Folder::new();
    let memory = &folder.summary("--neurons 100000 --steps 32 --record none")["memory_bytes"]["host"];
    // 12 bytes of state, 4 bytes read back, 4 bytes of current; and the parameters.
    assert_eq!(memory, 100_000 * 20 + 4 * 17);
    // It was 88 MiB.
    let words = "--neurons 1000 --steps 20000 --record voltage:0..1000 --memory-budget 70MiB";
    let memory = folder.summary(words)["memory_bytes"]["host"].as_u64().unwrap();
    assert!(memory > 40 << 20, "{memory}");
}
