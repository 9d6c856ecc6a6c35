//! The changes that a comparison must judge right, each made in the document
//! itself: what came before, what comes after, and the verdict.

use std::sync::LazyLock;

use super::{Baseline, Bump};
use crate::check_spec::report::{Report, Severity};
use crate::check_spec::rules::Isolation;
use crate::check_spec::{DOCUMENT, check};

/// The first `from` below `after` becomes `to`; an empty `after` means all.
type Edit = (&'static str, &'static str, &'static str);

pub struct Case {
    pub name: &'static str,
    before: &'static [Edit],
    after: &'static [Edit],
    needs: Bump,
    /// The rules that must find it, and no other breaking one.
    codes: &'static [&'static str],
}

const fn case(
    name: &'static str,
    before: &'static [Edit],
    after: &'static [Edit],
    needs: Bump,
    codes: &'static [&'static str],
) -> Case {
    Case {
        name,
        before,
        after,
        needs,
        codes,
    }
}

const LINK: &str = "    Link:\n";
const GET: &str = "operationId: get_referral";
const NEW: &str = "    NewReferral:\n";
const URI: &str = "        uri:\n          type: string\n";
const WIRE: &str = "compat/wire";
const SOURCE: &str = "compat/source";
const BOTH: &[&str] = &[WIRE, SOURCE];
const BEHAVIOUR: &[&str] = &["compat/behaviour"];
const MORE: &[&str] = &["compat/addition"];
use Bump::{Major, Minor, None, Patch};

