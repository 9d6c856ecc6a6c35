//! A file of shared deals: checked as a whole, run against the sandbox, and its
//! results beside its rows.

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule};
use partner_referrals::shared_referral::import::{
    Cause, Format, Import, ImportError, Report, ResultKind, ResultWriter, RowResult,
};
use partner_referrals::shared_referral::{Many, MemoryJournal, OperationId, Rule};
use serde_json::json;
use tokio::sync::Notify;

use crate::support::{client, sandbox, writes};

/// As a spreadsheet in Germany saves it: a byte order mark, semicolons, CRLF.
/// The order of the columns is the user's, one is not of the form.
const DEALS: &str = "\u{feff}CRM ID;Deal name;Customer Name;Customer address line 1;Customer city;\
    Customer country/region;Customer postal code;Region;\
    Customer contact first name;Customer contact last name;Customer contact phone number;\
    Customer contact email address;Partner Referral Status *;Partner Referral Substatus *;\
    Estimated deal value;Currency;Estimated close date;Microsoft help required?;\
    What specific help from Microsoft ?;Consent to share Customer/Partner contact;Notes;Notes to Microsoft;\
    Solution 1;Team member 1;Team member 2\r\n\
    A-1;\"Lager; Süd\";Müller & Söhne GmbH;Am Weiher 3;Nürnberg;de;90402;Süd;\
    Jörg;Müßig;+49 911 5550100;joerg@mueller.example;Active;Accepted;12563.50;eur;1/30/2031;Yes;3;Yes;\
    \"Zwei Standorte:\r\n- \"\"Alte Werft\"\"; klein\r\n- Köln\";Bitte um Rückruf;\
    \"SOL-1234-PQRS, EUR, 10.50, 100\";\"Bob, Partner, 555, bob@fabrikam.example\";\r\n\
    \r\n\
    A-2;-Sonderposten;Contoso;One Contoso Way;Redmond;US;;;\
    Ada;Miller;4255550100;ada@contoso.example;New;Pending;99000;USD;2031-03-31;yes;QuotesOrLicensing;yes;;;\
    SOL-6115380-IPC;\"Bob, Partner, 555, bob@fabrikam.example\";\"Zoë, Smith, 556, zoe@fabrikam.example\"\r\n";

fn checked(text: &str) -> (Import<Cursor<Vec<u8>>>, Report) {
    let mut import = Import::new(Cursor::new(text.as_bytes().to_vec()), Format::Csv);
    let report = import.check().unwrap();
    (import, report)
}

