//! Saving and loading populations: runs continue bit for bit, and damaged files are refused.

use lif::{
    Checkpoint, Device, Error, Event, Input, Integrator, Parameter, Params, Population, Random, Raster,
    Recording, Refractory, Reset, SpikeInput, SpikeTest, SynapseRule, SynapseShape, Trace, TraceKind,
};
use ndarray::{Array1, Array2, arr0};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Parameters of every shape and rules that are not the defaults.
fn various() -> Params {
    Params {
        tau_m: Array1::linspace(5.0_f32, 20.0, 5).into(),
        resistance: Array2::from_shape_fn((3, 1), |(row, _)| 20.0 + row as f32).into(),
        v_threshold: Array2::from_shape_fn((3, 5), |(row, neuron)| -52.0 + (row + neuron) as f32 * 0.1)
            .into(),
        v_lower: Some((-70.0).into()),
        integrator: Integrator::Exact,
        spike_test: SpikeTest::AtOrAbove,
        reset: Reset::Subtract,
        refractory: Refractory::Silent,
        trace: Some(Trace {
            tau: 20.0.into(),
            scale: Array1::linspace(1.0_f32, 2.0, 5).into(),
            kind: TraceKind::Set,
        }),
        tau_syn: Some(Array1::linspace(1.0_f32, 9.0, 5).into()),
        tau_syn_inhibitory: Some(Array1::linspace(8.0_f32, 2.0, 5).into()),
        synapse_rule: SynapseRule::Cleared,
        synapse_shape: SynapseShape::Alpha,
        ..Params::default()
    }
}

fn reason(path: &Path) -> String {
    match Population::load(path, &Device::cpu()) {
        Err(Error::Checkpoint { path: named, reason }) => {
            assert_eq!(named, path.display().to_string());
            reason
        }
        other => panic!("{other:?}"),
    }
}

/// An input with random sources, so that seed and step number must be restored as well.
fn input() -> Input<'static> {
    Input::constant(1.3)
        .and(Random::gaussian(0.0, 0.5))
        .and(Random::poisson(300.0, 0.4))
        .and(Random::poisson_current(2000.0, 0.05))
        .and(Random::poisson_current(500.0, -0.03))
}

/// Steps, potentials, refractory counters, traces, synaptic and inhibitory currents and their rises, counts, last spikes.
type Everything = (u64, Array2<f32>, Array2<u32>, Array2<f32>, [Array2<f32>; 4], Array2<u32>, Array2<bool>);

fn everything(population: &mut Population) -> Everything {
    (
        population.steps(),
        population.voltages().expect("there"),
        population.refractory().expect("there"),
        population.traces().expect("there"),
        [
            population.synaptic_currents().expect("there"),
            population.inhibitory_currents().expect("there"),
            population.synaptic_rises().expect("there"),
            population.inhibitory_rises().expect("there"),
        ],
        population.counts().expect("there"),
        population.spikes().expect("there"),
    )
}

#[test]
fn a_loaded_population_goes_on_as_the_saved_one() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("population.safetensors");
    let mut population = Population::new(various(), [3, 5], &Device::cpu()).expect("valid");
    population.set_seed(77).expect("nothing is queued");
    let record = Recording::none().spikes().all_voltages(3).rate().counts();
    for steps in [0, 1, 31, 200, 7] {
        population.run(steps, input()).go().expect("valid");
        population.save(&path).expect("saved");
        let mut loaded = Population::load(&path, &Device::cpu()).expect("loaded");
        assert_eq!(loaded.params(), population.params());
        assert_eq!(everything(&mut loaded), everything(&mut population));
        assert_eq!(
            loaded.run(100, input()).record(&record).go().expect("valid"),
            population.run(100, input()).record(&record).go().expect("valid")
        );
        assert_eq!(everything(&mut loaded), everything(&mut population));
    }
}

