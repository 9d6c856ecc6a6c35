use super::samples::{at, begun, created, sending};
use super::*;

fn not_done(half: Half) -> Record {
    Record::NotDone { half, at: at(9) }
}

fn read(records: Vec<Record>) -> Operation {
    Operation::from_records(OperationId::of_key("crm-1"), &records).unwrap()
}

#[test]
fn an_operation_comes_from_nothing_over_doubt_to_complete() {
    use Half::{Connected, Own};
    let mut records = vec![begun()];
    for (record, stage) in [
        (None, Stage::NotBegun),
        (Some(sending(Own, 1)), Stage::OwnInDoubt),
        (Some(not_done(Own)), Stage::NotBegun),
        (Some(sending(Own, 2)), Stage::OwnInDoubt),
        (Some(created(Own, "a")), Stage::OwnCreated),
        (Some(sending(Connected, 3)), Stage::ConnectedInDoubt),
        (Some(not_done(Connected)), Stage::OwnCreated),
        (Some(sending(Connected, 4)), Stage::ConnectedInDoubt),
        (Some(created(Connected, "b")), Stage::Complete),
    ] {
        records.extend(record);
        let operation = read(records.clone());
        assert_eq!(operation.stage(), stage);
        assert_eq!(operation.is_open(), stage != Stage::Complete);
        assert_eq!(operation.records(), records.len());
        assert!(!operation.twin_possible());
    }
    let operation = read(records);
    assert_eq!(operation.own_id().unwrap().as_str(), "a");
    assert_eq!(operation.connected_id().unwrap().as_str(), "b");
    assert_eq!(operation.engagement_id().unwrap().as_str(), "e");
    assert_eq!(operation.marker(), "crm-1");
    assert_eq!(operation.begun_at(), at(0));
    let request = |half| operation.request_id(half).unwrap().as_u128();
    assert_eq!(
        (request(Own), request(Connected)),
        (1, 3),
        "the first one's"
    );
}

#[test]
fn a_refusal_settles_its_own_attempt_and_no_earlier_one() {
    let half = Half::Own;
    let operation = read(vec![
        begun(),
        sending(half, 5),
        Record::Unanswered {
            half,
            at: at(6),
            carried_out: false,
            referral: None,
        },
        sending(half, 3),
        not_done(half),
    ]);
    assert_eq!(operation.stage(), Stage::OwnInDoubt);
    let state = operation.half(half);
    assert_eq!((state.sends, state.doubts), (2, 1));
    assert_eq!(state.since, Some(at(3)), "the earliest");
    assert_eq!(state.last_sent, Some(at(3)), "the last");
    assert!(!state.carried_out);
}

#[test]
fn what_an_unreadable_answer_let_see_is_kept() {
    let half = Half::Own;
    let unanswered = |carried_out, id: Option<&str>| Record::Unanswered {
        half,
        at: at(2),
        carried_out,
        referral: id.map(|id| ReferralId::new(id).unwrap()),
    };
    let operation = read(vec![
        begun(),
        sending(half, 1),
        unanswered(true, Some("x")),
        unanswered(false, None),
    ]);
    let state = operation.half(half);
    assert!(state.carried_out);
    assert_eq!(state.hint.as_ref().unwrap().as_str(), "x");
}

#[test]
fn a_create_sent_twice_leaves_a_twin_possible_until_both_are_accounted_for() {
    let half = Half::Own;
    let twice = [begun(), sending(half, 1), sending(half, 2)];
    let with = |last: &[Record]| read(twice.iter().chain(last).cloned().collect());
    assert!(!with(&[]).twin_possible(), "none is there yet");
    assert!(with(&[created(half, "a")]).twin_possible());
    assert!(!with(&[not_done(half), created(half, "a")]).twin_possible());
    let chosen = Record::Created {
        half,
        at: at(9),
        referral: ReferralId::new("a").unwrap(),
        engagement: EngagementId::new("e").unwrap(),
        by: Witness::Caller,
    };
    assert!(!with(&[chosen]).twin_possible(), "the caller knows");
    let none = Record::NoTwin { half, at: at(9) };
    assert!(!with(&[created(half, "a"), none]).twin_possible());
    let connected = [
        not_done(half),
        created(half, "a"),
        sending(Half::Connected, 3),
        sending(Half::Connected, 4),
        created(Half::Connected, "b"),
    ];
    assert!(with(&connected).twin_possible());
}

#[test]
fn an_abandoned_operation_is_open_until_it_is_closed() {
    let mut records = vec![
        begun(),
        created(Half::Own, "a"),
        Record::Abandoned { at: at(3) },
    ];
    let operation = read(records.clone());
    assert_eq!(
        (operation.stage(), operation.is_open()),
        (Stage::Abandoned, true)
    );
    records.push(Record::Closed { at: at(4) });
    let operation = read(records);
    assert_eq!(
        (operation.stage(), operation.is_open()),
        (Stage::Abandoned, false)
    );
}

