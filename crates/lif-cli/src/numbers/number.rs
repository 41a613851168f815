//! A number as a file has it, whole ones exactly.

/// Whole numbers of this magnitude and larger ones are not exact in double precision.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Whole(i128),
    Real(f64),
}

impl Number {
    /// Reads a number in text. NULL is none, as SONATA has it.
    pub fn read(text: &str) -> Option<Self> {
        if text == "NULL" {
            return Some(Self::Real(f64::NAN));
        }
        let whole = || text.parse().ok().map(Self::Whole);
        whole().or_else(|| text.parse().ok().map(Self::Real))
    }

    /// In double precision.
    pub fn real(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Real(number) => number,
        }
    }

    /// A whole number from 0 on. Numbers without a fraction are whole as long as they are exact.
    pub fn whole<T: TryFrom<i128>>(self) -> Result<T, String> {
        let whole = match self {
            Self::Whole(number) => number,
            Self::Real(number) if number.abs() >= EXACT => {
                return Err(format!(
                    "it is {number:e}, which has lost digits; save whole numbers as integers, not as floats"
                ));
            }
            Self::Real(number) if number.fract() == 0.0 => number as i128,
            Self::Real(number) => {
                return Err(format!("it is {number}; it must be a whole number, from 0 on"));
            }
        };
        T::try_from(whole).map_err(|_| {
            format!("it is {whole}; it must be a whole number from 0 to {}", largest(size_of::<T>()))
        })
    }
}

/// The largest whole number of some bytes.
fn largest(bytes: usize) -> u64 {
    if bytes < 8 { u64::from(u32::MAX) } else { u64::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_exact_or_refused() {
        let root = 720_575_940_612_453_042_u64;
        let read = |text: &str| Number::read(text).unwrap().whole::<u64>();
        assert_eq!(read(&root.to_string()), Ok(root));
        assert_eq!(read("18446744073709551615"), Ok(u64::MAX));
        assert_eq!((read("7.0"), read("1e3")), (Ok(7), Ok(1000)));
        for (text, reason) in [
            ("7.20575940612453e17", "has lost digits"),
            ("1.5", "must be a whole number"),
            ("nan", "must be a whole number"),
            ("-1", "it is -1; it must be a whole number from 0"),
            ("18446744073709551616", "from 0 to 18446744073709551615"),
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
        assert!(Number::Whole(1 << 32).whole::<u32>().unwrap_err().contains("to 4294967295"));
        assert_eq!(Number::read("x"), None);
    }
}