#[cfg(not(skip_gpu_tests))]
#[test]
fn a_population_moves_between_devices() {
    let gpu =
        Device::select(&lif::DeviceChoice::Gpu).or_else(|_| Device::select(&lif::DeviceChoice::Software));
    let gpu = gpu.expect("an adapter");
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("population.safetensors");
    let mut reference = Population::new(various(), [3, 5], &Device::cpu()).expect("valid");
    reference.set_seed(u64::MAX - 1).expect("nothing is queued");
    reference.run(300, input()).go().expect("valid");

    let mut population = Population::new(various(), [3, 5], &gpu).expect("valid");
    population.set_seed(u64::MAX - 1).expect("nothing is queued");
    population.run(101, input()).go().expect("valid");
    population.save(&path).expect("saved");
    let mut on_cpu = Population::load(&path, &Device::cpu()).expect("loaded");
    on_cpu.run(99, input()).go().expect("valid");
    on_cpu.save(&path).expect("saved");
    let mut back = Population::load(&path, &gpu).expect("loaded");
    back.run(100, input()).go().expect("valid");
    assert_eq!(everything(&mut back), everything(&mut reference));
}

#[test]
fn notes_come_back_and_equal_populations_give_equal_files() {
    let folder = TempDir::new().expect("a folder");
    let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
    let notes: BTreeMap<String, String> =
        [("a", "x\n\"checksum\":\"00000000\""), ("steps", "not mine"), ("", "")]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into();
    for path in [&one, &other] {
        let mut population = Population::new(various(), [3, 5], &Device::cpu()).expect("valid");
        population.run(50, 1.0).go().expect("valid");
        population.save_with(path, &notes).expect("saved");
    }
    assert_eq!(fs::read(&one).expect("there"), fs::read(&other).expect("there"));
    let checkpoint = Checkpoint::open(&one).expect("whole");
    assert_eq!(checkpoint.notes(), &notes);
    assert_eq!((checkpoint.batch(), checkpoint.n(), checkpoint.steps()), (3, 5, 50));
    // Other programs can read it as a safetensors file.
    let bytes = fs::read(&one).expect("there");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("well-formed");
    assert_eq!(tensors.tensor("state.voltages").expect("there").shape(), [3, 5]);
}

/// The state is saved as differences from the reference, so that nothing is rounded; older versions cannot read it.
#[test]
fn a_reference_potential_goes_on_bit_for_bit() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("population");
    let referred = || Params {
        v_rest: Parameter::in_double(&Array1::linspace(-65.3, -64.1, 5)),
        v_reference: -65.3,
        ..various()
    };
    let mut reference = Population::new(referred(), [3, 5], &Device::cpu()).expect("valid");
    reference.run(200, input()).go().expect("valid");
    let mut population = Population::new(referred(), [3, 5], &Device::cpu()).expect("valid");
    population.run(77, input()).go().expect("valid");
    population.save(&path).expect("saved");
    let mut resumed = Population::load(&path, &Device::cpu()).expect("loaded");
    assert_eq!(resumed.params(), &referred());
    resumed.run(123, input()).go().expect("valid");
    assert_eq!(everything(&mut resumed), everything(&mut reference));
    // Also the bits that rounding to the usual scale would hide.
    let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
    resumed.save(&one).expect("saved");
    reference.save(&other).expect("saved");
    assert!(fs::read(&one).expect("there") == fs::read(&other).expect("there"));

    let held = |path: &Path| {
        let bytes = fs::read(path).expect("there");
        let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).expect("well-formed");
        let format = metadata.metadata().as_ref().and_then(|notes| notes.get("format").cloned());
        (format.expect("noted"), metadata.info("params.v_reference").is_some())
    };
    assert_eq!(held(&path), ("4".to_owned(), true));
    let exponential = |params| Params { synapse_shape: SynapseShape::Exponential, ..params };
    let independent = |params| Params { synapse_rule: SynapseRule::Independent, ..params };
    let cleared = |params| Params { tau_syn_inhibitory: None, ..params };
    let alike = |params| exponential(cleared(independent(params)));
    for (params, expected) in [
        (alike(referred()), ("2".to_owned(), true)),
        (various(), ("4".to_owned(), false)),
        (cleared(independent(various())), ("4".to_owned(), false)),
        (exponential(various()), ("3".to_owned(), false)),
        (exponential(independent(various())), ("3".to_owned(), false)),
        (exponential(cleared(various())), ("3".to_owned(), false)),
        (alike(various()), ("1".to_owned(), false)),
    ] {
        Population::new(params, [3, 5], &Device::cpu()).expect("valid").save(&path).expect("saved");
        assert_eq!(held(&path), expected);
    }
}