#[test]
fn records_that_cannot_follow_one_another_are_refused_with_their_place() {
    let half = Half::Connected;
    for (records, position) in [
        (vec![], 1),
        (vec![sending(half, 1)], 1),
        (vec![begun(), begun()], 2),
        (
            vec![begun(), sending(half, 1), not_done(half), not_done(half)],
            4,
        ),
        (vec![begun(), Record::NoTwin { half, at: at(1) }], 2),
    ] {
        let refused = Operation::from_records(OperationId::of_key("k"), &records).unwrap_err();
        assert_eq!(refused.position, position);
        assert!(refused.to_string().contains(&position.to_string()));
    }
}

#[test]
fn a_record_is_written_with_the_names_that_journals_have() {
    let id = ReferralId::new("a").unwrap();
    for (record, text) in [
        (
            begun(),
            r#"{"record":"begun","at":"2026-01-01T00:00:00Z","marker":"crm-1","content":"0123456789abcdef0123456789abcdef","traits":"0123456789abcdef0123456789abcdef"}"#,
        ),
        (
            sending(Half::Own, 1),
            r#"{"record":"sending","half":"own","at":"2026-01-01T00:00:01Z","since":"2026-01-01T00:00:01Z","requestId":"00000000-0000-0000-0000-000000000001"}"#,
        ),
        (
            not_done(Half::Connected),
            r#"{"record":"notDone","half":"connected","at":"2026-01-01T00:00:09Z"}"#,
        ),
        (
            Record::Unanswered {
                half: Half::Own,
                at: at(1),
                carried_out: true,
                referral: Some(id),
            },
            r#"{"record":"unanswered","half":"own","at":"2026-01-01T00:00:01Z","carriedOut":true,"referral":"a"}"#,
        ),
        (
            created(Half::Own, "a"),
            r#"{"record":"created","half":"own","at":"2026-01-01T00:00:09Z","referral":"a","engagement":"e","by":"answer"}"#,
        ),
        (
            Record::Closed { at: at(1) },
            r#"{"record":"closed","at":"2026-01-01T00:00:01Z"}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&record).unwrap(), text);
        assert_eq!(serde_json::from_str::<Record>(text).unwrap(), record);
    }
}

#[cfg(feature = "restate")]
#[test]
fn a_half_is_in_doubt_while_its_create_is_sent_and_nothing_came_of_it() {
    let half = Half::Own;
    for (records, expected) in [
        (vec![begun()], false),
        (vec![begun(), sending(half, 1)], true),
        (vec![begun(), sending(half, 1), not_done(half)], false),
        (
            vec![
                begun(),
                sending(half, 1),
                sending(half, 2),
                created(half, "a"),
            ],
            false,
        ),
    ] {
        assert_eq!(
            read(records.clone()).in_doubt(half),
            expected,
            "{records:?}"
        );
    }
}

#[test]
fn when_an_attempt_ended_is_known_until_the_next_begins() {
    let half = Half::Own;
    let unanswered = Record::Unanswered {
        half,
        at: at(60),
        carried_out: false,
        referral: None,
    };
    let mut records = vec![begun()];
    for (record, ended) in [
        (sending(half, 1), None),
        (unanswered, Some(at(60))),
        (sending(half, 100), None),
        (not_done(half), Some(at(9))),
        (sending(half, 101), None),
        (created(half, "a"), Some(at(9))),
    ] {
        records.push(record);
        assert_eq!(read(records.clone()).half(half).ended, ended);
    }
}

#[test]
fn a_refusal_that_is_written_after_somebody_adopted_changes_nothing() {
    let half = Half::Own;
    let mut adopted = created(half, "a");
    if let Record::Created { by, .. } = &mut adopted {
        *by = Witness::Caller;
    }
    let operation = read(vec![begun(), sending(half, 1), adopted, not_done(half)]);
    assert_eq!(operation.stage(), Stage::OwnCreated);
    assert!(!operation.twin_possible());
    let never = Operation::from_records(operation.id(), &[begun(), not_done(half)]);
    assert_eq!(never.unwrap_err().position, 2);
}

#[test]
fn what_is_complete_cannot_be_given_up() {
    let both = [created(Half::Own, "a"), created(Half::Connected, "b")];
    let mut records = vec![begun()];
    records.extend(both);
    records.push(Record::Abandoned { at: at(9) });
    let read = Operation::from_records(OperationId::of_key("crm-1"), &records);
    assert_eq!(read.unwrap_err().position, 4);
}

#[test]
fn a_create_that_is_sent_before_the_services_time_is_known_is_marked() {
    let mut sent = sending(Half::Own, 1);
    let text = serde_json::to_string(&sent).unwrap();
    assert!(!text.contains("blind"), "{text}");
    assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), sent);
    if let Record::Sending { blind, .. } = &mut sent {
        *blind = true;
    }
    let text = serde_json::to_string(&sent).unwrap();
    assert!(text.contains(r#""blind":true"#), "{text}");
    let operation = read(vec![begun(), sent, sending(Half::Own, 2)]);
    assert!(operation.half(Half::Own).blind);
    assert!(!operation.half(Half::Connected).blind);
}
