//! The words of a `$filter`.

use crate::reply::GraphError;

const MAX_TOKENS: usize = 2_000;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Symbol(char),
}

/// What is wrong with a filter.
pub(super) fn invalid(what: &str) -> GraphError {
    GraphError::bad_request(format!("Invalid filter clause: {what}"))
}

pub(super) fn tokenize(text: &str) -> Result<Vec<Token>, GraphError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => {
                let (literal, length) = quoted(rest)?;
                tokens.push(Token::Text(literal));
                length
            }
            '(' | ')' | ':' | ',' => {
                // A colon inside a bare time literal belongs to it; after a
                // lambda's variable it stands alone.
                tokens.push(Token::Symbol(first));
                1
            }
            _ => {
                let lambda = rest.find(": ").unwrap_or(rest.len());
                let end = rest
                    .char_indices()
                    .find(|(at, c)| c.is_whitespace() || "(),'".contains(*c) || *at == lambda)
                    .map_or(rest.len(), |(at, _)| at);
                tokens.push(Token::Word(rest[..end].into()));
                end
            }
        };
        rest = rest[length..].trim_start();
        if tokens.len() > MAX_TOKENS {
            return Err(invalid("it is too long."));
        }
    }
    Ok(tokens)
}

/// A literal in single quotes, doubled ones inside, and its length in bytes.
fn quoted(text: &str) -> Result<(String, usize), GraphError> {
    let mut literal = String::new();
    let mut at = 1;
    loop {
        let end = text[at..]
            .find('\'')
            .ok_or_else(|| invalid("there is an unterminated string literal."))?;
        literal.push_str(&text[at..at + end]);
        at += end + 1;
        if !text[at..].starts_with('\'') {
            return Ok((literal, at));
        }
        literal.push('\'');
        at += 1;
    }
}
