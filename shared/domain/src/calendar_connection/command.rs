//! What a user sends to connect a calendar.

use std::fmt;

use super::CalendarProvider;
use crate::address::WebLink;
use crate::error::{Error, Violations};

/// Longest token or code, in octets: what the vault seals at once.
const TOKEN_MAX: usize = 4096;
/// Longest calendar id, in octets; Google's are addresses.
const CALENDAR_ID_MAX: usize = 320;

/// A connection as it was sent.
#[derive(Clone, Default)]
#[allow(missing_docs, reason = "as the API names them")]
pub struct ConnectionInput {
    pub refresh_token: Option<String>,
    pub authorization_code: Option<String>,
    pub redirect_uri: Option<String>,
    pub code_verifier: Option<String>,
    pub calendar_id: Option<String>,
}

/// What the user's consent came with.
#[derive(Clone, PartialEq, Eq)]
pub enum Consent {
    /// A refresh token that somebody has got already.
    RefreshToken(String),
    /// The code that the provider gave the user's browser.
    Code {
        /// The code; it works once.
        code: String,
        /// Where it was brought to.
        redirect_uri: String,
        /// PKCE's, if the consent was asked for with a challenge.
        verifier: Option<String>,
    },
}

impl Consent {
    /// The field of the body that it came in.
    pub const fn pointer(&self) -> &'static str {
        match self {
            Self::RefreshToken(_) => "/refresh_token",
            Self::Code { .. } => "/authorization_code",
        }
    }
}

/// A connection whose fields are each in order.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionDraft {
    /// The consent, which is still to be tried.
    pub consent: Consent,
    /// Which calendar; absent: the account's first.
    pub calendar_id: Option<String>,
}

impl ConnectionDraft {
    /// Checks every field; all violations are reported together.
    pub fn parse(provider: CalendarProvider, input: &ConnectionInput) -> Result<Self, Error> {
        let mut wrong = Violations::new();
        for (name, text) in [
            ("refresh_token", &input.refresh_token),
            ("authorization_code", &input.authorization_code),
            ("code_verifier", &input.code_verifier),
        ] {
            check_token(name, text.as_deref(), &mut wrong);
        }
        check_calendar(provider, input.calendar_id.as_deref(), &mut wrong);
        let consent = read_consent(input, &mut wrong);
        wrong.finish()?;
        let consent =
            consent.ok_or_else(|| Error::internal("a consent without violations lacks"))?;
        Ok(Self {
            consent,
            calendar_id: input.calendar_id.clone(),
        })
    }
}

fn read_consent(input: &ConnectionInput, wrong: &mut Violations) -> Option<Consent> {
    let of_code = [
        ("redirect_uri", &input.redirect_uri),
        ("code_verifier", &input.code_verifier),
    ];
    match (&input.refresh_token, &input.authorization_code) {
        (Some(_), Some(_)) => {
            let message = "give a refresh_token or an authorization_code, not both";
            wrong.add("/authorization_code", "not_allowed", message);
            None
        }
        (None, None) => {
            let message = "give a refresh_token, or an authorization_code with its redirect_uri";
            wrong.add("/authorization_code", "required", message);
            None
        }
        (Some(token), None) => {
            for (name, _) in of_code.into_iter().filter(|(_, text)| text.is_some()) {
                let message = "belongs to an authorization_code";
                wrong.add(format!("/{name}"), "not_allowed", message);
            }
            Some(Consent::RefreshToken(token.clone()))
        }
        (None, Some(code)) => {
            let Some(redirect_uri) = &input.redirect_uri else {
                let message = "the address that the code was brought to";
                wrong.add("/redirect_uri", "required", message);
                return None;
            };
            wrong.keep(
                "/redirect_uri",
                "invalid_link",
                WebLink::parse(redirect_uri),
            )?;
            Some(Consent::Code {
                code: code.clone(),
                redirect_uri: redirect_uri.clone(),
                verifier: input.code_verifier.clone(),
            })
        }
    }
}

/// Tokens and codes are opaque, but always a word of visible ASCII (RFC 6749,
/// appendix A).
fn check_token(name: &str, text: Option<&str>, wrong: &mut Violations) {
    let Some(text) = text else { return };
    if text.len() > TOKEN_MAX {
        wrong.add(
            format!("/{name}"),
            "too_long",
            format!("at most {TOKEN_MAX} octets"),
        );
    } else if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        wrong.add(
            format!("/{name}"),
            "invalid_token",
            "a word of visible ASCII characters",
        );
    }
}