#[tokio::test]
async fn a_file_is_checked_sent_and_answered_beside_its_rows() {
    let (import, report) = checked(DEALS);
    assert!(report.is_ok(), "{report}");
    assert_eq!(
        report.to_string(),
        "2 row(s), 0 with problems; 0 problem(s), 1 notice(s)\n  note: line 1, column 8 (Region): \
         not a column of the upload form: kept in the results, not sent"
    );

    let sandbox = sandbox().await;
    let deals = client(&sandbox).shared_referrals(MemoryJournal::new());
    let mut results = ResultWriter::new(Vec::new(), &report).unwrap();
    let mut expected = DEALS.lines().next().unwrap().to_owned()
        + ";Result;Operation ID;Engagement ID;Referral ID;Connected referral ID;Error\r\n";
    let mut rows = DEALS.split("\r\nA-");
    rows.next();
    let mut lines = Vec::new();
    // One after the other, so that the order of the results is known.
    let one = Many::new().concurrency(1);
    let mut ended = deals.create_rows(import, &report, one);
    while let Some(found) = ended.next().await {
        let (row, result) = found.unwrap();
        assert_eq!(result.kind, ResultKind::Created);
        results.write(&row, &result).unwrap();
        lines.push((row.line(), row.key().map(str::to_owned)));
        let made = sandbox.referrals();
        let halves = &made[made.len() - 2..];
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let ids = format!(
            ";Created;{};{};{};{};\r\n",
            OperationId::of_key(row.key().unwrap()),
            text(&halves[0]["engagementId"]),
            text(&halves[0]["id"]),
            text(&halves[1]["id"])
        );
        // As it was, but for the quotes that only the sheet's comma asked for,
        // and the guards.
        let row = rows.next().unwrap().trim_end().trim_end_matches("\r\n");
        expected += &format!("A-{row}{ids}")
            .replace(";+49", ";'+49")
            .replace(";-Sonder", ";'-Sonder")
            .replace(
                "\"SOL-1234-PQRS, EUR, 10.50, 100\"",
                "SOL-1234-PQRS, EUR, 10.50, 100",
            )
            .replace(
                "\"Bob, Partner, 555, bob@fabrikam.example\"",
                "Bob, Partner, 555, bob@fabrikam.example",
            )
            .replace(
                "\"Zoë, Smith, 556, zoe@fabrikam.example\"",
                "Zoë, Smith, 556, zoe@fabrikam.example",
            );
    }
    assert_eq!(
        lines,
        [(2, Some("A-1".to_owned())), (6, Some("A-2".to_owned()))]
    );
    let written = String::from_utf8(results.into_inner()).unwrap();
    assert_eq!(written, expected);

    let sent: Vec<_> = writes(&sandbox);
    assert_eq!(sent.len(), 4);
    let own = sent[0].json().unwrap();
    assert_eq!(own["externalReferenceId"], "A-1");
    assert_eq!(own["name"], "Lager; Süd");
    assert_eq!(own["customerProfile"]["address"]["country"], "DE");
    assert_eq!(
        own["customerProfile"]["team"][0]["phoneNumber"],
        "+49 911 5550100"
    );
    assert_eq!(own["details"]["dealValue"], json!(12563.50));
    assert_eq!(
        own["details"]["notes"],
        "Zwei Standorte:\r\n- \"Alte Werft\"; klein\r\n- Köln"
    );
    assert_eq!(
        own["target"],
        json!([{"type": "SolutionProfile", "id": "SOL-1234-PQRS"}])
    );
    let connected = sent[1].json().unwrap();
    assert_eq!(
        connected["inviteContext"],
        json!({"assistanceRequestCode": "ProofOfConceptOrDemo", "notes": "Bitte um Rückruf"})
    );

    // The results are an input like the one they came from.
    let (mut import, report) = checked(&written);
    assert!(report.is_ok(), "{report}");
    let plans: Vec<_> = import
        .rows(&report)
        .unwrap()
        .map(|row| row.unwrap().1.unwrap())
        .collect();
    assert_eq!(json!(plans[0].own()), own);
    assert_eq!(plans[1].own().name.as_deref(), Some("-Sonderposten"));

    // And the same run again costs nothing.
    let (import, report) = checked(&written);
    let again: Vec<_> = deals
        .create_rows(import, &report, Many::new())
        .collect()
        .await;
    assert_eq!(again.len(), 2);
    assert!(
        again
            .iter()
            .all(|row| row.as_ref().unwrap().1.kind == ResultKind::Created)
    );
    assert_eq!(writes(&sandbox).len(), 4);
}

#[tokio::test]
async fn what_failed_is_told_beside_its_row_with_what_is_there() {
    let sandbox = sandbox().await;
    let client = crate::support::once(&sandbox);
    let deals = client.shared_referrals(MemoryJournal::new());
    let (import, report) = checked(DEALS);
    // The first deal's second create is refused; the second deal's first has no
    // answer, and is found.
    let post = |fault| FaultRule::new(fault).method("POST");
    sandbox.set_faults(
        FaultPlan::new()
            .rule(post(Fault::status(400, FaultBody::Json)).nth(2))
            .rule(post(Fault::CutAfterWrite).nth(3)),
    );
    let one = Many::new().concurrency(1);
    let ended: Vec<_> = deals.create_rows(import, &report, one).collect().await;
    let results: Vec<_> = ended.into_iter().map(|row| row.unwrap().1).collect();
    let made = sandbox.referrals();
    let [failed, adopted] = &results[..] else {
        panic!("{results:?}");
    };
    assert_eq!(failed.kind, ResultKind::Failed);
    assert_eq!(failed.own.as_deref(), made[0]["id"].as_str());
    assert_eq!(
        failed.engagement.as_deref(),
        made[0]["engagementId"].as_str()
    );
    assert_eq!(failed.connected, None);
    let error = failed.error.as_deref().unwrap();
    assert!(
        error.contains("step 2 of 2") && error.contains("HTTP 400"),
        "{error}"
    );
    assert!(!error.contains('\n'));
    assert_eq!(adopted.kind, ResultKind::Adopted);
    assert_eq!(adopted.error, None);
}

