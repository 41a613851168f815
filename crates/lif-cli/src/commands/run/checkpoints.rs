//! Checkpoints of a run: those of the library, with the settings and the state of the recordings.

use crate::failure::Failure;
use crate::files::claim::claim;
use crate::files::folder::Folder;
use crate::files::identity::Identity;
use crate::files::leftovers;
use crate::files::lock::Lock;
use crate::files::partials::{self, RunId};
use crate::network::description::InFile;
use crate::network::{self, Description};
use crate::plan::Plan;
use crate::recording::spools::{self, Parts, Spools};
use crate::settings::Settings;
use crate::settings::layers;
use crate::settings::record::Record;
use crate::spikes::trains::Trains;
use crate::stimulus::Stimulus;
use crate::terminal::quoted;
use lif::{Checkpoint, Device, Error, Network, Population};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The note with the settings, as in a settings file.
const SETTINGS: &str = "lif-run.settings";
/// The note with the network and its settings, as in its own file. It is behind the progress, so that the number of the
/// run is near the beginning of the checkpoint.
const NETWORK: &str = "lif-run.settings.network";
/// The note with the progress of the run.
const PROGRESS: &str = "lif-run.progress";

/// Said where a run cannot be resumed.
const INCOMPLETE: &str = "it cannot go on later, as its checkpoint or its partial files are gone or damaged";

/// The default number of checkpoints.
const DEFAULT_COUNT: u64 = 10;

/// The progress of a run, without the state of its population.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Progress {
    /// The output folder, as an absolute path.
    folder: PathBuf,
    /// The run of its partial files.
    run: RunId,
    /// The state of these files.
    parts: Parts,
    /// The time of the simulation so far.
    wall_s: f64,
    /// The input files, to recognise them.
    files: Files,
    /// What the network is called, if it is a run of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    network: Option<String>,
}

/// Checksums of the input files. The settings are in the checkpoint itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Files {
    stimulus: Option<u32>,
    /// The spikes that drive the population, and their weights.
    events: Option<u32>,
    /// The neurons of a NIR graph.
    graph: Option<u32>,
}

impl Files {
    fn of(plan: &Plan) -> Self {
        Self {
            stimulus: plan.stimulus().map(Stimulus::checksum),
            events: plan.trains.as_ref().map(Trains::checksum),
            graph: plan.graph_checksum,
        }
    }
}

/// A run that was interrupted.
#[derive(Debug)]
pub struct Interrupted {
    path: PathBuf,
    /// The file as it was when it was opened.
    opened: Option<Identity>,
    checkpoint: Checkpoint,
    settings: Settings,
    network: Option<Description>,
    progress: Progress,
}

impl Interrupted {
    /// Opens the checkpoint of `--resume`, where it is given.
    pub fn open(given: &Settings) -> Result<Option<Self>, Failure> {
        let Some(path) = &given.resume else { return Ok(None) };
        refuse_others(given)?;
        let opened = Identity::of(path).ok();
        let checkpoint = Checkpoint::open(path)?;
        let shown = path.display();
        let note = |name| {
            checkpoint.notes().get(name).ok_or_else(|| {
                Failure::fault(format!(
                    "checkpoint {shown}: it was not made by `lif run`, which alone can resume it"
                ))
            })
        };
        let mut settings = layers::parse(note(SETTINGS)?, &format!("the settings in {shown}"))?;
        let progress: Progress = serde_json::from_str(note(PROGRESS)?).map_err(|error| {
            Failure::fault(format!("checkpoint {shown}: its progress cannot be read: {error}"))
        })?;
        let network = match &progress.network {
            None => None,
            Some(name) => {
                let source = format!("the network in {shown}");
                let described = network::read(note(NETWORK)?, &source)
                    .map_err(|failure| Failure::fault(format!("cannot resume {shown}: {failure}")))?;
                // Nobody has this file, so messages about its values do not name it.
                Some(Description { name: name.clone(), in_file: InFile::default(), ..described })
            }
        };
        if given.device.is_some() {
            settings.device.clone_from(&given.device);
            settings.words.lay_over(&given.words);
        }
        if let Some((option, file)) = settings.pipe() {
            return Err(Failure::fault(format!(
                "cannot resume {shown}: the {option} {} is a pipe now; bring back the file as it was",
                file.display()
            )));
        }
        settings.json = given.json;
        settings.quiet = given.quiet;
        settings.no_plot |= given.no_plot;
        Ok(Some(Self { path: path.clone(), opened, checkpoint, settings, network, progress }))
    }

