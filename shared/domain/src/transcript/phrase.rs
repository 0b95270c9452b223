//! From the lines of a cue to what each voice says: tags, character references,
//! and characters that no transcript needs.

use super::Voice;
use super::timing::timestamp;

/// What the lines of a cue say, voice by voice. A voice lasts until it is
/// closed, another begins or the cue ends.
pub(super) fn voices(lines: &[&str]) -> Vec<Voice> {
    let mut speech = Speech::default();
    for line in lines {
        // Tags end where the last `>` is: looking for one behind every `<`
        // would make time quadratic.
        let end = line.rfind('>').map_or(0, |at| at + 1);
        let (mut rest, tail) = line.split_at(end);
        while let Some(first) = rest.chars().next() {
            if first == '<'
                && let Some((tag, after)) = Tag::first_of(rest)
            {
                match tag {
                    Tag::Voice(name) => speech.turn_to(clean(name)),
                    Tag::VoiceEnd => speech.turn_to(String::new()),
                    Tag::Other => {}
                }
                rest = after;
            } else {
                let (character, after) = first_character(rest, first);
                speech.phrase.push(character);
                rest = after;
            }
        }
        speech.phrase.push_all(tail);
        speech.phrase.end_line();
    }
    speech.turn_to(String::new());
    speech.voices
}

#[derive(Default)]
struct Speech {
    voices: Vec<Voice>,
    /// Empty where it is not known.
    speaker: String,
    phrase: Phrase,
}

impl Speech {
    fn turn_to(&mut self, speaker: String) {
        let text = std::mem::take(&mut self.phrase).finish();
        let speaker = std::mem::replace(&mut self.speaker, speaker);
        let speaker = Some(speaker).filter(|name| !name.is_empty());
        match self.voices.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.speaker == speaker => {
                last.text.push('\n');
                last.text.push_str(&text);
            }
            _ => self.voices.push(Voice { speaker, text }),
        }
    }
}

/// A name as it is shown: one line.
fn clean(name: &str) -> String {
    let mut phrase = Phrase::default();
    phrase.push_all(name);
    phrase.finish()
}

/// Text that grows by characters and keeps only what may be shown.
#[derive(Default)]
struct Phrase(String);

impl Phrase {
    /// Text without tags, its character references resolved.
    fn push_all(&mut self, mut text: &str) {
        while let Some(first) = text.chars().next() {
            let (character, after) = first_character(text, first);
            self.push(character);
            text = after;
        }
    }

    fn push(&mut self, character: char) {
        let is_fixed_blank = matches!(character, '\u{a0}' | '\u{202f}');
        let is_line_start = self.0.is_empty() || self.0.ends_with('\n');
        if character.is_whitespace() {
            if is_line_start {
            } else if is_fixed_blank {
                self.0.push(character);
            } else if !self.0.ends_with(' ') {
                self.0.push(' ');
            }
        } else if !is_unwanted(character) {
            self.0.push(character);
        }
    }

    fn end_line(&mut self) {
        self.0.truncate(self.0.trim_end().len());
        if !self.0.is_empty() {
            self.0.push('\n');
        }
    }

    fn finish(mut self) -> String {
        self.0.truncate(self.0.trim_end().len());
        self.0
    }
}

/// Controls, and what turns the direction of the text around it: a name must
/// not make a page read another way than it was written.
fn is_unwanted(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// The character that a text begins with, whose first one is `first`.
fn first_character(text: &str, first: char) -> (char, &str) {
    let after = &text[first.len_utf8()..];
    if first == '&'
        && let Some(referred) = reference(after)
    {
        return referred;
    }
    (first, after)
}

/// The character of `amp;` or `#38;`, and what follows.
fn reference(text: &str) -> Option<(char, &str)> {
    let end = text.bytes().take(12).position(|octet| octet == b';')?;
    let name = &text[..end];
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "lrm" => '\u{200e}',
        "rlm" => '\u{200f}',
        _ => numbered(name.strip_prefix('#')?)?,
    };
    Some((character, &text[end + 1..]))
}

fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let are_digits = digits.chars().all(|digit| digit.is_digit(radix));
    let code = u32::from_str_radix(digits, radix)
        .ok()
        .filter(|_| are_digits)?;
    char::from_u32(code)
}

/// A tag of WebVTT. Anything else between angle brackets is text.
enum Tag<'a> {
    Voice(&'a str),
    VoiceEnd,
    Other,
}

impl<'a> Tag<'a> {
    /// The tag that `text` begins with, and what follows it.
    fn first_of(text: &'a str) -> Option<(Self, &'a str)> {
        let inner = text.strip_prefix('<')?;
        if let Some(inner) = inner.strip_prefix('/') {
            let (name, rest) = name_of(inner)?;
            let after = rest.trim_start_matches([' ', '\t']).strip_prefix('>')?;
            let tag = if name == "v" {
                Self::VoiceEnd
            } else {
                Self::Other
            };
            return Some((tag, after));
        }
        let Some((name, rest)) = name_of(inner) else {
            return time_tag(inner).map(|after| (Self::Other, after));
        };
        let rest = rest.trim_start_matches(is_class);
        match name {
            "v" => voice_tag(rest),
            "lang" => {
                let rest = rest.trim_start_matches([' ', '\t']);
                let after = rest.trim_start_matches(is_class).strip_prefix('>')?;
                Some((Self::Other, after))
            }
            _ => Some((Self::Other, rest.strip_prefix('>')?)),
        }
    }
}

/// `rest` follows `<v` and its classes. The name ends at the first `>`.
fn voice_tag(rest: &str) -> Option<(Tag<'_>, &str)> {
    let end = match rest.chars().next()? {
        '>' => 0,
        blank if blank.is_whitespace() => rest.find('>')?,
        _ => return None,
    };
    Some((Tag::Voice(&rest[..end]), &rest[end + 1..]))
}

/// What follows the time inside a cue that begins the text: `00:00:01.000>`.
fn time_tag(inner: &str) -> Option<&str> {
    let end = inner.bytes().take(24).position(|octet| octet == b'>')?;
    timestamp(&inner[..end])?;
    Some(&inner[end + 1..])
}

/// The name of a tag of WebVTT; only classes, blanks or `>` may follow.
fn name_of(inner: &str) -> Option<(&str, &str)> {
    let end = inner
        .bytes()
        .take(5)
        .take_while(u8::is_ascii_alphabetic)
        .count();
    let (name, rest) = inner.split_at(end);
    let is_known = matches!(name, "v" | "c" | "i" | "b" | "u" | "ruby" | "rt" | "lang");
    let is_whole = rest.starts_with(['.', '>', ' ', '\t']);
    (is_known && is_whole).then_some((name, rest))
}

fn is_class(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_')
}
