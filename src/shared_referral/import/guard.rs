//! The guard against cells that a spreadsheet would run as a formula.
//!
//! A customer's name may come from a web form, and the results file is opened
//! in a spreadsheet: a cell that begins like a formula is written with a
//! leading `'`, which makes it text there. The reader takes that off again.

use std::borrow::Cow;

const GUARD: char = '\'';

/// The text as it may stand in a cell.
pub(super) fn guard(text: &str) -> Cow<'_, str> {
    if runs(unquoted(text)) {
        Cow::Owned(format!("{GUARD}{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text that was guarded. Any other stays as it is, its own leading `'`
/// too.
pub(super) fn unguard(cell: &str) -> &str {
    match cell.strip_prefix(GUARD) {
        Some(rest) if runs(unquoted(rest)) => rest,
        _ => cell,
    }
}

/// All leading guards count, not one: a text that is itself `'=1` gets one
/// more, otherwise reading it back would lose its own.
fn unquoted(text: &str) -> &str {
    text.trim_start_matches(GUARD)
}

/// Whether a spreadsheet may take the text for a formula.
fn runs(text: &str) -> bool {
    text.chars()
        .find(|one| !skipped(*one))
        .is_some_and(|first| {
            matches!(
                first,
                '=' | '+' | '-' | '@' | '\t' | '\r'
                // The full-width and the small forms, which some spreadsheets
                // take for the plain ones.
                | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}'
                | '\u{fe66}' | '\u{fe62}' | '\u{fe63}' | '\u{fe6b}'
            )
        })
}

/// What a spreadsheet cuts off, or does not show, before the first character.
/// Other controls too: some programs drop them when they import.
fn skipped(one: char) -> bool {
    !matches!(one, '\t' | '\r')
        && (one.is_whitespace()
            || one.is_control()
            || matches!(
                one,
                '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{ad}'
            ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_begins_like_a_formula_is_guarded_and_nothing_else() {
        for text in [
            "=1+1",
            "+49 30 1234",
            "-5",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "  =1",
            "\n=1",
            "\u{a0}=1",
            "\u{feff}=1",
            "\u{ff1d}1",
            "\u{ff0b}1",
            "\u{ff0d}1",
            "\u{ff20}1",
            "'=1",
        ] {
            assert_eq!(guard(text), format!("'{text}"), "{text:?}");
        }
        for text in [
            "",
            "Contoso",
            "it's",
            "'s-Hertogenbosch",
            "1-2",
            "a=b",
            "' ",
        ] {
            assert_eq!(guard(text), text);
            assert_eq!(unguard(text), text);
        }
    }

    /// Texts in which what matters to the guard is frequent.
    fn texts() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof![
                proptest::sample::select(vec![
                    '=', '+', '-', '@', '\t', '\r', '\n', ' ', '\'', '"', ';', ',', '\u{a0}',
                    '\u{feff}', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{200b}',
                ]),
                any::<char>(),
            ],
            0..8,
        )
        .prop_map(|all| all.into_iter().collect())
    }

    proptest! {
        #[test]
        fn no_text_gives_a_cell_that_runs(text in texts()) {
            let cell = guard(&text);
            // Told on its own terms: what a spreadsheet sees first.
            let seen = cell.trim_start_matches(|one: char| {
                one == ' ' || one == '\n' || one == '\u{a0}' || one == '\u{feff}' || one == '\u{200b}'
            });
            let bad = ['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
            prop_assert!(!seen.starts_with(bad), "{cell:?}");
        }

        #[test]
        fn a_guarded_text_comes_back(text in texts()) {
            let cell = guard(&text);
            prop_assert_eq!(unguard(&cell), &text);
        }

        #[test]
        fn what_was_read_is_written_and_read_the_same(cell in texts()) {
            let read = unguard(&cell);
            let written = guard(read);
            prop_assert_eq!(unguard(&written), read);
        }
    }
}
