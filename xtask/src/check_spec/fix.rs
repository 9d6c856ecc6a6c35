//! Mends what can be mended for certain, in the text itself, so that comments
//! and layout stay. What a second run would change is not mended here.

use std::fmt::Write as _;

use super::report::Finding;

/// The text with the findings mended that can be.
pub fn mend(text: &str, document: &str, findings: &[Finding]) -> String {
    let mut lines: Vec<Option<String>> = text
        .split_inclusive('\n')
        .map(|line| Some(line.to_owned()))
        .collect();
    for finding in findings.iter().filter(|one| one.file == document) {
        let Some(slot) = lines.get_mut(finding.place.line - 1) else {
            continue;
        };
        let Some(line) = slot.clone() else { continue };
        *slot = match finding.code.as_str() {
            "yaml/bare-key" => Some(quoted(&line, finding).unwrap_or(line)),
            "schema/enum-duplicate" => Some(line).filter(|line| !is_whole_item(line)),
            _ => Some(line),
        };
    }
    lines.into_iter().flatten().collect()
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

/// The differences, line by line.
pub fn diff(name: &str, old: &str, new: &str) -> String {
    let mut out = format!("--- {name}\n+++ {name}\n");
    let mut rest = new.lines().peekable();
    for (index, line) in old.lines().enumerate() {
        if rest.peek() == Some(&line) {
            rest.next();
            continue;
        }
        let _ = writeln!(out, "@@ line {} @@\n-{line}", index + 1);
        // A line that was mended, not taken out, has its letters but quotes.
        let bare = |text: &str| text.replace('\'', "");
        if rest.peek().is_some_and(|other| bare(other) == bare(line))
            && let Some(mended) = rest.next()
        {
            let _ = writeln!(out, "+{mended}");
        }
    }
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
            "--- a.yaml\n+++ a.yaml\n@@ line 6 @@\n-        200: # fine\n+        '200': # fine\n\
             @@ line 15 @@\n-        - a\n"
        );
    }
}