/// In the order of the notes that they come from.
#[rustfmt::skip] // One change a line, to be read as a table.
const CASES: &[Case] = &[
    case("01 operation removed", &[], &[("", "    put:\n      operationId", "    x-put:\n      operationId")], Major, BOTH),
    case("02 response property removed", &[], &[(LINK, "        uri:\n          type: string\n          nullable: true\n          description: The address; not always valid, spaces are not encoded.\n", "")], Major, BOTH),
    case("03 request property becomes required", &[], &[(NEW, "      required:\n", "      required:\n        - externalReferenceId\n")], Major, BOTH),
    case("04 enum value added in response: readers keep what they do not know", &[], &[("    RegistrationStatus:\n", "      enum:\n", "      enum:\n        - Paused\n")], Minor, MORE),
    case("05 enum value removed in request", &[], &[("    PatchOp:\n", "        - add\n", "")], Major, BOTH),
    case("06 type changed", &[], &[(LINK, "type: string", "type: integer")], Major, BOTH),
    case("07 response property becomes optional", &[], &[("    Referral:\n", "        - updatedDateTime\n", "")], Major, BOTH),
    case("08 required query parameter added", &[("", "        - $ref: '#/components/parameters/Top'\n", "")], &[("    Top:\n", "      in: query\n", "      in: query\n      required: true\n")], Major, BOTH),
    case("09 operationId renamed", &[], &[("", GET, "operationId: read_referral")], Major, &[SOURCE]),
    case("10 schema renamed", &[], &[("all", "schemas/TrackingInfo'", "schemas/Tracking'"), ("all", "    TrackingInfo:\n", "    Tracking:\n")], Major, &[SOURCE]),
    case("11 query parameters reordered: arguments are in the order of their names", &[], &[("paths:", "        - $ref: '#/components/parameters/Filter'\n        - $ref: '#/components/parameters/Select'\n", "        - $ref: '#/components/parameters/Select'\n        - $ref: '#/components/parameters/Filter'\n")], Patch, &[]),
    case("12 date-time becomes date", &[], &[("    Timestamp:\n", "format: date-time", "format: date")], Major, &[WIRE]),
    case("13 request maxLength lowered", &[("    NewOrganization:\n", "          type: string\n", "          type: string\n          maxLength: 20\n")], &[("    NewOrganization:\n", "          type: string\n", "          type: string\n          maxLength: 10\n")], Major, &[WIRE]),
    case("14 security added", &[("", "security:\n  - bearer: []\n", "security: []\n")], &[], Major, BEHAVIOUR),
    case("15 path renamed", &[], &[("", "  /v1.0/engagements/referrals:", "  /v2.0/engagements/referrals:")], Major, &[WIRE]),
    case("16 201 becomes 202", &[], &[("operationId: create_referral", "'201'", "'202'")], Major, &[WIRE]),
    case("17 unknown members refused in a request", &[], &[(NEW, "      type: object\n", "      type: object\n      additionalProperties: false\n")], Major, &[WIRE]),
    case("18 pattern narrowed", &[("    NewOrganization:\n", "          type: string\n", "          type: string\n          pattern: '^[A-Z]*$'\n")], &[("    NewOrganization:\n", "          type: string\n", "          type: string\n          pattern: '^[A-F]*$'\n")], Major, &[WIRE]),
    case("19 optional response property added", &[], &[(LINK, "        uri:\n", "        title: {type: string, description: Its title.}\n        uri:\n")], Minor, MORE),
    case("20 description", &[], &[(LINK, "One address.", "An address.")], Patch, &[]),
    case("21 change of status removed", &[], &[("x-lifecycle:", "              - Active\n              - Closed\n            substatuses:\n              - Accepted", "              - Active\n            substatuses:\n              - Accepted")], Major, BEHAVIOUR),
    case("22 response property becomes nullable", &[("    ReferralList:\n", "          type: array\n", "          type: array\n          nullable: false\n")], &[("    ReferralList:\n", "          type: array\n", "          type: array\n          nullable: true\n")], Major, BOTH),
    case("23 header becomes required", &[], &[("    IfMatch:\n", "      in: header\n", "      in: header\n      required: true\n")], Major, BOTH),
    case("24 path parameter uuid becomes text", &[("    Skip:\n", "        type: integer\n        format: int32\n", "        type: string\n        format: uuid\n")], &[("    Skip:\n", "        type: integer\n        format: int32\n", "        type: string\n")], Major, &[SOURCE]),
    case("25 body media type changed", &[], &[("operationId: patch_referral", "application/json:", "application/json-patch+json:")], Major, &[WIRE]),
    case("26 path parameter renamed", &[], &[("", "engagements/referrals/{id}:", "engagements/referrals/{key}:"), ("    Id:\n", "name: id", "name: key")], Major, &[SOURCE]),
    case("27 address of the service changed", &[], &[("", "https://api.partner.microsoft.com\n    description", "https://api.example.com\n    description")], Minor, BEHAVIOUR),
    case("28 error property removed", &[], &[("    PartnerCenterErrorBody:\n", "        description:\n          type", "        x-description:\n          type")], Major, BOTH),
    case("29 int32 becomes int64 in a parameter", &[], &[("    Top:\n", "format: int32", "format: int64")], Major, &[SOURCE]),
    case("30 inline enum gets a name", &[("    Top:\n", "        type: integer\n        format: int32\n", "        type: string\n        enum: [a, b]\n")], &[("    Top:\n", "        type: integer\n        format: int32\n", "        $ref: '#/components/schemas/Few'\n"), ("", "  schemas:\n", "  schemas:\n    Few: {type: string, enum: [a, b], description: Few., x-enum-descriptions: {a: A., b: B.}}\n")], Major, &[SOURCE]),
    case("31 operation added", &[("", "    put:\n      operationId", "    x-put:\n      operationId")], &[], Minor, MORE),
    case("32 operation deprecated", &[], &[("", "      operationId: get_referral\n", "      operationId: get_referral\n      deprecated: true\n")], Minor, &["compat/deprecated"]),
    case("33 response maxLength raised", &[(LINK, URI, "        uri:\n          type: string\n          maxLength: 10\n")], &[(LINK, URI, "        uri:\n          type: string\n          maxLength: 20\n")], Major, &[WIRE]),
    case("34 nothing", &[], &[], None, &[]),
    case("35 security given up", &[], &[("", "security:\n  - bearer: []\n", "security:\n  - bearer: []\n  - {}\n")], Minor, MORE),
    case("36 change of status added", &[("x-lifecycle:", "              - Active\n              - Closed\n            substatuses:\n              - Accepted", "              - Active\n            substatuses:\n              - Accepted")], &[], Minor, MORE),
    case("37 scheme works in another way", &[], &[("securitySchemes:", "scheme: bearer", "scheme: basic")], Major, BEHAVIOUR),
    case("39 security emptied", &[], &[("", "security:\n  - bearer: []\n", "security: []\n")], Minor, MORE),
    case("40 order of shapes", &[], &[("    ServiceError:\n", "        - $ref: '#/components/schemas/ErrorBody'\n        - $ref: '#/components/schemas/PartnerCenterErrorBody'\n", "        - $ref: '#/components/schemas/PartnerCenterErrorBody'\n        - $ref: '#/components/schemas/ErrorBody'\n")], Patch, &[]),
    case("41 header written in lower case", &[], &[("all", "X-Locale", "x-locale")], Patch, &[]),
    case("42 list in the query written in another way", &[("    Expand:\n", "        type: string\n", "        type: array\n        items: {type: string}\n")], &[("    Expand:\n", "        type: string\n", "        type: array\n        items: {type: string}\n      explode: false\n")], Major, &[WIRE]),
    case("43 unknown members of a request must be texts", &[], &[(NEW, "      type: object\n", "      type: object\n      additionalProperties: {type: string}\n")], Major, &[WIRE]),
    case("44 response header added", &[], &[("    NotFound:\n", "      headers:\n", "      headers:\n        x-new:\n          $ref: '#/components/headers/RequestId'\n")], Minor, MORE),
    case("45 property deprecated", &[], &[(LINK, URI, "        uri:\n          type: string\n          deprecated: true\n")], Minor, &["compat/deprecated"]),
    case("46 parameter deprecated", &[], &[("    Top:\n", "      in: query\n", "      in: query\n      deprecated: true\n")], Minor, &["compat/deprecated"]),
    case("47 another status ends a referral", &[], &[("        ended:\n", "          - Closed\n", "          - Closed\n          - Active\n")], Major, BEHAVIOUR),
    case("48 a figure of a registration changed", &[], &[("x-rules:", "daysSinceStart: 90", "daysSinceStart: 60")], Major, BEHAVIOUR),
    case("49 security of one operation emptied", &[], &[("", "      operationId: get_referral\n", "      operationId: get_referral\n      security: []\n")], Minor, MORE),
    case("38 nullable without a type says nothing", &[("    Referral:\n", "        lastRunId:\n", "        lastRunId:\n          nullable: true\n")], &[], Patch, &[]),
];