#[tokio::test]
async fn rows_with_problems_are_left_out_and_a_changed_file_stops_the_run() {
    let broken = DEALS.replace(";eur;", ";Euro;");
    let sandbox = sandbox().await;
    let deals = client(&sandbox).shared_referrals(MemoryJournal::new());
    let (import, report) = checked(&broken);
    assert!(!report.is_ok());
    let ended: Vec<_> = deals
        .create_rows(import, &report, Many::new())
        .collect()
        .await;
    let mut kinds: Vec<_> = ended
        .iter()
        .map(|row| row.as_ref().unwrap().1.kind.as_str())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["Created", "Invalid"]);
    assert_eq!(writes(&sandbox).len(), 2);

    let (import, _) = checked(DEALS);
    let mut changed = deals.create_rows(import, &report, Many::new());
    let first = changed.next().await.unwrap();
    assert!(matches!(first, Err(ImportError::Changed)), "{first:?}");
    assert!(changed.next().await.is_none());
    assert_eq!(writes(&sandbox).len(), 2);
}

#[tokio::test]
async fn rows_that_a_run_does_not_come_to_are_skipped_and_the_next_run_takes_them() {
    let sandbox = sandbox().await;
    let deals = client(&sandbox).shared_referrals(MemoryJournal::new());
    let (import, report) = checked(DEALS);
    let stop = Arc::new(Notify::new());
    let signal = Arc::clone(&stop);
    let many = Many::new()
        .concurrency(1)
        .until(async move { signal.notified().await });
    let mut results = ResultWriter::new(Vec::new(), &report).unwrap();
    let mut rows = deals.create_rows(import, &report, many);
    let mut kinds = Vec::new();
    while let Some(row) = rows.next().await {
        let (row, result) = row.unwrap();
        results.write(&row, &result).unwrap();
        kinds.push((result.kind, result.own.is_some()));
        stop.notify_one();
    }
    let skipped = (ResultKind::Skipped, false);
    assert_eq!(kinds, [(ResultKind::Created, true), skipped]);
    assert_eq!(writes(&sandbox).len(), 2);

    let written = String::from_utf8(results.into_inner()).unwrap();
    let second = OperationId::of_key("A-2").to_string();
    assert!(
        written.contains(&format!(";Skipped;{second};")),
        "{written}"
    );
    let (import, report) = checked(&written);
    let rest = deals.create_rows(import, &report, Many::new());
    let kinds: Vec<_> = rest.map(|row| row.unwrap().1.kind).collect().await;
    assert_eq!(kinds, [ResultKind::Created; 2]);
    assert_eq!(writes(&sandbox).len(), 4);
}

