//! Who takes part: the model as written, the CPU engine, adapters.

use super::case::Case;
use super::options::BenchOptions;
use super::workload;
use crate::failure::Failure;
use crate::process::memory;
use lif::{Device, DeviceChoice, EngineKind, Error, Population, Roofline, adapters};

/// The name of the scalar reference.
pub const REFERENCE: &str = "reference";

/// Something that simulates.
#[derive(Debug)]
pub struct Participant {
    /// A short name, different from all others.
    pub label: String,
    /// `None` for the reference.
    pub device: Option<Device>,
    /// `None` for several devices, as each has its own.
    pub roofline: Option<Roofline>,
}

impl Participant {
    /// `others` take part already.
    fn new(device: Option<Device>, others: &[Self]) -> Result<Self, Failure> {
        // The reference runs on the CPU as well.
        let on = device.clone().unwrap_or_else(Device::cpu);
        let known = others.iter().find(|other| other.is_on_cpu() && on.engine_kind() == EngineKind::Cpu);
        let roofline = match known.map_or_else(|| on.measure_roofline().map(Some), |other| Ok(other.roofline))
        {
            Ok(roofline) => roofline,
            Err(Error::OutOfRange { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let label = match device.as_ref().map(Device::engine_kind) {
            None => REFERENCE.to_owned(),
            Some(EngineKind::Cpu) => "cpu".to_owned(),
            Some(EngineKind::Gpu) => numbered("adapter", others),
            Some(EngineKind::Mixed) => numbered("several", others),
        };
        Ok(Self { label, device, roofline })
    }

    /// The name of the engine in the output.
    pub fn engine(&self) -> String {
        self.device.as_ref().map_or(REFERENCE.to_owned(), |device| device.engine_kind().to_string())
    }

    /// The full name.
    pub fn name(&self) -> String {
        self.device.as_ref().map_or("the model as written, one thread".to_owned(), Device::name)
    }

    /// Whether it is the CPU engine, to which others are compared.
    pub fn is_cpu(&self) -> bool {
        self.device.as_ref().is_some_and(|device| device.engine_kind() == EngineKind::Cpu)
    }

    /// Refuses a population that does not fit into the memory of this machine.
    pub fn require_memory(&self, case: Case) -> lif::Result<()> {
        let device = self.device.clone().unwrap_or_else(Device::cpu);
        let need = Population::memory_needed(&workload::params(), case.shape, &device)?;
        let bytes = memory::host_bytes(&need, &device);
        lif::require_memory("the population", bytes, "take fewer neurons or a smaller batch")
    }

    fn is_on_cpu(&self) -> bool {
        self.device.is_none() || self.is_cpu()
    }

    /// Whether it takes part for comparison, not for its speed.
    pub fn is_slow(&self) -> bool {
        self.device.as_ref().is_none_or(Device::is_software_adapter)
    }
}

/// Opens the devices that the options ask for, and measures the roofline of each.
pub fn open(options: &BenchOptions) -> Result<Vec<Participant>, Failure> {
    let mut devices: Vec<Option<Device>> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let mut add = |device: Option<Device>| {
        let name = device.as_ref().map_or(REFERENCE.to_owned(), Device::name);
        if !names.contains(&name) {
            names.push(name);
            devices.push(device);
        }
    };
    if options.device.is_empty() {
        add(None);
        add(Some(Device::cpu()));
        for adapter in adapters() {
            let choice = DeviceChoice::Named(format!("{} ({}", adapter.name, adapter.backend));
            match Device::select(&choice) {
                Ok(device) => add(Some(device)),
                Err(error) => log::warn!("without {}: {error}", adapter.name),
            }
        }
    }
    for name in &options.device {
        add(if name == REFERENCE { None } else { Some(selected(name)?) });
    }
    devices.into_iter().try_fold(Vec::new(), |mut participants, device| {
        participants.push(Participant::new(device, &participants)?);
        Ok(participants)
    })
}

fn numbered(word: &str, others: &[Participant]) -> String {
    let before = others.iter().filter(|other| other.label.starts_with(word)).count();
    format!("{word} {}", before + 1)
}

fn selected(name: &str) -> Result<Device, Failure> {
    let choice: DeviceChoice = name.parse()?;
    crate::plan::select(&choice)
}
