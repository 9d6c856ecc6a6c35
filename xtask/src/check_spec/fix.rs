//! Mends what can be mended for certain, in the text itself, so that comments
//! and layout stay. What a second run would change is not mended here.

use std::fmt::Write as _;
use std::ops::Range;

use similar::TextDiff;

use super::report::Finding;

/// Lines that are replaced, counted from 0.
struct Edit {
    lines: Range<usize>,
    by: Vec<String>,
}

/// The text with the findings mended that can be. To mend one may show another:
/// call it again until nothing changes.
pub fn mend(text: &str, document: &str, findings: &[Finding]) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let here = findings.iter().filter(|one| one.file == document);
    let mut edits: Vec<Edit> = here.filter_map(|one| edit(&lines, one)).collect();
    // From the end, so that the lines before keep their numbers; of two that
    // touch, one waits for the next call.
    edits.sort_by_key(|edit| std::cmp::Reverse((edit.lines.start, edit.lines.end)));
    let mut free = lines.len();
    for Edit { lines: range, by } in edits {
        if range.end <= free {
            free = range.start;
            lines.splice(range, by);
        }
    }
    lines.concat()
}

fn edit(lines: &[String], finding: &Finding) -> Option<Edit> {
    let at = finding.place.line.checked_sub(1)?;
    let line = lines.get(at)?;
    let (lines, by) = match finding.code.as_str() {
        "yaml/bare-key" => (at..at + 1, vec![quoted(line, finding)?]),
        "schema/enum-duplicate" if is_whole_item(line) => (at..at + 1, Vec::new()),
        "ref/unused" => (removable(lines, at)?, Vec::new()),
        "op/default-response" => {
            let block = block(lines, at)?;
            let ranges = ["'4XX':", "'5XX':"].iter().flat_map(|status| {
                let head = line.replacen("default:", status, 1);
                let rest = lines[at + 1..block.end].iter().cloned();
                std::iter::once(head).chain(rest)
            });
            (block.clone(), ranges.collect())
        }
        _ => return None,
    };
    Some(Edit { lines, by })
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The lines of the member whose name begins the line `at`, up to the last that
/// is not blank and not a comment of what follows.
fn block(lines: &[String], at: usize) -> Option<Range<usize>> {
    let depth = indent(&lines[at]);
    let mut end = at + 1;
    for (index, line) in lines.iter().enumerate().skip(at + 1) {
        if line.trim().is_empty() {
            continue;
        }
        let is_inside = indent(line) > depth || lines[at].trim_end().ends_with('{');
        if !is_inside {
            break;
        }
        end = index + 1;
    }
    // A name alone, or with its whole value on the line.
    lines[at].contains(':').then_some(at..end)
}

/// The block of a component that can be taken out: what else is there stays as
/// it is, so one that is alone in its section stays too.
fn removable(lines: &[String], at: usize) -> Option<Range<usize>> {
    let block = block(lines, at)?;
    let depth = indent(&lines[at]);
    let is_code = |line: &&String| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let before = lines[..at].iter().rev().find(is_code);
    let behind = lines[block.end..].iter().find(is_code);
    let is_first = before.is_some_and(|line| indent(line) < depth);
    let is_last = behind.is_none_or(|line| indent(line) < depth);
    // In `{a: .., b: ..}` a line is no member.
    let starts = lines[at]
        .trim_start()
        .starts_with(|c: char| c.is_alphanumeric() || "'\"_".contains(c));
    (starts && !(is_first && is_last)).then_some(block)
}

/// `'201': ..` for `201: ..`, when it is as the finding says.
fn quoted(line: &str, finding: &Finding) -> Option<String> {
    let name = finding.pointer.rsplit('/').next()?;
    let (start, _) = line.char_indices().nth(finding.place.column - 1)?;
    let (before, rest) = line.split_at(start);
    let behind = rest.strip_prefix(name)?;
    behind
        .starts_with(':')
        .then(|| format!("{before}'{name}'{behind}"))
}

/// A list item that is a line by itself, without a comment to lose.
fn is_whole_item(line: &str) -> bool {
    line.trim_start().starts_with("- ") && !line.contains('#')
}

/// The differences, as a unified diff without context.
pub fn diff(name: &str, old: &str, new: &str) -> String {
    let mut out = String::new();
    let diff = TextDiff::from_lines(old, new);
    let mut unified = diff.unified_diff();
    let _ = write!(out, "{}", unified.context_radius(0).header(name, name));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_spec::check;
    use crate::check_spec::rules::Isolation;
    use std::path::Path;

    #[test]
    fn what_is_certain_is_mended_once_and_comments_stay() {
        let text = "openapi: 3.0.3\npaths:\n  /a:\n    get:\n      responses:\n        200: # fine\n          \
                    description: A.\ncomponents:\n  schemas:\n    A:\n      type: string\n      enum:\n        \
                    - a\n        # again\n        - a\n        - b\n        - b # known\n";
        let mended = |text: &str| {
            let folder = Path::new("/no/such/folder");
            let report = check("a.yaml", folder, text.as_bytes(), Isolation::NotTried, None);
            mend(text, "a.yaml", &report.findings)
        };
        let once = mended(text);
        let expected = text
            .replace("        200: # fine", "        '200': # fine")
            .replace("        # again\n        - a\n", "        # again\n");
        assert_eq!(once, expected);
        assert_eq!(mended(&once), once);
        let shown = diff("a.yaml", text, &once);
        assert_eq!(
            shown,
            "--- a.yaml\n+++ a.yaml\n@@ -6 +6 @@\n-        200: # fine\n+        '200': # fine\n\
             @@ -15 +14,0 @@\n-        - a\n"
        );
    }

    fn codes(text: &str) -> (Vec<String>, String) {
        let folder = crate::workspace_root().join("openapi");
        let report = check(
            "a.yaml",
            &folder,
            text.as_bytes(),
            Isolation::SameProcess,
            None,
        );
        let codes = report.findings.iter().map(|one| one.code.clone());
        (codes.collect(), mend(text, "a.yaml", &report.findings))
    }

    fn document() -> String {
        let path = crate::workspace_root().join("openapi/referrals.yaml");
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn parts_that_nothing_refers_to_are_taken_out_one_after_the_other() {
        let document = document();
        let old = "    # Kept: it may be of the next.\n    Old:\n      type: object\n      description: Old.\n      \
                   properties:\n        a:\n          $ref: '#/components/schemas/Older'\n\n    Older: {type: string, \
                   description: Older.}\n";
        let text = document.replacen("  schemas:\n", &format!("  schemas:\n{old}"), 1);
        let (found, once) = codes(&text);
        assert!(found.contains(&"ref/unused".to_owned()), "{found:?}");
        let (_, twice) = codes(&once);
        let (found, third) = codes(&twice);
        assert_eq!(found, [""; 0]);
        assert_eq!(third, twice);
        let kept = "  schemas:\n    # Kept: it may be of the next.\n\n";
        assert_eq!(twice, document.replacen("  schemas:\n", kept, 1));
    }

    #[test]
    fn the_only_part_of_a_section_stays() {
        let text = "components:\n  schemas:\n    A:\n      type: string\n  x: 1\n";
        let lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        assert_eq!(removable(&lines, 2), None);
        assert_eq!(block(&lines, 2), Some(2..4));
        assert_eq!(block(&lines, 1), Some(1..4));
    }

    #[test]
    fn a_response_for_all_statuses_becomes_one_for_each_kind_of_error() {
        let document = document();
        let get = document.find("operationId: get_referral").unwrap();
        let (before, behind) = document.split_at(get);
        let behind = behind.replacen("        '500':", "        default: # all", 1);
        let (found, mended) = codes(&format!("{before}{behind}"));
        assert_eq!(found, ["op/default-response"]);
        assert!(mended.contains("        '4XX': # all\n"), "comments stay");
        assert!(mended.contains("        '5XX': # all\n"), "comments stay");
        let (found, again) = codes(&mended);
        assert_eq!((found, again), (Vec::new(), mended));
    }
}