    /// The settings of the run.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Its network, if it is a run of one.
    pub fn network(&self) -> Option<&Description> {
        self.network.as_ref()
    }

    /// Its output folder.
    pub fn folder(&self) -> &Path {
        &self.progress.folder
    }

    /// The state of its recordings.
    pub fn parts(&self) -> &Parts {
        &self.progress.parts
    }

    /// Goes on from the checkpoint: returns the population, the recordings and the time so far. This process
    /// must have claimed the checkpoint.
    pub fn take_up(
        self,
        plan: &Plan,
        device: &Device,
        folder: &Folder,
    ) -> Result<(Population, Spools, f64), Failure> {
        self.refuse_another()?;
        let (kept, now) = (self.progress.files, Files::of(plan));
        for (what, has_changed) in [
            ("stimulus has", kept.stimulus != now.stimulus),
            ("events or their matrix have", kept.events != now.events),
            ("NIR graph has", kept.graph != now.graph),
        ] {
            if has_changed {
                return Err(Failure::fault(format!(
                    "cannot resume {}: the {what} changed since; bring back the file as it was",
                    self.path.display()
                )));
            }
        }
        let spools = self.reopen(folder, &plan.record)?;
        let population = self.checkpoint.population_with_options(device, plan.options())?;
        Ok((population, spools, self.progress.wall_s))
    }

    /// The same with the population of a network.
    pub fn take_up_network(
        self,
        network: &Network,
        record: &Record,
        device: &Device,
        folder: &Folder,
    ) -> Result<(Population, Spools, f64), Failure> {
        self.refuse_another()?;
        let spools = self.reopen(folder, record)?;
        let files: Vec<String> = self.network.iter().flat_map(Description::files).map(quoted).collect();
        let population = network.resume(self.checkpoint, device).map_err(|error| match error {
            // All else is in the checkpoint.
            Error::Checkpoint { .. } if !files.is_empty() => {
                Failure::from(error).with_advice(&format!("bring back {} as it was", files.join(", ")))
            }
            error => error.into(),
        })?;
        Ok((population, spools, self.progress.wall_s))
    }

    /// Refuses a checkpoint that has changed since it was opened.
    fn refuse_another(&self) -> Result<(), Failure> {
        if self.opened == Identity::of(&self.path).ok() {
            return Ok(());
        }
        Err(Failure::fault(format!(
            "cannot resume {}: another run has gone on with it in the meantime; try again",
            self.path.display()
        )))
    }

    fn reopen(&self, folder: &Folder, record: &Record) -> Result<Spools, Failure> {
        let run = (self.path.as_path(), self.progress.run);
        Spools::reopen(folder, record, &self.progress.parts, run)
    }
}

/// What checkpoints keep of a plan, so that its run can go on.
#[derive(Debug)]
pub struct Kept<'a> {
    pub settings: &'a Settings,
    /// Those from which the run goes on.
    pub portable: Settings,
    pub out: &'a Path,
    /// All steps.
    pub steps: u64,
    files: Files,
    /// Name and file of a network.
    network: Option<(String, String)>,
}

impl<'a> Kept<'a> {
    /// Of a run of neurons that are not connected.
    fn of(plan: &'a Plan) -> Self {
        Self {
            settings: &plan.settings,
            portable: plan.portable_settings(),
            out: &plan.out,
            steps: plan.steps,
            files: Files::of(plan),
            network: None,
        }
    }

    /// Of a network with this name and this file.
    pub fn of_network(settings: &'a Settings, out: &'a Path, steps: u64, network: (String, String)) -> Self {
        let network = Some(network);
        Self { settings, portable: settings.clone(), out, steps, files: Files::default(), network }
    }
}

