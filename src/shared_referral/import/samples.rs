//! Sheets for the tests: a good row, and changes of it.

use std::io::Cursor;

use super::{Format, Import, Report};

/// A row without problems.
pub(super) const GOOD: [(&str, &str); 24] = [
    ("Deal Name", "Supply chain"),
    ("Customer Name", "Contoso"),
    ("Customer Address Line 1", "One Contoso Way"),
    ("Customer City", "Redmond"),
    ("Customer Country", "US"),
    ("Customer Contact First Name", "Ada"),
    ("Customer Contact Last Name", "Miller"),
    ("Customer Contact Phone number", "4255550100"),
    ("Customer Contact Email Address", "ada@contoso.example"),
    ("Partner Referral Status", "Active"),
    ("Partner Referral Substatus", "Accepted"),
    ("Estimated Deal Value", "12563"),
    ("Currency", "USD"),
    ("Estimated Close Date", "1/30/2031"),
    ("CRM ID", "CRM-1"),
    ("Notes", ""),
    ("Microsoft help required?", "Yes"),
    ("What specific help from Microsoft?", "3"),
    ("Share with Microsoft sales team", ""),
    ("Consent to share Customer/Partner contact", "Yes"),
    ("Marketplace Purchase Intent", "Have not decided"),
    ("Solution 1", "SOL-1234-PQRS, USD, 10, 100"),
    (
        "Team member 1",
        "Bob, Partner, 4255550101, bob@fabrikam.example",
    ),
    ("Customer Size", ""),
];

/// The headings of [`GOOD`] and those that only a row has, then the rows, all
/// cells in quotes.
pub(super) fn sheet(rows: &[&[(&str, &str)]], separator: char) -> String {
    let mut headings: Vec<&str> = GOOD.iter().map(|(heading, _)| *heading).collect();
    for (heading, _) in rows.iter().copied().flatten() {
        if !headings.contains(heading) {
            headings.push(heading);
        }
    }
    let line = |cells: Vec<&str>| {
        let quoted: Vec<String> = cells
            .iter()
            .map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")))
            .collect();
        quoted.join(&separator.to_string()) + "\n"
    };
    let mut text = line(headings.clone());
    for row in rows {
        let cell = |heading: &str| {
            row.iter()
                .chain(&GOOD)
                .find(|(name, _)| *name == heading)
                .map_or("", |(_, cell)| *cell)
        };
        text += &line(headings.iter().map(|heading| cell(heading)).collect());
    }
    text
}

pub(super) fn csv(text: impl AsRef<[u8]>) -> Import<Cursor<Vec<u8>>> {
    Import::new(Cursor::new(text.as_ref().to_vec()), Format::Csv)
}

pub(super) fn json(text: impl AsRef<[u8]>) -> Import<Cursor<Vec<u8>>> {
    Import::new(Cursor::new(text.as_ref().to_vec()), Format::JsonLines)
}

pub(super) fn told(report: &Report) -> Vec<String> {
    report.problems().iter().map(ToString::to_string).collect()
}