#[test]
fn every_mistake_of_a_file_is_told_at_once_with_line_and_column() {
    let text = "Deal Name,Customer Name,Customer Address Line 1,Customer City,Customer Country,\
        Customer Contact First Name,Customer Contact Last Name,Customer Contact Phone number,\
        Customer Contact Email Address,Partner Referral Status,Partner Referral Substatus,Estimated Deal Value,\
        Currency,Estimated Close Date,CRM ID,Microsoft help required?,What specific help from Microsoft?,\
        Consent to share Customer/Partner contact,Solution 1,Solution 2,Team member 1,Engagement ID,Referral ID,\
        Customer Size,Attach Services,Marketplace Purchase Intent\n\
        \"two\nlines\",Contoso,One Way,Redmond,US,Ada,M,1,a@b,Active,Accepted,1,USD,1/1/2031,K-1,Yes,1,Yes,S,,\"B,P,1,b@c\",,,,,yes\n\
        ,,,,USA,,,,,Closed,Lost,\"12,563\",Euro,30/1/2031,,Maybe,7,No,\"S,USD,x\",\"S,1\",Bob,e,r,big,perhaps,maybe\n\
        Deal,Contoso,One Way,Redmond,US,Ada,M,1,a@b,New,Won,0,USD,2031-01-01,K-1,Yes,1,Yes,,,,,,,,no\n\
        Deal,Contoso,One Way,Redmond,US,,,,,New,Pending,1,USD,2031-01-01,K-2,No,,Yes,S,,\"B,P,1,b@c\",,,,,no\n\
        Deal,Contoso\n\
        Deal,\"Contoso\n";
    let (mut import, report) = checked(text);
    let found: Vec<String> = report.problems().iter().map(ToString::to_string).collect();
    let expected = [
        "line 4, column 1 (Deal Name): must not be empty: a text",
        "line 4, column 2 (Customer Name): must not be empty: a text",
        "line 4, column 3 (Customer Address Line 1): must not be empty: a text",
        "line 4, column 4 (Customer City): must not be empty: a text",
        "line 4, column 5 (Customer Country): must be two letters (ISO 3166-1 alpha-2)",
        "line 4, column 6 (Customer Contact First Name): must not be empty: a text",
        "line 4, column 7 (Customer Contact Last Name): must not be empty: a text",
        "line 4, column 8 (Customer Contact Phone number): must not be empty: a text",
        "line 4, column 9 (Customer Contact Email Address): must not be empty: a text",
        "line 4, column 10 (Partner Referral Status): must be New or Active: create the deal open, then close it with ReferralsClient::transition",
        "line 4, column 12 (Estimated Deal Value): must be a number such as 12563 or 12563.50, without grouping or currency",
        "line 4, column 13 (Currency): must be three letters (ISO 4217)",
        "line 4, column 14 (Estimated Close Date): must be a day such as 1/30/2030 (month first, UTC) or 2030-01-30, or an ISO 8601 time",
        "line 4, column 15 (CRM ID): must not be empty: the deal's id in your own system, by which a run can be continued",
        "line 4, column 16 (Microsoft help required?): must be Yes",
        "line 4, column 17 (What specific help from Microsoft?): must be a number from 1 to 6, or the name of the code such as ProofOfConceptOrDemo",
        "line 4, column 18 (Consent to share Customer/Partner contact): must be true: without consent the deal is neither created nor updated",
        "line 4, column 19 (Solution 1): must be an id, then currency, price and quantity where there are any: SOL-1234-PQRS, USD, 10, 100",
        "line 4, column 20 (Solution 2): must be an id, then currency, price and quantity where there are any: SOL-1234-PQRS, USD, 10, 100",
        "line 4, column 21 (Team member 1): must be first name, last name, phone number and e-mail address: four parts with commas between them",
        "line 4, column 22 (Engagement ID): must be empty: this import only creates; update the deal that is there with ReferralsClient::patch",
        "line 4, column 23 (Referral ID): must be empty: this import only creates; update the deal that is there with ReferralsClient::patch",
        "line 4, column 24 (Customer Size): must be a size such as 10to50employees",
        "line 4, column 25 (Attach Services): must be Yes or No",
        "line 4, column 26 (Marketplace Purchase Intent): must be Yes, No or Have not decided",
        "line 5, column 11 (Partner Referral Substatus): does not belong to the status; the service knows New with Pending or Received, Active with Accepted, Closed with Won or Lost or Declined or Expired",
        "line 5, column 12 (Estimated Deal Value): must be more than zero: the portal cannot update a deal without a value",
        "line 5, column 19 (Solution 1): must not be empty: an id, then currency, price and quantity where there are any: SOL-1234-PQRS, USD, 10, 100",
        "line 5, column 21 (Team member 1): must not be empty: first name, last name, phone number and e-mail address: four parts with commas between them",
        "line 5, column 15 (CRM ID): lines 2 and 5 have the same CRM id: each deal needs one of its own, otherwise one of them is taken for the other",
        "line 6, column 16 (Microsoft help required?): must be Yes: a deal without help is not shared with Microsoft; create it with ReferralsClient::create",
    ];
    assert_eq!(found[..expected.len()], expected);
    // A row that was cut has that problem, and those of the cells it lacks.
    assert_eq!(
        found[expected.len()],
        "line 7: the row has 2 cells, the heading line 26: perhaps the file was cut"
    );
    assert_eq!(
        found.last().unwrap(),
        "line 8: a quote is not closed, so the rest of the file was read as this row; close it, and write a quote in a text twice"
    );
    let kinds = |line| -> Vec<Cause> {
        let of_line = report
            .problems()
            .iter()
            .filter(|problem| problem.line() == line);
        of_line.map(|problem| problem.cause()).collect()
    };
    assert_eq!(
        kinds(5),
        [
            Cause::Plan(Rule::Lifecycle),
            Cause::Plan(Rule::Portal),
            Cause::Cell,
            Cause::Cell,
            Cause::Key
        ]
    );
    let notices: Vec<String> = report.notices().iter().map(ToString::to_string).collect();
    assert_eq!(
        notices,
        [
            "line 2, column 26 (Marketplace Purchase Intent): Yes and No are left out: how they are written on the \
          wire is not known; set them in Partner Center afterwards (3 rows)"
        ]
    );

    // The rows that have no problem have a plan all the same.
    let plans: Vec<(u64, bool)> = import
        .rows(&report)
        .unwrap()
        .map(|found| found.map(|(row, plan)| (row.line(), plan.is_ok())).unwrap())
        .collect();
    assert_eq!(
        plans,
        [
            (2, true),
            (4, false),
            (5, false),
            (6, false),
            (7, false),
            (8, false)
        ]
    );
}

