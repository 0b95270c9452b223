//! `$filter`: comparisons, `and`, `or`, `not`, `startswith`, and `any` over
//! extended properties. What it does not understand is a 400.

use serde_json::Value;

use super::filter_tokens::{Token, invalid, tokenize};
use crate::reply::GraphError;

const MAX_DEPTH: u32 = 32;

/// A parsed filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    Compare(String, Comparison, Value),
    StartsWith(String, String),
    /// Collection, and the filter on each element with the variable cut off.
    Any(String, Box<Filter>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, GraphError> {
        let mut parser = Parser {
            tokens: tokenize(text)?,
            at: 0,
        };
        let filter = parser.alternatives(0)?;
        match parser.peek() {
            None => Ok(filter),
            Some(_) => Err(invalid("there is something after its end.")),
        }
    }

    /// Every property path that the filter compares.
    pub(super) fn paths(&self) -> Vec<&str> {
        match self {
            Self::And(a, b) | Self::Or(a, b) => [a.paths(), b.paths()].concat(),
            Self::Not(inner) => inner.paths(),
            Self::Compare(path, ..) | Self::StartsWith(path, _) => vec![path],
            Self::Any(collection, _) => vec![collection],
        }
    }

    /// Whether an object passes.
    pub(super) fn accepts(&self, object: &Value) -> bool {
        match self {
            Self::And(a, b) => a.accepts(object) && b.accepts(object),
            Self::Or(a, b) => a.accepts(object) || b.accepts(object),
            Self::Not(inner) => !inner.accepts(object),
            Self::Compare(path, how, literal) => compare(lookup(object, path), *how, literal),
            Self::StartsWith(path, prefix) => lookup(object, path)
                .as_str()
                .is_some_and(|text| text.to_lowercase().starts_with(&prefix.to_lowercase())),
            Self::Any(collection, filter) => lookup(object, collection)
                .as_array()
                .is_some_and(|items| items.iter().any(|item| filter.accepts(item))),
        }
    }
}

/// A member by path, names without regard to case.
fn lookup<'a>(object: &'a Value, path: &str) -> &'a Value {
    let mut value = object;
    for name in path.split('/') {
        let members = value.as_object();
        let found = members.and_then(|m| m.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)));
        match found {
            Some((_, member)) => value = member,
            None => return &Value::Null,
        }
    }
    value
}

fn compare(actual: &Value, how: Comparison, literal: &Value) -> bool {
    use std::cmp::Ordering;
    let ordering = match (actual, literal) {
        (Value::String(a), Value::String(b)) => {
            // Times compare as times, whatever the number of fraction digits.
            let times = crate::calendar::zones::parse_instant(a)
                .zip(crate::calendar::zones::parse_instant(b));
            Some(times.map_or_else(|| a.cmp(b), |(a, b)| a.cmp(&b)))
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()),
        (a, b) => (a == b).then_some(Ordering::Equal),
    };
    match how {
        Comparison::Eq => ordering == Some(Ordering::Equal),
        Comparison::Ne => ordering != Some(Ordering::Equal),
        Comparison::Gt => ordering == Some(Ordering::Greater),
        Comparison::Ge => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        Comparison::Lt => ordering == Some(Ordering::Less),
        Comparison::Le => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(w)) if w == wanted);
        self.at += usize::from(found);
        found
    }

    fn symbol(&mut self, wanted: char) -> Result<(), GraphError> {
        match self.take() {
            Some(Token::Symbol(symbol)) if symbol == wanted => Ok(()),
            _ => Err(invalid(&format!("'{wanted}' expected."))),
        }
    }

    fn alternatives(&mut self, depth: u32) -> Result<Filter, GraphError> {
        let mut left = self.conjunction(depth)?;
        while self.word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.conjunction(depth)?));
        }
        Ok(left)
    }

    fn conjunction(&mut self, depth: u32) -> Result<Filter, GraphError> {
        let mut left = self.term(depth)?;
        while self.word("and") {
            left = Filter::And(Box::new(left), Box::new(self.term(depth)?));
        }
        Ok(left)
    }

    fn term(&mut self, depth: u32) -> Result<Filter, GraphError> {
        if depth > MAX_DEPTH {
            return Err(invalid("it is nested too deeply."));
        }
        if self.word("not") {
            return Ok(Filter::Not(Box::new(self.term(depth + 1)?)));
        }
        match self.take() {
            Some(Token::Symbol('(')) => {
                let inner = self.alternatives(depth + 1)?;
                self.symbol(')')?;
                Ok(inner)
            }
            Some(Token::Word(word)) => self.after_word(&word, depth),
            _ => Err(invalid("a property name is expected.")),
        }
    }

    fn after_word(&mut self, word: &str, depth: u32) -> Result<Filter, GraphError> {
        if let Some((collection, function)) = word.rsplit_once('/')
            && function.eq_ignore_ascii_case("any")
        {
            return self.any(collection, depth);
        }
        if word.eq_ignore_ascii_case("startswith") {
            self.symbol('(')?;
            let Some(Token::Word(path)) = self.take() else {
                return Err(invalid("startswith needs a property."));
            };
            self.symbol(',')?;
            let Some(Token::Text(prefix)) = self.take() else {
                return Err(invalid("startswith needs a string."));
            };
            self.symbol(')')?;
            return Ok(Filter::StartsWith(path, prefix));
        }
        let how = match self.take() {
            Some(Token::Word(operator)) => match operator.as_str() {
                "eq" => Comparison::Eq,
                "ne" => Comparison::Ne,
                "gt" => Comparison::Gt,
                "ge" => Comparison::Ge,
                "lt" => Comparison::Lt,
                "le" => Comparison::Le,
                other => return Err(invalid(&format!("'{other}' is not an operator."))),
            },
            _ => return Err(invalid("an operator is expected.")),
        };
        let literal = match self.take() {
            Some(Token::Text(text)) => Value::String(text),
            Some(Token::Word(word)) => match word.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                // Numbers, else times and enumeration members without quotes.
                other => other
                    .parse::<i64>()
                    .map_or_else(|_| Value::String(other.into()), Value::from),
            },
            _ => return Err(invalid("a literal is expected.")),
        };
        Ok(Filter::Compare(word.into(), how, literal))
    }

    fn any(&mut self, collection: &str, depth: u32) -> Result<Filter, GraphError> {
        self.symbol('(')?;
        let Some(Token::Word(variable)) = self.take() else {
            return Err(invalid("any needs a variable."));
        };
        // `ep:ep/id` without a space arrives as one word.
        if let Some((name, first)) = variable.split_once(':') {
            self.at -= 1;
            self.tokens[self.at] = Token::Word(first.into());
            let filter = self.alternatives(depth + 1)?;
            self.symbol(')')?;
            return Ok(Filter::Any(
                collection.into(),
                Box::new(strip(filter, name)?),
            ));
        }
        self.symbol(':')?;
        let filter = self.alternatives(depth + 1)?;
        self.symbol(')')?;
        Ok(Filter::Any(
            collection.into(),
            Box::new(strip(filter, &variable)?),
        ))
    }
}

