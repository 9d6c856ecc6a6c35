//! Says in words, and at the right place, why a value does not fit a schema.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::pipeline::document::join;

/// One reason why a value does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// JSON pointer in the value.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
    /// What to do, when the schema lets one guess.
    pub help: String,
}

/// Every reason why `value` does not fit. `schema` is what the validator was
/// made from; names that are allowed are suggested from it.
pub fn reasons(validator: &Validator, schema: &Value, value: &Value) -> Vec<Reason> {
    let mut out = Vec::new();
    for error in validator.iter_errors(value) {
        one(&error, schema, &mut out);
    }
    out
}

fn one(error: &ValidationError<'_>, schema: &Value, out: &mut Vec<Reason>) {
    let pointer = error.instance_path().as_str().to_owned();
    let value = error.instance();
    let mut say = |pointer: String, message: String, help: String| {
        out.push(Reason {
            pointer,
            message,
            help,
        });
    };
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            if let Some(branch) = meant(context, error) {
                for error in branch {
                    one(error, schema, out);
                }
                return;
            }
            let shapes: Vec<String> = context
                .iter()
                .filter_map(|branch| {
                    let mut inner = Vec::new();
                    one(branch.first()?, schema, &mut inner);
                    Some(inner.first()?.message.clone())
                })
                .collect();
            say(
                pointer,
                format!("fits none of the allowed shapes: {}", shapes.join("; or ")),
                "give it one of the shapes of the schema".to_owned(),
            );
        }
        ValidationErrorKind::OneOfMultipleValid { context } => say(
            pointer,
            format!(
                "fits more than one of {} shapes of a `oneOf`",
                context.len()
            ),
            "make the shapes exclude each other, or use `anyOf`".to_owned(),
        ),
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let allowed = allowed(schema, error);
            for name in unexpected {
                say(
                    join(&pointer, name),
                    format!("`{name}` is not allowed here"),
                    suggestion(name, &allowed),
                );
            }
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            say(
                pointer,
                format!("`{name}` is missing"),
                format!("add `{name}`"),
            );
        }
        ValidationErrorKind::Enum { options } => {
            let options: Vec<String> = options
                .as_array()
                .into_iter()
                .flatten()
                .filter(|option| *option != "" && !option.is_null())
                .map(ToString::to_string)
                .collect();
            let shown = brief(value);
            let help = closest(&shown, &options).map_or_else(
                || "use one of the values, or add the new one to the enum".to_owned(),
                |option| format!("did you mean {option}?"),
            );
            say(
                pointer,
                format!("{shown} is not one of {}", options.join(", ")),
                help,
            );
        }
        ValidationErrorKind::Format { format } => say(
            pointer,
            format!("{} is not a {format}", brief(value)),
            format!("write it in the format `{format}`"),
        ),
        ValidationErrorKind::UniqueItems => {
            let items = value.as_array().map_or(&[][..], Vec::as_slice);
            let again = (1..items.len()).find(|index| items[..*index].contains(&items[*index]));
            let index = again.unwrap_or_default();
            say(
                join(&pointer, &index.to_string()),
                format!(
                    "{} stands twice in the list",
                    items.get(index).map(brief).unwrap_or_default()
                ),
                "take one of the two out".to_owned(),
            );
        }
        ValidationErrorKind::Not { schema: both } if both["required"].is_array() => {
            let names = both["required"].as_array().into_iter().flatten();
            let names: Vec<String> = names
                .filter_map(|name| Some(format!("`{}`", name.as_str()?)))
                .collect();
            say(
                pointer,
                format!("{} exclude each other", names.join(" and ")),
                "keep one of them".to_owned(),
            );
        }
        ValidationErrorKind::Type { .. } => say(
            pointer,
            // The library's words, with the value cut short.
            error.masked_with(brief(value)).to_string(),
            "change the value, or the type in the schema".to_owned(),
        ),
        _ => say(
            pointer,
            error.masked_with(brief(value)).to_string(),
            "change the value, or the schema".to_owned(),
        ),
    }
}

/// The branch of an `anyOf` or `oneOf` that the value was meant for: the only
/// one that does not already fail at the value itself.
fn meant<'e>(
    context: &'e [Vec<ValidationError<'static>>],
    error: &ValidationError<'_>,
) -> Option<&'e Vec<ValidationError<'static>>> {
    let at_itself = |branch: &&Vec<ValidationError<'static>>| {
        branch.iter().any(|one| {
            one.instance_path() == error.instance_path()
                && matches!(
                    one.kind(),
                    ValidationErrorKind::Type { .. } | ValidationErrorKind::Required { .. }
                )
        })
    };
    let is_null = |branch: &&Vec<ValidationError<'static>>| {
        branch.len() == 1
            && branch[0].instance_path() == error.instance_path()
            && branch[0].to_string().ends_with("is not of type \"null\"")
    };
    let only = |branches: Vec<&'e Vec<ValidationError<'static>>>| match branches[..] {
        [one] => Some(one),
        _ => None,
    };
    only(context.iter().filter(|branch| !is_null(branch)).collect())
        .or_else(|| only(context.iter().filter(|branch| !at_itself(branch)).collect()))
}

