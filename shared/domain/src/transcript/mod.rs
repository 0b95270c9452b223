//! Transcripts of Teams meetings (OM-8): read leniently, written as WebVTT for
//! players and as text for people.
//!
//! Two forms come in: WebVTT with voices, and, where a tenant hides its
//! speakers, `application/vnd.microsoft.graph.transcript+text`: no WEBVTT line,
//! a blank line between each timing and its text. What arrives is the words of
//! a meeting and is not sent twice, so [`Transcript::parse`] refuses nothing:
//!
//! - a line is a timing only if it begins with two timestamps around `-->`;
//!   what follows it and is no cue setting is text of its cue;
//! - a file with a WEBVTT line may have NOTE, STYLE and REGION blocks, which
//!   nobody said; without that line they are text;
//! - an identifier is one ASCII word with a digit, alone between a blank line
//!   and a timing; any other line there is text of the cue before;
//! - the tags of WebVTT are tags, any other `<` is a less-than sign;
//! - text ahead of the first timing is a cue at the beginning, of five seconds;
//! - octets that are no UTF-8 become U+FFFD.
//!
//! A `Transcript` is always in order, which makes reading what was written the
//! identity:
//!
//! - cues are sorted by start and end at least a millisecond after it. A
//!   negative offset (transcription began in mid-call) becomes zero: moving all
//!   the others instead would take them away from the recording's picture;
//! - text and names hold no control characters and no overrides of writing
//!   direction; runs of blanks are one; a cue of several lines keeps them, and
//!   has no blank one;
//! - what says nothing is no cue.
//!
//! Time is linear in the octets (but for sorting cues that came unsorted), and
//! so are both renderings.

mod block;
mod phrase;
mod render;
mod timing;

use std::collections::HashSet;

/// What was said in a meeting, cue by cue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript {
    cues: Vec<Cue>,
}

/// What is shown from `start` to `end`, in milliseconds of the recording.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cue {
    start: u64,
    end: u64,
    /// At least one; neighbours are of different speakers.
    voices: Vec<Voice>,
}

/// Consecutive words of one speaker.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Voice {
    speaker: Option<String>,
    /// Lines, none blank.
    text: String,
}

impl Transcript {
    /// Reads either form. Never fails: what is not understood is text.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut blocks = block::read(&text);
        blocks.sort_by_key(|block| block.timing.start);
        let cues = blocks.iter().filter_map(|block| {
            let voices = phrase::voices(&block.lines);
            let start = block.timing.start.max(0).unsigned_abs();
            let end = block.timing.end.max(0).unsigned_abs().max(start + 1);
            (!voices.is_empty()).then_some(Cue { start, end, voices })
        });
        Self {
            cues: cues.collect(),
        }
    }

    /// Whether nobody said anything.
    pub fn is_empty(&self) -> bool {
        self.cues.is_empty()
    }

    /// Whether it says of anything who said it.
    pub fn is_attributed(&self) -> bool {
        self.voices().any(|voice| voice.speaker.is_some())
    }

    /// Everybody who said something, once, in the order of their first words.
    pub fn speakers(&self) -> Vec<&str> {
        let mut known = HashSet::new();
        self.voices()
            .filter_map(|voice| voice.speaker.as_deref())
            .filter(|speaker| known.insert(*speaker))
            .collect()
    }

    /// Valid WebVTT, whatever was read: a cue per cue, a voice per line or
    /// lines, everything escaped. [`Transcript::parse`] reads it as it was.
    pub fn to_vtt(&self) -> String {
        render::vtt(&self.cues)
    }

    /// Plain text for people: per turn a line with the speaker and its time,
    /// one line with what was said, and a blank line between turns. Without a
    /// speaker, each cue is a turn and its first line is the time alone. No text
    /// can pass for a heading, since it never has a line of its own to begin.
    /// Empty for an empty transcript; else it ends with a newline.
    pub fn to_text(&self) -> String {
        render::text(&self.cues)
    }

    fn voices(&self) -> impl Iterator<Item = &Voice> {
        self.cues.iter().flat_map(|cue| &cue.voices)
    }
}
