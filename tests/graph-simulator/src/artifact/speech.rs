//! A transcript's three forms: WebVTT as it was added, the unattributed text,
//! and the metadata (graph-protocol §5).

use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::content::Content;

/// A short conversation of two people.
pub(crate) const DEFAULT_TRANSCRIPT: &str = include_str!("../../assets/transcript.vtt");

/// How content is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    /// A recording as it is.
    Video,
    /// WebVTT that says who spoke, as it was added.
    Attributed,
    /// Not WebVTT: without its first line and without names.
    Unattributed,
    /// WebVTT whose cues are JSON.
    Metadata,
}

impl Form {
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Video => "video/mp4",
            Self::Attributed | Self::Metadata => "text/vtt",
            Self::Unattributed => "application/vnd.microsoft.graph.transcript+text",
        }
    }

    /// The content in this form; `began` is when the transcript began.
    pub(crate) fn apply(self, content: &Content, began: DateTime<Utc>) -> Content {
        if matches!(self, Self::Video | Self::Attributed) {
            return content.clone();
        }
        let size = usize::try_from(content.size()).unwrap_or(usize::MAX);
        let bytes = content.read(0, size);
        let text = String::from_utf8_lossy(&bytes);
        let cues = cues(&text);
        Content::Text(match self {
            Self::Metadata => metadata(&cues, began),
            _ => unattributed(&cues),
        })
    }
}

/// One thing said.
struct Cue {
    timing: String,
    speaker: Option<String>,
    /// Lines without tags.
    lines: Vec<String>,
}

fn cues(text: &str) -> Vec<Cue> {
    let text = text.replace("\r\n", "\n");
    text.split("\n\n").filter_map(cue).collect()
}

fn cue(block: &str) -> Option<Cue> {
    let mut lines = block.lines().skip_while(|line| !line.contains("-->"));
    let timing = lines.next()?.trim().to_owned();
    let text: Vec<&str> = lines.collect();
    let voice = text.join("\n");
    let voice = voice.split_once("<v ").and_then(|(_, rest)| {
        let (name, _) = rest.split_once('>')?;
        Some(plain(name))
    });
    Some(Cue {
        timing,
        speaker: voice,
        lines: text.iter().map(|line| without_tags(line)).collect(),
    })
}

fn without_tags(line: &str) -> String {
    let mut kept = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('<') {
        kept.push_str(before);
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    kept + rest
}

fn plain(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    text.replace("&amp;", "&")
}

/// graph-protocol §5: no `WEBVTT` line, a blank line between timing and text.
fn unattributed(cues: &[Cue]) -> String {
    let cue = |cue: &Cue| format!("{}\n\n{}\n\n", cue.timing, cue.lines.join("\n"));
    cues.iter().map(cue).collect()
}

fn metadata(cues: &[Cue], began: DateTime<Utc>) -> String {
    let mut text = String::from("WEBVTT\n\n");
    for cue in cues {
        let (from, to) = cue.timing.split_once("-->").unwrap_or_default();
        let instant = |offset: &str| {
            let at = began + offset_of(offset).unwrap_or_default();
            at.format("%Y-%m-%dT%H:%M:%S%.6f0Z").to_string()
        };
        let line = json!({
            "startDateTime": instant(from), "endDateTime": instant(to),
            "speakerName": cue.speaker, "spokenText": plain(&cue.lines.join(" ")),
            "spokenLanguage": "en-us",
        });
        // Writing to a string never fails.
        let _ = write!(text, "{}\n{line}\n\n", cue.timing);
    }
    text
}

/// `HH:MM:SS.mmm`, hours optional, a sign in front where transcription began mid-call (§5).
fn offset_of(text: &str) -> Option<TimeDelta> {
    let text = text.split_whitespace().next()?;
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, milliseconds) = text.split_once('.')?;
    let mut seconds = 0i64;
    for part in whole.split(':') {
        let part: i64 = part.parse().ok()?;
        seconds = seconds.checked_mul(60)?.checked_add(part)?;
    }
    let milliseconds: i64 = milliseconds.parse().ok()?;
    let all = seconds.checked_mul(1000)?.checked_add(milliseconds)?;
    TimeDelta::try_milliseconds(sign * all)
}

#[cfg(test)]
mod tests {
    use super::{Content, DEFAULT_TRANSCRIPT, Form};

    fn apply(form: Form, text: &str) -> String {
        let began = "2026-11-02T08:00:00Z".parse().unwrap();
        match form.apply(&Content::text(text), began) {
            Content::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_unattributed_form_names_nobody() {
        let text = apply(Form::Unattributed, DEFAULT_TRANSCRIPT);
        let begin = "00:00:03.120 --> 00:00:07.480\n\nGood morning, José. Thank you";
        assert!(text.starts_with(begin), "{text}");
        assert!(!text.contains("WEBVTT") && !text.contains('<') && !text.contains("Åkesson"));
        assert!(text.contains("I have read the draft,\nand there are two points"));
    }

    #[test]
    fn the_metadata_are_json_with_absolute_times() {
        let vtt = "WEBVTT\r\n\r\nNOTE nothing\r\n\r\n7\r\n-00:00:01.500 --> 01:00.250\r\n<v Ann &amp; Bob>One\r\ntwo</v>\r\n";
        let text = apply(Form::Metadata, vtt);
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("WEBVTT"));
        let json = lines.find(|line| line.starts_with('{')).unwrap();
        let cue: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(cue["startDateTime"], "2026-11-02T07:59:58.5000000Z");
        assert_eq!(cue["endDateTime"], "2026-11-02T08:01:00.2500000Z");
        assert_eq!(cue["speakerName"], "Ann & Bob");
        assert_eq!(cue["spokenText"], "One two");
    }
}
