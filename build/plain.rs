//! Texts without quotes about which readers of YAML disagree: those of version
//! 1.1, which most tools still are, take more of them for truth values, numbers
//! and dates than those of 1.2.

use serde_json::Value;

/// Whether some reader takes `text`, which stands without quotes, for something
/// else than `ours`.
pub fn is_disputed(text: &str, ours: &Value) -> bool {
    match ours {
        Value::String(_) => {
            is_word(text) || is_other_number(text) || is_clock(text) || is_date(text)
        }
        Value::Number(_) => is_octal(text) || is_short_exponent(text),
        _ => false,
    }
}

/// `<<` merges and `=` is a default there.
fn is_word(text: &str) -> bool {
    let words = [
        "yes", "no", "on", "off", "true", "false", "null", ".nan", ".inf", "-.inf", "+.inf", "<<",
        "=",
    ];
    words.contains(&text.to_ascii_lowercase().as_str())
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `0x1F`, `0o17`, `0b11`, `1_000`.
fn is_other_number(text: &str) -> bool {
    let bare = unsigned(text).to_ascii_lowercase();
    let digits_of = |prefix: &str, radix: u32| {
        bare.strip_prefix(prefix).is_some_and(|rest| {
            let is_digit = |c: char| c == '_' || c.is_digit(radix);
            !rest.is_empty() && rest.chars().all(is_digit)
        })
    };
    let grouped = bare.contains('_')
        && bare.starts_with(|c: char| c.is_ascii_digit())
        && bare.chars().all(|c| c.is_ascii_digit() || "_.".contains(c));
    digits_of("0x", 16) || digits_of("0o", 8) || digits_of("0b", 2) || grouped
}

/// `0123`: 123 or 83.
fn is_octal(text: &str) -> bool {
    let bare = unsigned(text);
    bare.len() > 1 && bare.starts_with('0') && is_digits(bare)
}

/// `1e3`: a number, or a text where a point and a sign are asked for.
fn is_short_exponent(text: &str) -> bool {
    text.split_once(['e', 'E'])
        .is_some_and(|(number, power)| !number.contains('.') || !power.starts_with(['-', '+']))
}

/// `12:30`: 750 to those that count in sixties.
fn is_clock(text: &str) -> bool {
    let mut parts = unsigned(text).split(':');
    let hours = parts.next().is_some_and(is_digits);
    let mut rest = parts.peekable();
    let is_sixtieth = |part: &str| {
        let (whole, fraction) = part.split_once('.').unwrap_or((part, "0"));
        is_digits(whole) && is_digits(fraction) && whole.parse::<u8>().is_ok_and(|part| part < 60)
    };
    hours && rest.peek().is_some() && rest.all(is_sixtieth)
}

/// `2026-01-31`, also with a time behind it.
fn is_date(text: &str) -> bool {
    let day = text.split(['T', 't', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split('-').collect();
    match parts.as_slice() {
        [year, month, day] => {
            year.len() == 4
                && (1..=2).contains(&month.len())
                && (1..=2).contains(&day.len())
                && parts.iter().all(|part| is_digits(part))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_some_readers_take_for_something_else_is_disputed() {
        for text in [
            "yes",
            "No",
            "ON",
            "off",
            "True",
            "FALSE",
            "Null",
            ".NaN",
            "-.inf",
            "<<",
            "=",
            "0x1F",
            "0o17",
            "-0b11",
            "1_000",
            "1_000.5",
            "12:30",
            "190:20:30.15",
            "2026-01-31",
            "2026-1-3",
            "2026-01-31T10:00:00Z",
            "2026-01-31 10:00:00",
        ] {
            assert!(is_disputed(text, &json!(text)), "{text}");
        }
        for (text, ours) in [
            ("0123", json!(123)),
            ("-01", json!(-1)),
            ("1e3", json!(1e3)),
            ("1.5e3", json!(1500.0)),
            ("1E-3", json!(1e-3)),
        ] {
            assert!(is_disputed(text, &ours), "{text}");
        }
    }

    #[test]
    fn what_all_read_alike_is_not() {
        for text in [
            "None",
            "Active",
            "yes, please",
            "0xyz",
            "0x",
            "_1",
            "v1_000",
            "1_a",
            "12:61",
            "12:",
            "a:1",
            "http://a",
            "2026-01",
            "2026-01-31-5",
            "26-01-31",
            "1-2",
            "",
            "3.0.3",
            "POST",
            "application/json",
            "y",
            "n",
        ] {
            assert!(!is_disputed(text, &json!(text)), "{text}");
        }
        for (text, ours) in [
            ("0", json!(0)),
            ("10", json!(10)),
            ("-5", json!(-5)),
            ("0.5", json!(0.5)),
            ("1.5e+3", json!(1500.0)),
        ] {
            assert!(!is_disputed(text, &ours), "{text}");
        }
        assert!(!is_disputed("true", &json!(true)));
        assert!(!is_disputed("null", &Value::Null));
    }
}
