//! From lines to cues: which lines are timings, identifiers, comments, text.

use super::timing::Timing;

/// A timing and the lines of its text, as they were written.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) timing: Timing,
    pub(super) lines: Vec<&'a str>,
}

/// Longest identifier; Teams' are of some fifty octets.
const IDENTIFIER_MAX: usize = 200;

/// The cues of a file in the order of its lines.
pub(super) fn read(text: &str) -> Vec<Block<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let has_header = lines(text)
        .find(|line| !is_blank(line))
        .is_some_and(is_header);
    let mut reader = Reader {
        has_header,
        blocks: Vec::new(),
        place: Place::Start,
        identifier: None,
    };
    let body = lines(text).skip_while(|line| is_blank(line));
    if has_header {
        // Metadata may follow the header in lines of its own.
        reader.place = Place::Skipped;
        body.skip(1).for_each(|line| reader.line(line));
    } else {
        body.for_each(|line| reader.line(line));
    }
    reader.keep_identifier();
    reader.blocks
}

/// Where the next line stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// After a blank line, or at the very beginning.
    Start,
    /// In a block of which nothing was said.
    Skipped,
    /// After a timing or a line of text.
    Text,
}

struct Reader<'a> {
    has_header: bool,
    blocks: Vec<Block<'a>>,
    place: Place,
    /// The last line, where it is an identifier if a timing comes next.
    identifier: Option<&'a str>,
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: &'a str) {
        if let Some((timing, rest)) = Timing::of_line(line) {
            self.identifier = None;
            self.blocks.push(Block {
                timing,
                lines: Vec::new(),
            });
            self.place = Place::Text;
            if !rest.is_empty() {
                self.say(rest);
            }
            return;
        }
        self.keep_identifier();
        match self.place {
            _ if is_blank(line) => self.place = Place::Start,
            Place::Skipped => {}
            Place::Start if self.is_unsaid(line) => self.place = Place::Skipped,
            Place::Start if self.may_be_identifier(line) => {
                self.identifier = Some(line);
                self.place = Place::Text;
            }
            Place::Start | Place::Text => {
                self.say(line);
                self.place = Place::Text;
            }
        }
    }

    fn say(&mut self, line: &'a str) {
        match self.blocks.last_mut() {
            Some(block) => block.lines.push(line),
            None => self.blocks.push(Block {
                timing: Timing::NONE,
                lines: vec![line],
            }),
        }
    }

    /// No timing came next, so it was text.
    fn keep_identifier(&mut self) {
        if let Some(line) = self.identifier.take() {
            self.say(line);
        }
    }

    /// Whether the line begins a comment, style sheet or region.
    fn is_unsaid(&self, line: &str) -> bool {
        let is_comment = line == "NOTE" || line.starts_with("NOTE ") || line.starts_with("NOTE\t");
        let is_layout = matches!(line.trim_end(), "STYLE" | "REGION") && self.blocks.is_empty();
        self.has_header && (is_comment || is_layout)
    }

    /// In the form without a header, the first line after a timing's blank line
    /// is its text, and nothing else.
    fn may_be_identifier(&self, line: &str) -> bool {
        let awaits_text = self.blocks.last().is_some_and(|last| last.lines.is_empty());
        line.len() <= IDENTIFIER_MAX
            && line.bytes().all(|octet| octet.is_ascii_graphic())
            && line.bytes().any(|octet| octet.is_ascii_digit())
            && (self.has_header || !awaits_text)
    }
}

fn is_header(line: &str) -> bool {
    line.strip_prefix("WEBVTT")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

/// Lines that end in LF, CRLF or CR.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        line.split('\r')
    })
}