/// Where the first finding of each rule stands that a change must be found by:
/// on the first such line below the first line of the other text.
#[rustfmt::skip] // One place a line, to be read as a table.
const PLACES: &[(&str, &str, &str, &str)] = &[
    ("01", "compat/wire", "", "  /v1.0/engagements/referrals/{id}:"),
    ("01", "compat/source", "", "  /v1.0/engagements/referrals/{id}:"),
    ("02", "compat/wire", "    Link:", "      properties:"),
    ("02", "compat/source", "    Link:", "      properties:"),
    ("03", "compat/wire", "    NewReferral:", "        externalReferenceId:"),
    ("03", "compat/source", "", "    NewReferral:"),
    ("04", "compat/addition", "    RegistrationStatus:", "      enum:"),
    ("05", "compat/wire", "    PatchOp:", "      enum:"),
    ("05", "compat/source", "    PatchOp:", "      enum:"),
    ("06", "compat/wire", "        uri:", "          type: integer"),
    ("06", "compat/source", "", "        uri:"),
    ("07", "compat/wire", "", "        updatedDateTime:"),
    ("07", "compat/source", "", "        updatedDateTime:"),
    ("08", "compat/wire", "", "        - $ref: '#/components/parameters/Top'"),
    ("08", "compat/source", "", "    get:"),
    ("09", "compat/source", "  /v1.0/engagements/referrals/{id}:", "    get:"),
    ("10", "compat/source", "", "  schemas:"),
    ("12", "compat/wire", "", "      format: date"),
    ("13", "compat/wire", "", "          maxLength: 10"),
    ("14", "compat/behaviour", "", "security:"),
    ("15", "compat/wire", "", "paths:"),
    ("16", "compat/wire", "          application/json:", "      responses:"),
    ("17", "compat/wire", "", "      additionalProperties: false"),
    ("18", "compat/wire", "", "          pattern: '^[A-F]*$'"),
    ("19", "compat/addition", "", "        title: {type: string, description: Its title.}"),
    ("21", "compat/behaviour", "          Active:", "            becomes:"),
    ("22", "compat/wire", "        value:", "          nullable: true"),
    ("22", "compat/source", "", "        value:"),
    ("23", "compat/wire", "    IfMatch:", "      required: true"),
    ("23", "compat/source", "", "    patch:"),
    ("24", "compat/source", "", "    get:"),
    ("25", "compat/wire", "    patch:", "        content:"),
    ("26", "compat/source", "  /v1.0/engagements/referrals/{key}:", "    get:"),
    ("27", "compat/behaviour", "", "servers:"),
    ("28", "compat/wire", "    PartnerCenterErrorBody:", "      properties:"),
    ("28", "compat/source", "    PartnerCenterErrorBody:", "      properties:"),
    ("29", "compat/source", "", "    get:"),
    ("30", "compat/source", "", "    get:"),
    ("31", "compat/addition", "", "    put:"),
    ("32", "compat/deprecated", "", "      deprecated: true"),
    ("33", "compat/wire", "", "          maxLength: 20"),
    ("35", "compat/addition", "", "security:"),
    ("36", "compat/addition", "          Active:", "            becomes:"),
    ("37", "compat/behaviour", "", "    bearer:"),
    ("39", "compat/addition", "", "security: []"),
    ("42", "compat/wire", "", "      explode: false"),
    ("43", "compat/wire", "", "      additionalProperties: {type: string}"),
    ("44", "compat/addition", "", "        x-new:"),
    ("45", "compat/deprecated", "", "          deprecated: true"),
    ("46", "compat/deprecated", "    Top:", "      deprecated: true"),
    ("47", "compat/behaviour", "", "        ended:"),
    ("48", "compat/behaviour", "", "        daysSinceStart: 60"),
    ("49", "compat/addition", "", "      security: []"),
];

