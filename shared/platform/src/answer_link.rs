//! Links by which somebody invited answers from their mail (IV-7).
//!
//! What a link says is sealed (AES-256-GCM) with a key of its own purpose: it
//! shows nothing of what it holds, and an altered, foreign or expired one is no
//! link. Its tenant is inside, so that a link of one tenant never answers in
//! another. It names the mail that carried it, and one mail answers once; that
//! it was used is a row of its own, written with the answer.

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::error::Error;
use convoke_domain::id::{InvitationId, MailId, SessionId, TenantId};
use uuid::Uuid;

use crate::keyring::{Keyring, Purpose};
use crate::sealed_token;
use crate::secrets::Secrets;
use crate::tenant::Tenant;

/// How long a link opens at least; until the meeting's end where that is later.
pub const VALID_FOR: TimeDelta = TimeDelta::days(7);

/// More than the longest tenant gives.
const TOKEN_MAX: usize = 400;
const FORM: u8 = 1;
const UNKNOWN: Error = Error::NotFound { what: "link" };

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerLink {
    /// What the answer is to.
    pub session_id: SessionId,
    /// Whose answer it is.
    pub invitation_id: InvitationId,
    /// The mail that carries it.
    pub mail_id: MailId,
    /// When it ends, in whole seconds.
    pub expires_at: DateTime<Utc>,
}

impl AnswerLink {
    fn write(&self, tenant: &Tenant) -> Vec<u8> {
        let mut plain = vec![FORM];
        plain.extend(self.expires_at.timestamp().to_be_bytes());
        plain.extend(self.session_id.uuid().as_bytes());
        plain.extend(self.invitation_id.uuid().as_bytes());
        plain.extend(self.mail_id.uuid().as_bytes());
        plain.extend(tenant.id().as_str().as_bytes());
        plain
    }

    fn read(plain: &[u8]) -> Option<(TenantId, Self)> {
        let (form, rest) = plain.split_first()?;
        let (expires, rest) = rest.split_first_chunk()?;
        let (session, rest) = rest.split_first_chunk()?;
        let (invitation, rest) = rest.split_first_chunk()?;
        let (mail, rest) = rest.split_first_chunk()?;
        if *form != FORM {
            return None;
        }
        let tenant = TenantId::parse(std::str::from_utf8(rest).ok()?).ok()?;
        let link = Self {
            session_id: SessionId::new(Uuid::from_bytes(*session)),
            invitation_id: InvitationId::new(Uuid::from_bytes(*invitation)),
            mail_id: MailId::new(Uuid::from_bytes(*mail)),
            expires_at: DateTime::from_timestamp(i64::from_be_bytes(*expires), 0)?,
        };
        Some((tenant, link))
    }
}

/// Makes a link's token: safe in a path as it is.
pub fn seal(ring: &Keyring, tenant: &Tenant, link: &AnswerLink) -> Result<String, Error> {
    sealed_token::seal(ring, Purpose::AnswerLink, &link.write(tenant))
}

/// Opens a token; altered, foreign and expired ones are all "no such link".
pub async fn open(
    secrets: &Secrets,
    token: &str,
    now: DateTime<Utc>,
) -> Result<(Tenant, AnswerLink), Error> {
    let parts = sealed_token::take_apart(secrets, token, TOKEN_MAX).await?;
    let (ring, sealed) = parts.ok_or(UNKNOWN)?;
    open_with(&ring, &sealed, now).ok_or(UNKNOWN)
}

