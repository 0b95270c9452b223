//! E-mail addresses and web links that are safe to put anywhere: into a mail
//! header, a calendar line, a log line's length budget.
//!
//! Both are checked once, where they enter, so that every writer can copy them
//! as they are. Neither holds a control character, a space or anything outside
//! ASCII; both are at most a few hundred octets to a few thousand.

use std::fmt;
use std::str::FromStr;

/// `local@domain` as mail systems really use it: a dot-atom (RFC 5321) at a
/// domain of two or more labels, at most 254 octets.
///
/// Quoted local parts, address literals and internationalised local parts are
/// refused: mail services drop or mangle them. An internationalised domain is
/// written in its ASCII form (`xn--…`). Compared as written; look-ups use
/// [`EmailAddress::lookup_key`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

/// Why a text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmail {
    /// No `@`, or nothing on one side of it.
    #[error("an e-mail address has the form local@domain")]
    Form,
    /// More than 254 octets, or more than 64 before the `@`.
    #[error("an e-mail address has at most 254 characters, 64 of them before the @")]
    TooLong,
    /// Something before the `@` that is neither letter, digit nor one of
    /// ``!#$%&'*+-/=?^_`{|}~`` or a single dot inside.
    #[error("the part before the @ has a character that mail systems do not carry")]
    LocalPart,
    /// The domain is no host name of two or more labels.
    #[error(
        "the domain of an e-mail address is a host name such as example.org \
         (an internationalised one in its xn-- form)"
    )]
    Domain,
}

const EMAIL_MAX: usize = 254;
const LOCAL_PART_MAX: usize = 64;

impl EmailAddress {
    /// Checks an address; nothing is trimmed or rewritten.
    pub fn parse(text: &str) -> Result<EmailAddress, InvalidEmail> {
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail::Form)?;
        if local.is_empty() || domain.is_empty() {
            return Err(InvalidEmail::Form);
        }
        if text.len() > EMAIL_MAX || local.len() > LOCAL_PART_MAX {
            return Err(InvalidEmail::TooLong);
        }
        let atom = |part: &str| !part.is_empty() && part.bytes().all(is_atom_byte);
        if !local.split('.').all(atom) {
            return Err(InvalidEmail::LocalPart);
        }
        let is_number = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
        let labels = domain.split('.').count();
        if labels < 2 || !is_host_name(domain) || domain.rsplit('.').next().is_none_or(is_number) {
            return Err(InvalidEmail::Domain);
        }
        Ok(EmailAddress(text.to_owned()))
    }

    /// The address as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in lower case, by which it is unique and found.
    pub fn lookup_key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// RFC 5322, section 3.2.3: `atext`.
fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// Labels of letters, digits and inner hyphens, 63 octets each (RFC 1123).
fn is_host_name(text: &str) -> bool {
    text.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

/// An absolute `http` or `https` address, in the ASCII form that RFC 3986
/// defines, without user information, at most 2048 octets. Kept as written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebLink(String);

/// Why a text is no web link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLink {
    /// More than 2048 octets.
    #[error("a link has at most 2048 characters")]
    TooLong,
    /// A scheme other than `http` and `https`, or none.
    #[error("a link begins with https:// or http://")]
    Scheme,
    /// A space, a control character, one of ``"<>\^`{|}``, or anything outside
    /// ASCII.
    #[error(
        "a link has no spaces, control characters, quotes or brackets; others are percent-encoded"
    )]
    Character,
    /// No host, an impossible one, a port that is no number, or `user@`.
    #[error("a link names a host, with no user name before it")]
    Host,
}

const LINK_MAX: usize = 2048;