impl Case {
    /// What came before, and what comes after.
    fn documents(&self) -> (String, String) {
        (edit(self.name, self.before), edit(self.name, self.after))
    }
}

/// A change that was made and judged.
pub struct Judged {
    pub case: &'static Case,
    pub old: String,
    pub new: String,
    pub report: Report,
}

/// All changes, the generated code included: made once for all tests.
pub static JUDGED: LazyLock<Vec<Judged>> = LazyLock::new(|| {
    let judged = |case: &'static Case| {
        let (old, new) = case.documents();
        let report = compare(&old, &new, Option::None, Isolation::SameProcess);
        Judged {
            case,
            old,
            new,
            report,
        }
    };
    CASES.iter().map(judged).collect()
});

fn document() -> String {
    std::fs::read_to_string(crate::workspace_root().join(DOCUMENT)).unwrap()
}

fn edit(name: &str, edits: &[Edit]) -> String {
    let mut text = document();
    for (after, from, to) in edits {
        if *after == "all" {
            text = text.replace(from, to);
            continue;
        }
        let start = text
            .find(after)
            .unwrap_or_else(|| panic!("{name}: {after:?}"));
        let place = text[start..]
            .find(from)
            .unwrap_or_else(|| panic!("{name}: {from:?}"))
            + start;
        text.replace_range(place..place + from.len(), to);
    }
    text
}

fn compare(old: &str, new: &str, version: Option<&str>, isolation: Isolation<'_>) -> Report {
    let baseline = Baseline {
        name: "old.yaml".to_owned(),
        text: old.to_owned(),
        crate_version: version.map(str::to_owned),
    };
    let folder = crate::workspace_root().join("openapi");
    check(
        DOCUMENT,
        &folder,
        new.as_bytes(),
        isolation,
        Some(&baseline),
    )
}

