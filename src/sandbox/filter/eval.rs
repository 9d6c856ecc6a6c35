//! Decides whether a referral meets a condition. A member that is not there
//! counts as null, and null is equal to nothing but null.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::lexer::{Literal, number};
use super::parser::{Expression, Operator, Path};

/// The items that variables of `any` stand for, innermost last.
type Scope<'a> = Vec<(&'a str, &'a Value)>;

pub(super) fn holds<'a>(
    expression: &'a Expression,
    referral: &'a Value,
    scope: &mut Scope<'a>,
) -> bool {
    match expression {
        Expression::Or(parts) => parts.iter().any(|part| holds(part, referral, scope)),
        Expression::And(parts) => parts.iter().all(|part| holds(part, referral, scope)),
        Expression::Not(inner) => !holds(inner, referral, scope),
        Expression::Compare(path, operator, literal) => {
            compare(find(path, referral, scope), *operator, literal)
        }
        Expression::Any(list, variable, inner) => {
            let Value::Array(items) = find(list, referral, scope) else {
                return false;
            };
            items.iter().any(|item| {
                scope.push((variable, item));
                let found = holds(inner, referral, scope);
                scope.pop();
                found
            })
        }
    }
}

fn find<'a>(path: &Path, referral: &'a Value, scope: &Scope<'a>) -> &'a Value {
    let mut names = path.names.iter();
    let mut value = referral;
    if path.variable
        && let Some(first) = names.next()
    {
        let item = scope.iter().rev().find(|(name, _)| name == first);
        value = item.map_or(&Value::Null, |(_, item)| item);
    }
    for name in names {
        value = value.get(name).unwrap_or(&Value::Null);
    }
    value
}

fn compare(value: &Value, operator: Operator, literal: &Literal) -> bool {
    let order = order(value, literal);
    match operator {
        Operator::Eq => order == Some(Ordering::Equal),
        Operator::Ne => order != Some(Ordering::Equal),
        Operator::Gt => order == Some(Ordering::Greater),
        Operator::Lt => order == Some(Ordering::Less),
        Operator::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        Operator::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
    }
}

/// How the value stands to the literal; `None` if they are of different kinds.
fn order(value: &Value, literal: &Literal) -> Option<Ordering> {
    match (value, literal) {
        (Value::Null, Literal::Null) => Some(Ordering::Equal),
        (Value::Bool(value), Literal::Bool(literal)) => Some(value.cmp(literal)),
        (Value::Number(value), Literal::Number(literal)) => {
            Some(number(&value.to_string())?.cmp(literal))
        }
        (Value::String(value), Literal::Guid(literal)) => {
            Some(Uuid::try_parse(value).ok()?.cmp(literal))
        }
        (Value::String(value), Literal::Time(literal)) => Some(time(value)?.cmp(literal)),
        (Value::String(value), Literal::Text(literal)) => {
            Some(match (kind(value), kind(literal)) {
                // How the service takes a quoted date or guid is unknown; as
                // what it says is kinder than letter by letter.
                (Kind::Time(value), Kind::Time(literal)) => value.cmp(&literal),
                (Kind::Guid(value), Kind::Guid(literal)) => value.cmp(&literal),
                _ => value.as_str().cmp(literal),
            })
        }
        _ => None,
    }
}

enum Kind {
    Time(DateTime<Utc>),
    Guid(Uuid),
    Other,
}

fn kind(text: &str) -> Kind {
    if let Some(at) = time(text) {
        return Kind::Time(at);
    }
    match Uuid::try_parse(text) {
        Ok(guid) if text.len() == 36 => Kind::Guid(guid),
        _ => Kind::Other,
    }
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    // The date-only look is the cheap test that spares most texts the parser.
    text.as_bytes().get(10).filter(|at| **at == b'T')?;
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|at| at.to_utc())
}
