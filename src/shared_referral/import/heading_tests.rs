use super::*;
use crate::shared_referral::import::samples::{csv, sheet, told};

fn headings(text: &str) -> Headings {
    Headings::read(&mut Lines::new(text.as_bytes())).unwrap()
}

fn known(text: &str) -> Vec<(usize, &'static str, u32)> {
    headings(text)
        .layout
        .used
        .iter()
        .map(|used| (used.index, used.column.heading, used.number))
        .collect()
}

#[test]
fn a_heading_is_known_in_every_spelling() {
    for text in [
        "Customer D-U-N-S ID",
        " customer d-u-n-s id ",
        "Customer DUNS ID *",
        "\u{feff}CUSTOMER_DUNS_ID",
    ] {
        assert_eq!(known(text), [(0, "Customer D-U-N-S ID", 0)], "{text}");
    }
    assert_eq!(
        known("PartnerID (formerly MPNID),Customer country/region,Customer Address Line 2"),
        [
            (2, "Customer Address Line 2", 0),
            (1, "Customer Country", 0),
            (0, "PartnerID (formerly MPN ID)", 0)
        ]
    );
    // The number of the column, not its place, is the order.
    assert_eq!(
        known("Solution 10,Team member 1,Solution 2,Microsoft team member 1,Address Line 3"),
        [
            (2, "Solution", 2),
            (0, "Solution", 10),
            (1, "Team member", 1),
            (3, "Microsoft team member", 1)
        ]
    );
}

#[test]
fn the_separator_is_the_one_under_which_headings_are_known() {
    for (text, separator) in [
        ("Deal Name,Notes\n", b','),
        ("Deal Name;Notes\n", b';'),
        ("Deal Name\tNotes\n", b'\t'),
        ("\"a,b,c,d\";Deal Name;Notes\n", b';'),
        ("sep=;\r\nDeal Name;Notes\n", b';'),
        ("Deal Name\n", b','),
    ] {
        assert_eq!(headings(text).layout.separator, separator, "{text:?}");
    }
    assert_eq!(known("sep=;\r\nDeal Name;Notes\n")[0], (0, "Deal Name", 0));
}

#[test]
fn a_heading_twice_is_a_problem_and_an_unknown_one_a_notice() {
    let text = sheet(
        &[&[
            ("crm id*", "x"),
            ("Region", ""),
            ("REGION ", ""),
            ("Solution 01", ""),
        ]],
        ',',
    );
    let report = csv(text).check().unwrap();
    assert_eq!(
        told(&report),
        [
            "line 1, column 25 (crm id*): the same as column 15: remove or rename one",
            "line 1, column 27 (REGION): the same as column 26: remove or rename one",
            "line 1, column 28 (Solution 01): the same as column 22: remove or rename one",
        ]
    );
    let notices: Vec<String> = report.notices().iter().map(ToString::to_string).collect();
    assert_eq!(
        notices,
        [
            "line 1, column 26 (Region): not a column of the upload form: kept in the results, not sent"
        ]
    );
}

#[test]
fn a_missing_column_is_told_once_and_not_for_every_row() {
    let text = sheet(&[&[], &[("CRM ID", "CRM-2")]], ',')
        .replacen("Currency", "Money", 1)
        .replacen("Team member 1", "Colleague", 1)
        .replacen("Customer Contact Last Name", "Surname", 1);
    let report = csv(text).check().unwrap();
    let missing = "the required column is missing: add it";
    assert_eq!(
        told(&report),
        [
            format!("line 1 (Customer Contact Last Name): {missing}"),
            format!("line 1 (Currency): {missing}"),
            format!("line 1 (Team member 1): {missing}"),
        ]
    );
    assert_eq!(report.notices().len(), 3);
}

#[test]
fn the_result_columns_are_known_only_all_together() {
    let all = format!("Deal Name,{},Notes", RESULT_HEADINGS.join(","));
    assert_eq!(headings(&all).layout.earlier, Some(1..7));
    assert_eq!(known(&all), [(0, "Deal Name", 0), (7, "Notes", 0)]);
    let some = all.replace("Operation ID,", "");
    assert_eq!(headings(&some).layout.earlier, None);
    assert!(known(&some).contains(&(2, "Engagement ID", 0)));
}

#[test]
fn a_file_without_a_heading_line_is_a_problem() {
    for (text, told_of) in [
        ("", "empty"),
        ("\r\n\r\n", "empty"),
        ("\"Deal Name", "not closed"),
    ] {
        let report = csv(text).check().unwrap();
        assert_eq!(report.problems().len(), 1, "{text:?}");
        assert!(report.problems()[0].message().contains(told_of));
        assert!(matches!(
            csv(text).rows(&report),
            Err(ImportError::Headings)
        ));
    }
    // A row in place of the headings is not shown; nor are the rows after it
    // told of.
    let rows = "Lovelace,ada@contoso.example,ada@contoso.example\nx,y\n";
    let report = csv(rows).check().unwrap();
    assert_eq!(
        report.to_string(),
        "1 row(s), 1 with problems; 2 problem(s), 0 notice(s)\n  line 1: no heading of the upload form \
         is in this line: the file must begin with the headings\n  line 2: the row has 2 cells, the \
         heading line 3: perhaps the file was cut"
    );
    let report = csv(b"Deal Name,\xff\nx,y\n").check().unwrap();
    assert_eq!(report.problems().len(), 1, "{report}");
    assert!(report.to_string().contains("UTF-8"), "{report}");
}