#[test]
fn whatever_byte_is_damaged_and_wherever_it_is_cut_it_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("whole");
    Population::new(various(), [3, 5], &Device::cpu()).expect("valid").save(&path).expect("saved");
    let whole = fs::read(&path).expect("there");
    let damaged = folder.path().join("damaged");
    for length in 0..whole.len() {
        fs::write(&damaged, &whole[..length]).expect("written");
        reason(&damaged);
    }
    for place in 0..whole.len() {
        for mask in [1, 0xff] {
            let mut bytes = whole.clone();
            bytes[place] ^= mask;
            fs::write(&damaged, &bytes).expect("written");
            reason(&damaged);
        }
    }
    let longer = [&whole[..], &[0]].concat();
    fs::write(&damaged, longer).expect("written");
    assert!(reason(&damaged).contains("damaged"));
}

/// Returns a safetensors file with this header and a matching checksum.
fn sealed(header: &str, data: &[u8]) -> Vec<u8> {
    let whole = |header: &str| [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat();
    let checksum = format!("{:08x}", crc32fast::hash(&whole(header)));
    whole(&header.replace("\"checksum\":\"00000000\"", &format!("\"checksum\":\"{checksum}\"")))
}

#[test]
fn other_files_are_refused_by_what_they_are() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("file");
    assert!(reason(&path).contains("cannot be read"));
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("written");
        reason(&path)
    };
    assert!(refused(b"").contains("too few"));
    assert!(refused(b"\x93NUMPY and so on, much longer").contains("no checkpoint"));
    assert!(refused(&[&100_u64.to_le_bytes()[..], b"{}"].concat()).contains("cut short"));
    let foreign = b"{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    let foreign = [&(foreign.len() as u64).to_le_bytes(), &foreign[..], &[0; 4]].concat();
    assert!(refused(&foreign).contains("no checkpoint of this program"));

    let meta = |rest: &str| format!("{{\"__metadata__\":{{\"checksum\":\"00000000\"{rest}}}");
    assert!(refused(&sealed(&meta("}"), b"")).contains("does not say its format"));
    assert!(
        refused(&sealed(&meta(",\"format\":\"5\",\"version\":\"9.1\"}"), b""))
            .contains("resume it with lif 9.1")
    );
    let own = ",\"format\":\"1\",\"steps\":\"7\"}";
    assert!(refused(&sealed(&meta(own), b"")).contains("state.voltages"));
    // The promised data is missing, which is detected before memory is allocated for it.
    let giant = ",\"state.voltages\":{\"dtype\":\"F32\",\"shape\":[1000000,1000000],\"data_offsets\":[0,4000000000000]}}";
    let header = meta(own);
    let giant = format!("{}{giant}", &header[..header.len() - 1]);
    assert!(refused(&sealed(&giant, b"")).contains("malformed") || reason(&path).contains("does not fit"));
    let bare = ",\"state.voltages\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[0,4]}}";
    let bare = format!("{}{bare}", &header[..header.len() - 1]);
    assert!(!refused(&sealed(&bare, &[0; 4])).is_empty());
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_earlier_one() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("missing/file");
    let mut population = Population::new(Params::default(), 3, &Device::cpu()).expect("valid");
    assert!(
        matches!(population.save(&path), Err(Error::Checkpoint { reason, .. }) if reason.contains("cannot be written"))
    );
    // A folder in the place of the file: everything is written, but the rename fails.
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).expect("made");
    assert!(population.save(&taken).is_err());
    assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 1);
    assert_eq!(population.steps(), 0);
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_partial_file_is_not_followed() {
    let folder = TempDir::new().expect("a folder");
    let (path, other) = (folder.path().join("file"), folder.path().join("other"));
    fs::write(&other, "mine").expect("written");
    std::os::unix::fs::symlink(&other, folder.path().join("file.partial")).expect("linked");
    let mut population = Population::new(Params::default(), 3, &Device::cpu()).expect("valid");
    population.save(&path).expect("saved");
    assert_eq!(fs::read(&other).expect("there"), b"mine");
    assert!(Population::load(&path, &Device::cpu()).is_ok());
}