fn open_with(ring: &Keyring, sealed: &[u8], now: DateTime<Utc>) -> Option<(Tenant, AnswerLink)> {
    let plain = ring.open(Purpose::AnswerLink, &ring.id(), sealed)?;
    let (tenant, link) = AnswerLink::read(&plain)?;
    (now < link.expires_at).then(|| (Tenant::of_verified_signature(tenant), link))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::keyring::KEY_ID_LEN;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn link() -> AnswerLink {
        AnswerLink {
            session_id: SessionId::new(Uuid::from_u128(1)),
            invitation_id: InvitationId::new(Uuid::from_u128(2)),
            mail_id: MailId::new(Uuid::from_u128(3)),
            expires_at: NOW + VALID_FOR,
        }
    }

    fn tenant(id: &str) -> Tenant {
        Tenant::of_verified_signature(TenantId::parse(id).unwrap())
    }

    fn open_text(ring: &Keyring, token: &str, now: DateTime<Utc>) -> Option<(Tenant, AnswerLink)> {
        let bytes = sealed_token::decode(token, TOKEN_MAX)?;
        let (key_id, sealed) = bytes.split_first_chunk::<KEY_ID_LEN>()?;
        // As `Secrets::keyring_of` does: another root's id names another ring.
        (*key_id == ring.id()).then(|| open_with(ring, sealed, now))?
    }

    /// IV-7, XC-10: a link gives back its tenant, invitation and mail, for the
    /// longest and shortest names of tenants.
    #[test]
    fn a_link_opens_as_it_was_made() {
        let ring = Keyring::of_root("one");
        for organisation in [tenant("o"), tenant(&"o".repeat(128))] {
            let token = seal(&ring, &organisation, &link()).unwrap();
            assert!(token.len() <= TOKEN_MAX);
            let is_safe = |octet: u8| octet.is_ascii_alphanumeric() || b"-_".contains(&octet);
            assert!(token.bytes().all(is_safe), "{token}");
            assert_eq!(open_text(&ring, &token, NOW), Some((organisation, link())));
        }
    }

    /// IV-7: no octet of a link can be changed, left out or added.
    #[test]
    fn an_altered_link_is_none() {
        let ring = Keyring::of_root("one");
        let token = seal(&ring, &tenant("acme"), &link()).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut forged = bytes.clone();
                forged[at] ^= 1 << bit;
                let forged = URL_SAFE_NO_PAD.encode(forged);
                let opened = open_text(&ring, &forged, NOW);
                assert_eq!(opened, None, "octet {at}, bit {bit}");
            }
            let cut = URL_SAFE_NO_PAD.encode(&bytes[..at]);
            assert_eq!(open_text(&ring, &cut, NOW), None, "cut at {at}");
        }
        let longer = format!("{token}A");
        let longest = "A".repeat(TOKEN_MAX + 4);
        for other in ["", "?", "a.b", &longer, &longest] {
            assert_eq!(open_text(&ring, other, NOW), None, "{other}");
        }
    }

    /// XC-10: another root's link is none, and neither is what was sealed for
    /// another purpose.
    #[test]
    fn a_foreign_link_is_none() {
        let ring = Keyring::of_root("one");
        let token = seal(&Keyring::of_root("two"), &tenant("acme"), &link()).unwrap();
        assert_eq!(open_text(&ring, &token, NOW), None);
        let bytes = sealed_token::decode(&token, TOKEN_MAX).unwrap();
        assert_eq!(open_with(&ring, &bytes[KEY_ID_LEN..], NOW), None);
        let plain = link().write(&tenant("acme"));
        for other in [Purpose::Cursor, Purpose::Ticket] {
            let sealed = ring.seal(other, &ring.id(), &plain).unwrap();
            assert_eq!(open_with(&ring, &sealed, NOW), None, "{other:?}");
        }
    }

    /// XC-1: the tenant is what the link was sealed with, whoever sends it.
    #[test]
    fn two_tenants_links_for_one_invitation_differ() {
        let ring = Keyring::of_root("one");
        for name in ["acme", "other"] {
            let token = seal(&ring, &tenant(name), &link()).unwrap();
            let (opened, _) = open_text(&ring, &token, NOW).unwrap();
            assert_eq!(opened.id().as_str(), name);
        }
    }

    /// IV-7: a link lasts until its moment and no second more.
    #[test]
    fn an_expired_link_is_none() {
        let ring = Keyring::of_root("one");
        let token = seal(&ring, &tenant("acme"), &link()).unwrap();
        let end = link().expires_at;
        assert!(open_text(&ring, &token, end - TimeDelta::seconds(1)).is_some());
        assert_eq!(open_text(&ring, &token, end), None);
    }

    /// What is sealed rightly but reads as nothing is no link: a form of later days.
    #[test]
    fn an_unreadable_form_is_none() {
        let made = link().write(&tenant("a"));
        assert!(AnswerLink::read(&made).is_some());
        for length in 0..made.len() {
            assert_eq!(AnswerLink::read(&made[..length]), None, "{length}");
        }
        let mut later = made.clone();
        later[0] = FORM + 1;
        assert_eq!(AnswerLink::read(&later), None);
        let mut odd = made;
        odd.push(0);
        assert_eq!(AnswerLink::read(&odd), None, "no name of a tenant");
    }
}