fn check_calendar(provider: CalendarProvider, id: Option<&str>, wrong: &mut Violations) {
    let Some(id) = id else { return };
    if provider != CalendarProvider::Google {
        let message = "events go to the account's default calendar; leave calendar_id out";
        wrong.add("/calendar_id", "not_allowed", message);
    } else if id.len() > CALENDAR_ID_MAX {
        let message = format!("at most {CALENDAR_ID_MAX} octets");
        wrong.add("/calendar_id", "too_long", message);
    } else if matches!(id, "" | "." | "..") || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = "a calendar's id as Google shows it, or primary";
        wrong.add("/calendar_id", "invalid_id", message);
    }
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RefreshToken(_) => "RefreshToken",
            Self::Code { .. } => "Code",
        })
    }
}

impl fmt::Debug for ConnectionDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionDraft")
            .field("consent", &self.consent)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ConnectionInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionInput").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(provider: CalendarProvider, input: &ConnectionInput) -> Vec<(String, &'static str)> {
        match ConnectionDraft::parse(provider, input) {
            Err(Error::Invalid { violations }) => violations
                .into_iter()
                .map(|one| (one.pointer, one.code))
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    fn input(refresh_token: Option<&str>, authorization_code: Option<&str>) -> ConnectionInput {
        ConnectionInput {
            refresh_token: refresh_token.map(str::to_owned),
            authorization_code: authorization_code.map(str::to_owned),
            ..ConnectionInput::default()
        }
    }

    /// IV-6: a consent comes in one of two ways.
    #[test]
    fn a_consent_is_a_refresh_token_or_a_code() {
        let google = CalendarProvider::Google;
        let draft = ConnectionDraft::parse(google, &input(Some("1//0g"), None)).unwrap();
        assert_eq!(draft.consent, Consent::RefreshToken("1//0g".to_owned()));
        let of_code = ConnectionInput {
            redirect_uri: Some("https://console.example/back".to_owned()),
            code_verifier: Some("v".to_owned()),
            ..input(None, Some("4/0A"))
        };
        let draft = ConnectionDraft::parse(google, &of_code).unwrap();
        assert_eq!(draft.consent.pointer(), "/authorization_code");
        for (refused, at) in [
            (input(None, None), ("/authorization_code", "required")),
            (
                input(Some("a"), Some("b")),
                ("/authorization_code", "not_allowed"),
            ),
            (input(None, Some("b")), ("/redirect_uri", "required")),
            (
                input(Some("a b"), None),
                ("/refresh_token", "invalid_token"),
            ),
            (input(Some(""), None), ("/refresh_token", "invalid_token")),
            (
                input(Some(&"a".repeat(4097)), None),
                ("/refresh_token", "too_long"),
            ),
        ] {
            assert_eq!(wrong(google, &refused), [(at.0.to_owned(), at.1)]);
        }
        let mixed = ConnectionInput {
            refresh_token: Some("a".to_owned()),
            authorization_code: None,
            ..of_code
        };
        assert_eq!(wrong(google, &mixed).len(), 2);
    }

    #[test]
    fn only_google_has_several_calendars_to_choose_from() {
        let with = |id: &str| ConnectionInput {
            calendar_id: Some(id.to_owned()),
            ..input(Some("a"), None)
        };
        let google = CalendarProvider::Google;
        assert!(ConnectionDraft::parse(google, &with("team@group.example")).is_ok());
        for id in ["", "..", "a b", "a\nb"] {
            assert_eq!(wrong(google, &with(id))[0].1, "invalid_id", "{id}");
        }
        let refused = wrong(CalendarProvider::Microsoft, &with("primary"));
        assert_eq!(refused, [("/calendar_id".to_owned(), "not_allowed")]);
    }

    /// XC-9: no debug line shows a token or code.
    #[test]
    fn debug_lines_hide_tokens() {
        let input = input(Some("canary"), None);
        let draft = ConnectionDraft::parse(CalendarProvider::Google, &input).unwrap();
        assert!(!format!("{input:?}{draft:?}").contains("canary"));
    }
}
