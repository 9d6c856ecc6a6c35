//! What readers of YAML take differently, and what readers of the text cannot
//! see. `201:` is a number to some, `on` a truth value, `2026-01-31` a date; a
//! name with a space of no width in it looks like the name that was meant.

use super::super::report::Report;
use super::super::subject::Subject;
use crate::pipeline::problem::{Place, Problem};

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    for pointer in &subject.document.bare_keys {
        let name = pointer.rsplit('/').next().unwrap_or_default();
        report.add(
            subject,
            "yaml/bare-key",
            pointer,
            format!("`{name}` is a name without quotes that readers may take for something else"),
            format!("write `'{name}':`"),
        );
    }
    for pointer in &subject.document.bare_values {
        report.add(
            subject,
            "yaml/bare-value",
            pointer,
            "this stands without quotes, and readers disagree on what it is",
            "put it into single quotes where it is text; write a number in plain digits",
        );
    }
    let text = report.text(subject.name).unwrap_or_default();
    let unseen: Vec<(Place, char)> = unseen(text).collect();
    for (place, one) in unseen {
        let pointer = subject.document.member_at(place);
        if is_layout(one) && is_prose(pointer) {
            continue;
        }
        let code = u32::from(one);
        let problem = Problem {
            code: "yaml/unseen-character",
            place: Some(place),
            pointer: pointer.to_owned(),
            message: format!("U+{code:04X} stands here, which nobody sees"),
            fix: format!(
                "delete it, or write \"\\u{code:04X}\" in double quotes where it is meant"
            ),
        };
        report.problem(subject.name, problem);
    }
}

/// The characters that nobody sees, or takes for others, with their places.
fn unseen(text: &str) -> impl Iterator<Item = (Place, char)> {
    // Allowed at the beginning, where it tells the encoding.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.split('\n').enumerate();
    lines.flat_map(|(line, text)| {
        let text = text.strip_suffix('\r').unwrap_or(text);
        let columns = text.chars().enumerate();
        columns
            .filter(|(_, one)| is_unseen(*one))
            .map(move |(column, one)| {
                let place = Place {
                    line: line + 1,
                    column: column + 1,
                };
                (place, one)
            })
    })
}

fn is_unseen(one: char) -> bool {
    is_layout(one)
        || one.is_control() && one != '\t'
        || matches!(
            one,
            '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
                | '\u{fffe}'..='\u{ffff}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// What people write in texts to lay them out: spaces that keep words together,
/// hyphens that show only where a line ends, joiners of letters and of pictures.
fn is_layout(one: char) -> bool {
    matches!(
        one,
        '\u{a0}' | '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{202f}'
    )
}

fn is_prose(pointer: &str) -> bool {
    let name = pointer.rsplit('/').next().unwrap_or_default();
    ["description", "summary", "title"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unseen_character_has_its_place_and_what_is_seen_has_none() {
        let text = "\u{feff}a: \u{1}b\r\nc\u{200b}: ä\t€😀\nd: x\ry\u{7f}\n";
        let places: Vec<(usize, usize, char)> = unseen(text)
            .map(|(place, one)| (place.line, place.column, one))
            .collect();
        assert_eq!(
            places,
            [
                (1, 4, '\u{1}'),
                (2, 2, '\u{200b}'),
                (3, 5, '\r'),
                (3, 7, '\u{7f}')
            ]
        );
    }

    #[test]
    fn layout_is_for_prose_and_what_turns_text_round_for_nothing() {
        assert!(is_prose("/info/description"));
        assert!(!is_prose(
            "/components/schemas/A/properties/description/enum/0"
        ));
        for one in ['\u{a0}', '\u{200d}'] {
            assert!(is_unseen(one) && is_layout(one));
        }
        for one in ['\u{202e}', '\u{200b}', '\u{2066}', '\u{85}', '\u{feff}'] {
            assert!(is_unseen(one) && !is_layout(one));
        }
        assert!("aÄ7 -_/{}😀字\t".chars().all(|one| !is_unseen(one)));
    }
}