#[test]
fn every_change_gets_its_verdict() {
    let mut wrong = Vec::new();
    for Judged { case, report, .. } in JUDGED.iter() {
        let found: Vec<String> = report
            .findings
            .iter()
            .filter(|one| one.code.starts_with("compat/") && one.code != "compat/version")
            .map(|one| format!("{} {}: {}", one.code, one.pointer, one.message))
            .collect();
        let has = |code: &str| found.iter().any(|one| one.starts_with(&format!("{code} ")));
        let breaking = [WIRE, SOURCE, "compat/behaviour"];
        let right = report.required_bump == Some(case.needs)
            && case.codes.iter().all(|code| has(code))
            && breaking
                .iter()
                .all(|code| !has(code) || case.codes.contains(code));
        if !right {
            wrong.push(format!(
                "{}: {:?}\n  {}\n  skipped {:?}",
                case.name,
                report.required_bump,
                found.join("\n  "),
                report.skipped
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The number of the first line that is `line`, from `start` on.
fn number_of(text: &str, line: &str, start: usize) -> Option<usize> {
    let found = text.lines().skip(start).position(|one| one == line);
    found.map(|index| start + index + 1)
}

#[test]
fn every_change_is_found_on_its_line() {
    let mut wrong = Vec::new();
    for Judged {
        case, new, report, ..
    } in JUDGED.iter()
    {
        for code in case.codes {
            let of_case = |(number, of, ..): &&(&str, &str, &str, &str)| {
                case.name.starts_with(number) && of == code
            };
            let (_, _, below, line) = PLACES
                .iter()
                .find(of_case)
                .unwrap_or_else(|| panic!("{} has no place for {code}", case.name));
            let start = match *below {
                "" => 0,
                below => number_of(new, below, 0).unwrap(),
            };
            let found = report.findings.iter().find(|one| one.code == *code);
            let found = found.map(|one| one.place.line);
            let expected = number_of(new, line, start);
            if found != expected {
                wrong.push(format!("{} {code}: {found:?}, not {expected:?}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_break_of_the_generated_code_stands_at_the_part_that_it_comes_from() {
    let old = document();
    let new = old.replacen(GET, "operationId: read_referral", 1);
    let report = compare(&old, &new, Option::None, Isolation::SameProcess);
    let line = new[..new.find("operationId: read_referral").unwrap()]
        .matches('\n')
        .count();
    let gone = report
        .findings
        .iter()
        .find(|one| one.message == "`Client::get_referral` is gone");
    assert_eq!(gone.unwrap().place.line, line);
}

#[test]
fn a_version_without_room_is_a_finding_and_one_with_room_makes_notes_of_the_rest() {
    let old = document();
    let new = old.replacen(
        "        uri:\n          type: string",
        "        uri:\n          type: integer",
        1,
    );
    let errors = |new: &str, version| {
        let report = compare(&old, new, version, Isolation::NotTried);
        let found = report
            .findings
            .iter()
            .filter(|one| one.code.starts_with("compat/"));
        let found = found.filter(|one| one.severity == Severity::Error);
        found.map(|one| one.code.clone()).collect::<Vec<String>>()
    };
    assert!(errors(&new, Option::None).contains(&"compat/version".to_owned()));
    assert!(errors(&new, Option::None).contains(&WIRE.to_owned()));
    let raised = new.replacen("version: 0.1.0", "version: 0.2.0", 1);
    assert_eq!(errors(&raised, Some("0.2.0")), [""; 0]);
    assert!(errors(&raised, Some("0.1.0")).contains(&"compat/version".to_owned()));
    let back = new.replacen("version: 0.1.0", "version: 0.0.9", 1);
    assert!(errors(&back, Option::None).contains(&"compat/version".to_owned()));
}

#[test]
fn a_baseline_that_is_no_openapi_is_a_finding_at_its_own_place() {
    for (text, line) in [
        ("- a\n- b\n", 1),
        ("openapi: 3.0.3\ninfo: text\npaths: {}\n", 2),
        ("info: {version: 1}\npaths: {}\n", 1),
        ("info: {version: 1.0.0}\ncomponents: []\npaths: 3\n", 3),
        ("info: {version: 1.0.0}\n", 1),
    ] {
        let report = compare(text, &document(), Option::None, Isolation::NotTried);
        let found: Vec<_> = report.findings.iter().collect();
        assert_eq!(found.len(), 1, "{text}{found:?}");
        assert_eq!(found[0].code, "compat/baseline", "{text}");
        assert_eq!(
            (found[0].file.as_str(), found[0].place.line),
            ("old.yaml", line)
        );
        assert!(report.closing().ends_with("not compared with old.yaml"));
    }
    // What else is odd in it makes the comparison no worse.
    let odd = "info: {version: 1.0.0}\npaths: {/a: 1, /b: {get: 2, put: {responses: 3, parameters: [4]}}}\n\
               components: []\nsecurity: 1\nservers: {}\n";
    let report = compare(odd, &document(), Option::None, Isolation::NotTried);
    let broken = |one: &&crate::check_spec::report::Finding| one.group() == "internal";
    assert_eq!(report.findings.iter().find(broken), Option::None);
}

#[test]
fn a_baseline_that_cannot_be_read_is_a_finding() {
    let report = compare("a: [", &document(), Option::None, Isolation::NotTried);
    assert!(report.findings.iter().any(|one| one.file == "old.yaml"));
    assert!(Baseline::named("no/such/file", Option::None).is_err());
    assert!(Baseline::named("HEAD:no/such/file", Option::None).is_err());
}
