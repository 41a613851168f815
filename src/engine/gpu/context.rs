//! An opened adapter: its device and queue, with every way in which they can fail turned into an [`Error`].

use super::batch_row::{MOST_INVOCATIONS, STORAGE_BUFFERS};
use super::kernel::WIDE_INTEGERS;
use super::kernel_timer::KernelTimer;
use crate::error::{Error, Result};
use parking_lot::{ReentrantMutex, ReentrantMutexGuard};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// How long submitted work may take before the device counts as hung. A dispatch is meant to take some tens
/// of milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Staging buffers that are kept for the next readback.
const MOST_STAGING: usize = 4;

/// Creates an instance of wgpu for these backends, as far as the environment allows them, and returns which
/// it allows.
pub(crate) fn instance(backends: wgpu::Backends) -> (wgpu::Instance, wgpu::Backends) {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle_from_env();
    descriptor.backends &= backends;
    // No dispatch here is indirect, and the shaders that check them would be compiled for each device that is
    // opened.
    descriptor.flags.remove(wgpu::InstanceFlags::VALIDATION_INDIRECT_CALL);
    let backends = descriptor.backends;
    (wgpu::Instance::new(descriptor), backends)
}

/// Whether an adapter has compute shaders. For OpenGL the flags of wgpu 30 are not enough: NVIDIA reports
/// version 3.3 with the extension that wgpu requires, but the shading language of that version has none.
pub(crate) fn computes(adapter: &wgpu::Adapter) -> bool {
    let has_stage =
        adapter.get_downlevel_capabilities().flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS);
    let info = adapter.get_info();
    has_stage && (info.backend != wgpu::Backend::Gl || opengl_computes(&info.driver_info))
}

/// Whether an OpenGL driver with this version string has them, such as `4.5 (Core Profile) Mesa 22.3.6`.
fn opengl_computes(version: &str) -> bool {
    let (embedded, version) =
        version.strip_prefix("OpenGL ES ").map_or((false, version), |rest| (true, rest));
    let mut numbers = version.split(|letter: char| !letter.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= if embedded { (3, 1) } else { (4, 3) },
        _ => true,
    }
}

/// Lets one thread at a time call OpenGL. wgpu waits 6 s for the call of another thread and then panics, and on a busy
/// machine a driver can take longer to compile a kernel.
fn turn(info: &wgpu::AdapterInfo) -> Option<ReentrantMutexGuard<'static, ()>> {
    static OPENGL: ReentrantMutex<()> = ReentrantMutex::new(());
    (info.backend == wgpu::Backend::Gl).then(|| OPENGL.lock())
}

/// A device with its queue, and what this crate keeps for it.
#[derive(Debug)]
pub(crate) struct GpuContext {
    pub(crate) info: wgpu::AdapterInfo,
    pub(crate) limits: wgpu::Limits,
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    /// Why the device is lost, once it is.
    lost: Arc<Mutex<Option<String>>>,
    staging: Mutex<Vec<wgpu::Buffer>>,
    /// The faults that tests inject.
    #[cfg(test)]
    pub(super) injection: Arc<super::injection::Injection>,
}

/// A readback in flight.
#[derive(Debug)]
pub(crate) struct Readback {
    buffer: wgpu::Buffer,
    bytes: u64,
    mapped: mpsc::Receiver<std::result::Result<(), wgpu::BufferAsyncError>>,
}