/// Returns a file with one value of a tensor changed, and a matching checksum.
fn with_value(whole: &[u8], tensor: &str, index: usize, value: f32) -> Vec<u8> {
    let tensors = safetensors::SafeTensors::deserialize(whole).expect("well-formed");
    let data = tensors.tensor(tensor).expect("there").data();
    let place = data.as_ptr() as usize - whole.as_ptr() as usize + 4 * index;
    let mut bytes = whole.to_vec();
    bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
    let name = b"\"checksum\":\"";
    let digits = bytes.windows(name.len()).position(|text| text == name).expect("there") + name.len();
    bytes[digits..digits + 8].fill(b'0');
    let checksum = format!("{:08x}", crc32fast::hash(&bytes));
    bytes[digits..digits + 8].copy_from_slice(checksum.as_bytes());
    bytes
}

/// Values can grow over many steps beyond what the setters accept.
#[test]
fn the_largest_states_are_loaded_as_they_were_saved() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("checkpoint");
    let params = Params {
        resistance: 1.0.into(),
        v_rest: 1e20.into(),
        t_ref: 0.0.into(),
        reset: Reset::None,
        trace: Some(Trace { tau: 1e9.into(), scale: 1e20.into(), kind: TraceKind::Add }),
        tau_syn: Some(1e4.into()),
        tau_syn_inhibitory: Some(5e3.into()),
        synapse_shape: SynapseShape::Alpha,
        allow_constant_firing: true,
        ..Params::default()
    };
    let mut population = Population::new(params, 3, &Device::cpu()).expect("valid");
    population.set_synaptic_currents(&arr0(1e20_f32)).expect("valid");
    population.set_inhibitory_currents(&arr0(-9e19_f32)).expect("valid");
    population.set_synaptic_rises(&arr0(8e19_f32)).expect("valid");
    population.set_inhibitory_rises(&arr0(-7e19_f32)).expect("valid");
    let spikes = (0..1000).map(|step| Event { step, batch: 0, neuron: 0 });
    let spikes = Raster::from_events(spikes, 0, 1000, 1, 3).expect("valid");
    let jumps = SpikeInput::each(&spikes, 1e20).jumps();
    let input = Input::from(jumps).and_spikes(SpikeInput::each(&spikes, 2e14));
    population.run(1000, input).go().expect("valid");
    let large = everything(&mut population);
    assert!(large.1[[0, 0]] > 1e21 && large.3[[0, 0]] > 9e22, "{large:?}");
    population.save(&path).expect("saved");
    let mut loaded = Population::load(&path, &Device::cpu()).expect("loaded");
    assert_eq!(everything(&mut loaded), large);
}

