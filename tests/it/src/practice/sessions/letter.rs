//! Mails about sessions, read without a program of their own: tests look at
//! hundreds of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// A mail as it went out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Letter {
    /// Address.
    pub to: String,
    /// The calendar file's METHOD; empty without a file.
    pub method: String,
    /// The file's SEQUENCE.
    pub sequence: u32,
    /// `X-Convoke-Message-Id`.
    pub mail_id: String,
    /// The file's UID.
    pub uid: String,
    /// The headers, as they are.
    pub head: String,
    /// The text for readers without HTML.
    pub text: String,
    /// The file with folded lines put together.
    pub file: String,
}

impl Letter {
    /// Reads what SES was handed.
    pub fn read(request: &Value) -> Self {
        let raw = request["Content"]["Raw"]["Data"]
            .as_str()
            .expect("raw content");
        let mail = decoded(raw);
        let (head, rest) = mail.split_once("\r\n\r\n").expect("a head");
        let part = |kind: &str| {
            let start = rest.find(&format!("Content-Type: {kind}"))?;
            let body = rest[start..].split_once("\r\n\r\n")?.1;
            let end = body.find("\r\n--").unwrap_or(body.len());
            Some(decoded(&body[..end]))
        };
        let file = part("text/calendar").unwrap_or_default();
        let (head, file) = (head.replace("\r\n ", " "), file.replace("\r\n ", ""));
        let to = line(&head, "To: ");
        let address = to.rsplit_once('<').map_or(&*to, |(_, address)| address);
        Self {
            to: address.trim_end_matches('>').to_owned(),
            method: line(&file, "METHOD:"),
            sequence: line(&file, "SEQUENCE:").parse().unwrap_or_default(),
            mail_id: line(&head, "X-Convoke-Message-Id: "),
            uid: line(&file, "UID:"),
            text: part("text/plain").unwrap_or_default(),
            head,
            file,
        }
    }

    /// Address, method and sequence: what matters of it to a calendar.
    pub fn news(&self) -> (&str, &str, u32) {
        (&self.to, &self.method, self.sequence)
    }

    /// The path of its link to answer with, if it has one.
    pub fn answer_path(&self) -> Option<String> {
        let at = self.text.find("/rsvp/")?;
        let rest = &self.text[at..];
        let end = rest.find(|c: char| c.is_whitespace() || c == '?' || c == '>');
        Some(rest[..end.unwrap_or(rest.len())].to_owned())
    }

    /// The path of its link to the file, if it has one.
    pub fn file_path(&self) -> Option<String> {
        let at = self.text.find("/ics/")?;
        let rest = &self.text[at..];
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        Some(rest[..end].to_owned())
    }

    /// Lines of the file that begin like this.
    pub fn lines(&self, name: &str) -> Vec<&str> {
        let lines = self.file.lines();
        lines.filter(|line| line.starts_with(name)).collect()
    }
}

fn line(text: &str, name: &str) -> String {
    let mut lines = text.split("\r\n");
    let found = lines.find_map(|line| line.strip_prefix(name));
    found.unwrap_or_default().trim().to_owned()
}

fn decoded(base64: &str) -> String {
    let text: String = base64.split_whitespace().collect();
    let octets = STANDARD.decode(text).expect("base64");
    String::from_utf8(octets).expect("UTF-8")
}
