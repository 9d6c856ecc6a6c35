//! Values of the document's schemas: all members of all objects, each as it is
//! usual or odd. What the document has tomorrow is in them.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// Deeper than anything but a schema that is within itself.
const DEEPEST: usize = 9;

/// What a place holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Object,
    List,
    Text,
    Id,
    Tag,
    Time,
    Amount,
    Enum,
    Flag,
    Number,
    Any,
}

/// A place in a value, by the names that lead to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub path: Vec<String>,
    pub kind: Kind,
    pub required: bool,
}

impl Place {
    pub fn pointer(&self) -> String {
        self.path.iter().map(|name| format!("/{name}")).collect()
    }
}

/// What to write at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Choice {
    Absent,
    Null,
    Plain,
    /// One of the unusual forms; an object gets a member that nobody knows.
    Odd(u8),
}

/// A value as it is sent, and as it is to be written again.
pub struct Instance {
    pub sent: Value,
    pub kept: Value,
}

impl Instance {
    fn same(value: Value) -> Option<Self> {
        Some(Self {
            kept: value.clone(),
            sent: value,
        })
    }

    fn turned(sent: Value, kept: Value) -> Option<Self> {
        Some(Self { sent, kept })
    }

    pub fn sent(&self) -> String {
        digits(&self.sent)
    }

    pub fn kept(&self) -> String {
        canonical(&digits(&self.kept))
    }
}

/// Numbers that a float cannot hold stand between number signs in the tree.
fn digits(value: &Value) -> String {
    value.to_string().replace("\"#", "").replace("#\"", "")
}

/// One text for all orders of members; digits stay.
pub fn canonical(text: &str) -> String {
    if let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) {
        let members = members
            .iter()
            .map(|(name, value)| format!("{name:?}:{}", canonical(value.get())));
        return format!("{{{}}}", members.collect::<Vec<_>>().join(","));
    }
    if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text) {
        let items = items.iter().map(|item| canonical(item.get()));
        return format!("[{}]", items.collect::<Vec<_>>().join(","));
    }
    match serde_json::from_str::<String>(text) {
        Ok(text) => json!(text).to_string(),
        Err(_) => text.to_owned(),
    }
}

/// The schemas of the document.
pub struct Schemas(Value);

impl Schemas {
    pub fn load() -> Self {
        let document = include_str!(concat!(env!("OUT_DIR"), "/document.json"));
        let mut document: Value = serde_json::from_str(document).unwrap();
        Self(document["components"]["schemas"].take())
    }

    /// Those with members of their own.
    pub fn objects(&self) -> Vec<&str> {
        let schemas = self.0.as_object().unwrap().iter();
        let objects = schemas.filter(|(_, schema)| schema["properties"].is_object());
        objects.map(|(name, _)| name.as_str()).collect()
    }

    /// The names of all schemas within one.
    pub fn within(&self, name: &str) -> Vec<String> {
        let mut found = vec![name.to_owned()];
        let mut next = 0;
        while let Some(name) = found.get(next).cloned() {
            references(&self.0[&name], &mut found);
            next += 1;
        }
        found
    }

    /// A value of a schema; `choose` says what stands where, and sees each
    /// place once.
    pub fn build(&self, name: &str, choose: &mut dyn FnMut(&Place) -> Choice) -> Instance {
        let root = Place {
            path: Vec::new(),
            kind: Kind::Object,
            required: true,
        };
        let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
        self.value(&schema, root, choose).expect("a root is there")
    }

    /// Everything as it is usual.
    pub fn plain(&self, name: &str) -> Instance {
        self.build(name, &mut |_| Choice::Plain)
    }

    pub fn places(&self, name: &str) -> Vec<Place> {
        let mut places = Vec::new();
        self.build(name, &mut |place| {
            places.push(place.clone());
            Choice::Plain
        });
        places
    }

    /// A value with one place in another form.
    pub fn with(&self, name: &str, at: &Place, choice: Choice) -> Instance {
        self.build(name, &mut |place| match place.path == at.path {
            true => choice,
            false => Choice::Plain,
        })
    }

