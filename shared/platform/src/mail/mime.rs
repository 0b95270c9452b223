//! A mail as the octets that SES takes.
//!
//! With a calendar file: `multipart/mixed( multipart/alternative( text/plain,
//! text/html, text/calendar ), application/ics )`, the file's octets the same
//! in both places. Every body is base64 in lines of 76, so no text can look
//! like a boundary; every line of a header has at most 76 characters or one
//! word. The same message gives the same octets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use convoke_domain::address::EmailAddress;
use convoke_domain::ics::Method;
use convoke_domain::id::MailId;
use mail_builder::MessageBuilder;
use mail_builder::encoders::base64::base64_encode_mime;
use mail_builder::headers::HeaderType;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::{BodyPart, MimePart};

use super::{Sender, clean_line};

/// A calendar file that travels with a mail.
#[derive(Debug, Clone, Copy)]
pub struct Calendar<'a> {
    /// As in the file.
    pub method: Method,
    /// The file.
    pub body: &'a str,
}

/// What a mail says, to whom.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Names the mail for ever: a repeated one has the same.
    pub mail_id: MailId,
    /// From.
    pub sender: &'a Sender,
    /// To.
    pub reader: &'a EmailAddress,
    /// The reader's name.
    pub reader_name: Option<&'a str>,
    /// Subject; becomes one line.
    pub subject: &'a str,
    /// The plain text.
    pub text: &'a str,
    /// The HTML.
    pub html: &'a str,
    /// The invitation, or its withdrawal.
    pub calendar: Option<Calendar<'a>>,
    /// When it is sent.
    pub date: DateTime<Utc>,
}

impl Message<'_> {
    /// The whole message, headers and body.
    pub fn to_octets(&self) -> std::io::Result<Vec<u8>> {
        let mut octets = vec![];
        let sender = self.sender;
        write_address(&mut octets, "From", sender.address(), sender.name());
        write_address(&mut octets, "To", self.reader, self.reader_name);
        let id = self.mail_id;
        let domain = sender.address().as_str().rsplit('@').next();
        let message_id = format!("{id}@{}", domain.unwrap_or("localhost"));
        MessageBuilder::new()
            .header("Subject", Text::new(subject(self.subject)))
            .header("Date", Date::new(self.date.timestamp()))
            .header("Message-ID", MessageId::new(message_id))
            .header("X-Convoke-Message-Id", Raw::new(id.to_string()))
            .header("Auto-Submitted", Raw::new("auto-generated"))
            .header("MIME-Version", Raw::new("1.0"))
            .body(self.body()?)
            .write_to(&mut octets)?;
        Ok(octets)
    }

    fn body(&self) -> std::io::Result<MimePart<'static>> {
        let mut alternatives = vec![
            leaf("text/plain; charset=UTF-8", &with_crlf(self.text))?,
            leaf("text/html; charset=UTF-8", &with_crlf(self.html))?,
        ];
        let Some(calendar) = self.calendar else {
            return Ok(self.multipart("alternative", alternatives));
        };
        let content_type = format!(
            "text/calendar; charset=UTF-8; method={}",
            calendar.method.as_str()
        );
        alternatives.push(leaf(&content_type, calendar.body)?);
        let disposition = ContentType::new("attachment").attribute("filename", "invite.ics");
        let attachment = leaf("application/ics; name=\"invite.ics\"", calendar.body)?
            .header("Content-Disposition", disposition);
        let parts = vec![self.multipart("alternative", alternatives), attachment];
        Ok(self.multipart("mixed", parts))
    }

    /// The boundary comes from the mail's id; base64 has no `=_` in it.
    fn multipart(&self, kind: &str, parts: Vec<MimePart<'static>>) -> MimePart<'static> {
        let boundary = format!("=_{kind}_{}", self.mail_id.uuid().simple());
        let content_type =
            ContentType::new(format!("multipart/{kind}")).attribute("boundary", boundary);
        MimePart::new(content_type, parts)
    }
}

/// A part that is written as it is: its parameters bare, as clients expect
/// them, its body in base64.
fn leaf(content_type: &str, body: &str) -> std::io::Result<MimePart<'static>> {
    let mut encoded = vec![];
    base64_encode_mime(body.as_bytes(), &mut encoded, false)?;
    Ok(MimePart {
        headers: vec![
            (
                "Content-Type".into(),
                HeaderType::Raw(Raw::new(content_type.to_owned())),
            ),
            (
                "Content-Transfer-Encoding".into(),
                HeaderType::Raw(Raw::new("base64")),
            ),
        ],
        contents: BodyPart::Binary(encoded.into()),
    })
}

fn with_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// One line, in which nothing reads as an encoded word before it is encoded.
fn subject(text: &str) -> String {
    clean_line(text).replace("=?", "= ?")
}

/// Longest name that is written plainly.
const PLAIN_NAME_MAX: usize = 60;
/// Octets of an encoded word's text: 60 characters of base64, 72 with its frame.
const WORD_OCTETS: usize = 45;

/// Written here, since `mail-builder` puts encoded words into quotes, where
/// they are none, and does not break long ones.
fn write_address(octets: &mut Vec<u8>, header: &str, address: &EmailAddress, name: Option<&str>) {
    let name = name.map(clean_line).unwrap_or_default();
    let is_plain = name.len() <= PLAIN_NAME_MAX
        && name
            .bytes()
            .all(|byte| byte == b' ' || byte.is_ascii_graphic())
        && !name.contains("=?");
    let value = if name.is_empty() {
        address.to_string()
    } else if is_plain {
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{quoted}\"\r\n <{address}>")
    } else {
        format!("{}\r\n <{address}>", encoded_words(&name))
    };
    octets.extend(format!("{header}: {value}\r\n").bytes());
}

/// RFC 2047, a word to a line, cut between characters.
fn encoded_words(text: &str) -> String {
    let mut words: Vec<String> = vec![String::new()];
    for c in text.chars() {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= WORD_OCTETS => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let encoded = words
        .iter()
        .map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
    encoded.collect::<Vec<_>>().join("\r\n ")
}

#[cfg(test)]
mod tests;