impl WebLink {
    /// Checks a link; nothing is trimmed or rewritten.
    pub fn parse(text: &str) -> Result<WebLink, InvalidLink> {
        if text.len() > LINK_MAX {
            return Err(InvalidLink::TooLong);
        }
        if !text.bytes().all(is_link_byte) {
            return Err(InvalidLink::Character);
        }
        let (scheme, rest) = text.split_once("://").ok_or(InvalidLink::Scheme)?;
        if !["https", "http"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
        {
            return Err(InvalidLink::Scheme);
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        if !is_authority(authority) {
            return Err(InvalidLink::Host);
        }
        Ok(WebLink(text.to_owned()))
    }

    /// The link as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_link_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte)
}

/// `host[:port]`, the host a name, an IPv4 address or an IPv6 one in brackets.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, after)) => {
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            match after.strip_prefix(':') {
                None => return after.is_empty(),
                Some(port) => ("", port),
            }
        }
        None => text.split_once(':').unwrap_or((text, "443")),
    };
    let host_fits = host.is_empty() && text.starts_with('[')
        || host.len() <= 253 && is_host_name(&host.replace('_', "x"));
    host_fits && !port.is_empty() && port.parse::<u16>().is_ok()
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<EmailAddress, InvalidEmail> {
        EmailAddress::parse(text)
    }
}

impl fmt::Display for WebLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WebLink {
    type Err = InvalidLink;

    fn from_str(text: &str) -> Result<WebLink, InvalidLink> {
        WebLink::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_addresses_are_taken_as_they_are() {
        for text in [
            "ada@example.org",
            "Ada.Lovelace+board@Mail.Example.ORG",
            "o'brien@example.ie",
            "r&d_50%@xn--mnchen-3ya.de",
            "1@a-b.c0",
        ] {
            assert_eq!(
                EmailAddress::parse(text).map(|a| a.to_string()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn addresses_are_found_in_any_case() {
        let address = EmailAddress::parse("Ada@Example.ORG").expect("an address");
        assert_eq!(address.lookup_key(), "ada@example.org");
    }

    #[test]
    fn what_could_break_a_header_or_a_line_is_no_address() {
        use InvalidEmail::{Domain, Form, LocalPart, TooLong};
        let long_local = format!("{}@example.org", "a".repeat(65));
        let long = format!("a@{}.org", "a.".repeat(130));
        for (text, error) in [
            ("", Form),
            ("ada", Form),
            ("@example.org", Form),
            ("ada@", Form),
            ("ada lovelace@example.org", LocalPart),
            ("\"ada\"@example.org", LocalPart),
            ("a\r\nBcc: x@example.org", LocalPart),
            ("a;b@example.org", LocalPart),
            ("a,b@example.org", LocalPart),
            ("<a@example.org", LocalPart),
            ("a@b@example.org", LocalPart),
            ("a..b@example.org", LocalPart),
            (".a@example.org", LocalPart),
            ("ädä@example.org", LocalPart),
            ("a@example.org>", Domain),
            ("a@example.org ", Domain),
            ("a@münchen.de", Domain),
            ("a@localhost", Domain),
            ("a@example.org.", Domain),
            ("a@-example.org", Domain),
            ("a@[127.0.0.1]", Domain),
            ("a@127.0.0.1", Domain),
            (long_local.as_str(), TooLong),
            (long.as_str(), TooLong),
        ] {
            assert_eq!(EmailAddress::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn common_links_are_taken_as_they_are() {
        for text in [
            "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%22Tid%22%7d",
            "HTTPS://example.org",
            "http://127.0.0.1:8080/a?b=c#d",
            "https://[::1]:8443/",
            "https://[2001:db8::1]",
            "https://my_host.example.org/a@b",
        ] {
            assert_eq!(
                WebLink::parse(text).map(|l| l.to_string()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn what_is_dangerous_or_relative_is_no_link() {
        use InvalidLink::{Character, Host, Scheme, TooLong};
        let long = format!("https://example.org/{}", "a".repeat(2048));
        for (text, error) in [
            ("", Scheme),
            ("example.org", Scheme),
            ("javascript:alert(1)", Scheme),
            ("ftp://example.org", Scheme),
            ("https:/example.org", Scheme),
            ("https://", Host),
            ("https:///a", Host),
            ("https://user@example.org", Host),
            ("https://user:secret@example.org/", Host),
            ("https://example.org:/", Host),
            ("https://example.org:99999/", Host),
            ("https://[zz]/", Host),
            ("https://[::1]x/", Host),
            ("https://a..b/", Host),
            ("https://example.org/a b", Character),
            ("https://example.org/\r\nX:1", Character),
            ("https://example.org/\u{0}", Character),
            ("https://example.org/\"", Character),
            ("https://münchen.de/", Character),
            (long.as_str(), TooLong),
        ] {
            assert_eq!(WebLink::parse(text), Err(error), "{text:?}");
        }
    }
}