/// Refuses settings that would change a resumed run.
fn refuse_others(given: &Settings) -> Result<(), Failure> {
    const ALLOWED: [&str; 4] = ["device", "json", "no-plot", "quiet"];
    let mut others = layers::layer(given)?;
    others.retain(|name, _| !ALLOWED.contains(&name.as_str()));
    let config = given.config.is_some().then_some("config");
    match config.or_else(|| others.keys().next().map(String::as_str)) {
        None => Ok(()),
        Some(name) => Err(Failure::usage(format!(
            "--{name} cannot go with --resume, which goes on with the settings of the checkpoint; \
             only --device, --json, --no-plot and --quiet can"
        ))),
    }
}

/// Makes the checkpoints of a run.
#[derive(Debug)]
pub struct Checkpoints {
    path: PathBuf,
    /// No other process writes the file while this exists.
    lock: Option<Lock>,
    run: RunId,
    is_new: bool,
    /// The state of the recordings in the last checkpoint.
    saved: RefCell<Option<Parts>>,
    every: u64,
    settings: String,
    folder: PathBuf,
    files: Files,
    /// Name and file of a network.
    network: Option<(String, String)>,
}

impl Checkpoints {
    /// `None` without `--checkpoint`.
    pub fn new(plan: &Plan, resumed: Option<&Interrupted>) -> Result<Option<Self>, Failure> {
        Self::keeping(Kept::of(plan), resumed)
    }

    /// The same for any kind of run.
    pub fn keeping(kept: Kept<'_>, resumed: Option<&Interrupted>) -> Result<Option<Self>, Failure> {
        let given = kept.settings.checkpoint_every;
        let Some(path) = &kept.settings.checkpoint else {
            return match given {
                None => Ok(None),
                Some(_) => Err(Failure::of(
                    "checkpoint-every",
                    "checkpoint-every needs a file: add --checkpoint FILE",
                )),
            };
        };
        if given == Some(0) {
            return Err(Failure::of("checkpoint-every", "checkpoint-every is 0; it must be at least 1 step"));
        }
        // A resumed run writes the checkpoint that it was resumed from.
        let path = resumed.map_or(path, |resumed| &resumed.path);
        if resumed.is_none() {
            refuse_existing(path)?;
        }
        let settings = toml::to_string(&kept.portable).map_err(|error| {
            Failure::usage(format!("these settings cannot be kept in a checkpoint: {error}"))
        })?;
        let folder = resumed.map_or(kept.out, Interrupted::folder);
        let folder = std::path::absolute(folder)
            .map_err(|error| {
                Failure::fault(format!(
                    "cannot find the output folder {}: {error}; is the current folder gone? --out and --checkpoint \
                     with whole paths do not depend on it",
                    folder.display()
                ))
            })?;
        let every = given.unwrap_or(kept.steps.div_ceil(DEFAULT_COUNT));
        Ok(Some(Self {
            path: path.clone(),
            lock: None,
            run: resumed.map_or_else(RunId::random, |resumed| resumed.progress.run),
            is_new: resumed.is_none(),
            saved: RefCell::new(resumed.map(|resumed| resumed.progress.parts.clone())),
            every,
            settings,
            folder,
            files: kept.files,
            network: kept.network,
        }))
    }

    /// Locks the checkpoint, and refuses a name that another file of the run has.
    pub fn claim(mut self, folder: &Folder, inputs: &[(&str, &Path)]) -> Result<Self, Failure> {
        let option = if self.is_new { "checkpoint" } else { "resume" };
        self.lock = Some(claim(&self.path, option, folder, inputs)?);
        if self.is_new {
            // Again: now no other process can make it.
            refuse_existing(&self.path)?;
        } else {
            self.set_last_message();
        }
        Ok(self)
    }

    /// Sets the message for a process that is ended.
    fn set_last_message(&self) {
        let message = format!("all until the last checkpoint is kept; {}", self.resume_advice());
        leftovers::lock().set_last_message(Some(message));
    }

    /// The file, and the identity of the run.
    pub fn run(&self) -> (&Path, RunId) {
        (&self.path, self.run)
    }

    /// How to resume from the last checkpoint.
    pub fn resume_advice(&self) -> String {
        format!("go on with: lif run --resume {}", quoted(&self.path))
    }

    /// The same after Ctrl-C, with the files that stay, if they are complete.
    pub fn interrupted_advice(&self, spools: &Spools) -> String {
        if !self.is_complete(false) {
            return self.incomplete_advice();
        }
        let files = spools.pattern().map_or_else(String::new, |files| format!("; {files} stay for that"));
        self.resume_advice() + &files
    }

