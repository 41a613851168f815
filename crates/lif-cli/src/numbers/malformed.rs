//! Fields that should be numbers and are not, or that may be other numbers than they seem.

/// Words for missing numbers, in lower case. They are no names of columns.
const MISSING: [&str; 10] =
    ["na", "n/a", "n.a.", "n.a", "nil", "null", "none", "missing", "undefined", "void"];

/// Errors of spreadsheets, which are no comments.
const ERRORS: [&str; 9] =
    ["#n/a", "#num!", "#div/0!", "#value!", "#ref!", "#name?", "#null!", "#calc!", "#spill!"];

pub fn decimal_comma(text: &str) -> String {
    format!(
        "'{text}' seems to have a decimal comma, or one after thousands, which is not read; write a decimal point, and \
         nothing after thousands"
    )
}

/// Whether bytes begin with an error of a spreadsheet.
pub fn is_error(bytes: &[u8]) -> bool {
    ERRORS.iter().any(|error| {
        let (start, rest) = bytes.split_at(error.len().min(bytes.len()));
        start.eq_ignore_ascii_case(error.as_bytes())
            && rest.first().is_none_or(|byte| b" \t,;\"'".contains(byte))
    })
}

/// Whether a field is a word for a missing number. `nA` with a capital A is a unit.
pub fn is_missing(field: &str) -> bool {
    field != "nA" && MISSING.iter().chain(&ERRORS).any(|missing| field.eq_ignore_ascii_case(missing))
}

/// Whether a word is a number with letters that look like digits: `O.5`, `l.5`.
pub fn is_mistyped(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let letters = word.chars().filter(|sign| sign.is_alphabetic() && !"oOlI".contains(*sign)).count();
    let is_of_a_number = |sign: char| sign.is_alphanumeric() || ".+-".contains(sign);
    word.contains('.') && word.chars().all(is_of_a_number) && digits > 0 && letters <= digits
}

/// Whether two fields may be one number with a comma after the thousands: `1,234.5`.
pub fn is_grouped(first: &str, second: &str) -> bool {
    let thousands = first.trim_start_matches(['-', '+']);
    let hundreds = second.split('.').next().unwrap_or_default();
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&thousands.len())
        && !thousands.starts_with('0')
        && hundreds.len() == 3
        && is_digits(thousands)
        && is_digits(hundreds)
}

/// Whether two fields may be one number with a point after the thousands and a decimal comma: `1.234,5`.
pub fn is_grouped_by_points(first: &str, second: &str) -> bool {
    let decimals = second.bytes().all(|byte| byte.is_ascii_digit());
    first.split_once('.').is_some_and(|(thousands, hundreds)| decimals && is_grouped(thousands, hundreds))
}

/// Whether two digits are separated by nothing but a typographic blank, as used after thousands.
pub fn is_blank_in_number(text: &str, from: usize, to: usize) -> bool {
    let is_digit = |sign: Option<char>| sign.is_some_and(|sign| sign.is_ascii_digit());
    ["\u{a0}", "\u{2007}", "\u{2009}", "\u{202f}"].contains(&&text[from..to])
        && is_digit(text[..from].chars().next_back())
        && is_digit(text[to..].chars().next())
}

pub fn no_number(field: &str) -> String {
    if is_missing(field.trim_matches(['"', '\''])) {
        return format!("'{field}' is not a number, and every row has to be complete");
    }
    match field.bytes().find(|byte| byte.is_ascii_control()) {
        Some(byte) => {
            format!("there is a byte {byte:#04x}: it is neither text nor an array of numpy (.npy, .npz)")
        }
        None => format!("'{field}' is not a number; start comments with #"),
    }
}
