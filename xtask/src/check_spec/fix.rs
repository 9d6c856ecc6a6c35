//! Mends what can be mended for certain, in the text itself, so that comments
//! and layout stay. What a second run would change is not mended here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use serde_json::Value;
use similar::TextDiff;

use super::report::{Finding, Report};
use crate::pipeline::document::Document;

/// Lines that are replaced, counted from 0.
#[derive(Clone)]
struct Edit {
    lines: Range<usize>,
    by: Vec<String>,
}

/// So often one mended finding may show another.
const MOST_ROUNDS: usize = 16;

/// The text with all findings mended that are `wanted` and can be. `judge` says
/// what is wrong with a text; what it likes less than the text before is not
/// written.
pub fn mended<E>(
    text: &str,
    document: &str,
    wanted: impl Fn(&Finding) -> bool,
    mut judge: impl FnMut(&str) -> Result<Report, E>,
) -> Result<String, E> {
    let mut now = text.to_owned();
    let mut report = judge(&now)?;
    for _ in 0..MOST_ROUNDS {
        let edits = edits(&now, document, &report.findings, &wanted);
        // All at once, or else those that do no harm: the last line comes
        // first, so that the lines of the others keep their numbers.
        let each = edits.iter().cloned().map(|edit| vec![edit]);
        let before = now.clone();
        for some in std::iter::once(edits.clone()).chain(each) {
            let next = apply(&now, &some);
            if next == now {
                continue;
            }
            let found = judge(&next)?;
            if is_better(&next, &found, &report) {
                (now, report) = (next, found);
                if some.len() == edits.len() {
                    break;
                }
            }
        }
        if now == before {
            break;
        }
    }
    Ok(now)
}

/// Whether the text can be read, and no rule finds more errors in it than it
/// found before.
fn is_better(text: &str, now: &Report, before: &Report) -> bool {
    let errors = |report: &Report| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for error in report.errors() {
            *counts.entry(error.code.clone()).or_default() += 1;
        }
        counts
    };
    let before = errors(before);
    Document::parse(text).is_ok()
        && errors(now)
            .iter()
            .all(|(code, count)| before.get(code).is_some_and(|before| count <= before))
}

/// What would mend the findings, the last line first; of two that touch, one
/// waits for the next round.
fn edits(
    text: &str,
    document: &str,
    findings: &[Finding],
    wanted: impl Fn(&Finding) -> bool,
) -> Vec<Edit> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let Ok(parsed) = Document::parse(text) else {
        return Vec::new();
    };
    let here = findings.iter().filter(|one| one.file == document);
    let mut edits: Vec<Edit> = here
        .filter(|one| wanted(one))
        .filter_map(|one| edit(&lines, &parsed, one))
        .collect();
    edits.sort_by_key(|edit| std::cmp::Reverse((edit.lines.start, edit.lines.end)));
    let mut free = lines.len();
    edits.retain(|edit| {
        let fits = edit.lines.end <= free;
        if fits {
            free = edit.lines.start;
        }
        fits
    });
    edits
}

fn apply(text: &str, edits: &[Edit]) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    for Edit { lines: range, by } in edits {
        if range.end <= lines.len() {
            lines.splice(range.clone(), by.iter().cloned());
        }
    }
    lines.concat()
}

fn edit(lines: &[&str], document: &Document, finding: &Finding) -> Option<Edit> {
    let at = finding.place.line.checked_sub(1)?;
    let line = lines.get(at)?;
    let (lines, by) = match finding.code.as_str() {
        "yaml/bare-key" => (at..at + 1, vec![quoted(line, finding)?]),
        "schema/enum-duplicate" if is_whole_item(line) => (at..at + 1, Vec::new()),
        "ref/unused" => (removable(lines, at)?, Vec::new()),
        "op/default-response" => {
            let block = block(lines, at)?;
            let by = for_each_kind(lines, &block, document, finding)?;
            (block, by)
        }
        _ => return None,
    };
    Some(Edit { lines, by })
}

