//! One line of the file: what it says, and the sum over it.
//!
//! ```text
//! {"sum":"9f1c22ab","entry":{"commit":17,"part":1,"parts":2,"operation":"..","after":0,"records":[..]}}
//! ```

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::shared_referral::operation::{OperationId, Record};

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The number of the write that it was part of. The lines of one write come
    /// to the disk together but in any order, so that after a crash the last
    /// write, and no other, may have holes.
    pub(super) commit: u64,
    /// Which line of its write it is, from 1.
    pub(super) part: usize,
    /// Of how many.
    pub(super) parts: usize,
    pub(super) operation: OperationId,
    /// How many records the operation had before; 0 begins it anew, so a line
    /// with all records replaces the lines before it.
    pub(super) after: usize,
    pub(super) records: Vec<Record>,
}

/// Why a line cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is not whole.
    Torn,
    /// It is as it was written, by a version that knows more.
    Unknown,
}

#[derive(Deserialize)]
struct Line<'a> {
    sum: &'a str,
    #[serde(borrow)]
    entry: &'a RawValue,
}

impl Entry {
    /// The line, its end included.
    pub(super) fn to_line(&self) -> serde_json::Result<Vec<u8>> {
        let entry = serde_json::to_string(self)?;
        let sum = crc32fast::hash(entry.as_bytes());
        Ok(format!("{{\"sum\":\"{sum:08x}\",\"entry\":{entry}}}\n").into_bytes())
    }

    /// Reads a line without its end.
    pub(super) fn from_line(line: &[u8]) -> Result<Self, Unreadable> {
        let Line { sum, entry } = serde_json::from_slice(line).map_err(|_| Unreadable::Torn)?;
        if format!("{:08x}", crc32fast::hash(entry.get().as_bytes())) != sum {
            return Err(Unreadable::Torn);
        }
        serde_json::from_str(entry.get()).map_err(|_| Unreadable::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry() -> Entry {
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        Entry {
            commit: 17,
            part: 1,
            parts: 2,
            operation: OperationId::of_key("crm-1"),
            after: 2,
            records: vec![Record::Closed { at }],
        }
    }

    #[test]
    fn a_line_is_json_with_a_sum_over_what_it_says() {
        let line = entry().to_line().unwrap();
        assert_eq!(
            String::from_utf8(line.clone()).unwrap(),
            concat!(
                r#"{"sum":"9b32ed30","entry":{"commit":17,"part":1,"parts":2,"#,
                r#""operation":"7ed01837-1ad3-5438-b937-0ad0f357d041","after":2,"#,
                r#""records":[{"record":"closed","at":"2026-01-01T00:00:00Z"}]}}"#,
                "\n"
            )
        );
        assert_eq!(Entry::from_line(line.trim_ascii_end()), Ok(entry()));
    }

    #[test]
    fn what_a_later_version_wrote_is_not_taken_for_torn() {
        let line = String::from_utf8(entry().to_line().unwrap()).unwrap();
        let says = line.split_once("\"entry\":").unwrap().1;
        let says = says.trim_end().strip_suffix('}').unwrap();
        let says = says.replace("closed", "reopened");
        let sum = crc32fast::hash(says.as_bytes());
        let later = format!("{{\"sum\":\"{sum:08x}\",\"entry\":{says}}}");
        assert_eq!(Entry::from_line(later.as_bytes()), Err(Unreadable::Unknown));
        let torn = later.replace("reopened", "reopen");
        assert_eq!(Entry::from_line(torn.as_bytes()), Err(Unreadable::Torn));
    }

    proptest! {
        #[test]
        fn no_changed_byte_and_no_cut_goes_unnoticed(place in 0usize..200, byte: u8) {
            let line = entry().to_line().unwrap();
            let whole = line.trim_ascii_end();
            let mut changed = whole.to_vec();
            let place = place % whole.len();
            changed[place] = byte;
            let read = Entry::from_line(&changed);
            prop_assert!(read == Err(Unreadable::Torn) || changed == whole, "{:?}", read);
            prop_assert_eq!(Entry::from_line(&whole[..place]), Err(Unreadable::Torn));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Entry::from_line(&bytes);
        }
    }
}