impl GpuContext {
    /// Opens a device on the adapter.
    pub(crate) fn open(adapter: &wgpu::Adapter) -> Result<Self> {
        let info = adapter.get_info();
        let available = adapter.limits();
        // Only the limits that large populations and the kernel of small networks need are raised: limits above the
        // needed ones may cost speed.
        let limits = wgpu::Limits {
            max_storage_buffer_binding_size: available.max_storage_buffer_binding_size,
            max_buffer_size: available.max_buffer_size,
            max_storage_buffers_per_shader_stage: available
                .max_storage_buffers_per_shader_stage
                .min(STORAGE_BUFFERS),
            max_compute_invocations_per_workgroup: available
                .max_compute_invocations_per_workgroup
                .min(MOST_INVOCATIONS),
            max_compute_workgroup_size_x: available.max_compute_workgroup_size_x.min(MOST_INVOCATIONS),
            ..wgpu::Limits::default().or_worse_values_from(&available)
        };
        let stage = "opening the device";
        let _turn = turn(&info);
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("lif"),
            required_limits: limits,
            required_features: adapter.features() & (KernelTimer::FEATURE | WIDE_INTEGERS),
            ..Default::default()
        }))
        .map_err(|error| gpu_error(stage, &error))?;

        let context = Self::new(info, device, queue);
        let lost = Arc::clone(&context.lost);
        context.device.set_device_lost_callback(move |reason, message| {
            let reason = if reason == wgpu::DeviceLostReason::Destroyed { "it was destroyed: " } else { "" };
            note_lost(&lost, &format!("{reason}{}", one_line(&message)));
        });
        // Errors outside of error scopes must neither go unnoticed nor end the program.
        let uncaptured = Arc::clone(&context.lost);
        context.device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            note_lost(&uncaptured, &one_line(&error.to_string()));
        }));
        Ok(context)
    }

    /// Uses the device of another program, whose error handlers stay as they are.
    pub(crate) fn new(info: wgpu::AdapterInfo, device: wgpu::Device, queue: wgpu::Queue) -> Self {
        Self {
            info,
            limits: device.limits(),
            device,
            queue,
            lost: Arc::default(),
            staging: Mutex::default(),
            #[cfg(test)]
            injection: Arc::default(),
        }
    }

    /// Whether the adapter is Mesa's llvmpipe, which computes on the CPU.
    pub(crate) fn is_llvmpipe(&self) -> bool {
        self.info.name.contains("llvmpipe")
    }

    /// Whether the adapter computes on the CPU.
    pub(crate) fn is_software(&self) -> bool {
        self.info.device_type == wgpu::DeviceType::Cpu
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Records why the device is lost; the first reason is kept.
    pub(crate) fn note_lost(&self, reason: &str) {
        note_lost(&self.lost, reason);
    }

    /// Returns an error if the device is lost.
    pub(crate) fn check_lost(&self, stage: &str) -> Result<()> {
        match &*self.lost.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(reason) => Err(Error::DeviceLost { stage: stage.to_owned(), reason: reason.clone() }),
        }
    }

    /// Runs calls of the graphics API, and returns an error that they reported.
    pub(crate) fn scoped<T>(&self, stage: &str, calls: impl FnOnce() -> T) -> Result<T> {
        let _turn = turn(&self.info);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let result = calls();
        // Scopes are popped in reverse order, all before the first error is returned.
        let errors = [
            pollster::block_on(internal.pop()),
            pollster::block_on(memory.pop()),
            pollster::block_on(validation.pop()),
        ];
        #[cfg(test)]
        let errors = self.injection.errors(stage, errors);
        let error = errors.into_iter().flatten().next();
        if error.is_some() {
            // If the cause is a lost device, polling reports it.
            let _ = self.device.poll(wgpu::PollType::Poll);
        }
        self.check_lost(stage)?;
        match error {
            None => Ok(result),
            Some(error) => Err(gpu_error(stage, &error)),
        }
    }

    /// Creates a buffer, unless it is larger than the device can bind.
    pub(crate) fn buffer(&self, what: &str, bytes: u64, usage: wgpu::BufferUsages) -> Result<wgpu::Buffer> {
        let limit = self.largest_binding();
        if bytes > limit {
            return Err(too_large(what, bytes, limit));
        }
        self.scoped(&format!("allocating {what} ({bytes} bytes)"), || {
            self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(what),
                size: bytes.next_multiple_of(4).max(16),
                usage,
                mapped_at_creation: false,
            })
        })
    }

    /// Adds a dispatch of the pipeline and bindings that are set to a pass.
    pub(crate) fn dispatch(&self, pass: &mut wgpu::ComputePass<'_>, _what: &str, [x, y, z]: [u32; 3]) {
        #[cfg(test)]
        if self.injection.drops(_what) {
            return;
        }
        pass.dispatch_workgroups(x, y, z);
    }

    /// The most bytes of one binding.
    pub(crate) fn largest_binding(&self) -> u64 {
        self.limits.max_storage_buffer_binding_size.min(self.limits.max_buffer_size)
    }

    /// Waits until a submission is done.
    pub(crate) fn wait(&self, submission: &wgpu::SubmissionIndex, stage: &str) -> Result<()> {
        let _turn = turn(&self.info);
        let poll = self.device.poll(wgpu::PollType::Wait {
            submission_index: Some(submission.clone()),
            timeout: Some(PATIENCE),
        });
        #[cfg(test)]
        let poll = self.injection.poll(stage, poll);
        self.check_lost(stage)?;
        match poll {
            Ok(_) => Ok(()),
            Err(wgpu::PollError::Timeout) => {
                Err(Error::Timeout { stage: stage.to_owned(), seconds: PATIENCE.as_secs() })
            }
            Err(wgpu::PollError::WrongSubmissionIndex(..)) => {
                self.note_lost("what was submitted is gone");
                self.check_lost(stage)
            }
        }
    }

    /// Records copies of these ranges (buffer, offset, bytes), one after the other, into memory that the host
    /// can read once the encoder's commands are done.
    pub(crate) fn read_back(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        ranges: &[(&wgpu::Buffer, u64, u64)],
    ) -> Readback {
        let bytes = ranges.iter().map(|(_, _, bytes)| bytes).sum();
        let buffer = self.take_staging(bytes);
        let mut end = 0;
        for (source, offset, bytes) in ranges {
            encoder.copy_buffer_to_buffer(source, *offset, &buffer, end, *bytes);
            end += bytes;
        }
        let (sender, mapped) = mpsc::channel();
        encoder.map_buffer_on_submit(&buffer, wgpu::MapMode::Read, 0..bytes, move |result| {
            // The receiver is gone if the run was given up.
            let _ = sender.send(result);
        });
        Readback { buffer, bytes, mapped }
    }

    /// Passes the bytes of a readback to `take`. Its submission must have been waited for.
    pub(crate) fn take_readback<T>(
        &self,
        readback: Readback,
        stage: &str,
        take: impl FnOnce(&[u8]) -> T,
    ) -> Result<T> {
        let answer = readback.mapped.recv_timeout(PATIENCE);
        #[cfg(test)]
        let answer = self.injection.answer(stage, answer);
        match answer {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(gpu_error(stage, &error)),
            Err(_) => {
                return Err(Error::Timeout { stage: stage.to_owned(), seconds: PATIENCE.as_secs() });
            }
        }
        let view =
            readback.buffer.get_mapped_range(0..readback.bytes).map_err(|error| gpu_error(stage, &error))?;
        let result = take(&view);
        drop(view);
        readback.buffer.unmap();
        let mut staging = self.staging.lock().unwrap_or_else(PoisonError::into_inner);
        if staging.len() < MOST_STAGING {
            staging.push(readback.buffer);
        }
        Ok(result)
    }

    /// Frees the memory that is kept for readbacks.
    pub(super) fn drop_staging(&self) {
        self.staging.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns memory for a readback. It is reused, because the first use of fresh memory is slow.
    fn take_staging(&self, bytes: u64) -> wgpu::Buffer {
        let mut staging = self.staging.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = staging.iter().position(|buffer| (bytes..=bytes * 4).contains(&buffer.size())) {
            return staging.swap_remove(index);
        }
        if staging.len() == MOST_STAGING {
            staging.remove(0);
        }
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("readback"),
            size: bytes,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    }
}

