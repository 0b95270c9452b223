//! Text of people, made fit for a mail: a header is one line without control
//! characters, however its author meant it.

/// Longest subject or display name that goes out, in characters.
const LINE_MAX: usize = 250;

/// One line: control characters and line breaks become spaces, invisible marks
/// that turn the direction of what follows go, and so does what is beyond 250
/// characters.
pub fn clean_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .filter(|c| !turns_direction(*c))
        .map(|c| if breaks_line(c) { ' ' } else { c })
        .collect();
    let words: Vec<_> = spaced.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= LINE_MAX {
        return line;
    }
    let mut cut: String = line.chars().take(LINE_MAX - 1).collect();
    cut.push('…');
    cut
}

/// Several lines: every kind of line break becomes `\n`, other control
/// characters but the tabulator go.
pub fn clean_lines(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| match c {
            '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            other => other,
        })
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Marks that make `moc.live` read as `evil.com`.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XC-13: no kind of line break survives in what becomes a header.
    #[test]
    fn a_line_has_no_break_of_any_kind() {
        for breaking in [
            "\r\n", "\n", "\r", "\0", "\u{85}", "\u{2028}", "\u{2029}", "\u{b}",
        ] {
            let text = format!("Ada{breaking}Bcc: eve@example.org");
            assert_eq!(
                clean_line(&text),
                "Ada Bcc: eve@example.org",
                "{breaking:?}"
            );
        }
        assert_eq!(clean_line("\u{202e}evil\u{2066}"), "evil");
        assert_eq!(clean_line(&"é".repeat(4_000)).chars().count(), 250);
    }

    #[test]
    fn lines_keep_their_breaks_and_nothing_else_that_controls() {
        assert_eq!(
            clean_lines("a\r\nb\rc\u{2028}d\0\u{1b}[1m\te"),
            "a\nb\nc\nd[1m\te"
        );
    }
}
