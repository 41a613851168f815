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
    /// By how much it may have been moved, ms, when it was rounded to single precision,
    single: f64,
    /// and when it was written.
    written: f64,
    /// Up to which part of a step rounding is thought of.
    most: f64,
}

/// A time in single precision belongs to the step next to it, however coarse such numbers have become.
const MOST_OF_SINGLE: f64 = 0.5;
/// A short decimal that is far from any step is meant as it is written.
const MOST_OF_OTHERS: f64 = 0.25;

impl Time {
    /// The beginning.
    pub const ZERO: Self = Self { ms: 0.0, single: 0.0, written: 0.0, most: 0.0 };

    /// A number that counts so many ms.
    pub fn new(number: f64, unit: f64, precision: Precision) -> Self {
        let ms = number * unit;
        // A whole unit of the last place, as a product of two rounded numbers is off by.
        let rounded = ms.abs() * f64::from(f32::EPSILON);
        let single = if f64::from(number as f32) == number { rounded } else { 0.0 };
        match precision {
            Precision::Single => Self { ms, single: rounded, written: 0.0, most: MOST_OF_SINGLE },
            Precision::Double => Self { ms, single, written: 0.0, most: MOST_OF_OTHERS },
            Precision::Place(half) => Self { ms, single, written: half * unit, most: MOST_OF_OTHERS },
        }
    }

    /// By how much it may be earlier than it should, ms, where steps have this length.
    fn slack(&self, dt: f64) -> f64 {
        let most = self.most * dt;
        if self.most == MOST_OF_SINGLE {
            return self.single.min(most);
        }
        let within = |rounding: f64| if rounding <= most { rounding } else { 0.0 };
        within(self.single).max(within(self.written))
    }

    /// How long after another time it is at the latest, in steps.
    pub fn steps_after(&self, start: &Self, dt: f64) -> f64 {
        let slack = (self.slack(dt) + start.slack(dt)).min(0.5 * dt);
        (self.ms - start.ms + slack) / dt + TIME_TOLERANCE
    }

    /// Whether it has come at a step that begins so many ms after a start.
    pub fn has_come(&self, start: &Self, after: f64, dt: f64) -> bool {
        let slack = (self.slack(dt) + start.slack(dt)).min(0.5 * dt);
        self.ms - slack <= start.ms + after + TIME_TOLERANCE * dt
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
    }

    #[test]
    fn numbers_are_known_to_their_last_place() {
        for (text, half) in [("12", 0.5), ("0.25", 0.005), ("1.5e3", 50.0), ("-3.0E-1", 0.005), ("7.", 0.5)] {
            let Precision::Place(found) = Precision::of_text(text) else { panic!("{text}") };
            assert!((found / half - 1.0).abs() < 1e-12, "{text}: {found}");
        }
    }
}
