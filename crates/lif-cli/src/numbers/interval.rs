//! The interval of samples or steps, as the arrays of an archive give it.

use super::TimeUnit;
use super::clock::Clock;
use super::name::Name;
use super::numpy::Archive;
use super::origin::{Origin, time_unit};

/// The interval of samples, as a file gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    pub ms: f64,
    /// The name of the array.
    pub name: String,
    /// Where its unit comes from.
    pub unit_from: Origin,
}

/// The interval of samples in an archive. The option gives its unit where its name does not.
pub fn interval(
    archive: &mut Archive,
    keys: &[String],
    (given, option): (Option<TimeUnit>, &'static str),
) -> Result<Option<Interval>, String> {
    let mut found: Option<Interval> = None;
    for key in keys {
        let name = Name::new(key);
        let Some(clock) = name.clock() else { continue };
        let mut values = Vec::new();
        archive.array(key, &mut |array, rows| {
            if array.shape.iter().any(|length| *length != 1) {
                return Err(format!(
                    "it has shape {:?}, and must be one number: {}",
                    array.shape,
                    clock.text()
                ));
            }
            rows.next(&mut values).map(|_| ())
        })?;
        let value = match values[..] {
            [value] if value.is_finite() && value > 0.0 => unrounded(value),
            _ => return Err(format!("'{key}' must be one number above 0: {}", clock.text())),
        };
        let (unit, unit_from) = match clock {
            Clock::Rate { .. } => (TimeUnit::Ms, Origin::Name(key.clone())),
            Clock::Interval if name.interval_unit()?.is_none() => time_unit(given, option, None)?,
            Clock::Interval => time_unit(given, option, Some(&name))?,
        };
        let ms = clock.interval_ms(value, unit);
        match &found {
            Some(other) if (other.ms / ms - 1.0).abs() > 1e-6 => {
                return Err(format!(
                    "'{}' in it says that there is a sample every {} ms, but '{key}' says every {ms} ms; leave one of \
                     them out",
                    other.name, other.ms
                ));
            }
            Some(_) => {}
            None => found = Some(Interval { ms, name: key.clone(), unit_from }),
        }
    }
    Ok(found)
}

/// The short decimal from which a number in single precision was rounded, or the inverse of one: a relative
/// error of a millionth would add up over a million samples.
fn unrounded(value: f64) -> f64 {
    let single = value as f32;
    if f64::from(single) != value {
        return value;
    }
    // With more digits there is a decimal for any number in single precision.
    let decimals = (0..6).filter_map(|digits| format!("{value:.digits$e}").parse().ok());
    let inverses =
        (0..6).filter_map(|digits| Some(1.0 / format!("{:.digits$e}", 1.0 / value).parse::<f64>().ok()?));
    let is_it = |candidate: &f64| *candidate as f32 == single;
    let shortest = single.to_string().parse().unwrap_or(value);
    decimals.chain(inverses).find(is_it).unwrap_or(shortest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_single_precision_are_what_they_were_before() {
        for number in [0.1, 0.05, 1.0 / 3.0, 1.0 / 30.0, 1.0 / 22.05, 1.0 / 44_100.0, 1e-4, 12_207.03, 25.0] {
            assert_eq!(unrounded(f64::from(number as f32)), number);
        }
        assert_eq!(unrounded(1.0 / 3.0), 1.0 / 3.0);
    }
}
