//! Makes text from Microsoft, and our own types, safe to log.
//!
//! Guarantees: addresses, links, tokens and whatever secrets the caller names
//! are replaced, and the result is at most [`LONGEST`] characters. It would
//! rather hide too much: support works with the request id, not the message.

use std::fmt;

/// The longest message, in characters.
pub(crate) const LONGEST: usize = 200;

/// From this length on, text with a digit in it is a token or key, not a word (a GUID has 36).
const LONGEST_WORD: usize = 40;

/// What a message is looked at up to before it is cut, so that a huge one costs nothing.
const LOOKED_AT: usize = 4_000;

/// `text` on one line without addresses, links, tokens and `secrets`, cut at [`LONGEST`] characters.
pub(crate) fn redact(text: &str, secrets: &[&str]) -> String {
    let mut text: String = text.chars().take(LOOKED_AT).collect();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "[secret]");
    }
    let words: Vec<String> = text.split_whitespace().map(redact_word).collect();
    words.join(" ").chars().take(LONGEST).collect()
}

/// A word in which any trace of a link hides all of it, since links hold quotes and commas.
fn redact_word(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    let link = [
        "://",
        "%3a%2f%2f",
        "/meetup-join",
        "/meet/",
        "19:meeting_",
        "19%3ameeting_",
        "www.",
    ];
    if link.iter().any(|trace| lower.contains(trace)) {
        return "[link]".to_owned();
    }
    let mut shown = String::with_capacity(word.len());
    let mut part = String::new();
    for character in word.chars() {
        if is_delimiter(character) {
            push_part(&mut shown, &part);
            part.clear();
            shown.push(character);
        } else {
            part.push(character);
        }
    }
    push_part(&mut shown, &part);
    shown
}

fn is_delimiter(character: char) -> bool {
    character.is_control() || "'\"<>(),;:[]{}`|".contains(character)
}

fn push_part(shown: &mut String, part: &str) {
    let lower = part.to_ascii_lowercase();
    if part.contains('@') || lower.contains("%40") {
        shown.push_str("[address]");
    } else if part.starts_with("eyJ") || is_key(part) {
        shown.push_str("[redacted]");
    } else {
        shown.push_str(part);
    }
}

/// Long and not made of letters alone, as Exchange's longest error codes are.
fn is_key(part: &str) -> bool {
    part.chars().count() >= LONGEST_WORD && !part.chars().all(char::is_alphabetic)
}

/// Shows in a debug line only whether a value is there.
pub(crate) struct Hidden(pub(crate) bool);

impl Hidden {
    /// Hides an optional text.
    pub(crate) fn text(value: Option<&String>) -> Self {
        Self(value.is_some())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "[hidden]" } else { "None" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XC-9: what Graph quotes back never reaches a log.
    #[test]
    fn addresses_links_and_tokens_are_replaced() {
        let message = "User 'ann@example.com' (bob%40example.com) has no \
            https://teams.microsoft.com/l/meetup-join/19%3ameeting_x/0?a={\"b\":'c'} nor \
            Bearer eyJ0eXAiOiJKV1QifQ.e30.x and teams.microsoft.com/meet/291?p=Pass \
            QUFBQUFBQUFBQUFBQUFBQUFBQUFB0UFBQUFBQUFBQUFBQUFBQUFB";
        assert_eq!(
            redact(message, &[]),
            "User '[address]' ([address]) has no [link] nor Bearer [redacted] and [link] [redacted]"
        );
    }

    /// XC-9: a secret that an answer echoes is hidden, however it looks.
    #[test]
    fn named_secrets_are_replaced() {
        assert_eq!(
            redact("secret=abc~1 refused", &["abc~1"]),
            "secret=[secret] refused"
        );
    }

    #[test]
    fn ordinary_messages_stay_readable() {
        for message in [
            "3003: User does not have access to lookup meeting",
            "No application access policy found for this app",
            "Subscription Id 7a62d59e-0000-4000-8000-000000000001 already exists",
            "ErrorCannotCreateCalendarItemInNonCalendarFolder",
        ] {
            assert_eq!(redact(message, &[]), message);
        }
    }

    #[test]
    fn long_messages_are_cut_by_characters_not_bytes() {
        let cut = redact(&"é ".repeat(10_000), &[]);
        assert_eq!(cut.chars().count(), LONGEST);
    }
}