    /// The schema behind references, and its name.
    fn resolve<'s>(&'s self, schema: &'s Value) -> (Option<&'s str>, &'s Value) {
        let reference = schema["$ref"].as_str();
        match reference.or_else(|| schema["allOf"][0]["$ref"].as_str()) {
            None => (None, schema),
            Some(reference) => {
                let name = reference.rsplit('/').next().unwrap();
                let (inner, schema) = self.resolve(&self.0[name]);
                (inner.or(Some(name)), schema)
            }
        }
    }

    fn value(
        &self,
        schema: &Value,
        mut place: Place,
        choose: &mut dyn FnMut(&Place) -> Choice,
    ) -> Option<Instance> {
        if place.path.len() > DEEPEST {
            return None;
        }
        let (name, schema) = self.resolve(schema);
        let name = name.unwrap_or_default();
        place.kind = kind(name, schema);
        let choice = choose(&place);
        match choice {
            Choice::Absent if !place.required => return None,
            Choice::Null if !place.required => return Instance::turned(Value::Null, Value::Null),
            _ => {}
        }
        let odd = match choice {
            Choice::Odd(odd) => Some(usize::from(odd)),
            _ => None,
        };
        let of = |odd: Option<usize>, plain: Value, forms: &[Value]| match odd {
            Some(odd) => Instance::same(forms[odd % forms.len()].clone()),
            None => Instance::same(plain),
        };
        match place.kind {
            Kind::Object => self.object(schema, &place, odd.is_some(), choose),
            Kind::List => {
                // Some lists may be written as one object, too.
                let either = schema["oneOf"].as_array();
                let list = either.map_or(schema, |shapes| &shapes[0]);
                let inner = Place {
                    path: [&place.path[..], &["0".to_owned()]].concat(),
                    kind: Kind::Any,
                    required: true,
                };
                let item = self.value(&list["items"], inner, choose)?;
                match (odd, either.is_some()) {
                    (None, _) => Instance::turned(json!([item.sent]), json!([item.kept])),
                    // An object without members has always meant that there is none.
                    (Some(_), true) if item.sent == json!({}) => {
                        Instance::turned(item.sent, json!([]))
                    }
                    (Some(_), true) => Instance::turned(item.sent, json!([item.kept])),
                    (Some(odd), false) if odd % 2 == 0 => Instance::same(json!([])),
                    (Some(_), false) => Instance::turned(
                        json!([item.sent, item.sent]),
                        json!([item.kept, item.kept]),
                    ),
                }
            }
            Kind::Text => of(
                odd,
                json!("A & B"),
                &[
                    json!("A &amp; B &#39;s &lt;x&gt;"),
                    json!(""),
                    json!("\u{1f600} \"\\/\u{7f}\u{2028}"),
                ],
            ),
            Kind::Id => Instance::same(json!("4111fffc-f9ee-4d53-bba6-569135228642")),
            Kind::Tag => Instance::same(json!("\"69007a1e-0000-0800-0000-6217f4ce0000\"")),
            Kind::Time => {
                let seven = json!("2019-02-23T02:05:23.2931817Z");
                let (sent, kept) = match odd.map(|odd| odd % 3) {
                    None => return Instance::same(seven),
                    Some(0) => (
                        "2018-10-29T21:24:52.040469Z",
                        "2018-10-29T21:24:52.0404690Z",
                    ),
                    Some(1) => ("2024-11-14T00:00:00Z", "2024-11-14T00:00:00Z"),
                    _ => (
                        "2024-11-14T00:00:00.5+02:00",
                        "2024-11-13T22:00:00.5000000Z",
                    ),
                };
                Instance::turned(json!(sent), json!(kept))
            }
            Kind::Amount => match odd.map(|odd| odd % 3) {
                None => Instance::same(json!(12.5)),
                Some(0) => Instance::same(json!("#9007199254740993.01#")),
                Some(1) => Instance::same(json!("#0.10000000000000000000000001#")),
                _ => Instance::turned(json!("10000.10"), json!("#10000.10#")),
            },
            Kind::Enum => {
                let forms = [
                    json!("FromTheFuture"),
                    json!(""),
                    json!("with space & <sign>"),
                ];
                of(odd, schema["enum"][0].clone(), &forms)
            }
            Kind::Flag => of(odd, json!(false), &[json!(true)]),
            Kind::Number => of(odd, json!(7), &[json!(0)]),
            Kind::Any => of(
                odd,
                json!({ "any": [1, "x"] }),
                &[json!("text"), json!(0.5), json!([]), json!(true)],
            ),
        }
    }

    fn object(
        &self,
        schema: &Value,
        place: &Place,
        odd: bool,
        choose: &mut dyn FnMut(&Place) -> Choice,
    ) -> Option<Instance> {
        let (mut sent, mut kept) = (Map::new(), Map::new());
        let required = schema["required"].as_array();
        for (name, member) in schema["properties"].as_object().unwrap() {
            let inner = Place {
                path: [&place.path[..], std::slice::from_ref(name)].concat(),
                kind: Kind::Any,
                required: required.is_some_and(|names| names.iter().any(|one| one == name)),
            };
            if let Some(value) = self.value(member, inner, choose) {
                if !value.kept.is_null() {
                    kept.insert(name.clone(), value.kept);
                }
                sent.insert(name.clone(), value.sent);
            }
        }
        if odd {
            for members in [&mut sent, &mut kept] {
                members.insert("addedLater".to_owned(), json!({ "deep": [1, null, "x"] }));
            }
        }
        Instance::turned(sent.into(), kept.into())
    }
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(name) = value["$ref"].as_str().and_then(|at| at.rsplit('/').next())
                && !found.iter().any(|one| one == name)
            {
                found.push(name.to_owned());
            }
            members.values().for_each(|inner| references(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn kind(name: &str, schema: &Value) -> Kind {
    let first = &schema["oneOf"][0];
    match (name, schema["type"].as_str()) {
        ("ReferralId" | "EngagementId", _) => Kind::Id,
        ("ETag", _) => Kind::Tag,
        ("Timestamp", _) => Kind::Time,
        ("Amount", _) => Kind::Amount,
        (_, Some("array")) => Kind::List,
        _ if first["type"] == "array" => Kind::List,
        _ if schema["properties"].is_object() => Kind::Object,
        (_, Some("string")) if schema["enum"].is_array() => Kind::Enum,
        (_, Some("string")) => Kind::Text,
        (_, Some("boolean")) => Kind::Flag,
        (_, Some("integer" | "number")) => Kind::Number,
        _ => Kind::Any,
    }
}
