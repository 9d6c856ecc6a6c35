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

    /// Reads a line without its end; none where it is not whole.
    pub(super) fn from_line(line: &[u8]) -> Option<Self> {
        let Line { sum, entry } = serde_json::from_slice(line).ok()?;
        let whole = format!("{:08x}", crc32fast::hash(entry.get().as_bytes())) == sum;
        whole.then(|| serde_json::from_str(entry.get()).ok())?
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
        assert_eq!(Entry::from_line(line.trim_ascii_end()), Some(entry()));
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
            prop_assert!(read.is_none() || changed == whole, "{:?}", read);
            prop_assert_eq!(Entry::from_line(&whole[..place]), None);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Entry::from_line(&bytes);
        }
    }
}
