//! Graph's validation handshake: `validationToken` comes back exactly, decoded
//! once.
//!
//! Anybody may call, so what comes back must not be markup or steer a terminal.
//! Microsoft's own tokens are a plain sentence, as far as is known.

use convoke_domain::error::Error;
use percent_encoding::percent_decode;

/// Most octets of a token, decoded.
const TOKEN_MAX: usize = 2048;
const NAME: &str = "validationToken";

/// The token of a raw query, decoded; `None` where the query has none.
pub(crate) fn token_of(raw_query: &str) -> Result<Option<String>, Error> {
    let mut tokens = raw_query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(name, _)| decoded(name).as_deref() == Some(NAME))
        .map(|(_, value)| value);
    let Some(token) = tokens.next() else {
        return Ok(None);
    };
    if tokens.next().is_some() {
        return Err(refusal("give validationToken once"));
    }
    let token = decoded(token).ok_or_else(|| refusal("validationToken is no UTF-8"))?;
    if token.is_empty() || token.len() > TOKEN_MAX {
        return Err(refusal("validationToken has 1 to 2048 octets"));
    }
    if token.contains(['<', '>']) || token.contains(char::is_control) {
        return Err(refusal("validationToken has no control characters, < or >"));
    }
    Ok(Some(token))
}

/// One decoding of `application/x-www-form-urlencoded`: a plus is a space.
fn decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let octets = percent_decode(spaced.as_bytes());
    Some(octets.decode_utf8().ok()?.into_owned())
}

fn refusal(message: &str) -> Error {
    Error::Malformed {
        code: "invalid_validation_token",
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    /// NT-2: the sentence that Graph sends, as it is known from logs.
    #[test]
    fn graphs_own_sentence_comes_back() {
        let query = "validationToken=Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3a+185e6c58-1111-4222-8333-444455556666";
        let sentence = "Validation: Testing client application reachability for subscription Request-Id: 185e6c58-1111-4222-8333-444455556666";
        assert_eq!(token_of(query).unwrap().as_deref(), Some(sentence));
    }

    /// NT-2: one decoding, no more; parameters of our own address stay out of it.
    #[test]
    fn a_token_is_decoded_once() {
        for (query, token) in [
            ("a=1&validationToken=x%2By&b", "x+y"),
            ("validationToken=%252B%2526", "%2B%26"),
            ("validation%54oken=a=b", "a=b"),
            ("validationToken=100%", "100%"),
            ("validationToken=%22%E2%82%AC%22", "\"\u{20ac}\""),
        ] {
            assert_eq!(token_of(query).unwrap().as_deref(), Some(token), "{query}");
        }
        for query in [
            "",
            "&&",
            "validationtoken=x",
            "token=validationToken",
            "%ff=1",
        ] {
            assert_eq!(token_of(query), Ok(None), "{query}");
        }
    }

    /// NT-2: what is no token of Graph's is refused, not echoed.
    #[test]
    fn markup_control_characters_and_long_tokens_are_refused() {
        let long = format!("validationToken={}", "x".repeat(TOKEN_MAX + 1));
        for query in [
            "validationToken=%3Cscript%3Ealert(1)%3C/script%3E",
            "validationToken=<b",
            "validationToken=a%0D%0ASet-Cookie:+x",
            "validationToken=%00",
            "validationToken=%1b[2J",
            "validationToken=%7F",
            "validationToken=%C2%9B",
            "validationToken=%FF",
            "validationToken=",
            "validationToken",
            "validationToken=a&validationToken=a",
            "validationToken=a&validation%54oken=b",
            &long,
        ] {
            let refused = token_of(query).unwrap_err();
            assert_eq!(refused.code(), "invalid_validation_token", "{query}");
        }
    }

    fn form_encoded(text: &str) -> String {
        utf8_percent_encode(text, NON_ALPHANUMERIC)
            .to_string()
            .replace("%20", "+")
    }

    proptest! {
        /// NT-2: any token without forbidden characters comes back exactly.
        #[test]
        fn any_token_comes_back_exactly(token in "[^\\p{Cc}<>]{1,300}") {
            let query = format!("a=b&validationToken={}&c", form_encoded(&token));
            prop_assert_eq!(token_of(&query).unwrap(), Some(token));
        }

        /// NT-2: whatever the query, nothing forbidden comes back.
        #[test]
        fn nothing_forbidden_ever_comes_back(query in "(validationToken=|[%&=+]|[0-9a-fA-F]{2}|.){0,40}") {
            if let Ok(Some(token)) = token_of(&query) {
                prop_assert!(!token.contains(['<', '>']) && !token.contains(char::is_control));
            }
        }
    }
}
