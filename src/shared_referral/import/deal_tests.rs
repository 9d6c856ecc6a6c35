use super::*;
use crate::shared_referral::import::samples::{GOOD, csv, sheet, told};
use proptest::prelude::*;

/// The problems of a good row with these cells in it.
fn problems(changes: &[(&str, &str)]) -> Vec<String> {
    told(&csv(sheet(&[changes], ',')).check().unwrap())
}

fn plan(changes: &[(&str, &str)]) -> serde_json::Value {
    let mut import = csv(sheet(&[changes], ','));
    let report = import.check().unwrap();
    let (_, plan) = import.rows(&report).unwrap().next().unwrap().unwrap();
    let plan = plan.unwrap();
    let engagement = crate::EngagementId::from(uuid::Uuid::nil());
    serde_json::json!([plan.own(), plan.connected_for(&engagement).invite_context])
}

#[test]
fn a_good_row_becomes_this_plan() {
    assert_eq!(
        plan(&[
            ("Notes", "Two\nlines"),
            ("Notes to Microsoft", "Can you join?"),
            ("Share with Microsoft sales team", "yes"),
            ("Customer D-U-N-S ID", "81466849"),
            ("Customer Size", "10to50Employees"),
            ("Sales Stage", "40"),
            ("Solution 3", "SOL-6115380-IPC"),
            ("Attach Services", "No"),
            ("Customer Country", "us"),
            ("Currency", "usd"),
        ]),
        serde_json::json!([{
            "name": "Supply chain",
            "type": "Shared",
            "qualification": "SalesQualified",
            "status": "Active",
            "substatus": "Accepted",
            "salesStage": "40",
            "externalReferenceId": "CRM-1",
            "target": [{"type": "SolutionProfile", "id": "SOL-1234-PQRS"}],
            "customerProfile": {
                "name": "Contoso",
                "address": {"addressLine1": "One Contoso Way", "city": "Redmond", "country": "US"},
                "ids": [{"profileType": "Duns", "id": "81466849"}],
                "size": "10to50employees",
                "team": [{
                    "firstName": "Ada", "lastName": "Miller",
                    "phoneNumber": "4255550100", "email": "ada@contoso.example",
                }],
            },
            "consent": {
                "consentToToShareInfoWithOthers": true,
                "consentToContact": true,
                "consentToShareReferralWithMicrosoftSellers": true,
            },
            "details": {
                "notes": "Two\nlines",
                "dealValue": 12563,
                "currency": "USD",
                "closingDateTime": "2031-01-30T00:00:00Z",
                "requirements": {
                    "solutions": [
                        {"id": "SOL-1234-PQRS", "type": "Name", "currency": "USD", "price": 10, "quantity": 100},
                        {"id": "SOL-6115380-IPC", "type": "Name"},
                    ],
                    "additionalRequirements": {
                        "iot": {"attachServices": false},
                        "attributes": [{"id": "HaveNotDecided", "type": "CustomerMarketplaceIntent"}],
                    },
                },
            },
            "team": [{
                "firstName": "Bob", "lastName": "Partner",
                "phoneNumber": "4255550101", "email": "bob@fabrikam.example",
            }],
        }, {
            "assistanceRequestCode": "ProofOfConceptOrDemo",
            "notes": "Can you join?",
        }])
    );
}

#[test]
fn new_with_accepted_is_sent_as_active_and_told_once() {
    let change: &[(&str, &str)] = &[("Partner Referral Status", "New")];
    assert_eq!(plan(change)[0]["status"], "Active");
    let second = [("Partner Referral Status", "new"), ("CRM ID", "CRM-2")];
    let report = csv(sheet(&[change, &second], ',')).check().unwrap();
    let notices: Vec<String> = report.notices().iter().map(ToString::to_string).collect();
    assert_eq!(
        notices,
        [
            "line 2, column 10 (Partner Referral Status): New with Accepted is sent as Active with \
          Accepted: the API knows Accepted with Active only (2 rows)"
        ]
    );
}

#[test]
fn every_required_cell_is_told_when_it_is_blank_and_only_once() {
    for (heading, _) in GOOD {
        let optional = ["Notes", "Share with Microsoft sales team", "Customer Size"];
        let found = problems(&[(heading, " ")]);
        let expected = usize::from(!optional.contains(&heading));
        assert_eq!(found.len(), expected, "{heading}: {found:?}");
        for problem in found {
            assert!(
                problem.contains(&format!("({heading}): must not be empty")),
                "{problem}"
            );
        }
    }
}

