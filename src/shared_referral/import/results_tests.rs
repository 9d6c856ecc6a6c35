use super::*;
use crate::shared_referral::import::samples::{csv, json, sheet};
use proptest::prelude::*;

fn result() -> RowResult {
    RowResult::new(ResultKind::Created)
        .with_operation("op-1")
        .with_engagement("e-1")
        .with_own("r-1")
        .with_connected("r-2")
}

/// The results of a CSV, every row with the same one.
fn results(text: &str, result: &RowResult) -> String {
    let mut import = csv(text);
    let report = import.check().unwrap();
    let mut writer = ResultWriter::new(Vec::new(), &report).unwrap();
    for found in import.rows(&report).unwrap() {
        writer.write(&found.unwrap().0, result).unwrap();
    }
    String::from_utf8(writer.into_inner()).unwrap()
}

#[test]
fn the_results_stand_beside_the_input_and_replace_those_of_an_earlier_run() {
    let text =
        "\u{feff}".to_owned() + &sheet(&[&[("Notes", "a \"b\"\n;c"), ("Mine", "=1+1")]], ';');
    let first = results(&text, &result());
    let lines: Vec<&str> = first.splitn(2, "\r\n").collect();
    assert!(
        lines[0].starts_with("\u{feff}Deal Name;Customer Name;"),
        "{first}"
    );
    assert!(
        lines[0].ends_with(";Customer Size;Mine;Result;Operation ID;Engagement ID;Referral ID;Connected referral ID;Error"),
        "{first}"
    );
    assert!(lines[1].contains(";\"a \"\"b\"\"\n;c\";Yes;3;"), "{first}");
    assert!(
        lines[1].ends_with(";'=1+1;Created;op-1;e-1;r-1;r-2;\r\n"),
        "{first}"
    );

    let again = results(
        &first,
        &RowResult::new(ResultKind::Adopted).with_error("-x"),
    );
    assert_eq!(
        again,
        first.replace("Created;op-1;e-1;r-1;r-2;", "Adopted;;;;;'-x")
    );
}

#[test]
fn json_lines_get_their_line_and_their_crm_id() {
    let published = include_str!("../../../openapi/examples/create_referral.request.json");
    let referral: serde_json::Value = serde_json::from_str(published).unwrap();
    let line = serde_json::json!({"referral": referral, "help": "GeneralOrOther", "key": "=CRM"});
    let mut import = json(format!("\n{line}\n[]\n"));
    let report = import.check().unwrap();
    let mut writer = ResultWriter::new(Vec::new(), &report).unwrap();
    for found in import.rows(&report).unwrap() {
        let (row, plan) = found.unwrap();
        let result = plan.map_or_else(|problems| RowResult::invalid(&problems), |_| result());
        writer.write(&row, &result).unwrap();
    }
    assert_eq!(
        String::from_utf8(writer.into_inner()).unwrap(),
        "Line,CRM ID,Result,Operation ID,Engagement ID,Referral ID,Connected referral ID,Error\r\n\
         2,'=CRM,Created,op-1,e-1,r-1,r-2,\r\n\
         3,,Invalid,,,,,\"line 3: not one JSON object on one line, with the members referral and help\"\r\n"
    );
}

/// Counts how it is written to, and what was there at the last flush.
#[derive(Default)]
struct Pieces {
    bytes: Vec<u8>,
    pieces: usize,
    flushed: usize,
}

impl Write for &mut Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pieces += 1;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed = self.bytes.len();
        Ok(())
    }
}

#[test]
fn each_row_is_written_in_one_piece_and_flushed() {
    let mut import = csv(sheet(&[&[], &[("CRM ID", "CRM-2")]], ','));
    let report = import.check().unwrap();
    let mut to = Pieces::default();
    let mut writer = ResultWriter::new(&mut to, &report).unwrap();
    assert_eq!(
        (writer.to.pieces, writer.to.flushed),
        (1, writer.to.bytes.len())
    );
    for (count, found) in import.rows(&report).unwrap().enumerate() {
        writer.write(&found.unwrap().0, &result()).unwrap();
        assert_eq!(writer.to.pieces, count + 2);
        assert_eq!(writer.to.flushed, writer.to.bytes.len());
        assert!(writer.to.bytes.ends_with(b"\r\n"));
    }
}

#[test]
fn a_writer_that_fails_is_an_error_and_a_row_shows_nothing() {
    let mut import = csv(sheet(&[&[]], ','));
    let report = import.check().unwrap();
    let mut small = [0u8; 8];
    let full = ResultWriter::new(&mut small[..], &report);
    assert!(matches!(full, Err(ImportError::Write(_))));
    let (row, _) = import.rows(&report).unwrap().next().unwrap().unwrap();
    assert_eq!(format!("{row:?}"), "Row { line: 2, .. }");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_cell_of_the_results_is_read_back_and_none_runs(
        cells in proptest::collection::vec("[=+@ '\"\r\n\t;,-]{0,4}[a-z=]{0,3}|.{0,6}", 3),
    ) {
        let row = [("Notes", cells[0].as_str()), ("Mine", &cells[1])];
        let text = results(&sheet(&[&row], ','), &RowResult::new(ResultKind::Failed).with_error(&cells[2]));
        // As a spreadsheet reads it.
        let mut sheet = csv::Reader::from_reader(text.as_bytes());
        let headings = sheet.headers().unwrap().clone();
        let record = sheet.records().next().unwrap().unwrap();
        for cell in &record {
            prop_assert!(!cell.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
        }
        // As the import reads it.
        let mut import = super::super::samples::csv(&text);
        let report = import.check().unwrap();
        let (row, _) = import.rows(&report).unwrap().next().unwrap().unwrap();
        let at = |heading: &str| headings.iter().position(|one| one == heading).unwrap();
        prop_assert_eq!(&row.cells()[at("Notes")], super::super::guard::unguard(&cells[0]));
        prop_assert_eq!(&row.cells()[at("Mine")], super::super::guard::unguard(&cells[1]));
    }
}