/// Values that no population can have are refused, or become zero as in the setters.
#[test]
fn a_state_that_no_population_has_is_refused_or_becomes_zero() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("checkpoint");
    let mut population = Population::new(various(), [3, 5], &Device::cpu()).expect("valid");
    let saved = |steps: u64, population: &mut Population| {
        population.run(steps, input()).go().expect("valid");
        population.save(&path).expect("saved");
        fs::read(&path).expect("there")
    };
    let whole = saved(64, &mut population);
    let changed = folder.path().join("changed");
    let load = |whole: &[u8], tensor: &str, value: f32| {
        fs::write(&changed, with_value(whole, tensor, 7, value)).expect("written");
        Population::load(&changed, &Device::cpu())
    };
    for (tensor, value, what) in [
        (
            "state.voltages",
            1.1e30,
            "the membrane potentials is 1.1e30 mV; it must be at most 1e30 mV in magnitude",
        ),
        ("state.voltages", -f32::MAX, "the membrane potentials is 3.4028235e38 mV; it must be"),
        ("state.traces", 1e31, "the spike traces is 1e31; it must be at most 1e30 in magnitude"),
        ("state.synaptic_currents", 1e29, "resistance x synaptic current is 2.2e30 mV; it must be"),
        ("state.inhibitory_currents", -1e29, "resistance x inhibitory current is 2.2e30 mV; it must be"),
        ("state.synaptic_rises", -1e29, "resistance x rise of the synaptic current is 2.2e30 mV; it must be"),
        ("state.inhibitory_rises", 1e29, "resistance x rise of the inhibitory current is 2.2e30 mV; it must"),
        ("state.synaptic_currents", f32::INFINITY, "has the value inf; every value must be finite"),
    ] {
        load(&whole, tensor, value).expect_err("refused");
        assert!(reason(&changed).contains(what), "{}", reason(&changed));
    }
    for (tensor, value) in
        [("state.voltages", -9e29), ("state.traces", 1e30), ("state.synaptic_currents", 4e28)]
    {
        load(&whole, tensor, value).expect("as much as there may be");
    }
    // At the end of a word of steps no state is below 1e-30; until the end of the next word it decays further.
    let within = saved(31, &mut population);
    let voltage = |whole: &[u8], value: f32| {
        let loaded = load(whole, "state.voltages", value).expect("valid").voltages().expect("there");
        loaded[[1, 2]].to_bits()
    };
    for (whole, value, left) in [
        (&whole, 1e-30_f32, 1e-30_f32),
        (&whole, -9e-31, 0.0),
        (&whole, 1e-40, 0.0),
        (&within, 9e-31, 9e-31),
        (&within, -4.7e-37, -4.7e-37),
        (&within, 1e-37, 0.0),
        (&within, 1e-40, 0.0),
        (&within, -0.0, -0.0),
    ] {
        assert_eq!(voltage(whole, value), left.to_bits(), "{value:e}");
    }
    let mut traces = load(&within, "state.traces", 1e-40).expect("valid");
    assert_eq!(traces.traces().expect("there")[[1, 2]], 0.0);
    let mut currents = load(&within, "state.synaptic_currents", -1e-39).expect("valid");
    assert_eq!(currents.synaptic_currents().expect("there")[[1, 2]], 0.0);
    let mut currents = load(&within, "state.inhibitory_currents", -1e-39).expect("valid");
    assert_eq!(currents.inhibitory_currents().expect("there")[[1, 2]], 0.0);
    let mut rises = load(&within, "state.synaptic_rises", -1e-39).expect("valid");
    assert_eq!(rises.synaptic_rises().expect("there")[[1, 2]], 0.0);
    // An unchanged file restores the same state.
    let mut loaded = Population::load(&path, &Device::cpu()).expect("whole");
    assert_eq!(everything(&mut loaded), everything(&mut population));
}

#[path = "../fuzz/seal.rs"]
mod seal;

/// The files of the fuzzing corpus, unchanged and with a matching checksum.
#[test]
fn checkpoints_of_any_content_end_well() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/checkpoints");
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("checkpoint");
    let (mut taken_up, mut refused) = (0, 0);
    for file in fs::read_dir(corpus).expect("there") {
        let bytes = fs::read(file.expect("there").path()).expect("there");
        for bytes in [seal::sealed(&bytes), bytes] {
            fs::write(&path, &bytes).expect("written");
            match Population::load(&path, &Device::cpu()) {
                Ok(mut population) => {
                    let _ = population.run(3, 0.5).go();
                    population.save(&path).expect("saved");
                    taken_up += 1;
                }
                Err(error) => {
                    assert!(error.to_string().starts_with("checkpoint "), "{error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(taken_up > 0 && refused > 0, "{taken_up} taken up, {refused} refused");
}
