//! What the rules look at: the document, and a list of its parts with the
//! place and the kind of each, made once.

use std::path::Path;

use serde_json::Value;

use crate::pipeline::document::{Document, join};
use crate::pipeline::schema::METHODS;

/// Which way a body travels: members that only the service sets may be absent
/// from what is sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// To the service.
    Request,
    /// From the service; also schemas that stand on their own.
    Response,
}

/// What OpenAPI says a part is, by where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Operation,
    Parameter,
    Header,
    RequestBody,
    Response,
    MediaType,
    Example,
    Schema,
}

impl Kind {
    /// The section of `components` that a `$ref` of this kind points into.
    pub fn section(self) -> Option<&'static str> {
        match self {
            Self::Operation | Self::MediaType => None,
            Self::Parameter => Some("parameters"),
            Self::Header => Some("headers"),
            Self::RequestBody => Some("requestBodies"),
            Self::Response => Some("responses"),
            Self::Example => Some("examples"),
            Self::Schema => Some("schemas"),
        }
    }
}

/// One part of the document. References are parts too: what they point to is
/// visited where it stands, once.
#[derive(Clone, Debug)]
pub struct Node<'d> {
    pub kind: Kind,
    pub pointer: String,
    pub value: &'d Value,
    pub direction: Direction,
}

/// The document under check.
pub struct Subject<'d> {
    /// Its file, as findings show it.
    pub name: &'d str,
    /// Where the files that it names are looked for.
    pub folder: &'d Path,
    pub document: &'d Document,
    pub nodes: Vec<Node<'d>>,
}

impl<'d> Subject<'d> {
    /// Lists the parts of `document`.
    pub fn new(name: &'d str, folder: &'d Path, document: &'d Document) -> Self {
        Self {
            name,
            folder,
            document,
            nodes: Walk::over(&document.value),
        }
    }

    /// The parts of one kind.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = &Node<'d>> {
        self.nodes.iter().filter(move |node| node.kind == kind)
    }

    /// The whole document.
    pub fn root(&self) -> &'d Value {
        &self.document.value
    }
}

struct Walk<'d> {
    nodes: Vec<Node<'d>>,
}

impl<'d> Walk<'d> {
    fn over(root: &'d Value) -> Vec<Node<'d>> {
        let mut walk = Self { nodes: Vec::new() };
        for (path, item) in members(&root["paths"]) {
            let pointer = join("/paths", path);
            walk.list(
                item,
                &pointer,
                "parameters",
                Self::parameter,
                Direction::Request,
            );
            for method in METHODS {
                if let Some(operation) = item.get(method) {
                    walk.operation(operation, join(&pointer, method));
                }
            }
        }
        let components = &root["components"];
        type Visit<'d> = fn(&mut Walk<'d>, &'d Value, String, Direction);
        let sections: [(&str, Visit<'d>, Direction); 6] = [
            ("parameters", Self::parameter, Direction::Request),
            ("requestBodies", Self::request_body, Direction::Request),
            ("headers", Self::header, Direction::Response),
            ("responses", Self::response, Direction::Response),
            ("examples", Self::example, Direction::Response),
            ("schemas", Self::schema, Direction::Response),
        ];
        for (section, visit, direction) in sections {
            walk.map(components, "/components", section, visit, direction);
        }
        walk.nodes
    }

    /// Notes the part; `false` when there is nothing below it to visit.
    fn note(&mut self, kind: Kind, value: &'d Value, pointer: &str, direction: Direction) -> bool {
        self.nodes.push(Node {
            kind,
            pointer: pointer.to_owned(),
            value,
            direction,
        });
        value.get("$ref").is_none()
    }

    fn map(
        &mut self,
        holder: &'d Value,
        pointer: &str,
        member: &str,
        visit: fn(&mut Self, &'d Value, String, Direction),
        direction: Direction,
    ) {
        let pointer = join(pointer, member);
        for (name, value) in members(&holder[member]) {
            visit(self, value, join(&pointer, name), direction);
        }
    }

    fn list(
        &mut self,
        holder: &'d Value,
        pointer: &str,
        member: &str,
        visit: fn(&mut Self, &'d Value, String, Direction),
        direction: Direction,
    ) {
        let pointer = join(pointer, member);
        for (index, value) in holder[member].as_array().into_iter().flatten().enumerate() {
            visit(self, value, join(&pointer, &index.to_string()), direction);
        }
    }

    fn operation(&mut self, value: &'d Value, pointer: String) {
        self.note(Kind::Operation, value, &pointer, Direction::Request);
        self.list(
            value,
            &pointer,
            "parameters",
            Self::parameter,
            Direction::Request,
        );
        if let Some(body) = value.get("requestBody") {
            self.request_body(body, join(&pointer, "requestBody"), Direction::Request);
        }
        self.map(
            value,
            &pointer,
            "responses",
            Self::response,
            Direction::Response,
        );
    }

    fn parameter(&mut self, value: &'d Value, pointer: String, direction: Direction) {
        if self.note(Kind::Parameter, value, &pointer, direction) {
            self.described(value, &pointer, direction);
        }
    }

    fn header(&mut self, value: &'d Value, pointer: String, direction: Direction) {
        if self.note(Kind::Header, value, &pointer, direction) {
            self.described(value, &pointer, direction);
        }
    }

    fn request_body(&mut self, value: &'d Value, pointer: String, direction: Direction) {
        if self.note(Kind::RequestBody, value, &pointer, direction) {
            self.map(value, &pointer, "content", Self::media_type, direction);
        }
    }

    fn response(&mut self, value: &'d Value, pointer: String, direction: Direction) {
        if self.note(Kind::Response, value, &pointer, direction) {
            self.map(value, &pointer, "headers", Self::header, direction);
            self.map(value, &pointer, "content", Self::media_type, direction);
        }
    }

    fn media_type(&mut self, value: &'d Value, pointer: String, direction: Direction) {
        self.note(Kind::MediaType, value, &pointer, direction);
        self.described(value, &pointer, direction);
    }

    /// What has a schema and examples of it.
    fn described(&mut self, value: &'d Value, pointer: &str, direction: Direction) {
        if let Some(schema) = value.get("schema") {
            self.schema(schema, join(pointer, "schema"), direction);
        }
        self.map(value, pointer, "content", Self::media_type, direction);
        self.map(value, pointer, "examples", Self::example, direction);
    }

    fn example(&mut self, value: &'d Value, pointer: String, direction: Direction) {
        self.note(Kind::Example, value, &pointer, direction);
    }

    fn schema(&mut self, value: &'d Value, pointer: String, direction: Direction) {
        if !self.note(Kind::Schema, value, &pointer, direction) {
            return;
        }
        self.map(value, &pointer, "properties", Self::schema, direction);
        for branches in ["allOf", "oneOf", "anyOf"] {
            self.list(value, &pointer, branches, Self::schema, direction);
        }
        for one in ["items", "not", "additionalProperties"] {
            if let Some(schema) = value.get(one).filter(|schema| schema.is_object()) {
                self.schema(schema, join(&pointer, one), direction);
            }
        }
    }
}

/// The members of an object, without the extensions next to them.
fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| !name.starts_with("x-") || value.is_object())
}
