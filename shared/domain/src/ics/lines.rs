//! Content lines (RFC 5545, section 3.1): folding, escaping, quoting.
//!
//! Everything goes out through two doors: [`Lines::run`] for ASCII that may be
//! cut anywhere, and [`Lines::unit`] for what may not be cut (a character of
//! several octets, an escape). So no line can be too long and no fold can
//! split what belongs together: Google drops events with a fold inside `\n`.

/// Octets in a line, without its CRLF.
const LIMIT: usize = 75;

/// Lines written so far, all complete.
pub(super) struct Lines {
    out: String,
    /// Octets in the current line.
    column: usize,
}

impl Lines {
    pub(super) fn with_capacity(octets: usize) -> Lines {
        Lines {
            out: String::with_capacity(octets),
            column: 0,
        }
    }

    pub(super) fn into_string(self) -> String {
        self.out
    }

    /// A whole line of this program's own words.
    pub(super) fn literal(&mut self, line: &str) {
        self.run(line);
        self.end();
    }

    /// Begins a property; one of [`Property`]'s values ends it.
    pub(super) fn property(&mut self, name: &str) -> Property<'_> {
        self.run(name);
        Property { lines: self }
    }

    fn end(&mut self) {
        self.out.push_str("\r\n");
        self.column = 0;
    }

    fn fold(&mut self) {
        self.out.push_str("\r\n ");
        self.column = 1;
    }

    /// ASCII that may be cut anywhere.
    fn run(&mut self, mut ascii: &str) {
        while ascii.len() > LIMIT - self.column {
            let (now, later) = ascii.split_at(LIMIT - self.column);
            self.out.push_str(now);
            self.fold();
            ascii = later;
        }
        self.out.push_str(ascii);
        self.column += ascii.len();
    }

    /// A few octets that stay together.
    fn unit(&mut self, whole: &str) {
        if self.column + whole.len() > LIMIT {
            self.fold();
        }
        self.out.push_str(whole);
        self.column += whole.len();
    }

    /// A TEXT value (section 3.3.11).
    fn escaped(&mut self, text: &str) {
        for piece in Pieces(text) {
            match piece {
                Piece::Run(ascii) => self.run(ascii),
                Piece::Wide(character) => self.unit(character),
                Piece::Newline => self.unit("\\n"),
                Piece::Special(special) => match special {
                    "\\" => self.unit("\\\\"),
                    ";" => self.unit("\\;"),
                    "," => self.unit("\\,"),
                    plain => self.unit(plain),
                },
            }
        }
    }

    /// A quoted parameter value (section 3.2, RFC 6868).
    fn quoted(&mut self, text: &str) {
        self.run("\"");
        for piece in Pieces(text) {
            match piece {
                Piece::Run(ascii) => self.run(ascii),
                Piece::Wide(character) => self.unit(character),
                Piece::Newline => self.unit("^n"),
                Piece::Special(special) => match special {
                    "\"" => self.unit("^'"),
                    "^" => self.unit("^^"),
                    plain => self.unit(plain),
                },
            }
        }
        self.run("\"");
    }
}

/// A property whose value is still to be written.
#[must_use]
pub(super) struct Property<'a> {
    lines: &'a mut Lines,
}

impl Property<'_> {
    /// A parameter whose value is a word of the format, or a list of such.
    pub(super) fn word(self, name: &str, value: &str) -> Self {
        for part in [";", name, "=", value] {
            self.lines.run(part);
        }
        self
    }

    /// A parameter of free text; left out where nothing of it can be written.
    pub(super) fn quoted(self, name: &str, text: &str) -> Self {
        if Pieces(text).next().is_some() {
            for part in [";", name, "="] {
                self.lines.run(part);
            }
            self.lines.quoted(text);
        }
        self
    }

    /// A value that is ASCII by its type and needs no escape.
    pub(super) fn raw(self, value: &str) {
        self.list([value]);
    }

    /// Such values, separated by commas.
    pub(super) fn list<S: AsRef<str>>(self, values: impl IntoIterator<Item = S>) {
        for (index, value) in values.into_iter().enumerate() {
            self.lines.run(if index == 0 { ":" } else { "," });
            self.lines.run(value.as_ref());
        }
        self.lines.end();
    }

    /// A text, given in parts.
    pub(super) fn text(self, parts: &[&str]) {
        self.lines.run(":");
        for part in parts {
            self.lines.escaped(part);
        }
        self.lines.end();
    }

    /// Texts, separated by commas.
    pub(super) fn texts(self, texts: &[&str]) {
        for (index, text) in texts.iter().enumerate() {
            self.lines.run(if index == 0 { ":" } else { "," });
            self.lines.escaped(text);
        }
        self.lines.end();
    }

    /// An e-mail address as a URI (RFC 6068): what of an address a URI gives a
    /// meaning of its own is percent-encoded.
    pub(super) fn mailto(self, address: &str) {
        self.lines.run(":mailto:");
        let mut rest = address;
        while let Some(at) = rest.find(['%', '/', '?', '#', '^', '`', '{', '|', '}']) {
            let (run, tail) = rest.split_at(at);
            self.lines.run(run);
            let (special, tail) = tail.split_at(1);
            for byte in special.bytes() {
                self.lines.run(&format!("%{byte:02X}"));
            }
            rest = tail;
        }
        self.lines.run(rest);
        self.lines.end();
    }
}

