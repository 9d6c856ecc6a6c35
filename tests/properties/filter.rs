// What no bytes may do to a filter. One function for the fuzz target
// (`fuzz/fuzz_targets/filter.rs`) and for the test that runs its corpus.

use partner_referrals::chrono::{DateTime, Utc};
use partner_referrals::filter::{self, Filter};

/// One comparison: what stands before its literal and behind it, and the value.
enum Part {
    Text(&'static str, &'static str, String),
    Time(String),
    Raw(String),
}

/// Makes a filter of the bytes, reads it with a reader of its own, and finds
/// what was put in: every value within its own quotes, nothing between.
///
/// # Panics
/// Where it finds something else.
pub fn holds(data: &[u8]) {
    let mut rest = data;
    let mut built: Option<Filter> = None;
    let mut parts = Vec::new();
    let mut bad = false;
    while let Some((form, more)) = rest.split_first() {
        let Some((length, more)) = more.split_first() else {
            break;
        };
        let (bytes, more) = more.split_at(usize::from(*length).min(more.len()));
        rest = more;
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (filter, part) = part(*form, bytes, text);
        bad |= filter.as_str().is_err();
        parts.push(part);
        built = Some(match built {
            None => filter,
            Some(built) => built.and(filter),
        });
    }
    let Some(built) = built else { return };
    let alone = parts.len() == 1;
    // Alone it is the service's to judge.
    bad |= !alone
        && parts
            .iter()
            .any(|part| matches!(part, Part::Raw(raw) if !is_whole(raw)));
    assert!(!format!("{built:?}").contains(" eq "), "it is not printed");
    let text = match built.as_str() {
        Ok(text) => text,
        Err(why) => {
            assert!(bad, "{why} without a reason");
            return;
        }
    };
    assert!(!bad, "what cannot be sent is let through: {text}");
    if let (true, Some(Part::Raw(raw))) = (alone, parts.first()) {
        assert_eq!(text, raw);
        return;
    }
    let read = split(text);
    assert_eq!(read.len(), parts.len(), "{text}");
    for (read, part) in read.iter().zip(&parts) {
        match part {
            Part::Time(time) => assert_eq!(read, time),
            Part::Raw(raw) => assert_eq!(*read, format!("({raw})")),
            Part::Text(before, after, value) => {
                let inner = read
                    .strip_prefix(before)
                    .and_then(|read| read.strip_suffix(after));
                let inner = inner.and_then(|read| read.strip_prefix('\''));
                let inner = inner.and_then(|read| read.strip_suffix('\''));
                let inner = inner.unwrap_or_else(|| panic!("{read} is another comparison"));
                // Every quote within is one of a pair.
                assert!(!inner.replace("''", "").contains('\''), "{read}");
                assert_eq!(inner.replace("''", "'"), *value);
            }
        }
    }
}

fn part(form: u8, bytes: &[u8], text: String) -> (Filter, Part) {
    let plain = |filter, before| (filter, Part::Text(before, "", text.clone()));
    match form % 8 {
        0 => plain(
            filter::country().eq(&*text),
            "customerProfile/address/country eq ",
        ),
        1 => plain(filter::status().eq(&*text), "status eq "),
        2 => plain(filter::substatus().eq(&*text), "substatus eq "),
        3 => plain(filter::direction().eq(&*text), "direction eq "),
        4 | 5 => {
            let filter = filter::team_email().eq(&*text);
            (filter, Part::Text("team/any(t:t/email eq ", ")", text))
        }
        6 => {
            let mut number = [0; 8];
            let length = bytes.len().min(8);
            number[..length].copy_from_slice(&bytes[..length]);
            // From before the year 0 to behind the year 9999.
            let seconds = i64::from_le_bytes(number) % 400_000_000_000;
            let time = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap_or_default();
            let shown = format!("updatedDateTime ge {}", time.format("%Y-%m-%dT%H:%M:%SZ"));
            (filter::updated().ge(time), Part::Time(shown))
        }
        _ => (Filter::raw(text.clone()), Part::Raw(text)),
    }
}

/// Whether quotes and parentheses of a text close within it.
fn is_whole(text: &str) -> bool {
    let (mut quoted, mut open) = (false, 0_i64);
    for letter in text.chars() {
        quoted ^= letter == '\'';
        open += i64::from(!quoted && letter == '(') - i64::from(!quoted && letter == ')');
        if open < 0 {
            return false;
        }
    }
    !quoted && open == 0
}

/// The comparisons of a filter: what stands between ` and `, outside of quotes
/// and parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut quoted, mut open) = (0, false, 0_i64);
    for (at, letter) in text.char_indices() {
        quoted ^= letter == '\'';
        if !quoted {
            open += i64::from(letter == '(') - i64::from(letter == ')');
        }
        if !quoted && open == 0 && text[at..].starts_with(" and ") {
            parts.push(&text[start..at]);
            start = at + " and ".len();
        }
    }
    parts.push(&text[start..]);
    parts
}