#[test]
fn what_the_plan_says_is_told_of_the_column() {
    for (heading, cell, expected) in [
        (
            "Customer Country",
            "USA",
            "line 2, column 5 (Customer Country): must be two letters (ISO 3166-1 alpha-2)",
        ),
        (
            "Currency",
            "Euro",
            "line 2, column 13 (Currency): must be three letters (ISO 4217)",
        ),
        (
            "Estimated Deal Value",
            "0",
            "line 2, column 12 (Estimated Deal Value): must be more than zero",
        ),
        (
            "Consent to share Customer/Partner contact",
            "no",
            "line 2, column 20 (Consent to share Customer/Partner contact): must be true",
        ),
        (
            "Share with Microsoft sales team",
            "No",
            "line 2, column 19 (Share with Microsoft sales team): must not be false",
        ),
        (
            "Partner Referral Substatus",
            "Won",
            "line 2, column 11 (Partner Referral Substatus): does not belong to the status; the service knows New with Pending or Received, Active with Accepted, Closed with",
        ),
    ] {
        let found = problems(&[(heading, cell)]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(expected), "{found:?}");
    }
}

#[test]
fn a_row_without_help_has_one_problem_that_says_so() {
    let found = problems(&[
        ("Microsoft help required?", "No"),
        ("What specific help from Microsoft?", ""),
        ("Customer Contact First Name", ""),
        ("Customer Contact Email Address", ""),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("not shared with Microsoft"), "{found:?}");
}

#[test]
fn the_51st_solution_is_the_one_too_many() {
    let headings: Vec<String> = (1..=51)
        .map(|number| format!("Solution {number}"))
        .collect();
    let cells: Vec<(&str, &str)> = headings
        .iter()
        .map(|heading| (heading.as_str(), "SOL-1234-PQRS"))
        .collect();
    assert_eq!(problems(&cells[..50]), [""; 0]);
    assert_eq!(
        problems(&cells),
        ["line 2, column 74 (Solution 51): one too many: a deal has 50 at most"]
    );
}

#[test]
fn a_row_of_another_length_is_a_problem_unless_only_blank_cells_are_too_many() {
    let text = sheet(&[&[]], ',');
    let with = |end: &str| told(&csv(text.trim_end().to_owned() + end).check().unwrap());
    assert_eq!(with(",,\n"), [""; 0]);
    assert_eq!(
        with(",,x\n"),
        [
            "line 2: the row has 26 cells, the heading line 24: put a text with the separator in it between quotes"
        ]
    );
    let short = text.trim_end().trim_end_matches(",\"\"");
    assert_eq!(
        told(&csv(short).check().unwrap()),
        ["line 2: the row has 23 cells, the heading line 24: perhaps the file was cut"]
    );
}

#[test]
fn a_guarded_cell_is_read_without_its_guard() {
    let change = [("Customer Contact Phone number", "'+49 30 1234")];
    let team = &plan(&change)[0]["customerProfile"]["team"];
    assert_eq!(team[0]["phoneNumber"], "+49 30 1234");
}

/// Cells that are good, bad and odd for most columns.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "",
            " ",
            "Yes",
            "No",
            "3",
            "Active",
            "Accepted",
            "SOL-1, USD, 1, 2",
            "a, b, 1, c@d",
            "=1",
            "'-1",
        ])
        .prop_map(str::to_owned),
        ".{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_problems_of_a_row_do_not_depend_on_the_others(
        rows in proptest::collection::vec(proptest::collection::vec(cell(), GOOD.len()), 1..4),
    ) {
        let rows: Vec<Vec<(&str, &str)>> = rows
            .iter()
            .map(|cells| GOOD.iter().zip(cells).map(|((heading, _), cell)| (*heading, cell.as_str())).collect())
            .collect();
        // What is told of one row alone, and of it among the others. A CRM id
        // that was there before is the one exception.
        let of = |rows: &[&[(&str, &str)]]| {
            let mut import = csv(sheet(rows, ','));
            let report = import.check().unwrap();
            let mut all: Vec<Vec<String>> = Vec::new();
            for found in import.rows(&report).unwrap() {
                let (_, plan) = found.unwrap();
                all.push(
                    plan.map_or_else(|problems| problems, |_| Vec::new())
                        .iter()
                        .filter(|problem| problem.cause() != Cause::Key)
                        .map(|problem| format!("{:?} {}", problem.column(), problem.message()))
                        .collect(),
                );
            }
            all
        };
        let together = of(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let alone: Vec<Vec<String>> = rows.iter().flat_map(|row| of(&[row.as_slice()])).collect();
        prop_assert_eq!(together, alone);
    }

    #[test]
    fn no_problem_shows_what_a_cell_holds(column in 0..GOOD.len(), secret in "Qx[a-z]{8}[0-9]{3}") {
        let report = csv(sheet(&[&[(GOOD[column].0, secret.as_str())]], ',')).check().unwrap();
        prop_assert!(!report.to_string().contains(&secret));
        let debug = format!("{report:?}");
        prop_assert!(!debug.contains(&secret));
    }
}
