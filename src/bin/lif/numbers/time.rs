//! Times of files, and the steps in which they fall. A time that was a whole number of steps is one
//! after it has been rounded to be written too.

/// Rounding of a time by less than this part of a step is no difference in time.
pub const TIME_TOLERANCE: f64 = 1e-6;

/// How exactly a number is known from how it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Precision {
    /// Single precision.
    Single,
    /// Double precision, which may have been single once.
    Double,
    /// To half a unit of its last place, which is this.
    Place(f64),
}

impl Precision {
    /// That of a number in a text.
    pub fn of_text(number: &str) -> Self {
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let exponent = exponent.parse::<i32>().unwrap_or(0);
        // By libm, as functions of the system differ in the last bit.
        Self::Place(0.5 * libm::exp10(f64::from(exponent) - decimals as f64))
    }
}

/// A time of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Time {
    pub ms: f64,
    /// By how much rounding may have moved it, ms: to a number of the computer,
    stored: f64,
    /// and to the decimals that were written.
    written: f64,
    is_single: bool,
}

/// A time in single precision belongs to the step next to it, however coarse such numbers have become.
const MOST_OF_SINGLE: f64 = 0.5;
/// A short decimal that is far from any step is meant as it is written: rounding is thought of up to this part
/// of a step, which a whole last place is twice as long as.
pub const MOST_OF_OTHERS: f64 = 0.25;
/// Rounding up to this part of a step is thought of wherever two times are compared.
pub const LITTLE: f64 = 0.01;
const LESS_THAN_A_PLACE: f64 = 0.999;

/// Up to here single precision holds every whole number.
const WHOLE_IN_SINGLE: f64 = 16_777_216.0;

impl Time {
    /// The beginning.
    pub const ZERO: Self = Self { ms: 0.0, stored: 0.0, written: 0.0, is_single: false };

    /// A number that counts so many ms.
    pub fn new(number: f64, unit: f64, precision: Precision) -> Self {
        let ms = number * unit;
        // Where a clock begins is not rounded.
        if number == 0.0 {
            return Self::ZERO;
        }
        // A whole number of few digits is none that was rounded.
        let is_whole = number.fract() == 0.0 && number.abs() <= WHOLE_IN_SINGLE;
        let was_single = match precision {
            Precision::Single => true,
            Precision::Double => !is_whole && f64::from(number as f32) == number,
            // Where more decimals are written than single precision has.
            Precision::Place(half) => {
                !is_whole
                    && f64::from(number as f32) == number
                    && half < number.abs() * f64::from(f32::EPSILON)
            }
        };
        // A whole unit of the last place, as a product of two rounded numbers is off by.
        let stored = ms.abs() * if was_single { f64::from(f32::EPSILON) } else { f64::EPSILON };
        let written = if let Precision::Place(half) = precision { half * unit } else { 0.0 };
        Self { ms, stored, written, is_single: precision == Precision::Single }
    }

    /// All that tells it from others.
    pub fn bits(&self) -> [u64; 4] {
        [self.ms.to_bits(), self.stored.to_bits(), self.written.to_bits(), u64::from(self.is_single)]
    }

    /// By how much rounding may have moved it, ms, as far as it is less than this part of a step.
    fn slack(&self, dt: f64, part: f64) -> f64 {
        if self.is_single {
            return self.stored.min(MOST_OF_SINGLE * dt);
        }
        let within = |rounding: f64| if rounding < part * dt { rounding } else { 0.0 };
        within(self.stored).max(within(self.written))
    }

    /// By how much rounding may have brought it nearer to another time, ms; of each it counts as far as it is less
    /// than this part of a step.
    pub fn slack_after(&self, start: &Self, dt: f64, parts: [f64; 2]) -> f64 {
        let (own, other) = (self.slack(dt, parts[0]), start.slack(dt, parts[1]));
        let least = TIME_TOLERANCE * dt;
        if other == 0.0 {
            return own + least;
        }
        // Two times that differ by a whole last place are different ones.
        ((own + other) * LESS_THAN_A_PLACE).clamp(least, MOST_OF_SINGLE * dt)
    }

