use proptest::prelude::*;

use super::*;

const SENT: &str = include_str!("../../../openapi/examples/create_referral.request.json");
const ANSWERED: &str = include_str!("../../../openapi/examples/create_referral.response.200.json");
const KEY: &str = "opportunity-4711";

fn id() -> OperationId {
    OperationId::of_key(KEY)
}

fn sent() -> NewReferral {
    let mut sent: NewReferral = serde_json::from_str(SENT).unwrap();
    sent.external_reference_id = Some(KEY.to_owned());
    sent
}

fn answered() -> Referral {
    let mut answered: Referral = serde_json::from_str(ANSWERED).unwrap();
    answered.external_reference_id = Some(KEY.to_owned());
    answered
}

fn likeness(sent: &NewReferral, referral: &Referral) -> Likeness {
    compare(referral, id(), KEY, of_plan(id(), sent))
}

#[test]
fn the_published_answer_is_recognised_as_that_of_the_published_request() {
    assert_eq!(likeness(&sent(), &answered()), Likeness::Same);
}

#[test]
fn mark_and_content_together_decide() {
    let with = |mark: Option<&str>, name: &str| {
        let mut referral = answered();
        referral.external_reference_id = mark.map(str::to_owned);
        referral.name = Some(name.to_owned());
        likeness(&sent(), &referral)
    };
    let same = answered().name.unwrap();
    assert_eq!(with(Some(KEY), &same), Likeness::Same);
    assert_eq!(with(Some(" opportunity-4711 "), &same), Likeness::Same);
    assert_eq!(with(Some(KEY), "another"), Likeness::Alike);
    assert_eq!(with(None, &same), Likeness::Alike);
    assert_eq!(with(Some(" "), &same), Likeness::Alike);
    assert_eq!(with(None, "another"), Likeness::Other);
    assert_eq!(with(Some("opportunity-47"), &same), Likeness::Other);
    assert_eq!(with(Some("other"), "another"), Likeness::Other);
}

#[test]
fn each_trait_makes_a_difference() {
    let changes: [fn(&mut Referral); 8] = [
        |one| one.type_ = "Independent".into(),
        |one| one.name = None,
        |one| one.customer_profile.as_mut().unwrap().name = Some("x".to_owned()),
        |one| {
            let customer = one.customer_profile.as_mut().unwrap();
            customer.address.as_mut().unwrap().country = Some("DE".to_owned());
        },
        |one| one.details.as_mut().unwrap().deal_value = Some(1.into()),
        |one| one.details.as_mut().unwrap().currency = Some("EUR".to_owned()),
        |one| one.target = None,
        |one| {
            for target in one.target.iter_mut().flatten() {
                target.type_ = Some("BusinessProfileLocation".into());
            }
        },
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut referral = answered();
        change(&mut referral);
        assert_eq!(likeness(&sent(), &referral), Likeness::Alike, "{index}");
    }
}

#[test]
fn how_the_service_writes_a_value_makes_none() {
    let mut sent = sent();
    sent.name = Some("A & B \"Ltd\" <it's>".to_owned());
    sent.details.deal_value = Some("10000".parse().unwrap());
    sent.details.currency = Some("usd".to_owned());
    let mut referral = answered();
    referral.name = Some(" A &amp; B &quot;Ltd&quot;  &lt;it&#39;s&gt; ".to_owned());
    referral.details.as_mut().unwrap().deal_value = Some("10000.00".parse().unwrap());
    assert_eq!(likeness(&sent, &referral), Likeness::Same);
}

#[test]
fn an_escaped_escape_is_undone_once() {
    assert_eq!(text(Some("&amp;lt;")), "&lt;");
}

proptest! {
    #[test]
    fn a_name_is_recognised_whatever_it_holds_and_however_it_comes_back(name in ".{0,30}") {
        let mut sent = sent();
        sent.name = Some(name.clone());
        let mut referral = answered();
        for back in [
            name.clone(),
            format!(" {name}\t"),
        ] {
            referral.name = Some(back);
            prop_assert_eq!(likeness(&sent, &referral), Likeness::Same);
        }
    }
}
