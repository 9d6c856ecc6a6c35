//! Reads the tokens of a `$filter`: `or` binds weakest, then `and`, then `not`.

use super::lexer::{Literal, Token};

/// How deep parentheses, `not` and `any` may nest: the reader calls itself for
/// each level, and a query string must not be able to exhaust the stack.
const DEPTH: u8 = 32;

/// A condition on a referral.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Or(Vec<Expression>),
    And(Vec<Expression>),
    Not(Box<Expression>),
    Compare(Path, Operator, Literal),
    /// Some item of the list meets the condition, in which it has this name.
    Any(Path, String, Box<Expression>),
}

/// A member, or a member of a member; `variable` tells whether the first name is
/// that of an item in an `any`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path {
    pub(super) variable: bool,
    pub(super) names: Vec<String>,
}

/// How to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Operator {
    fn named(word: &str) -> Option<Self> {
        Some(match word {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            _ => return None,
        })
    }
}

/// The condition that the tokens spell, or what is wrong with them.
pub(super) fn parse(tokens: &[Token]) -> Result<Expression, String> {
    let mut parser = Parser {
        rest: tokens,
        variables: Vec::new(),
        depth: 0,
    };
    let expression = parser.or()?;
    if parser.rest.is_empty() {
        return Ok(expression);
    }
    Err("There is more than one expression.".to_owned())
}

struct Parser<'a> {
    rest: &'a [Token],
    variables: Vec<String>,
    depth: u8,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<&Token> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let found = self.rest.first() == Some(wanted);
        if found {
            self.next();
        }
        found
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.rest.first(), Some(Token::Word(word)) if word == wanted);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, wanted: &Token, name: &str) -> Result<(), String> {
        if self.take(wanted) {
            return Ok(());
        }
        Err(format!("A {name} is missing."))
    }

    fn or(&mut self) -> Result<Expression, String> {
        let mut first = self.and()?;
        if self.take_word("or") {
            let mut parts = vec![first, self.and()?];
            while self.take_word("or") {
                parts.push(self.and()?);
            }
            first = Expression::Or(parts);
        }
        Ok(first)
    }

    fn and(&mut self) -> Result<Expression, String> {
        let mut first = self.unary()?;
        if self.take_word("and") {
            let mut parts = vec![first, self.unary()?];
            while self.take_word("and") {
                parts.push(self.unary()?);
            }
            first = Expression::And(parts);
        }
        Ok(first)
    }

    fn unary(&mut self) -> Result<Expression, String> {
        if self.depth >= DEPTH {
            return Err("The filter is nested too deeply.".to_owned());
        }
        self.depth += 1;
        let expression = if self.take_word("not") {
            self.unary().map(|inner| Expression::Not(Box::new(inner)))
        } else if self.take(&Token::Open) {
            let inner = self.or();
            inner.and_then(|inner| {
                self.expect(&Token::Close, "closing parenthesis")?;
                Ok(inner)
            })
        } else {
            self.condition()
        };
        self.depth -= 1;
        expression
    }

    fn name(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word.clone()),
            _ => Err("The name of a member is missing.".to_owned()),
        }
    }

    fn condition(&mut self) -> Result<Expression, String> {
        let first = self.name()?;
        let variable = self.variables.contains(&first);
        let mut path = Path {
            variable,
            names: vec![first],
        };
        while self.take(&Token::Slash) {
            let name = self.name()?;
            if name == "any" && self.take(&Token::Open) {
                return self.any(path);
            }
            path.names.push(name);
        }
        let operator = match self.next() {
            Some(Token::Word(word)) => Operator::named(word),
            _ => None,
        };
        let operator = operator.ok_or("A comparison, such as eq, is missing.")?;
        match self.next() {
            Some(Token::Literal(literal)) => {
                Ok(Expression::Compare(path, operator, literal.clone()))
            }
            _ => Err("A value to compare with is missing.".to_owned()),
        }
    }

    /// What follows `list/any(`.
    fn any(&mut self, list: Path) -> Result<Expression, String> {
        let variable = self.name()?;
        self.expect(&Token::Colon, "colon after the variable")?;
        self.variables.push(variable.clone());
        let inner = self.or();
        self.variables.pop();
        let inner = inner?;
        self.expect(&Token::Close, "closing parenthesis")?;
        if !uses(&inner, &variable) {
            return Err(format!("The variable '{variable}' is not used."));
        }
        Ok(Expression::Any(list, variable, Box::new(inner)))
    }
}

fn paths<'a>(expression: &'a Expression, found: &mut Vec<&'a Path>) {
    match expression {
        Expression::Or(parts) | Expression::And(parts) => {
            parts.iter().for_each(|part| paths(part, found));
        }
        Expression::Not(inner) => paths(inner, found),
        Expression::Compare(path, _, _) => found.push(path),
        Expression::Any(list, _, inner) => {
            found.push(list);
            paths(inner, found);
        }
    }
}

fn uses(expression: &Expression, variable: &str) -> bool {
    let mut found = Vec::new();
    paths(expression, &mut found);
    found
        .iter()
        .any(|path| path.variable && path.names.first().is_some_and(|name| name == variable))
}

/// The top-level members that the condition looks at.
pub(super) fn members(expression: &Expression) -> Vec<&str> {
    let mut found = Vec::new();
    paths(expression, &mut found);
    found
        .into_iter()
        .filter(|path| !path.variable)
        .filter_map(|path| path.names.first().map(String::as_str))
        .collect()
}

/// The paths that some page shows in a filter, or names as one to filter by.
const DOCUMENTED: [&str; 8] = [
    "engagementId",
    "status",
    "substatus",
    "qualification",
    "type",
    "direction",
    "updatedDateTime",
    "customerProfile/address/country",
];

/// Refuses what is OData's and shown on no page of the service.
pub(super) fn check_documented(expression: &Expression) -> Result<(), String> {
    match expression {
        Expression::And(parts) => parts.iter().try_for_each(check_documented),
        Expression::Compare(path, Operator::Eq, Literal::Text(_) | Literal::Guid(_)) => {
            let spelled = path.names.join("/");
            if !path.variable && DOCUMENTED.contains(&spelled.as_str()) {
                return Ok(());
            }
            Err(format!("'{spelled}' cannot be filtered by."))
        }
        Expression::Any(list, variable, inner) => match inner.as_ref() {
            Expression::Compare(item, Operator::Eq, Literal::Text(_))
                if list.names == ["team"] && item.names == [variable.as_str(), "email"] =>
            {
                Ok(())
            }
            _ => Err("Only team/any(t:t/email eq '..') is supported.".to_owned()),
        },
        _ => Err("Only eq, and, any and parentheses are supported.".to_owned()),
    }
}
