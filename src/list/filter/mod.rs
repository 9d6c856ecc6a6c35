//! `$filter` from parts that no value can change the shape of.
//!
//! | form | known from |
//! |---|---|
//! | `eq` on status, substatus, type, qualification, direction, engagementId, country; `team/any` by e-mail; `and` | shown by the vendor's pages, 2019 to 2025 |
//! | `ge`, `gt`, `le`, `lt` on `updatedDateTime` | named as a filter (2019), no comparison is shown: OData 4.0 |
//! | the same on `createdDateTime` | OData 4.0 only |
//!
//! [`Filter::is_documented`] says which of the two a filter is. A service that
//! does not take the second kind answers 400 or 501.
//!
//! ```
//! use partner_referrals::ListOptions;
//! use partner_referrals::filter;
//! use partner_referrals::types::{Direction, Status};
//!
//! let mine = filter::status()
//!     .eq(Status::New)
//!     .and(filter::direction().eq(Direction::Incoming))
//!     .and(filter::team_email().eq("o'hara@contoso.com"));
//! assert_eq!(
//!     mine.as_str(),
//!     Ok("status eq 'New' and direction eq 'Incoming' and team/any(t:t/email eq 'o''hara@contoso.com')")
//! );
//! let options = ListOptions::new().filter(mine);
//! # let _ = options;
//! ```

mod path;

use std::fmt;

pub use path::{
    Field, TimeField, country, created, direction, engagement_id, qualification, referral_type,
    status, substatus, team_email, updated,
};

/// Why a filter cannot be sent. The text itself is not kept: it may hold an
/// e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidFilter {
    /// Nothing to filter by.
    #[error("the filter is empty")]
    Empty,
    /// A control character, such as a line break.
    #[error("a text in the filter holds a control character")]
    ControlCharacter,
    /// A year that a time of the wire cannot have (0 to 9999).
    #[error("a time in the filter has a year that is not of four digits")]
    Time,
    /// A raw part with a quote or parenthesis that does not close: together
    /// with another part it would say something else.
    #[error("a raw part of the filter has a quote or parenthesis that does not close")]
    Unclosed,
}

/// What a list shows (`$filter`).
///
/// Made from the [functions of this module](self), or from text by
/// [`raw`](Self::raw). `Debug` hides it: it may hold an e-mail address.
///
/// # Guarantees
/// Texts are quoted and quotes in them doubled, so no value can end its
/// literal. What cannot be sent is refused before anything is sent, by the
/// list that takes it.
///
/// # Caveats
/// A text in a filter is looked for letter by letter, as far as is known;
/// whether the service minds upper and lower case is not documented.
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct Filter {
    text: Result<String, InvalidFilter>,
    raw: bool,
    documented: bool,
}

impl Filter {
    /// A filter as text, in OData's language, which nobody checks here: for
    /// what the typed forms do not have. Quotes in a literal are written twice.
    ///
    /// ```
    /// use partner_referrals::filter::Filter;
    ///
    /// let either = Filter::raw("status eq 'New' or status eq 'Active'");
    /// let both = either.and(Filter::raw("direction eq 'Incoming'"));
    /// assert_eq!(
    ///     both.as_str(),
    ///     Ok("(status eq 'New' or status eq 'Active') and (direction eq 'Incoming')")
    /// );
    /// ```
    pub fn raw(text: impl Into<String>) -> Self {
        let text: String = text.into();
        let text = if text.trim().is_empty() {
            Err(InvalidFilter::Empty)
        } else if text.chars().any(char::is_control) {
            Err(InvalidFilter::ControlCharacter)
        } else {
            Ok(text)
        };
        Self {
            text,
            raw: true,
            documented: false,
        }
    }

    fn typed(text: Result<String, InvalidFilter>, documented: bool) -> Self {
        Self {
            text,
            raw: false,
            documented,
        }
    }

    /// What passes this filter and the other one. A raw part is put into
    /// parentheses.
    pub fn and(self, other: impl Into<Self>) -> Self {
        let other = other.into();
        let documented = self.documented && other.documented;
        let both = self
            .part()
            .and_then(|first| Ok(format!("{first} and {}", other.part()?)));
        Self::typed(both, documented)
    }

