use crate::shared_referral::import::samples::{json, told};
use proptest::prelude::*;
use serde_json::{Value, json as value};

const PUBLISHED: &str = include_str!("../../../openapi/examples/create_referral.request.json");

fn good() -> Value {
    let referral: Value = serde_json::from_str(PUBLISHED).unwrap();
    value!({"referral": referral, "help": "ProofOfConceptOrDemo", "key": "CRM-1"})
}

fn problems(line: &Value) -> Vec<String> {
    told(&json(line.to_string()).check().unwrap())
}

#[test]
fn a_line_becomes_the_plan_of_its_members() {
    let mut line = good();
    line["notesToMicrosoft"] = "Can you join?".into();
    line["key"] = " CRM-7 ".into();
    line["referral"]["details"]["dealValue"] = serde_json::from_str("0.10").unwrap();
    let mut import = json(format!("\n{line}\r\n  \n"));
    let report = import.check().unwrap();
    assert!(report.is_ok(), "{report}");
    assert_eq!(report.rows(), 1);
    let (row, plan) = import.rows(&report).unwrap().next().unwrap().unwrap();
    assert_eq!((row.line(), row.key()), (2, Some("CRM-7")));
    let plan = plan.unwrap();
    let mut expected = line["referral"].clone();
    expected["externalReferenceId"] = "CRM-7".into();
    assert_eq!(value!(plan.own()), expected);
    let engagement = crate::EngagementId::from(uuid::Uuid::nil());
    let asked = plan.connected_for(&engagement).invite_context;
    assert_eq!(
        value!(asked),
        value!({"assistanceRequestCode": "ProofOfConceptOrDemo", "notes": "Can you join?"})
    );
}

#[test]
fn amounts_keep_their_digits() {
    let line = good()
        .to_string()
        .replace("\"dealValue\":50000", "\"dealValue\":9007199254740993.10");
    let mut import = json(line);
    let report = import.check().unwrap();
    let (_, plan) = import.rows(&report).unwrap().next().unwrap().unwrap();
    let value = plan.unwrap().own().details.deal_value.unwrap();
    assert_eq!(value.to_string(), "9007199254740993.10");
}

#[test]
fn each_mistake_is_told_with_its_pointer() {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut line = good();
        change(&mut line);
        problems(&line)
    };
    assert_eq!(with(&|_| ()), [""; 0]);
    assert_eq!(
        with(&|line| line["comment"] = "hello".into()),
        ["line 1 (/comment): unknown: the members are referral, help, notesToMicrosoft and key"]
    );
    assert_eq!(
        with(&|line| line["help"] = "Unknown".into())[0],
        "line 1 (/help): must name the help that is requested: a deal without is not shared with Microsoft"
    );
    assert_eq!(with(&|line| line["help"] = "Massage".into()).len(), 1);
    assert_eq!(
        with(&|line| line["help"] = 3.into()),
        ["line 1 (/help): must be a string"]
    );
    assert_eq!(
        with(&|line| line["referral"]["team"][0]["email"] = 3.into()),
        ["line 1 (/referral/team/0/email): must be a string"]
    );
    assert_eq!(
        with(&|line| line["referral"]["customerProfile"]["address"]["country"] = "USA".into()),
        [
            "line 1 (/referral/customerProfile/address/country): must be two letters (ISO 3166-1 alpha-2)"
        ]
    );
    assert_eq!(
        with(&|line| line["referral"]["type"] = "Independent".into()),
        ["line 1 (/referral/type): must be Shared"]
    );
    assert!(
        with(&|line| line["referral"]["status"] = "Secret".into())[0]
            .starts_with("line 1 (/referral/substatus): does not belong to the status")
    );
    assert!(
        with(&|line| line["referral"]["id"] = "x".into())[0]
            .starts_with("line 1 (/referral/id): must be left out")
    );
    assert!(
        with(&|line| {
            line["referral"]["engagementId"] = "cd2a1b6e-33ad-4e5c-bd0b-4a5b7f3a2a10".into();
        })[0]
            .starts_with("line 1 (/referral/engagementId): must be left out")
    );
    assert!(with(&|line| line["key"] = "".into())[0].starts_with("line 1 (/key): needed here"));
    assert!(with(&|line| line["key"] = 1.into())[0].starts_with("line 1 (/key): must be a string"));
    assert_eq!(
        with(&|line| line["referral"]["externalReferenceId"] = "CRM-2".into()),
        ["line 1 (/key): is not the externalReferenceId of the referral: leave one out"]
    );
}

#[test]
fn a_key_may_stand_in_the_referral() {
    let mut line = good();
    line.as_object_mut().unwrap().remove("key");
    line["referral"]["externalReferenceId"] = "CRM-9".into();
    let mut import = json(line.to_string());
    let report = import.check().unwrap();
    let (row, plan) = import.rows(&report).unwrap().next().unwrap().unwrap();
    assert_eq!(row.key(), Some("CRM-9"));
    assert!(plan.is_ok());
}

#[test]
fn what_is_missing_or_no_object_is_told_once() {
    assert_eq!(
        problems(&value!({"key": "x"})),
        [
            "line 1 (/referral): is missing",
            "line 1 (/help): is missing"
        ]
    );
    let report = json("[1]\n{\"a\": }\n{} {}\n{\n").check().unwrap();
    let lines: Vec<u64> = report
        .problems()
        .iter()
        .map(|problem| problem.line())
        .collect();
    assert_eq!(lines, [1, 2, 3, 4], "{report}");
    let twice = good()
        .to_string()
        .replace("\"help\":", "\"help\":\"GeneralOrOther\",\"help\":");
    assert_eq!(
        told(&json(twice).check().unwrap()),
        ["line 1 (/help): is there twice: leave one out"]
    );
    let bytes = [good().to_string().as_bytes(), b"\n\"\xff\"\n"].concat();
    assert_eq!(
        told(&json(bytes).check().unwrap()),
        ["line 2, column 2: not UTF-8"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_line_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80), cut in 0usize..1600) {
        let _ = json(&bytes).check();
        let line = good().to_string();
        let cut = line.get(..cut.min(line.len())).unwrap_or_default();
        prop_assert!(json(cut).check().is_ok());
    }

    #[test]
    fn no_problem_shows_a_value(member in 0usize..6, secret in "Qx[a-z]{8}") {
        let mut line = good();
        let pointer = [
            "/help", "/key", "/referral/type", "/referral/status", "/referral/details/dealValue",
            "/referral/customerProfile/address",
        ][member];
        *line.pointer_mut(pointer).unwrap() = secret.clone().into();
        let report = json(line.to_string()).check().unwrap();
        prop_assert!(!report.to_string().contains(&secret), "{}", report);
    }
}