/// The member names that the schema at the error's place allows.
fn allowed<'s>(schema: &'s Value, error: &ValidationError<'_>) -> Vec<&'s str> {
    let path = error.schema_path().as_str();
    let Some(holder) = path.rfind('/').and_then(|end| schema.pointer(&path[..end])) else {
        return Vec::new();
    };
    let names = |key: &str| {
        holder[key]
            .as_object()
            .into_iter()
            .flat_map(|names| names.keys())
    };
    // A pattern such as `^(get|put)$` is a list of names too.
    let alternatives = names("patternProperties")
        .filter_map(|pattern| pattern.strip_prefix("^(")?.strip_suffix(")$"))
        .flat_map(|names| names.split('|'));
    names("properties")
        .map(String::as_str)
        .chain(alternatives)
        .collect()
}

fn suggestion(name: &str, allowed: &[&str]) -> String {
    if let Some(close) = closest(name, allowed) {
        return format!("did you mean `{close}`?");
    }
    if allowed.is_empty() {
        return "take it out, or spell it as OpenAPI does".to_owned();
    }
    format!(
        "allowed are: {}; or a name that begins with `x-`",
        allowed.join(", ")
    )
}

/// The name that differs from `name` by at most two letters, or by case only.
pub fn closest<'n, S: AsRef<str>>(name: &str, names: &'n [S]) -> Option<&'n str> {
    names
        .iter()
        .map(AsRef::as_ref)
        .map(|one| {
            let distance = distance(&name.to_lowercase(), &one.to_lowercase());
            (distance, one)
        })
        .filter(|(distance, one)| *distance <= 2 && *distance < one.len() / 2 + 1)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, one)| one)
}

/// Letters to insert, delete, change, or swap with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = a[i - 1] == b[j - 1];
            let mut best = (rows[i - 1][j] + 1)
                .min(row[j - 1] + 1)
                .min(rows[i - 1][j - 1] + usize::from(!same));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// A value, cut short: it stands in the file, and the finding names the place.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        return text;
    }
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        _ => text.chars().take(57).chain("...".chars()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn explain(schema: &Value, value: &Value) -> Vec<Reason> {
        let validator = jsonschema::draft7::new(schema).unwrap();
        reasons(&validator, schema, value)
    }

    #[test]
    fn a_misspelt_name_gets_a_suggestion() {
        let schema = json!({
            "properties": {"additionalProperties": {}, "title": {}},
            "additionalProperties": false,
        });
        let found = explain(&schema, &json!({"additonalProperties": 1}));
        assert_eq!(found[0].pointer, "/additonalProperties");
        assert_eq!(found[0].help, "did you mean `additionalProperties`?");
    }

    #[test]
    fn the_reason_inside_the_branch_that_was_meant_is_given() {
        let schema = json!({"anyOf": [
            {"type": "null"},
            {"type": "object", "properties": {"a": {"enum": ["New"]}}},
        ]});
        let found = explain(&schema, &json!({"a": "Nwe"}));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].pointer, "/a");
        assert_eq!(found[0].help, "did you mean \"New\"?");
    }

    #[test]
    fn what_stands_twice_is_named_where_it_stands_again() {
        let schema = json!({"uniqueItems": true});
        let found = explain(&schema, &json!([1, 2, 1]));
        assert_eq!(found[0].pointer, "/2");
        assert!(found[0].message.contains("1 stands twice"), "{found:?}");
    }

    #[test]
    fn names_that_exclude_each_other_are_named() {
        let schema = json!({"not": {"required": ["example", "examples"]}});
        let found = explain(&schema, &json!({"example": 1, "examples": {}}));
        assert_eq!(
            found[0].message,
            "`example` and `examples` exclude each other"
        );
        assert_eq!(found[0].help, "keep one of them");
    }

    #[test]
    fn a_value_of_no_shape_names_the_shapes() {
        let schema = json!({"oneOf": [{"type": "number"}, {"type": "string"}]});
        let found = explain(&schema, &json!([true]));
        assert!(found[0].message.contains("number"), "{found:?}");
        assert!(found[0].message.contains("string"), "{found:?}");
    }
}
