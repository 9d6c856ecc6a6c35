//! The report as people and programs read it.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::compat::Bump;
use super::report::{Finding, Report, Severity};
use super::rules;
use crate::pipeline::problem::Place;

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people: with the line of the document.
    Human,
    /// One line each, for editors and `grep`.
    Short,
    /// For programs.
    Json,
    /// For code scanning, version 2.1.0.
    Sarif,
    /// Annotations of a pull request.
    Github,
}

impl Format {
    /// By its name on the command line.
    pub fn named(name: &str) -> Result<Self, String> {
        match name {
            "human" => Ok(Self::Human),
            "short" => Ok(Self::Short),
            "json" => Ok(Self::Json),
            "sarif" => Ok(Self::Sarif),
            "github" => Ok(Self::Github),
            _ => Err(format!(
                "`{name}` is not a format: human, short, json, sarif or github"
            )),
        }
    }

    /// Whether a program reads it, and nothing else may be in the way.
    pub fn is_data(self) -> bool {
        matches!(self, Self::Json | Self::Sarif)
    }
}

/// The report on the document `name`.
pub fn render(report: &Report, format: Format, name: &str, color: bool) -> String {
    let lines = |one: &dyn Fn(&Finding) -> String| {
        let mut out: String = report.findings.iter().map(one).collect();
        out.push_str(&report.closing());
        out.push('\n');
        out
    };
    match format {
        Format::Human => lines(&|finding| human(report, finding, color)),
        Format::Short => lines(&short),
        Format::Github => lines(&github),
        Format::Json => format!("{:#}\n", self::json(report, name)),
        Format::Sarif => format!("{:#}\n", sarif(report)),
    }
}

fn short(finding: &Finding) -> String {
    let Place { line, column } = finding.place;
    let (file, code) = (&finding.file, &finding.code);
    let severity = finding.severity.name();
    let message = finding.message.replace('\n', " ");
    format!("{file}:{line}:{column}: {severity}[{code}]: {message}\n")
}

fn human(report: &Report, finding: &Finding, color: bool) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = level
        .primary_title(finding.message.as_str())
        .id(finding.code.as_str())
        .elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
    let text = report.text(&finding.file);
    let related = finding.related.as_ref();
    if let Some(text) = text {
        let mut snippet = Snippet::source(text)
            .path(finding.file.as_str())
            .annotation(
                AnnotationKind::Primary
                    .span(span(text, finding.place))
                    .label(finding.pointer.as_str()),
            );
        if let Some(other) = related.filter(|other| other.file == finding.file) {
            snippet = snippet.annotation(
                AnnotationKind::Context
                    .span(span(text, other.place))
                    .label(other.message.as_str()),
            );
        }
        group = group.element(snippet);
    } else {
        let origin = annotate_snippets::Origin::path(finding.file.as_str());
        group = group.element(origin.line(finding.place.line));
    }
    if let Some(other) = related.filter(|other| other.file != finding.file)
        && let Some(text) = report.text(&other.file)
    {
        group = group.element(
            Snippet::source(text).path(other.file.as_str()).annotation(
                AnnotationKind::Context
                    .span(span(text, other.place))
                    .label(other.message.as_str()),
            ),
        );
    }
    if !finding.help.is_empty() {
        group = group.element(Level::HELP.message(finding.help.as_str()));
    }
    let groups: Vec<Group<'_>> = vec![group];
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    format!("{}\n\n", renderer.render(&groups))
}

/// The bytes of the word that stands at a place.
fn span(text: &str, place: Place) -> Range<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n').take(place.line - 1) {
        start += line.len();
    }
    let start = start.min(text.len());
    let line = text[start..].lines().next().unwrap_or_default();
    let byte = |column: usize| {
        let mut letters = line.char_indices();
        letters.nth(column).map_or(line.len(), |(byte, _)| byte)
    };
    let column = place.column.saturating_sub(1);
    start + byte(column)..start + byte(column + token(line, column))
}

/// How many characters the word at `start` has: a name, a quoted text, or one.
fn token(line: &str, start: usize) -> usize {
    let rest: Vec<char> = line.chars().skip(start).collect();
    let length = match rest.first() {
        Some(quote @ ('"' | '\'')) => rest[1..]
            .iter()
            .position(|c| c == quote)
            .map_or(rest.len(), |end| end + 2),
        _ => rest
            .iter()
            .enumerate()
            .position(|(index, c)| {
                c.is_whitespace()
                    || matches!(c, ',' | ']' | '}')
                    || (*c == ':' && rest.get(index + 1).is_none_or(|next| next.is_whitespace()))
            })
            .unwrap_or(rest.len()),
    };
    length.max(1)
}