/// What a text consists of, for both kinds of escaping.
enum Piece<'a> {
    /// Printable ASCII that neither kind escapes.
    Run(&'a str),
    /// One of `\ ; , " ^`.
    Special(&'a str),
    /// One character of several octets.
    Wide(&'a str),
    /// CRLF, CR, LF, or one of the two separators that Unicode has for it.
    Newline,
}

/// The pieces of a text, control characters other than newlines and tabs left
/// out: the format has no way to write them.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            let end = self
                .0
                .bytes()
                .position(|b| !is_plain(b))
                .unwrap_or(self.0.len());
            if end > 0 {
                return Some(Piece::Run(self.take(end)));
            }
            let first = self.0.chars().next()?;
            let text = self.take(first.len_utf8());
            match first {
                '\r' => {
                    self.0 = self.0.strip_prefix('\n').unwrap_or(self.0);
                    return Some(Piece::Newline);
                }
                '\n' | '\u{2028}' | '\u{2029}' => return Some(Piece::Newline),
                '\\' | ';' | ',' | '"' | '^' => return Some(Piece::Special(text)),
                c if c.is_control() => {}
                _ => return Some(Piece::Wide(text)),
            }
        }
    }
}

impl<'a> Pieces<'a> {
    fn take(&mut self, octets: usize) -> &'a str {
        let (taken, rest) = self.0.split_at(octets);
        self.0 = rest;
        taken
    }
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t') && !matches!(byte, b'\\' | b';' | b',' | b'"' | b'^')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_line(text: &str) -> String {
        let mut lines = Lines::with_capacity(0);
        lines.property("X").text(&[text]);
        lines.into_string()
    }

    fn quoted_line(text: &str) -> String {
        let mut lines = Lines::with_capacity(0);
        lines.property("X").quoted("CN", text).raw("v");
        lines.into_string()
    }

    #[test]
    fn text_is_escaped_and_control_characters_are_removed() {
        assert_eq!(
            text_line("a\\b;c,d\r\ne\rf\ng\u{2028}h\u{0}\u{7}\u{7f}\u{85}\ti\"^"),
            "X:a\\\\b\\;c\\,d\\ne\\nf\\ng\\nh\ti\"^\r\n"
        );
    }

    #[test]
    fn parameters_are_quoted_with_rfc_6868() {
        assert_eq!(
            quoted_line("a\"b^c\r\nd;e,f:\u{0}"),
            "X;CN=\"a^'b^^c^nd;e,f:\":v\r\n"
        );
        assert_eq!(quoted_line("\u{0}"), "X:v\r\n");
    }

    #[test]
    fn a_line_has_75_octets_and_folds_between_characters_and_escapes() {
        for width in 60..80 {
            for whole in ["\n", "\\", "é", "€", "😀", ";"] {
                let text = format!("{}{whole}{}", "a".repeat(width), "b".repeat(100));
                let line = text_line(&text);
                let whole = text_line(whole).replace("X:", "").replace("\r\n", "");
                assert!(line.contains(&whole), "{line:?}");
                for octets in line.split("\r\n") {
                    assert!(octets.len() <= 75, "{octets:?}");
                }
                let unfolded = line.replace("\r\n ", "");
                assert_eq!(unfolded.len(), 2 + width + whole.len() + 100 + 2);
            }
        }
    }

    #[test]
    fn a_full_line_is_not_folded() {
        assert_eq!(text_line(&"a".repeat(73)).len(), 75 + 2);
        assert_eq!(text_line(&"a".repeat(74)).len(), 76 + 5);
    }

    #[test]
    fn an_address_cannot_add_header_fields_to_its_uri() {
        let mut lines = Lines::with_capacity(0);
        lines.property("ATTENDEE").mailto("a?cc=b%/{}@example.org");
        assert_eq!(
            lines.into_string(),
            "ATTENDEE:mailto:a%3Fcc=b%25%2F%7B%7D@example.org\r\n"
        );
    }
}
