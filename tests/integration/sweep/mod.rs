//! Odd values at every level: members and values of tomorrow, nulls, escaped
//! names, times and amounts in all their spellings. Driven by the document's
//! schemas, so that what is added there is swept too.

mod instance;
#[cfg(feature = "sandbox")]
mod updates;

use std::collections::BTreeSet;

use partner_referrals::types::{
    ErrorBody, NewReferral, NewRegistration, PartnerCenterErrorBody, PatchOperation, Referral,
    ReferralList, ThrottlingErrorBody,
};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::instance::{Choice, Instance, Kind, Place, Schemas, canonical};

/// JSON to type to JSON.
type RoundTrip = fn(&str) -> Result<String, serde_json::Error>;

fn through<T: DeserializeOwned + Serialize>(text: &str) -> Result<String, serde_json::Error> {
    serde_json::to_string(&serde_json::from_str::<T>(text)?)
}

/// It is read and never sent, so that the generated type writes the innermost
/// one as null does no harm.
fn through_error(text: &str) -> Result<String, serde_json::Error> {
    let written = through::<ErrorBody>(text)?;
    let none = "\"innerError\":null";
    let forms = [format!(",{none}"), format!("{none},"), none.to_owned()];
    Ok(forms
        .iter()
        .fold(written, |text, form| text.replace(form, "")))
}

/// Every schema is one of these or within one.
const ROOTS: [(&str, RoundTrip); 8] = [
    ("Referral", through::<Referral>),
    ("ReferralList", through::<ReferralList>),
    ("NewReferral", through::<NewReferral>),
    ("NewRegistration", through::<NewRegistration>),
    ("PatchOperation", through::<PatchOperation>),
    ("ErrorBody", through_error),
    ("PartnerCenterErrorBody", through::<PartnerCenterErrorBody>),
    ("ThrottlingErrorBody", through::<ThrottlingErrorBody>),
];

fn comes_back(root: &str, read: RoundTrip, instance: &Instance, what: &str) {
    let written = read(&instance.sent())
        .unwrap_or_else(|error| panic!("{root} {what}: {error}\n{}", instance.sent()));
    assert_eq!(canonical(&written), instance.kept(), "{root} {what}");
}

/// Each place of each root in another form, one at a time.
fn one_at_a_time(forms: impl Fn(&Place) -> Vec<Choice>) -> usize {
    let schemas = Schemas::load();
    let mut count = 0;
    for (root, read) in ROOTS {
        for place in schemas.places(root) {
            for form in forms(&place) {
                let instance = schemas.with(root, &place, form);
                comes_back(
                    root,
                    read,
                    &instance,
                    &format!("{} {form:?}", place.pointer()),
                );
                count += 1;
            }
        }
    }
    count
}

fn odd(kinds: &'static [Kind], forms: u8) -> impl Fn(&Place) -> Vec<Choice> {
    move |place| match kinds.contains(&place.kind) {
        true => (0..forms).map(Choice::Odd).collect(),
        false => Vec::new(),
    }
}

#[test]
fn every_schema_with_members_is_swept() {
    let schemas = Schemas::load();
    let mut swept = BTreeSet::new();
    for (root, read) in ROOTS {
        comes_back(root, read, &schemas.plain(root), "as it is usual");
        swept.extend(schemas.within(root));
    }
    let missing: Vec<_> = schemas
        .objects()
        .into_iter()
        .filter(|name| !swept.contains(*name))
        .collect();
    assert!(missing.is_empty(), "add a root for {missing:?}");
}

#[test]
fn a_member_that_came_later_is_kept_in_every_object() {
    let count = one_at_a_time(odd(&[Kind::Object], 1));
    assert!(count > 60, "{count}");
}

#[test]
fn a_value_that_came_later_is_kept_in_every_enum() {
    let count = one_at_a_time(odd(&[Kind::Enum], 3));
    assert!(count > 60, "{count}");
}

#[test]
fn null_and_absence_are_read_wherever_a_member_is_not_required() {
    let count = one_at_a_time(|place| match place.required {
        true => Vec::new(),
        false => vec![Choice::Null, Choice::Absent],
    });
    assert!(count > 400, "{count}");
}

#[test]
fn escaped_and_empty_texts_lists_in_both_shapes_and_untyped_values_are_kept() {
    let count = one_at_a_time(odd(&[Kind::Text, Kind::List, Kind::Any, Kind::Flag], 4));
    assert!(count > 400, "{count}");
}

#[test]
fn times_of_seven_six_and_no_digits_are_the_same_times_with_seven() {
    let count = one_at_a_time(odd(&[Kind::Time], 3));
    assert!(count > 60, "{count}");
}

#[test]
fn amounts_keep_digits_that_a_float_cannot_hold() {
    let count = one_at_a_time(odd(&[Kind::Amount], 3));
    assert!(count > 30, "{count}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any mixture of all of these.
    #[test]
    fn any_mixture_of_odd_values_comes_back(
        choices in prop::collection::vec((0_u8..6, any::<u8>()), 64..600),
        root in 0..ROOTS.len(),
    ) {
        let schemas = Schemas::load();
        let (root, read) = ROOTS[root];
        let mut choices = choices.iter().cycle();
        let instance = schemas.build(root, &mut |_| match choices.next() {
            Some((0, _)) => Choice::Absent,
            Some((1, _)) => Choice::Null,
            Some((2 | 3, form)) => Choice::Odd(*form),
            _ => Choice::Plain,
        });
        let written = read(&instance.sent());
        prop_assert!(written.is_ok(), "{root}: {written:?}");
        prop_assert_eq!(canonical(&written.unwrap()), instance.kept());
    }
}
