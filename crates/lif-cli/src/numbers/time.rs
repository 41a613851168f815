//! Times in files, and the steps to which they belong. A time at the beginning of a step belongs to this step
//! even after it was rounded to be written.

/// Differences of times below this fraction of a step are rounding.
pub const TIME_TOLERANCE: f64 = 1e-6;

/// The precision of a number, from the way it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Precision {
    /// Single precision.
    Single,
    /// Double precision, maybe converted from single precision.
    Double,
    /// Decimal; the value is half a unit of the last place.
    Place(f64),
}

impl Precision {
    /// The precision of a number in a text.
    pub fn of_text(number: &str) -> Self {
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let exponent = exponent.parse::<i32>().unwrap_or(0);
        // By libm, as functions of the system differ in the last bit.
        Self::Place(0.5 * libm::exp10(f64::from(exponent) - decimals as f64))
    }
}

/// How the numbers of a column are written. If trailing zeros are left out, a number has as many decimals, or
/// as many digits, as others of the column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Half a unit of the last place of the number with the most decimals.
    least: f64,
    /// The most digits, without leading zeros.
    digits: i32,
}

impl Column {
    pub const EMPTY: Self = Self { least: f64::INFINITY, digits: 0 };

    /// Examines a number of the column.
    pub fn add(&mut self, number: &str) {
        if let Precision::Place(half) = Precision::of_text(number) {
            self.least = self.least.min(half);
        }
        self.digits = self.digits.max(digits(number));
    }

    /// The precision of a number of the column.
    pub fn precision(&self, number: &str) -> Precision {
        match Precision::of_text(number) {
            Precision::Place(half) => {
                let by_digits = half * libm::exp10(f64::from(digits(number) - self.digits));
                Precision::Place(half.min(self.least.max(by_digits)))
            }
            other => other,
        }
    }
}

fn digits(number: &str) -> i32 {
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0');
    i32::try_from(digits.count()).unwrap_or(i32::MAX)
}

/// A time of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Time {
    number: f64,
    /// The unit of the number, ms.
    unit: f64,
    /// The largest rounding error of the floating-point number, ms.
    stored: f64,
    /// The largest rounding error of the decimal number, ms.
    written: f64,
    is_single: bool,
}

/// The largest correction for single precision, in steps: the time belongs to the nearest step.
const MOST_OF_SINGLE: f64 = 0.5;
/// The largest correction for other numbers, in steps. A short decimal far from any step is meant as written;
/// a whole last place is twice as long.
pub const MOST_OF_OTHERS: f64 = 0.25;
/// A correction that is allowed wherever two times are compared, in steps.
pub const LITTLE: f64 = 0.01;
const LESS_THAN_A_PLACE: f64 = 0.999;

/// Whole numbers up to this are exact in single precision.
const WHOLE_IN_SINGLE: f64 = 16_777_216.0;

impl Time {
    /// The beginning.
    pub const ZERO: Self = Self { number: 0.0, unit: 1.0, stored: 0.0, written: 0.0, is_single: false };

    /// A number in a unit of `unit` ms.
    pub fn new(number: f64, unit: f64, precision: Precision) -> Self {
        // The start of a clock is exact.
        if number == 0.0 {
            return Self { unit, ..Self::ZERO };
        }
        // A whole number with few digits was not rounded.
        let is_whole = number.fract() == 0.0 && number.abs() <= WHOLE_IN_SINGLE;
        let was_single = match precision {
            Precision::Single => true,
            Precision::Double => !is_whole && f64::from(number as f32) == number,
            // If there are more decimals than single precision has.
            Precision::Place(half) => {
                !is_whole
                    && f64::from(number as f32) == number
                    && half < number.abs() * f64::from(f32::EPSILON)
            }
        };
        let stored = match () {
            // A whole unit of the last place, the error of a product of two rounded numbers.
            () if was_single => (number * unit).abs() * f64::from(f32::EPSILON),
            () if number.fract() == 0.0 => 0.0,
            () => (number * unit).abs() * f64::EPSILON,
        };
        let written = if let Precision::Place(half) = precision { half * unit } else { 0.0 };
        Self { number, unit, stored, written, is_single: precision == Precision::Single }
    }

    pub fn ms(&self) -> f64 {
        self.number * self.unit
    }

    /// The time after another one of the same clock, ms. Numbers are subtracted before they are scaled:
    /// microseconds since 1970 are exact, and would not be as ms.
    pub fn ms_after(&self, start: &Self) -> f64 {
        // In the finer of the two units, of which the coarser is a multiple.
        match (self.number, start.number) {
            (number, 0.0) => number * self.unit,
            (number, start_number) if self.unit >= start.unit => {
                (number * (self.unit / start.unit) - start_number) * start.unit
            }
            (number, start_number) => (number - start_number * (start.unit / self.unit)) * self.unit,
        }
    }

    /// All of its state.
    pub fn bits(&self) -> [u64; 5] {
        let [number, unit, stored, written] =
            [self.number, self.unit, self.stored, self.written].map(f64::to_bits);
        [number, unit, stored, written, u64::from(self.is_single)]
    }