    /// Whether the checkpoint and all its partial files exist; `by_bytes` also reads them.
    fn is_complete(&self, by_bytes: bool) -> bool {
        let saved = self.saved.borrow();
        let are_whole = |parts| spools::are_whole(&self.folder, self.run, parts, by_bytes);
        self.path.exists() && saved.as_ref().is_some_and(are_whole)
    }

    /// What is missing, and what to do about it.
    fn incomplete_advice(&self) -> String {
        if self.path.exists() && !self.folder.exists() {
            return format!(
                "its output folder is not at {} any more; when it is there again, {}",
                self.folder.display(),
                self.resume_advice()
            );
        }
        INCOMPLETE.to_owned()
    }

    /// Adds to a failure how to resume. Before the first step the checkpoint is removed instead. A failure
    /// while the results are written may come from the recordings themselves.
    pub fn after(&self, failure: Failure, steps: u64, are_all: bool) -> Failure {
        if self.saved.borrow().is_none() {
            return failure;
        }
        if self.is_new && steps == 0 {
            self.forget();
            return failure;
        }
        if self.is_complete(are_all) {
            failure.with_advice(&format!("all until the last checkpoint is kept, {}", self.resume_advice()))
        } else {
            failure.with_advice(&self.incomplete_advice())
        }
    }

    /// Removes the checkpoint of a run that has not made a step.
    fn forget(&self) {
        // A file that cannot be removed does no harm.
        let _ = std::fs::remove_file(&self.path);
        partials::remove(&self.folder, self.run);
        self.saved.take();
        leftovers::lock().set_last_message(None);
    }

    /// Steps from `step` to the next checkpoint.
    pub fn steps_from(&self, step: u64) -> u64 {
        self.every - step % self.every
    }

    /// Writes a checkpoint. All recordings so far are on the disk then.
    pub fn save(&self, population: &mut Population, spools: &mut Spools, wall_s: f64) -> Result<(), Failure> {
        spools.sync()?;
        let parts = spools.parts();
        let progress = Progress {
            folder: self.folder.clone(),
            run: self.run,
            parts: parts.clone(),
            wall_s,
            files: self.files,
            network: self.network.as_ref().map(|(name, _)| name.clone()),
        };
        let progress = serde_json::to_string(&progress).map_err(|error| Failure::fault(error.to_string()))?;
        let notes = [(SETTINGS, self.settings.clone()), (PROGRESS, progress)];
        let network = self.network.as_ref().map(|(_, text)| (NETWORK, text.clone()));
        let notes: BTreeMap<String, String> =
            notes.into_iter().chain(network).map(|(name, text)| (name.to_owned(), text)).collect();
        let is_first = self.saved.borrow().is_none();
        // The first checkpoint and its partial files are kept together, or not at all.
        let mut list = is_first.then(leftovers::lock);
        let saved = population.save_with(&self.path, &notes);
        if saved.is_err() && is_first {
            list = None;
            // It may have its name without being on the disk.
            self.forget();
        }
        saved.map_err(|error| match self.is_new {
            true => Failure::from(error).with_advice("--checkpoint says where it is written"),
            false => error.into(),
        })?;
        spools.keep_files(&mut list.unwrap_or_else(leftovers::lock));
        self.saved.replace(Some(parts));
        self.set_last_message();
        Ok(())
    }

    /// Removes the checkpoint of a complete run.
    pub fn finish(self) -> Result<(), Failure> {
        leftovers::lock().set_last_message(None);
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::fault(format!(
                "the run is complete, but its checkpoint {} cannot be removed: {error}",
                self.path.display()
            ))),
            _ => Ok(()),
        }
    }
}

fn refuse_existing(path: &Path) -> Result<(), Failure> {
    // Also refuses a link to nowhere.
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let shown = path.display();
    let message = match Checkpoint::open(path) {
        Ok(checkpoint) if checkpoint.notes().contains_key(PROGRESS) => {
            format!("the checkpoint {shown} is there already; go on with it by --resume, or remove it")
        }
        _ => format!(
            "{shown} is there already, and is no checkpoint that a run can go on with; give the checkpoint another name"
        ),
    };
    Err(Failure::of("checkpoint", message))
}