    /// How long after another time it is at the latest, in steps.
    pub fn steps_after(&self, start: &Self, dt: f64) -> f64 {
        (self.ms - start.ms + self.slack_after(start, dt, [MOST_OF_OTHERS, LITTLE])) / dt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [f64; 8] = [0.1, 0.05, 0.025, 0.01, 0.2, 0.3, 1.0, 1.0 / 30.0];

    /// As long as half a step is more than what single precision rounds by.
    const MOST: u32 = 4_000_000;

    fn step(time: Time, dt: f64) -> u64 {
        time.steps_after(&Time::ZERO, dt) as u64
    }

    #[test]
    fn times_in_single_precision_fall_into_their_steps() {
        let mut early = 0;
        for dt in STEPS {
            for unit in [1.0, 1e3, 1e-3] {
                for k in 0..MOST {
                    let time = (f64::from(k) * dt / unit) as f32;
                    let found = step(Time::new(f64::from(time), unit, Precision::Single), dt);
                    assert_eq!(found, u64::from(k), "{time} at dt {dt} in {unit} ms");
                    early += u64::from((f64::from(time) * unit / dt + TIME_TOLERANCE) as u32 != k);
                }
            }
            // As numpy computes it in single precision all the way.
            for k in 0..MOST / 2 {
                let time = k as f32 * dt as f32;
                let found = step(Time::new(f64::from(time), 1.0, Precision::Single), dt);
                assert_eq!(found, u64::from(k), "{time} at dt {dt}");
            }
        }
        // Without thinking of rounding, many of them do not.
        assert!(early > u64::from(MOST), "{early}");
    }

    #[test]
    fn times_that_were_single_once_fall_into_their_steps_too() {
        for dt in STEPS {
            for k in 0..MOST / 2 {
                let time = (f64::from(k) * dt) as f32;
                assert_eq!(step(Time::new(f64::from(time), 1.0, Precision::Double), dt), u64::from(k));
                if k % 1000 < 10 {
                    let text = format!("{time:.18e}");
                    let written = Time::new(text.parse().unwrap(), 1.0, Precision::of_text(&text));
                    assert_eq!(step(written, dt), u64::from(k), "{text} at dt {dt}");
                }
            }
        }
    }

    #[test]
    fn times_in_double_precision_and_in_decimals_fall_into_their_steps() {
        for dt in STEPS {
            for k in (0..MOST).step_by(7) {
                let time = f64::from(k) * dt;
                assert_eq!(step(Time::new(time, 1.0, Precision::Double), dt), u64::from(k));
                let (middle, text) = (time + 0.5 * dt, format!("{time:.4}"));
                assert_eq!(step(Time::new(middle, 1.0, Precision::Double), dt), u64::from(k));
                let written = Time::new(text.parse().unwrap(), 1.0, Precision::of_text(&text));
                assert_eq!(step(written, dt), u64::from(k), "{text} at dt {dt}");
            }
        }
    }

    #[test]
    fn a_short_decimal_is_meant_as_it_is_written() {
        let step_of =
            |text: &str, dt| step(Time::new(text.parse().unwrap(), 1.0, Precision::of_text(text)), dt);
        assert_eq!([step_of("2", 0.3), step_of("1", 0.35), step_of("1.9", 0.3)], [6, 2, 6]);
        assert_eq!([step_of("0.15", 0.1), step_of("0.05", 0.1), step_of("12.5", 1.0)], [1, 0, 12]);
        assert_eq!([step_of("0.9", 1.0), step_of("0.95", 1.0), step_of("3", 2.0)], [0, 0, 1]);
    }

    /// A clock that begins at a round number leaves the times after it as exact as they are written.
    #[test]
    fn the_number_that_a_clock_begins_with_is_exact() {
        let text = |text: &str| Time::new(text.parse().unwrap(), 1.0, Precision::of_text(text));
        assert_eq!(text("100000.41").steps_after(&text("100000.000"), 0.1) as u64, 4);
        let seconds = |number| Time::new(number, 1e3, Precision::Double);
        assert_eq!(seconds(2000.0021).steps_after(&seconds(2000.0), 1.0) as u64, 2);
        assert_eq!(text("100000.19").steps_after(&text("100000.5"), 0.1) as i64, -3);
        assert_eq!(
            Time::new(2_000_010_020.0, 1e-3, Precision::Double).bits()[1],
            (2_000_010.02 * f64::EPSILON).to_bits()
        );
    }

    #[test]
    fn a_time_a_last_place_before_a_step_is_before_it() {
        let time = |text: &str| Time::new(text.parse().unwrap(), 1.0, Precision::of_text(text));
        for (spike, start, step) in [
            ("0.9", "0.0", 0),
            ("0.95", "0.0", 0),
            ("20.9", "20.0", 0),
            ("21.9", "20.0", 1),
            ("22.0", "20.0", 2),
        ] {
            assert_eq!(time(spike).steps_after(&time(start), 1.0) as u64, step, "{spike} after {start}");
        }
        let double = |ms| Time::new(ms, 1.0, Precision::Double);
        assert_eq!(double(2_000_000.75).steps_after(&double(2_000_000.0), 1.0) as u64, 0);
    }

    #[test]
    fn numbers_are_known_to_their_last_place() {
        for (text, half) in [("12", 0.5), ("0.25", 0.005), ("1.5e3", 50.0), ("-3.0E-1", 0.005), ("7.", 0.5)] {
            let Precision::Place(found) = Precision::of_text(text) else { panic!("{text}") };
            assert!((found / half - 1.0).abs() < 1e-12, "{text}: {found}");
        }
    }
}
