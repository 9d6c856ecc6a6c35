//! Reads the YAML document into a JSON value and remembers where every member
//! stood, so that whoever finds a mistake later can name its line.
//!
//! The subset is the one a document maintained by hand needs: mappings with
//! string keys, sequences and scalars. Anchors, aliases, tags, several
//! documents in one file and a key given twice are refused, because other
//! readers of the document disagree about them.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Number, Value};

use super::problem::{Place, Problem};

/// The document, and the place of every member in its file.
#[derive(Clone, Debug)]
pub struct Document {
    /// The document as JSON.
    pub value: Value,
    /// Members whose names stand without quotes and are no text to YAML.
    pub bare_keys: Vec<String>,
    /// Texts without quotes that some readers of YAML take for something else.
    pub bare_values: Vec<String>,
    places: BTreeMap<String, Place>,
}

impl Document {
    /// Parses `text`; the first mistake is returned.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let mut reader = Reader {
            parser: Parser::new_from_str(text),
            places: BTreeMap::new(),
            bare_keys: Vec::new(),
            bare_values: Vec::new(),
            depth: 0,
        };
        let value = reader.document()?;
        Ok(Self {
            value,
            bare_keys: reader.bare_keys,
            bare_values: reader.bare_values,
            places: reader.places,
        })
    }

    /// Where the member at `pointer` stands; of a member that only a step of
    /// the pipeline knows, where its nearest parent stands.
    pub fn place(&self, pointer: &str) -> Option<Place> {
        let mut pointer = pointer;
        loop {
            if let Some(place) = self.places.get(pointer) {
                return Some(*place);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }

    /// The innermost member that begins at `place` or before it.
    pub fn member_at(&self, place: Place) -> &str {
        let before = self.places.iter().filter(|(_, begin)| **begin <= place);
        before
            .max_by_key(|(pointer, begin)| (**begin, pointer.len()))
            .map_or("", |(pointer, _)| pointer)
    }

    /// A problem at `pointer`.
    pub fn problem(
        &self,
        code: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Problem {
        let pointer = pointer.into();
        Problem {
            code,
            place: self.place(&pointer),
            message: message.into(),
            fix: fix.into(),
            pointer,
        }
    }
}

/// Appends one member to a JSON pointer, escaped as RFC 6901 wants it.
pub fn join(pointer: &str, member: &str) -> String {
    format!("{pointer}/{}", member.replace('~', "~0").replace('/', "~1"))
}

struct Reader<'t> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    places: BTreeMap<String, Place>,
    bare_keys: Vec<String>,
    bare_values: Vec<String>,
    depth: usize,
}

/// How deep a document may nest. This reader and those behind it recurse.
const DEPTH: usize = 64;

impl<'t> Reader<'t> {
    fn document(&mut self) -> Result<Value, Problem> {
        let mut value = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd => {}
                Event::StreamEnd => {
                    return value.ok_or_else(|| {
                        refuse(
                            place_of(&span),
                            "",
                            "the document is empty",
                            "write an OpenAPI document",
                        )
                    });
                }
                _ if value.is_some() => {
                    return Err(refuse(
                        place_of(&span),
                        "",
                        "a second YAML document starts here",
                        "keep one document in the file",
                    ));
                }
                event => value = Some(self.node(event, &span, "")?),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(refuse(
                Place {
                    line: error.marker().line(),
                    column: error.marker().col() + 1,
                },
                "",
                &format!("not YAML: {}", error.info()),
                "mend the syntax at this place",
            )),
            None => Err(refuse(
                Place { line: 1, column: 1 },
                "",
                "the file ends in the middle of the document",
                "complete the document",
            )),
        }
    }

    fn node(&mut self, event: Event<'t>, span: &Span, pointer: &str) -> Result<Value, Problem> {
        let place = place_of(span);
        if self.depth == DEPTH {
            return Err(refuse(
                place,
                pointer,
                "the document is nested too deep here",
                "name the inner schema and refer to it",
            ));
        }
        self.depth += 1;
        let value = self.value(event, place, pointer);
        self.depth -= 1;
        value
    }

    fn value(&mut self, event: Event<'t>, place: Place, pointer: &str) -> Result<Value, Problem> {
        self.places.entry(pointer.to_owned()).or_insert(place);
        match event {
            Event::Scalar(text, style, 0, None) => {
                let plain = matches!(style, ScalarStyle::Plain);
                let value = scalar(&text, plain);
                if plain && super::plain::is_disputed(&text, &value) {
                    self.bare_values.push(pointer.to_owned());
                }
                Ok(value)
            }
            Event::SequenceStart(0, None) => {
                let mut items = Vec::new();
                loop {
                    let (event, span) = self.next()?;
                    if matches!(event, Event::SequenceEnd) {
                        return Ok(Value::Array(items));
                    }
                    let item = join(pointer, &items.len().to_string());
                    items.push(self.node(event, &span, &item)?);
                }
            }
            Event::MappingStart(0, None) => self.mapping(pointer),
            Event::Alias(_)
            | Event::Scalar(..)
            | Event::SequenceStart(..)
            | Event::MappingStart(..) => Err(refuse(
                place,
                pointer,
                "anchors, aliases and tags are not read here",
                "write the value out, or use a `$ref`",
            )),
            _ => Err(refuse(
                place,
                pointer,
                "a value was expected",
                "give it one",
            )),
        }
    }

    fn mapping(&mut self, pointer: &str) -> Result<Value, Problem> {
        let mut members = Map::new();
        loop {
            let (event, span) = self.next()?;
            let place = place_of(&span);
            let (key, plain) = match event {
                Event::MappingEnd => return Ok(Value::Object(members)),
                Event::Scalar(text, style, 0, None) => {
                    (text.into_owned(), matches!(style, ScalarStyle::Plain))
                }
                _ => {
                    return Err(refuse(
                        place,
                        pointer,
                        "a member's name must be plain text",
                        "give the member a name",
                    ));
                }
            };
            let member = join(pointer, &key);
            if members.contains_key(&key) {
                let first = self.places.get(&member).map_or_else(String::new, |place| {
                    format!(" (first on line {})", place.line)
                });
                return Err(Problem {
                    code: "yaml/duplicate-key",
                    ..refuse(
                        place,
                        &member,
                        &format!("`{key}` stands twice in one mapping{first}"),
                        "keep one of the two",
                    )
                });
            }
            let read = scalar(&key, plain);
            if plain && (!read.is_string() || super::plain::is_disputed(&key, &read)) {
                self.bare_keys.push(member.clone());
            }
            self.places.insert(member.clone(), place);
            let (event, span) = self.next()?;
            let value = self.node(event, &span, &member)?;
            members.insert(key, value);
        }
    }
}

