use std::io::{Cursor, Seek, SeekFrom, Write};

use super::samples::{csv, json, sheet, told};
use super::*;
use proptest::prelude::*;

#[test]
fn the_same_crm_id_twice_names_both_lines() {
    let text = sheet(
        &[
            &[("Notes", "two\nlines")],
            &[("CRM ID", "CRM-2")],
            &[("CRM ID", " CRM-1 ")],
            &[],
        ],
        ',',
    );
    let mut import = csv(&text);
    let report = import.check().unwrap();
    let expected = |line| {
        format!(
            "line {line}, column 15 (CRM ID): lines 2 and {line} have the same CRM id: each deal needs one of \
             its own, otherwise one of them is taken for the other"
        )
    };
    assert_eq!(told(&report), [expected(5), expected(6)]);
    assert_eq!((report.rows(), report.rows_with_problems()), (4, 2));
    // The run gives one plan for it, not two.
    let plans: Vec<bool> = import
        .rows(&report)
        .unwrap()
        .map(|found| found.unwrap().1.is_ok())
        .collect();
    assert_eq!(plans, [true, true, false, false]);
}

#[test]
fn rows_of_separators_and_blank_lines_are_no_rows() {
    let text = sheet(&[&[]], ',');
    let blank = ",".repeat(23);
    let report = csv(format!(
        "{text}\n{blank}\n\n{}",
        text.lines().nth(1).unwrap()
    ))
    .check()
    .unwrap();
    assert_eq!(report.rows(), 2);
    assert_eq!(report.problems()[0].line(), 6);
}

#[test]
fn a_file_that_was_changed_is_not_run() {
    let text = sheet(&[&[], &[("CRM ID", "CRM-2")]], ',');
    let mut import = csv(&text);
    let report = import.check().unwrap();
    for other in [
        text.replace("CRM-2", "CRM-3"),
        text.clone() + "x",
        String::new(),
    ] {
        import.from = Cursor::new(other.into_bytes());
        assert!(matches!(import.rows(&report), Err(ImportError::Changed)));
    }
    import.from = Cursor::new(text.into_bytes());
    assert_eq!(
        import.rows(&report).unwrap().filter_map(Result::ok).count(),
        2
    );
}

/// A file that changes while its rows are read.
struct Changing {
    file: Cursor<Vec<u8>>,
    rewinds: usize,
}

impl Read for Changing {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        self.file.read(to)
    }
}

impl Seek for Changing {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.rewinds += 1;
        // The third: check, comparison, rows.
        if self.rewinds == 3 {
            self.file.seek(SeekFrom::End(0))?;
            self.file.write_all(b"\n,,")?;
        }
        self.file.seek(to)
    }
}

#[test]
fn a_file_that_changes_under_the_run_is_told_at_the_end() {
    let file = Cursor::new(sheet(&[&[]], ',').into_bytes());
    let mut import = Import::new(Changing { file, rewinds: 0 }, Format::Csv);
    let report = import.check().unwrap();
    let mut rows = import.rows(&report).unwrap();
    assert!(rows.next().unwrap().unwrap().1.is_ok());
    assert!(matches!(rows.next(), Some(Err(ImportError::Changed))));
    assert!(rows.next().is_none());
}

#[test]
fn only_so_many_problems_are_kept_and_the_rest_is_counted() {
    let mut text = sheet(&[], ',');
    for _ in 0..600 {
        text += &format!("x{}\n", ",".repeat(23));
    }
    let report = csv(text).check().unwrap();
    assert_eq!(report.problems().len(), 10_000);
    // 20 blank cells that are required in each.
    assert_eq!(report.more_problems(), 600 * 20 - 10_000);
    assert_eq!(report.rows_with_problems(), 600);
    assert!(report.to_string().ends_with("and 2000 more"));
}

#[test]
fn a_row_without_end_is_one_problem_and_the_next_row_is_read() {
    let good = sheet(&[&[]], ',');
    let (heading, row) = good.split_once('\n').unwrap();
    let long = format!(
        "{heading}\n\"{}\n{row}",
        ("x".repeat(400_000) + "\n").repeat(3)
    );
    let report = csv(long).check().unwrap();
    assert!(report.problems()[0].message().contains("1 MiB"));
    assert_eq!(report.problems()[0].line(), 2);

    let report = csv(format!("{good}\"open, \nplain, \n")).check().unwrap();
    assert_eq!(report.problems().len(), 1, "{report}");
    assert_eq!(report.problems()[0].line(), 3);
    assert!(report.problems()[0].message().contains("not closed"));

    let report = json(format!("\"{}\"\n[]\n", "x".repeat(1 << 20)))
        .check()
        .unwrap();
    assert_eq!(report.rows_with_problems(), 2);
    assert!(report.problems()[0].message().contains("1 MiB"));
}

#[test]
fn utf_16_is_refused_and_another_encoding_is_told_with_its_column() {
    let utf16 = csv(b"\xff\xfeD\0").check();
    assert!(matches!(utf16, Err(ImportError::NotUtf8)));
    let mut latin = sheet(&[&[("Deal Name", "K@ln")]], ',').into_bytes();
    let at = latin.iter().position(|byte| *byte == b'@').unwrap();
    latin[at] = 0xf6;
    assert_eq!(
        told(&csv(latin).check().unwrap()),
        ["line 2, column 1 (Deal Name): not UTF-8: save the file as \"CSV UTF-8\""]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_file_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[a-z\",;\t\r\n=' ]{0,80}") {
        let heading = sheet(&[], ';');
        for file in [bytes.clone(), text.clone().into_bytes(), [heading.as_bytes(), text.as_bytes()].concat()] {
            let mut import = csv(file);
            if let Ok(report) = import.check() {
                let writer = ResultWriter::new(Vec::new(), &report);
                prop_assert!(writer.is_ok());
                if let Ok(rows) = import.rows(&report) {
                    prop_assert!(rows.count() as u64 == report.rows());
                }
            }
        }
    }
}
