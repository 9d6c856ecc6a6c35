//! Cuts a `$filter` into tokens. The words are OData 4.0's, lower case only.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    Slash,
    Colon,
    Word(String),
    Literal(Literal),
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Text(String),
    Guid(Uuid),
    Time(DateTime<Utc>),
    Number(Decimal),
}

/// The tokens of a filter, or what is wrong with it.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '(' => (Token::Open, after(rest, 1)),
            ')' => (Token::Close, after(rest, 1)),
            '/' => (Token::Slash, after(rest, 1)),
            ':' => (Token::Colon, after(rest, 1)),
            '\'' => quoted(after(rest, 1))?,
            _ => bare(rest)?,
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn after(text: &str, bytes: usize) -> &str {
    text.get(bytes..).unwrap_or_default()
}

/// A quoted text, from behind its opening quote; two quotes stand for one.
fn quoted(text: &str) -> Result<(Token, &str), String> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let Some((part, behind)) = rest.split_once('\'') else {
            return Err("A quoted text has no end.".to_owned());
        };
        value.push_str(part);
        match behind.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Ok((Token::Literal(Literal::Text(value)), behind)),
        }
    }
}

/// A word, or a literal without quotes.
fn bare(text: &str) -> Result<(Token, &str), String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_@.-".contains(letter);
    let end =
        |is_part: &dyn Fn(char) -> bool| text.find(|letter| !is_part(letter)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end(&is_part));
    let digits = word.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    if let Ok(guid) = Uuid::try_parse(word)
        && word.len() == 36
    {
        return Ok((Token::Literal(Literal::Guid(guid)), rest));
    }
    if digits && word.contains('T') {
        // A time has colons, and a plus before its offset, that no word has.
        let (word, rest) = text.split_at(end(&|letter| is_part(letter) || ":+".contains(letter)));
        return match DateTime::parse_from_rfc3339(word) {
            Ok(at) => Ok((Token::Literal(Literal::Time(at.to_utc())), rest)),
            Err(_) => Err("A time is not written as 2024-01-31T00:00:00Z.".to_owned()),
        };
    }
    if digits {
        return match number(word) {
            Some(number) => Ok((Token::Literal(Literal::Number(number)), rest)),
            None => Err("A number or date is not understood.".to_owned()),
        };
    }
    let is_word = word
        .starts_with(|first: char| first.is_ascii_alphabetic() || "_@".contains(first))
        && !word.contains('-');
    match word {
        "null" => Ok((Token::Literal(Literal::Null), rest)),
        "true" => Ok((Token::Literal(Literal::Bool(true)), rest)),
        "false" => Ok((Token::Literal(Literal::Bool(false)), rest)),
        _ if is_word => Ok((Token::Word(word.to_owned()), rest)),
        _ => Err("An unexpected character.".to_owned()),
    }
}

/// A number with or without an exponent.
pub(super) fn number(text: &str) -> Option<Decimal> {
    text.parse()
        .or_else(|_| Decimal::from_scientific(text))
        .ok()
}