/// The lines of `default`, once for the errors of callers and once for those of
/// the service, as far as they are not described. Where `default` is also the
/// success nobody knows what was meant.
fn for_each_kind(
    lines: &[&str],
    block: &Range<usize>,
    document: &Document,
    finding: &Finding,
) -> Option<Vec<String>> {
    let (responses, _) = finding.pointer.rsplit_once('/')?;
    let responses = document
        .value
        .pointer(responses)
        .and_then(Value::as_object)?;
    if !responses.keys().any(|status| status.starts_with('2')) {
        return None;
    }
    let head = lines.get(block.start)?;
    let (space, name) = head.split_at(indent(head));
    let forms = ["default", "'default'", "\"default\""];
    let behind = forms.iter().find_map(|form| {
        let behind = name.strip_prefix(form)?.trim_start();
        behind.starts_with(':').then_some(behind)
    })?;
    let free = ["4XX", "5XX"]
        .into_iter()
        .filter(|status| !responses.contains_key(*status));
    let by: Vec<String> = free
        .flat_map(|status| {
            let head = format!("{space}'{status}'{behind}");
            let rest = &lines[block.start + 1..block.end];
            std::iter::once(head).chain(rest.iter().map(|line| (*line).to_owned()))
        })
        .collect();
    (!by.is_empty()).then_some(by)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The lines of the member whose name begins the line `at`, up to the last that
/// is not blank and not a comment of what follows.
fn block(lines: &[&str], at: usize) -> Option<Range<usize>> {
    let head = lines.get(at)?;
    let depth = indent(head);
    let opens = head.trim_end().ends_with(['{', '[']);
    let mut end = at + 1;
    for (index, line) in lines.iter().enumerate().skip(at + 1) {
        let bare = line.trim();
        // A comment may stand at any depth; it belongs to what follows.
        if bare.is_empty() || (bare.starts_with('#') && indent(line) <= depth) {
            continue;
        }
        if indent(line) <= depth {
            if opens && bare.starts_with(['}', ']']) {
                end = index + 1;
            }
            break;
        }
        end = index + 1;
    }
    // A name alone, or with its whole value on the line.
    head.contains(':').then_some(at..end)
}

/// The block of a component that can be taken out: what else is there stays as
/// it is, so one that is alone in its section stays too.
fn removable(lines: &[&str], at: usize) -> Option<Range<usize>> {
    let block = block(lines, at)?;
    let depth = indent(lines[at]);
    let is_code = |line: &&&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
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

    #[test]
    fn what_is_certain_is_mended_once_and_comments_stay() {
        let text = "openapi: 3.0.3\npaths:\n  /a:\n    get:\n      responses:\n        200: # fine\n          \
                    description: A.\ncomponents:\n  schemas:\n    A:\n      type: string\n      enum:\n        \
                    - a\n        # again\n        - a\n        - b\n        - b # known\n";
        let once = mend(text);
        let expected = text
            .replace("        200: # fine", "        '200': # fine")
            .replace("        # again\n        - a\n", "        # again\n");
        assert_eq!(once, expected);
        assert_eq!(mend(&once), once);
        let shown = diff("a.yaml", text, &once);
        assert_eq!(
            shown,
            "--- a.yaml\n+++ a.yaml\n@@ -6 +6 @@\n-        200: # fine\n+        '200': # fine\n\
             @@ -15 +14,0 @@\n-        - a\n"
        );
    }

    fn judge(text: &str) -> Result<Report, String> {
        let folder = crate::workspace_root().join("openapi");
        let bytes = text.as_bytes();
        Ok(check("a.yaml", &folder, bytes, Isolation::NotTried, None))
    }

    fn mend(text: &str) -> String {
        mended(text, "a.yaml", |_| true, judge).unwrap()
    }

    fn codes(text: &str) -> Vec<String> {
        let report = judge(text).unwrap();
        let codes = report.findings.iter().map(|one| one.code.clone());
        codes.collect()
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
        let found = codes(&text);
        assert!(found.contains(&"ref/unused".to_owned()), "{found:?}");
        let once = mend(&text);
        assert_eq!(codes(&once), [""; 0]);
        assert_eq!(mend(&once), once);
        let kept = "  schemas:\n    # Kept: it may be of the next.\n\n";
        assert_eq!(once, document.replacen("  schemas:\n", kept, 1));
    }

    #[test]
    fn the_only_part_of_a_section_stays() {
        let text = "components:\n  schemas:\n    A:\n      type: string\n  x: 1\n";
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
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
        let text = format!("{before}{behind}");
        assert_eq!(codes(&text), ["op/default-response"]);
        let mended = mend(&text);
        assert!(mended.contains("        '4XX': # all\n"), "comments stay");
        assert!(mended.contains("        '5XX': # all\n"), "comments stay");
        assert_eq!((codes(&mended), mend(&mended)), (Vec::new(), mended));
    }

    /// The document, where the refusal 500 of one operation is called otherwise.
    fn with_default(name: &str) -> String {
        let document = document();
        let get = document.find("operationId: get_referral").unwrap();
        let (before, behind) = document.split_at(get);
        format!("{before}{}", behind.replacen("'500':", name, 1))
    }

    #[test]
    fn a_response_for_all_statuses_is_known_however_its_name_is_written() {
        for name in ["'default':", "\"default\":", "default :"] {
            let mended = mend(&with_default(name));
            assert_eq!(codes(&mended), [""; 0], "{name}");
            let replacement = mended.contains("'4XX'") && mended.contains("'5XX'");
            assert!(replacement && !mended.contains(name), "{name}");
        }
    }

    #[test]
    fn a_kind_of_error_that_is_described_is_not_described_again() {
        let both = "'4XX':\n          $ref: '#/components/responses/NotFound'\n        default:";
        let mended = mend(&with_default(both));
        assert_eq!(codes(&mended), [""; 0]);
        assert_eq!(mended.matches("'4XX'").count(), 1);
        assert_eq!(mended.matches("'5XX'").count(), 1);
    }

    #[test]
    fn a_response_for_all_statuses_that_is_the_only_success_stays() {
        let document = document();
        let get = document.find("operationId: get_referral").unwrap();
        let (before, behind) = document.split_at(get);
        let text = format!("{before}{}", behind.replacen("'200':", "default:", 1));
        assert!(codes(&text).contains(&"op/default-response".to_owned()));
        assert_eq!(mend(&text), text);
    }

    #[test]
    fn a_comment_at_the_edge_is_inside_a_part_that_goes_on_below_it() {
        let old = "    Old:\n      type: object\n# half done\n      description: Old.\n    Other: {\n      type: \
                   object, description: Other.}\n";
        let text = document().replacen("  schemas:\n", &format!("  schemas:\n{old}"), 1);
        assert_eq!(mend(&text), document());
    }

    #[test]
    fn what_would_make_an_error_more_is_left_and_the_rest_is_mended() {
        // The file is named by the part that nothing refers to, and nowhere else.
        let text = with_default("default:").replacen(
            "  responses:\n    ",
            "  responses:\n    Old:\n      description: Old.\n      content:\n        application/json:\n          \
             schema: {type: object}\n          examples: {a: {externalValue: examples/Old.json}}\n    ",
            1,
        );
        let all_used = |text: &str| -> Result<Report, String> {
            let mut report = judge(text)?;
            if !text.contains("examples/Old.json") {
                let unused = crate::pipeline::problem::Problem {
                    code: "example/unused-file",
                    place: None,
                    pointer: String::new(),
                    message: String::new(),
                    fix: String::new(),
                };
                report.problem("examples/Old.json", unused);
            }
            Ok(report)
        };
        let result = mended(&text, "a.yaml", |_| true, all_used).unwrap();
        assert!(result.contains("    Old:\n"));
        assert!(!result.contains("default:") && result.contains("'5XX':"));
    }

    #[test]
    fn no_mistake_is_mended_into_a_worse_one() {
        use crate::check_spec::tests::{fifty_two, mistakes};
        let document = document();
        let texts = mistakes::MISTAKES.iter().map(|one| one.make(&document).0);
        let texts = texts.chain(fifty_two::JUDGED.iter().map(|one| one.text.clone()));
        // Some of them beside another one that can be mended.
        let texts = texts.enumerate().flat_map(|(index, text)| {
            let two = text.replacen("'500':", "default :", 2);
            std::iter::once(text).chain((index % 12 == 0).then_some(two))
        });
        for text in texts {
            let once = mend(&text);
            if once != text {
                let before = judge(&text).unwrap();
                assert!(is_better(&once, &judge(&once).unwrap(), &before), "{once}");
                assert_eq!(mend(&once), once);
            }
        }
    }
}
