//! Names of downloads, from titles that people wrote.

use std::fmt::Write;

/// Characters that a name has at most.
const NAME_MAX: usize = 80;

/// Names that Windows keeps for devices.
const DEVICES: [&str; 22] = [
    "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8",
    "COM9", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
];

/// A file name without extension that every system takes: ASCII letters,
/// digits, `-` and `_` of the title, `meeting` where nothing of it is left.
pub fn file_name(title: &str) -> String {
    let mut name = String::new();
    for character in title.chars() {
        match character {
            c if c.is_ascii_alphanumeric() || c == '_' => name.push(c),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
        if name.len() == NAME_MAX {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() {
        return "meeting".to_owned();
    }
    if DEVICES
        .iter()
        .any(|device| device.eq_ignore_ascii_case(name))
    {
        return format!("meeting-{name}");
    }
    name.to_owned()
}

/// The `Content-Disposition` of an .ics file.
pub fn content_disposition(title: &str) -> String {
    disposition("attachment", title, "ics")
}

/// The `Content-Disposition` of a file (RFC 6266), `attachment` or `inline`: a
/// plain name for all, and the title itself for clients that read RFC 8187.
pub fn disposition(kind: &'static str, title: &str, extension: &'static str) -> String {
    let mut header = format!("{kind}; filename=\"{}.{extension}\"", file_name(title));
    let title = readable_name(title);
    if !title.is_empty() {
        header.push_str("; filename*=UTF-8''");
        push_encoded(&mut header, &title);
        header.push('.');
        header.push_str(extension);
    }
    header
}

/// The title without what a file name cannot hold, or what would show it as
/// another: path separators, control and direction characters.
fn readable_name(title: &str) -> String {
    let spaced = |c: char| {
        if c.is_control() || "/\\:*?\"<>|".contains(c) {
            ' '
        } else {
            c
        }
    };
    let is_direction = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept: String = title
        .chars()
        .filter(|c| !is_direction(*c))
        .map(spaced)
        .collect();
    let words: Vec<&str> = kept.split_whitespace().collect();
    let name: String = words.join(" ").chars().take(NAME_MAX).collect();
    let name = name.trim_matches(['.', ' ']);
    if DEVICES
        .iter()
        .any(|device| device.eq_ignore_ascii_case(name))
    {
        return String::new();
    }
    name.to_owned()
}

/// RFC 8187, section 3.2.1: everything but `attr-char` percent-encoded.
fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_a_safe_name() {
        for (title, name) in [
            ("Quarterly PCI Scope Review", "Quarterly-PCI-Scope-Review"),
            ("../../etc/passwd", "etc-passwd"),
            ("a\r\nSet-Cookie: x", "a-Set-Cookie-x"),
            ("Übung: \"Café\"", "bung-Caf"),
            ("会議", "meeting"),
            ("", "meeting"),
            ("nul", "meeting-nul"),
        ] {
            assert_eq!(file_name(title), name, "{title:?}");
        }
        assert_eq!(file_name(&"a".repeat(500)).len(), 80);
    }

    /// CM-9: the header of a download.
    #[test]
    fn a_download_is_named_after_its_title_in_both_forms() {
        assert_eq!(
            content_disposition("Café 会議; \"x\""),
            "attachment; filename=\"Caf-x.ics\"; \
             filename*=UTF-8''Caf%C3%A9%20%E4%BC%9A%E8%AD%B0%3B%20x.ics"
        );
        assert_eq!(
            content_disposition("\u{202e}"),
            "attachment; filename=\"meeting.ics\""
        );
        assert_eq!(
            content_disposition("CON"),
            "attachment; filename=\"meeting-CON.ics\""
        );
    }

    #[test]
    fn no_title_can_leave_the_header() {
        for title in [
            "a\r\nb",
            "a\"; filename=\"b",
            "\u{0}",
            "a\u{7f}\u{85}b",
            "😀\n",
        ] {
            let header = content_disposition(title);
            assert!(
                header.bytes().all(|b| (0x20..0x7f).contains(&b)),
                "{header:?}"
            );
            assert_eq!(header.matches('"').count(), 2, "{header:?}");
        }
    }
}