    /// The largest correction for rounding, ms, if it is below this fraction of a step.
    fn slack(&self, dt: f64, part: f64) -> f64 {
        if self.is_single {
            return self.stored.min(MOST_OF_SINGLE * dt);
        }
        let within = |rounding: f64| if rounding < part * dt { rounding } else { 0.0 };
        within(self.stored).max(within(self.written))
    }

    /// The largest correction for rounding between two times, ms; for each below its fraction of a step.
    pub fn slack_after(&self, start: &Self, dt: f64, parts: [f64; 2]) -> f64 {
        let (own, other) = (self.slack(dt, parts[0]), start.slack(dt, parts[1]));
        let least = TIME_TOLERANCE * dt;
        if other == 0.0 {
            return own + least;
        }
        // Times that differ by a whole last place are different.
        ((own + other) * LESS_THAN_A_PLACE).clamp(least, MOST_OF_SINGLE * dt)
    }

    /// The time after another one in steps, with the largest correction for rounding.
    pub fn steps_after(&self, start: &Self, dt: f64) -> f64 {
        (self.ms_after(start) + self.slack_after(start, dt, [MOST_OF_OTHERS, LITTLE])) / dt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [f64; 8] = [0.1, 0.05, 0.025, 0.01, 0.2, 0.3, 1.0, 1.0 / 30.0];

    /// Up to here, half a step is more than the error of single precision.
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
            // As numpy computes it, all in single precision.
            for k in 0..MOST / 2 {
                let time = k as f32 * dt as f32;
                let found = step(Time::new(f64::from(time), 1.0, Precision::Single), dt);
                assert_eq!(found, u64::from(k), "{time} at dt {dt}");
            }
        }
        // Without a correction for rounding, many would not.
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

    /// If a clock starts at a round number, the times after it are as exact as they are written.
    #[test]
    fn the_number_that_a_clock_begins_with_is_exact() {
        let text = |text: &str| Time::new(text.parse().unwrap(), 1.0, Precision::of_text(text));
        assert_eq!(text("100000.41").steps_after(&text("100000.000"), 0.1) as u64, 4);
        let seconds = |number| Time::new(number, 1e3, Precision::Double);
        assert_eq!(seconds(2000.0021).steps_after(&seconds(2000.0), 1.0) as u64, 2);
        assert_eq!(text("100000.19").steps_after(&text("100000.5"), 0.1) as i64, -3);
        // Microseconds since 1970 are whole numbers, and stay distinct in ms.
        let start = 1_700_000_000_123_457.0;
        for precision in [Precision::Double, Precision::Place(0.5)] {
            let time = |after: u32| Time::new(start + f64::from(after), 1e-3, precision);
            for k in 0..100_000 {
                assert_eq!(time(10 * k).steps_after(&time(0), 0.01) as u32, k, "{precision:?}");
                assert_eq!(time(10 * k + 9).steps_after(&time(0), 0.01) as u32, k, "{precision:?}");
            }
        }
    }

    #[test]
    fn each_time_has_its_unit() {
        let time = |number, unit| Time::new(number, unit, Precision::Double);
        for (one, start) in [
            (time(0.0, 1e3), time(-0.05, 1e3)),
            (time(0.0, 1e-3), time(-50_000.0, 1e-3)),
            (time(0.0, 1e-3), time(-0.05, 1e3)),
            (time(150.0, 1.0), time(0.1, 1e3)),
            (time(0.15, 1e3), time(100_000.0, 1e-3)),
            (time(150_000.0, 1e-3), time(0.1, 1e3)),
            (time(0.05, 1e3), time(0.0, 1e-3)),
        ] {
            assert_eq!(one.steps_after(&start, 0.1) as u64, 500, "{one:?} after {start:?}");
        }
        // A time in ms on a clock in microseconds since 1970.
        let start = time(1_700_000_000_123_457.0, 1e-3);
        assert_eq!(time(1_700_000_000_127.0, 1.0).steps_after(&start, 0.001) as u64, 3543);
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
    fn numbers_without_zeros_at_the_end_are_known_as_the_others_of_their_column() {
        for (column, number, half) in [
            (&["0.25", "0.3", "12"][..], "0.7", 0.005),
            (&["0.25", "100"], "12", 0.05),
            (&["0.25", "100.25"], "12", 0.005),
            // As %g in C writes them.
            (&["0.0001", "99.9995", "1000.02"], "12345.1", 0.05),
            (&["1.5e-5", "0.25"], "3e-5", 5e-7),
            (&["0.10"], "0.5", 0.005),
        ] {
            let mut found = Column::EMPTY;
            column.iter().for_each(|number| found.add(number));
            found.add(number);
            let Precision::Place(precision) = found.precision(number) else { panic!("{number}") };
            assert!((precision / half - 1.0).abs() < 1e-12, "{number} beside {column:?}: {precision}");
        }
    }

    #[test]
    fn numbers_are_known_to_their_last_place() {
        for (text, half) in [("12", 0.5), ("0.25", 0.005), ("1.5e3", 50.0), ("-3.0E-1", 0.005), ("7.", 0.5)] {
            let Precision::Place(found) = Precision::of_text(text) else { panic!("{text}") };
            assert!((found / half - 1.0).abs() < 1e-12, "{text}: {found}");
        }
    }
}
