//! The table on the terminal, 80 columns wide.

use super::case::CaseKind;
use super::participant::Participant;
use super::report::Report;
use crate::terminal::figures::grouped;
use lif::Shape;
use std::fmt::Write;

/// The names of the participants, and how long a chain of dispatches takes.
pub fn names(participants: &[&Participant]) -> String {
    let name = |participant: &&Participant| {
        let seconds = participant.roofline.and_then(|roofline| roofline.dispatch_s);
        let dispatch = seconds.map_or_else(String::new, |seconds| {
            format!("{:<10} a dispatch that waits for the one before takes {}\n", "", time(seconds))
        });
        format!("{:<10} {}\n{dispatch}", participant.label, participant.name())
    };
    participants.iter().map(name).collect()
}

/// The participants, and the roofline of each.
pub fn legend(participants: &[Participant]) -> String {
    let mut text = String::new();
    for participant in participants {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:<10} {}", participant.label, participant.name());
        if let Some(roofline) = participant.roofline.filter(|_| participant.device.is_some()) {
            let _ = writeln!(
                text,
                "{:<10} copies {:.3} GB/s, makes {:.3} G operations/s",
                "",
                roofline.bytes_per_s / 1e9,
                roofline.operations_per_s / 1e9
            );
        }
    }
    text.trim_end().to_owned()
}

/// The heading above the cases of a kind.
pub fn heading(kind: CaseKind) -> String {
    format!(
        "\n{kind}\n{}",
        line(["NEURONS", "DEVICE", "STEPS", "MEDIAN", "SPREAD", "PER S", "BYTES", "ROOF", "x CPU", "KERNEL"])
    )
}

/// A case on a device.
pub fn row(report: &Report) -> String {
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    line([
        &size([report.batch, report.neurons].into()),
        &report.label,
        &steps(report.steps),
        &time(report.seconds_median),
        &format!("{:.0}%", 100.0 * report.spread),
        &format!("{:.2e}", report.neuron_steps_per_s),
        &significant(report.bytes_per_neuron_step),
        &or_none(report.roofline_percent.map(|percent| format!("{}%", significant(percent)))),
        &or_none(report.ratio_to_cpu.map(significant)),
        &or_none(report.kernel_s.map(time)),
    ])
}

/// What the columns mean.
pub const NOTES: &str = "
PER S   neuron-steps per second
BYTES   moved per neuron-step: state once per block of steps, input, recording
ROOF    percent of what copying these bytes and the operations of the model take
        at best on the device; more where the bytes stay in caches
x CPU   speed as a multiple of the CPU engine's
KERNEL  time of a measurement on the device itself, by its own clock";

fn line(cells: [&str; 10]) -> String {
    let [size, device, steps, median, spread, rate, bytes, roof, cpu, kernel] = cells;
    let text = format!(
        "{size:<7} {device:<10} {steps:>8} {median:>7} {spread:>6} {rate:>7} {bytes:>6} {roof:>6} {cpu:>6} {kernel:>7}"
    );
    text.trim_end().to_owned()
}

/// Neurons, with the batch rows in front where there are several: `1e6`, `8x1500`.
pub fn size(Shape { batch, n }: Shape) -> String {
    let short = |number: usize| {
        let zeros = number.to_string().bytes().rev().take_while(|digit| *digit == b'0').count();
        if zeros < 3 {
            number.to_string()
        } else {
            format!("{}e{zeros}", number / 10_usize.pow(zeros as u32))
        }
    };
    if batch == 1 { short(n) } else { format!("{}x{}", short(batch), short(n)) }
}

fn steps(number: u64) -> String {
    if number < 1_000_000 { grouped(number) } else { format!("{:.2e}", number as f64) }
}

/// `1.23 s`, `45.6 ms`, `789 us`
fn time(seconds: f64) -> String {
    let (factor, unit) = match seconds {
        1.0.. => (1.0, "s"),
        1e-3.. => (1e3, "ms"),
        _ => (1e6, "us"),
    };
    format!("{} {unit}", significant(seconds * factor))
}

/// Three significant digits, or two.
fn significant(value: f64) -> String {
    match value {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        0.1.. => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_short() {
        assert_eq!([123.4, 12.34, 1.234, 0.001_23].map(significant), ["123", "12.3", "1.23", "0.0012"]);
        assert_eq!(size(1_000_000.into()), "1e6");
        assert_eq!(size([8, 1500].into()), "8x1500");
        assert_eq!(size([1000, 25_000].into()), "1e3x25e3");
        assert_eq!([2.345, 0.0456, 0.000_789].map(time), ["2.35 s", "45.6 ms", "789 us"]);
        assert_eq!([999_999, 1_234_567].map(steps), ["999,999", "1.23e6"]);
    }

    #[test]
    fn the_widest_row_has_80_columns() {
        let widest = line([
            "1e3x1e6",
            "adapter 10",
            "999,999",
            "99.9 ms",
            "100%",
            "1.23e10",
            "36.12",
            "99.9%",
            "12.34",
            "99.9 ms",
        ]);
        assert!(widest.len() <= 80, "{}", widest.len());
        assert!(legend(&[]).is_empty());
        assert!(NOTES.lines().all(|line| line.len() <= 80));
    }
}
