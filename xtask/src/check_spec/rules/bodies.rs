//! What travels in parameters and bodies, as far as the generator can take it.
//! It stops at most of these with a line of its own source; here the place in
//! the document is named, and what to write instead.

use serde_json::{Map, Value};

use super::super::explain::closest;
use super::super::report::Report;
use super::super::subject::{Kind, Node, Subject};
use crate::pipeline::document::join;
use crate::pipeline::schema::resolve;

/// The media types that the generator can send.
const SENT: [&str; 5] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "text/plain",
    "text/x-markdown",
];

/// Those that answers have, here and elsewhere.
const READ: [&str; 9] = [
    "application/json",
    "application/problem+json",
    "application/xml",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "text/plain",
    "text/html",
    "text/csv",
    "*/*",
];

pub fn check(subject: &Subject<'_>, report: &mut Report) {
    for node in &subject.nodes {
        match node.kind {
            Kind::Parameter => parameter(subject, node, report),
            Kind::RequestBody => sent(subject, node, report),
            Kind::Response => received(subject, node, report),
            Kind::Operation => {
                unread(subject, node, report);
                one_type(subject, node, &['2'], "success", report);
                one_type(subject, node, &['4', '5'], "error", report);
            }
            _ => {}
        }
    }
}

fn parameter(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let name = node.value["name"].as_str().unwrap_or("?");
    if node.value.get("content").is_some() {
        report.add(
            subject,
            "progenitor/parameter-content",
            join(&node.pointer, "content"),
            format!("`{name}` is described by `content`, which the generator does not read"),
            "give it a plain `schema`",
        );
    }
    if node.value["in"] == "cookie" {
        report.add(
            subject,
            "progenitor/parameter-style",
            join(&node.pointer, "in"),
            format!("`{name}` is a cookie, which the generator does not send"),
            "send it as a header or in the query",
        );
    }
    let style = node.value["style"].as_str().unwrap_or_default();
    if ["deepObject", "spaceDelimited", "pipeDelimited"].contains(&style) {
        report.add(
            subject,
            "progenitor/parameter-style",
            join(&node.pointer, "style"),
            format!("`{name}` has the style `{style}`, which the generator does not write"),
            "use the style `form`, one parameter for each part",
        );
    }
}

fn sent(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let pointer = join(&node.pointer, "content");
    let Some(content) = node.value["content"].as_object() else {
        return;
    };
    with_schema(subject, content, &pointer, report);
    for name in content.keys() {
        let bare = name.split(';').next().unwrap_or_default().trim();
        if !SENT.contains(&bare) {
            report.add(
                subject,
                "progenitor/media-type",
                join(&pointer, name),
                format!("the generator cannot send `{name}`"),
                format!("one of: {}", SENT.join(", ")),
            );
        }
    }
    // The one that stands last: JSON objects have no order.
    let last = content
        .keys()
        .max_by_key(|name| subject.document.place(&join(&pointer, name)));
    if let Some(second) = last.filter(|_| content.len() > 1) {
        report.add(
            subject,
            "progenitor/two-bodies",
            join(&pointer, second),
            format!(
                "the body has {} media types; the generator can send one",
                content.len()
            ),
            "keep the one that the client sends",
        );
    }
}

fn received(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let pointer = join(&node.pointer, "content");
    let Some(content) = node.value["content"].as_object() else {
        return;
    };
    with_schema(subject, content, &pointer, report);
    for name in content.keys() {
        let bare = name.split(';').next().unwrap_or_default().trim();
        // Of what it does not know, the generator hands out the bytes.
        let meant = closest(bare, &READ).filter(|meant| *meant != bare);
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if !bare.contains('/') => {
                "write a media type, such as `application/json`".to_owned()
            }
            None => continue,
        };
        report.add(
            subject,
            "progenitor/media-type",
            join(&pointer, name),
            format!("`{name}` is no media type that is known; the generator would hand out bytes"),
            help,
        );
    }
    for name in content.keys().filter(|name| name.contains(';')) {
        report.add(
            subject,
            "progenitor/media-parameter",
            join(&pointer, name),
            format!("`{name}` has a parameter: the generator takes it, other readers do not"),
            "leave the parameter out, if the service answers without it too",
        );
    }
}

fn with_schema(
    subject: &Subject<'_>,
    content: &Map<String, Value>,
    pointer: &str,
    report: &mut Report,
) {
    for (name, media) in content {
        if media.is_object() && media.get("schema").is_none() {
            report.add(
                subject,
                "progenitor/no-schema",
                join(pointer, name),
                format!("`{name}` has no schema, and the generator stops there"),
                "give it a schema; `{type: string, format: binary}` is any bytes",
            );
        }
    }
}

/// Servers and proxies may drop a body where none belongs.
fn unread(subject: &Subject<'_>, node: &Node<'_>, report: &mut Report) {
    let method = node.pointer.rsplit('/').next().unwrap_or_default();
    if ["get", "head", "delete"].contains(&method) && node.value.get("requestBody").is_some() {
        report.add(
            subject,
            "op/body-unread",
            join(&node.pointer, "requestBody"),
            format!("`{method}` has a body, which servers and proxies may drop"),
            "send it as parameters, or by POST",
        );
    }
}

/// A function has one type of success and one of error. A success without a
/// body may stand beside one that has one: a step of the build knows how.
fn one_type(
    subject: &Subject<'_>,
    node: &Node<'_>,
    digits: &[char],
    what: &str,
    report: &mut Report,
) {
    let pointer = join(&node.pointer, "responses");
    let mut first: Option<(&str, Vec<(&str, &Value)>)> = None;
    for (status, response) in node.value["responses"].as_object().into_iter().flatten() {
        if !status.starts_with(digits) {
            continue;
        }
        let Some(response) = resolve(subject.root(), response) else {
            continue; // Said by the rules of references.
        };
        let bodies: Vec<(&str, &Value)> = response["content"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, media)| (name.as_str(), &media["schema"]))
            .collect();
        if bodies.is_empty() {
            continue;
        }
        match &first {
            None => first = Some((status, bodies)),
            Some((one, same)) if *same != bodies => {
                let at = join(&pointer, status);
                report.add(
                    subject,
                    "op/two-types",
                    &at,
                    format!("{status} has another body than {one}; the generator can read one type of {what}"),
                    "give both one schema, with `oneOf` where they truly differ",
                );
                report.related(
                    subject,
                    &at,
                    join(&pointer, one),
                    format!("the first {what}"),
                );
                return;
            }
            Some(_) => {}
        }
    }
}