/// Cuts a lambda's variable off the paths inside it.
fn strip(filter: Filter, variable: &str) -> Result<Filter, GraphError> {
    let cut = |path: String| {
        let rest = path
            .strip_prefix(variable)
            .and_then(|p| p.strip_prefix('/'));
        rest.map(String::from)
            .ok_or_else(|| invalid(&format!("'{path}' does not start with '{variable}/'.")))
    };
    let inner = |filter: Box<Filter>| strip(*filter, variable).map(Box::new);
    Ok(match filter {
        Filter::And(a, b) => Filter::And(inner(a)?, inner(b)?),
        Filter::Or(a, b) => Filter::Or(inner(a)?, inner(b)?),
        Filter::Not(a) => Filter::Not(inner(a)?),
        Filter::Compare(path, how, literal) => Filter::Compare(cut(path)?, how, literal),
        Filter::StartsWith(path, prefix) => Filter::StartsWith(cut(path)?, prefix),
        Filter::Any(..) => return Err(invalid("any cannot be nested.")),
    })
}

#[cfg(test)]
mod tests {
    use super::Filter;
    use serde_json::json;

    #[test]
    fn extended_properties_are_filtered_with_any() {
        let object = json!({"singleValueExtendedProperties": [
            {"id": "String {00} Name a", "value": "it's 1"}, {"id": "String {00} Name b", "value": "2"}]});
        for (text, accepted) in [
            (
                "singleValueExtendedProperties/Any(ep: ep/id eq 'String {00} Name a' and ep/value eq 'it''s 1')",
                true,
            ),
            (
                "singleValueExtendedProperties/any(ep:ep/id eq 'String {00} Name a' and ep/value eq '2')",
                false,
            ),
            (
                "singleValueExtendedProperties/any(x : x/value eq '2') and not (subject eq 'x')",
                true,
            ),
        ] {
            assert_eq!(
                Filter::parse(text).unwrap().accepts(&object),
                accepted,
                "{text}"
            );
        }
    }

    #[test]
    fn comparisons_bind_and_before_or() {
        let object =
            json!({"a": "1", "n": 5, "start": {"dateTime": "2026-11-02T08:00:00.0000000"}});
        for (text, accepted) in [
            ("a eq '1' or a eq '2' and n gt 9", true),
            ("(a eq '1' or a eq '2') and n gt 9", false),
            (
                "start/dateTime ge '2026-11-02T08:00' and start/dateTime lt '2026-11-02T08:00:01'",
                true,
            ),
            ("start/dateTime ge 2026-11-02T08:00:00Z", true),
            ("startswith(a,'1')", true),
            ("missing eq null", true),
        ] {
            assert_eq!(
                Filter::parse(text).unwrap().accepts(&object),
                accepted,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_a_filter_is_refused() {
        let deep = "(".repeat(500);
        let nots = "not ".repeat(500);
        for text in [
            "",
            "a",
            "a eq",
            "a eq 'x",
            "a is 'x'",
            "a eq 'x' b",
            "any(",
            "x/any(a",
            &deep,
            &nots,
            "é eq",
        ] {
            assert!(Filter::parse(text).is_err(), "{text}");
        }
    }
}