#[test]
fn the_example_has_no_problems() {
    let mut import = Import::open("examples/data/deals.csv", Format::Csv).unwrap();
    let report = import.check().unwrap();
    assert_eq!(
        report.to_string(),
        "2 row(s), 0 with problems; 0 problem(s), 0 notice(s)"
    );
    let last = import.rows(&report).unwrap().last().unwrap().unwrap();
    assert_eq!(last.0.line(), 3);
    let plan = last.1.unwrap();
    let notes = plan.own().details.notes.as_deref();
    assert_eq!(notes, Some("Two sites:\n- Köln\n- \"Alte Werft\""));
    assert_eq!(plan.own().team.as_ref().map(Vec::len), Some(2));
}

/// A file that is long in coming: the signal to stop comes before it.
struct Slow {
    inner: Cursor<Vec<u8>>,
    stop: Arc<Notify>,
    armed: Arc<AtomicBool>,
}

impl Read for Slow {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        if self.armed.load(Ordering::SeqCst) {
            self.stop.notify_one();
            std::thread::sleep(Duration::from_millis(100));
        }
        self.inner.read(to)
    }
}

impl Seek for Slow {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}

#[tokio::test]
async fn a_signal_while_the_first_row_is_read_creates_nothing() {
    let sandbox = sandbox().await;
    let deals = client(&sandbox).shared_referrals(MemoryJournal::new());
    let (stop, armed) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
    let from = Slow {
        inner: Cursor::new(DEALS.as_bytes().to_vec()),
        stop: Arc::clone(&stop),
        armed: Arc::clone(&armed),
    };
    let mut import = Import::new(from, Format::Csv);
    let report = import.check().unwrap();
    armed.store(true, Ordering::SeqCst);
    let many = Many::new()
        .concurrency(1)
        .until(async move { stop.notified().await });
    let rows = deals.create_rows(import, &report, many);
    let kinds: Vec<_> = rows.map(|row| row.unwrap().1.kind).collect().await;
    assert_eq!(kinds, [ResultKind::Skipped; 2]);
    assert_eq!(writes(&sandbox).len(), 0);
}

#[tokio::test]
async fn a_row_that_is_skipped_keeps_the_ids_of_an_earlier_run() {
    let sandbox = sandbox().await;
    let deals = client(&sandbox).shared_referrals(MemoryJournal::new());
    let (import, report) = checked(DEALS);
    let rows = deals.create_rows(import, &report, Many::new());
    let made: Vec<_> = rows.map(|row| row.unwrap().1).collect().await;
    let before = sandbox.requests().len();

    let (import, report) = checked(DEALS);
    let many = Many::new().concurrency(1).until(std::future::ready(()));
    let rows = deals.create_rows(import, &report, many);
    let skipped: Vec<_> = rows.map(|row| row.unwrap().1).collect().await;
    assert_eq!(skipped.len(), 2);
    for result in skipped {
        assert_eq!(result.kind, ResultKind::Skipped);
        let same = |one: &&RowResult| one.operation == result.operation;
        let made = made.iter().find(same).unwrap();
        assert!(result.own.is_some() && result.connected.is_some());
        assert_eq!(
            (result.engagement, result.own, result.connected),
            (
                made.engagement.clone(),
                made.own.clone(),
                made.connected.clone()
            )
        );
    }
    assert_eq!(sandbox.requests().len(), before, "it costs no request");
}
