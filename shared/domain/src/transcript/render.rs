//! What a transcript looks like: WebVTT for players, text for people.

use std::fmt::Write;

use super::Cue;

/// WebVTT. With `>` escaped, no text could be read as a timing.
pub(super) fn vtt(cues: &[Cue]) -> String {
    let mut vtt = String::from("WEBVTT\n");
    for cue in cues {
        let (start, end) = (Clock(cue.start), Clock(cue.end));
        // Writing to a string cannot fail.
        let _ = writeln!(vtt, "\n{start:#} --> {end:#}");
        for voice in &cue.voices {
            if let Some(speaker) = &voice.speaker {
                open_voice(&mut vtt, speaker);
            }
            escape(&mut vtt, &voice.text);
            if voice.speaker.is_some() {
                vtt.push_str("</v>");
            }
            vtt.push('\n');
        }
    }
    vtt
}

/// The tag of a name. A blank, which no reader takes for part of it, keeps a
/// name that ends in `--` from making an arrow.
fn open_voice(vtt: &mut String, speaker: &str) {
    vtt.push_str("<v ");
    escape(vtt, speaker);
    vtt.push_str(if speaker.ends_with("--") { " >" } else { ">" });
}

fn escape(vtt: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => vtt.push_str("&amp;"),
            '<' => vtt.push_str("&lt;"),
            '>' => vtt.push_str("&gt;"),
            other => vtt.push(other),
        }
    }
}

/// Turns: a heading, a paragraph in one line, a blank line before the next.
pub(super) fn text(cues: &[Cue]) -> String {
    let mut text = String::new();
    // Whose paragraph the text ends in, if it can go on.
    let mut speaking: Option<&str> = None;
    for cue in cues {
        for voice in &cue.voices {
            let speaker = voice.speaker.as_deref();
            if speaker.is_some() && speaker == speaking {
                text.push(' ');
            } else {
                if !text.is_empty() {
                    text.push_str("\n\n");
                }
                if let Some(speaker) = speaker {
                    text.push_str(speaker);
                    text.push_str("  ");
                }
                let _ = writeln!(text, "{}", Clock(cue.start));
            }
            speaking = speaker;
            text.extend(voice.text.chars().map(|c| if c == '\n' { ' ' } else { c }));
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// Milliseconds as `00:00:03`, or with `#` as `00:00:03.120`.
struct Clock(u64);

impl std::fmt::Display for Clock {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0 / 1_000;
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
        write!(out, "{hours:02}:{minutes:02}:{:02}", seconds % 60)?;
        if out.alternate() {
            write!(out, ".{:03}", self.0 % 1_000)?;
        }
        Ok(())
    }
}
