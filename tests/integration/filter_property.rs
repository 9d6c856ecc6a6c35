//! What no bytes may do to a filter: the corpus of the fuzz target, and bytes
//! of all kinds.

#[path = "../properties/filter.rs"]
mod property;

use proptest::prelude::*;

#[test]
fn the_corpus_of_the_fuzz_target_holds() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/properties/corpus/filter"
    );
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        property::holds(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 8, "{count}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_make_a_filter_that_says_what_was_put_in(
        parts in prop::collection::vec((any::<u8>(), "['() =&é/a-c\n]{0,12}| and |' or '|\\PC{0,8}"), 0..5),
    ) {
        let mut data = Vec::new();
        for (form, text) in parts {
            data.push(form);
            data.push(u8::try_from(text.len()).unwrap());
            data.extend(text.bytes());
        }
        property::holds(&data);
    }

    #[test]
    fn any_bytes_at_all_do(data in prop::collection::vec(any::<u8>(), 0..64)) {
        property::holds(&data);
    }
}