/// Where the word at the place ends, in columns.
fn end_column(report: &Report, file: &str, place: Place) -> usize {
    let line = report
        .text(file)
        .and_then(|text| text.lines().nth(place.line - 1));
    place.column + line.map_or(1, |line| token(line, place.column.saturating_sub(1)))
}

fn github(finding: &Finding) -> String {
    let escape = |text: &str| {
        let text = text.replace('%', "%25");
        text.replace('\r', "%0D").replace('\n', "%0A")
    };
    let property = |text: &str| escape(text).replace(':', "%3A").replace(',', "%2C");
    let word = match finding.severity {
        Severity::Note => "notice",
        other => other.name(),
    };
    let Place { line, column } = finding.place;
    format!(
        "::{word} file={},line={line},col={column},title={}::{}\n",
        property(&finding.file),
        property(&finding.code),
        escape(&format!("{} (help: {})", finding.message, finding.help)),
    )
}

/// The same for the same finding, wherever its line has moved to.
fn fingerprint(finding: &Finding) -> String {
    let of = [
        finding.code.as_str(),
        &finding.file,
        &finding.pointer,
        &finding.message,
    ];
    let hash = Sha256::digest(of.join("\n"));
    hash[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn json(report: &Report, name: &str) -> Value {
    let one = |finding: &Finding| {
        let related = finding.related.as_ref().map(|other| {
            json!({
                "file": other.file,
                "line": other.place.line,
                "column": other.place.column,
                "pointer": other.pointer,
                "message": other.message,
            })
        });
        json!({
            "code": finding.code,
            "severity": finding.severity.name(),
            "message": finding.message,
            "file": finding.file,
            "line": finding.place.line,
            "column": finding.place.column,
            "end_column": end_column(report, &finding.file, finding.place),
            "pointer": finding.pointer,
            "help": finding.help,
            "related": related,
            "fingerprint": fingerprint(finding),
        })
    };
    let allowed = |(finding, reason): &(Finding, String)| {
        let mut value = one(finding);
        value["reason"] = json!(reason);
        value
    };
    let counts = report.counts;
    json!({
        "version": 1,
        "spec": name,
        "baseline": report.baseline,
        "findings": report.findings.iter().map(one).collect::<Vec<Value>>(),
        "allowed": report.allowed.iter().map(allowed).collect::<Vec<Value>>(),
        "summary": {
            "rules": rules::RULES.len(),
            "operations": counts.operations,
            "schemas": counts.schemas,
            "examples": counts.examples,
            "errors": report.count(Severity::Error),
            "warnings": report.count(Severity::Warning),
            "notes": report.count(Severity::Note),
            "required_bump": report.required_bump.map(Bump::name),
            "skipped": report.skipped,
        },
    })
}

fn sarif(report: &Report) -> Value {
    let location = |file: &str, place: Place| {
        json!({
            "physicalLocation": {
                "artifactLocation": {"uri": file.replace('\\', "/")},
                "region": {
                    "startLine": place.line,
                    "startColumn": place.column,
                    "endColumn": end_column(report, file, place),
                },
            },
        })
    };
    let one = |finding: &Finding| {
        let mut result = json!({
            "ruleId": finding.code,
            "level": finding.severity.name(),
            "message": {"text": format!("{} (help: {})", finding.message, finding.help)},
            "locations": [location(&finding.file, finding.place)],
            "partialFingerprints": {"checkSpec/v1": fingerprint(finding)},
        });
        if let Some(other) = &finding.related {
            let mut place = location(&other.file, other.place);
            place["message"] = json!({"text": other.message});
            result["relatedLocations"] = json!([place]);
        }
        result
    };
    let mut results: Vec<Value> = report.findings.iter().map(one).collect();
    results.extend(report.allowed.iter().map(|(finding, reason)| {
        let mut result = one(finding);
        result["suppressions"] = json!([{"kind": "external", "justification": reason}]);
        result
    }));
    let rules: Vec<Value> = rules::RULES
        .iter()
        .map(|rule| {
            json!({
                "id": rule.code,
                "shortDescription": {"text": rule.why},
                "defaultConfiguration": {"level": rule.severity.name()},
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "check-spec", "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_ends_where_yaml_ends_it() {
        for (line, start, expected) in [
            ("  title: A", 2, 5),
            ("  'a b': c", 2, 5),
            ("[a, b]", 1, 1),
            ("", 0, 1),
        ] {
            assert_eq!(token(line, start), expected, "{line}");
        }
        let place = |line, column| Place { line, column };
        assert_eq!(span("é: ü\nö: x\n", place(2, 1)), 7..9);
        assert_eq!(span("a", place(9, 9)), 1..1);
    }
}