fn refuse(place: Place, pointer: &str, message: &str, fix: &str) -> Problem {
    Problem {
        code: "yaml/syntax",
        place: Some(place),
        pointer: pointer.to_owned(),
        message: message.to_owned(),
        fix: fix.to_owned(),
    }
}

fn place_of(span: &Span) -> Place {
    Place {
        line: span.start.line(),
        column: span.start.col() + 1,
    }
}

/// YAML's core schema, for plain scalars only: a quoted scalar is text.
fn scalar(text: &str, plain: bool) -> Value {
    if !plain {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" => return Value::Null,
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        _ => {}
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Value::Number(whole.into());
    }
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
    match text.parse::<f64>().ok().and_then(Number::from_f64) {
        Some(number) if numeric => Value::Number(number),
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scalars_follow_the_core_schema_and_quotes_make_text() {
        let document = Document::parse(
            "a: 3\nb: '3'\nc: true\nd: 1.5\ne: null\nf: 2019-05-17\ng: inf\nh: {}\ni: [x, 1]\n",
        )
        .unwrap();
        assert_eq!(
            document.value,
            json!({"a":3,"b":"3","c":true,"d":1.5,"e":null,"f":"2019-05-17","g":"inf","h":{},"i":["x",1]})
        );
    }

    #[test]
    fn a_member_knows_its_line_and_a_made_up_member_its_parent() {
        let document = Document::parse("a:\n  b/c:\n    - x\n").unwrap();
        assert_eq!(
            document.place("/a/b~1c"),
            Some(Place { line: 2, column: 3 })
        );
        assert_eq!(
            document.place("/a/b~1c/0"),
            Some(Place { line: 3, column: 7 })
        );
        assert_eq!(
            document.place("/a/b~1c/nothing/there"),
            Some(Place { line: 2, column: 3 })
        );
    }

    #[test]
    fn a_name_given_twice_is_refused_with_both_lines() {
        let problem = Document::parse("a: 1\nb: 2\na: 3\n").unwrap_err();
        assert_eq!(problem.place, Some(Place { line: 3, column: 1 }));
        assert!(problem.message.contains("first on line 1"), "{problem}");
    }

    #[test]
    fn broken_yaml_anchors_and_second_documents_are_refused_with_their_place() {
        for (text, line) in [
            ("a: [1, 2\nb: 3\n", 2),
            ("a: &x 1\nb: *x\n", 1),
            ("a: 1\n---\nb: 2\n", 3),
            (&"[".repeat(100_000), 1),
        ] {
            let problem = Document::parse(text).unwrap_err();
            assert_eq!(problem.place.unwrap().line, line, "{problem}");
            assert!(!problem.fix.is_empty());
        }
        assert!(Document::parse("").is_err());
    }
}