    /// The filter as it is sent, before it is encoded for a URL. It may hold an
    /// e-mail address: do not log it.
    ///
    /// # Errors
    /// [`InvalidFilter`] where it cannot be sent.
    pub fn as_str(&self) -> Result<&str, InvalidFilter> {
        self.text.as_deref().map_err(|why| *why)
    }

    /// Whether every form in it is shown by the vendor's pages (2019 to 2025).
    /// False for comparisons of times, which are OData's, and for raw text,
    /// which is not looked at.
    pub fn is_documented(&self) -> bool {
        self.documented
    }

    /// The filter as part of a larger one.
    fn part(self) -> Result<String, InvalidFilter> {
        let text = self.text?;
        match self.raw {
            false => Ok(text),
            true if closes(&text) => Ok(format!("({text})")),
            true => Err(InvalidFilter::Unclosed),
        }
    }
}

/// Whether every quote and parenthesis of a text closes within it. A doubled
/// quote is an end and a beginning, which comes to the same.
fn closes(text: &str) -> bool {
    let (mut depth, mut quoted) = (0_usize, false);
    for letter in text.chars() {
        match letter {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            _ => {}
        }
    }
    depth == 0 && !quoted
}

impl From<&str> for Filter {
    fn from(raw: &str) -> Self {
        Self::raw(raw)
    }
}

impl From<String> for Filter {
    fn from(raw: String) -> Self {
        Self::raw(raw)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter")
            .field("problem", &self.text.as_ref().err())
            .field("documented", &self.documented)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_raw_part_that_could_change_its_neighbour_is_refused() {
        for bad in [
            "a eq 'b",
            "a eq 1) or (b eq 1",
            "(a eq 1",
            "a eq 1)",
            "''' )",
        ] {
            let filter = status().eq("New").and(bad);
            assert_eq!(filter.as_str(), Err(InvalidFilter::Unclosed), "{bad}");
            // Alone it is the service's to judge.
            assert!(Filter::raw(bad).as_str().is_ok(), "{bad}");
        }
        for fine in ["name eq 'it''s :) ok'", "name eq '(-: ok'"] {
            let both = status().eq("New").and(fine);
            let expected = format!("status eq 'New' and ({fine})");
            assert_eq!(both.as_str(), Ok(expected.as_str()));
        }
    }

    #[test]
    fn what_cannot_be_sent_is_said_and_stays_said() {
        for empty in ["", "  "] {
            assert_eq!(Filter::raw(empty).as_str(), Err(InvalidFilter::Empty));
        }
        let broken = country().eq("U\nS");
        assert_eq!(broken.as_str(), Err(InvalidFilter::ControlCharacter));
        let both = status().eq("New").and(broken);
        assert_eq!(both.as_str(), Err(InvalidFilter::ControlCharacter));
        let far = chrono::DateTime::<chrono::Utc>::MAX_UTC;
        assert_eq!(updated().ge(far).as_str(), Err(InvalidFilter::Time));
    }

    #[test]
    fn only_what_the_vendor_shows_is_documented() {
        let shown = status().eq("New").and(country().eq("US"));
        assert!(shown.is_documented());
        let at = chrono::DateTime::UNIX_EPOCH;
        assert!(!shown.clone().and(updated().ge(at)).is_documented());
        assert!(!shown.and("status eq 'New'").is_documented());
        assert!(!format!("{:?}", country().eq("canary")).contains("canary"));
    }

    proptest! {
        /// A typed filter is its fixed words with quoted literals between them,
        /// whatever the values are.
        #[test]
        fn no_value_leaves_its_quotes(one in "[ -~é'()/]{0,20}", two in "['a-z )(]{0,20}") {
            let filter = country().eq(one.clone()).and(team_email().eq(two.clone()));
            let mut rest = filter.as_str().unwrap();
            for (before, value) in [
                ("customerProfile/address/country eq ", &one),
                (" and team/any(t:t/email eq ", &two),
            ] {
                rest = rest.strip_prefix(before).unwrap().strip_prefix('\'').unwrap();
                let mut read = String::new();
                loop {
                    let (part, behind) = rest.split_once('\'').unwrap();
                    read.push_str(part);
                    rest = behind;
                    match rest.strip_prefix('\'') {
                        Some(more) => { read.push('\''); rest = more; }
                        None => break,
                    }
                }
                prop_assert_eq!(&read, value);
            }
            prop_assert_eq!(rest, ")");
        }
    }
}