#[cfg(test)]
impl GpuContext {
    /// Size of the largest of the last readbacks.
    pub(super) fn most_read_back(&self) -> u64 {
        let staging = self.staging.lock().unwrap_or_else(PoisonError::into_inner);
        staging.iter().map(wgpu::Buffer::size).max().unwrap_or(0)
    }
}

fn note_lost(lost: &Mutex<Option<String>>, reason: &str) {
    lost.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| {
        log::error!("the device is lost: {reason}");
        reason.to_owned()
    });
}

pub(crate) fn gpu_error(stage: &str, error: &dyn std::error::Error) -> Error {
    Error::Gpu { stage: stage.to_owned(), reason: one_line(&error.to_string()) }
}

/// Errors of wgpu span many indented lines.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) const LARGEST_BINDING: &str = "the most that this device binds at once";

pub(crate) fn too_large(what: &str, need: u64, limit: u64) -> Error {
    Error::TooLarge {
        what: what.to_owned(),
        need,
        limit_name: LARGEST_BINDING.to_owned(),
        limit,
        advice: "take fewer neurons or a smaller batch, record less, or use the CPU".to_owned(),
    }
}

/// The kind of an adapter, in words.
pub(crate) fn kind(device_type: wgpu::DeviceType) -> &'static str {
    match device_type {
        wgpu::DeviceType::DiscreteGpu => "discrete GPU",
        wgpu::DeviceType::IntegratedGpu => "integrated GPU",
        wgpu::DeviceType::VirtualGpu => "virtual GPU",
        wgpu::DeviceType::Cpu => "software",
        wgpu::DeviceType::Other => "other",
    }
}

/// The name of a device made of this adapter.
pub(crate) fn title(info: &wgpu::AdapterInfo) -> String {
    format!("{} ({}, {})", info.name, info.backend, kind(info.device_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_opengl_without_compute_shaders_are_known() {
        for (version, computes) in [
            ("3.3.0 NVIDIA 580.159.04", false),
            ("4.2.0 NVIDIA 390.157", false),
            ("4.5 (Core Profile) Mesa 22.3.6", true),
            ("OpenGL ES 3.0 Mesa 18.3.6", false),
            ("OpenGL ES 3.2 V@0502.0", true),
            ("something else", true),
        ] {
            assert_eq!(opengl_computes(version), computes, "{version}");
        }
    }
}
