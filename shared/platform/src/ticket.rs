//! Tickets: what opens one recording for one caller, from a `<video>` tag that
//! cannot send a token (OM-9).
//!
//! A ticket is sealed (AES-256-GCM) with a key of its own purpose: it shows
//! nothing of what it holds, and an altered, foreign or expired one is no ticket.
//! Its tenant is inside, so that a ticket of one tenant never opens another's. A
//! ticket says who asked and for what; whether they still may is asked anew by
//! whoever opens it.

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::error::Error;
use convoke_domain::id::{
    ArtifactId, ClientId, ContactId, OnlineMeetingId, TenantId, TicketId, UserId,
};
use uuid::Uuid;

use crate::http::CallerKind;
use crate::keyring::{Keyring, Purpose};
use crate::sealed_token;
use crate::secrets::Secrets;
use crate::tenant::Tenant;

/// How long a ticket opens its recording: a long one, with pauses.
pub const VALID_FOR: TimeDelta = TimeDelta::hours(6);

/// More than the longest ids give.
const TOKEN_MAX: usize = 1_000;
const FORM: u8 = 1;
const STAFF: u8 = b's';
const PORTAL: u8 = b'p';
const UNKNOWN: Error = Error::NotFound { what: "recording" };

/// What a ticket says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Names the ticket in the audit.
    pub ticket_id: TicketId,
    /// The recording's meeting.
    pub online_meeting_id: OnlineMeetingId,
    /// The recording.
    pub artifact_id: ArtifactId,
    /// Who asked for it.
    pub user_id: UserId,
    /// Which side of the house they are on.
    pub kind: CallerKind,
    /// When it ends, in whole seconds.
    pub expires_at: DateTime<Utc>,
}

impl Ticket {
    /// When it was issued.
    pub fn issued_at(&self) -> DateTime<Utc> {
        self.expires_at - VALID_FOR
    }

    fn write(&self, tenant: &Tenant) -> Result<Vec<u8>, Error> {
        let mut plain = vec![FORM];
        plain.extend(self.expires_at.timestamp().to_be_bytes());
        plain.extend(self.ticket_id.uuid().as_bytes());
        plain.extend(self.online_meeting_id.uuid().as_bytes());
        plain.extend(self.artifact_id.uuid().as_bytes());
        let mut texts = vec![tenant.id().as_str(), self.user_id.as_str()];
        match &self.kind {
            CallerKind::Internal => plain.push(STAFF),
            CallerKind::Portal {
                client_id,
                contact_id,
            } => {
                plain.push(PORTAL);
                texts.extend([client_id.as_str(), contact_id.as_str()]);
            }
        }
        for text in texts {
            let length = u8::try_from(text.len());
            plain.push(length.map_err(|_| Error::internal("an id is too long for a ticket"))?);
            plain.extend(text.as_bytes());
        }
        Ok(plain)
    }

    fn read(plain: &[u8]) -> Option<(TenantId, Self)> {
        let mut rest = Rest(plain);
        if rest.octet()? != FORM {
            return None;
        }
        let expires = i64::from_be_bytes(rest.take(8)?.try_into().ok()?);
        let ticket_id = TicketId::new(rest.uuid()?);
        let online_meeting_id = OnlineMeetingId::new(rest.uuid()?);
        let artifact_id = ArtifactId::new(rest.uuid()?);
        let side = rest.octet()?;
        let tenant = TenantId::parse(rest.text()?).ok()?;
        let user_id = UserId::parse(rest.text()?).ok()?;
        let kind = match side {
            STAFF => CallerKind::Internal,
            PORTAL => CallerKind::Portal {
                client_id: ClientId::parse(rest.text()?).ok()?,
                contact_id: ContactId::parse(rest.text()?).ok()?,
            },
            _ => return None,
        };
        let ticket = Self {
            ticket_id,
            online_meeting_id,
            artifact_id,
            user_id,
            kind,
            expires_at: DateTime::from_timestamp(expires, 0)?,
        };
        rest.0.is_empty().then_some((tenant, ticket))
    }
}

/// Makes a ticket's text: safe in a path or query as it is.
pub fn seal(ring: &Keyring, tenant: &Tenant, ticket: &Ticket) -> Result<String, Error> {
    sealed_token::seal(ring, Purpose::Ticket, &ticket.write(tenant)?)
}

/// Opens a ticket; altered, foreign and expired ones are all "no such recording".
pub async fn open(
    secrets: &Secrets,
    token: &str,
    now: DateTime<Utc>,
) -> Result<(Tenant, Ticket), Error> {
    let parts = sealed_token::take_apart(secrets, token, TOKEN_MAX).await?;
    let (ring, sealed) = parts.ok_or(UNKNOWN)?;
    open_with(&ring, &sealed, now).ok_or(UNKNOWN)
}

fn open_with(ring: &Keyring, sealed: &[u8], now: DateTime<Utc>) -> Option<(Tenant, Ticket)> {
    let plain = ring.open(Purpose::Ticket, &ring.id(), sealed)?;
    let (tenant, ticket) = Ticket::read(&plain)?;
    (now < ticket.expires_at).then(|| (Tenant::of_verified_signature(tenant), ticket))
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, octets: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(octets)?;
        self.0 = rest;
        Some(taken)
    }

    fn octet(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn uuid(&mut self) -> Option<Uuid> {
        Uuid::from_slice(self.take(16)?).ok()
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.octet()?;
        std::str::from_utf8(self.take(length.into())?).ok()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::keyring::KEY_ID_LEN;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn ticket(kind: CallerKind) -> Ticket {
        Ticket {
            ticket_id: TicketId::new(Uuid::from_u128(1)),
            online_meeting_id: OnlineMeetingId::new(Uuid::from_u128(2)),
            artifact_id: ArtifactId::new(Uuid::from_u128(3)),
            user_id: UserId::parse("u-1").unwrap(),
            kind,
            expires_at: NOW + VALID_FOR,
        }
    }

    fn portal(length: usize) -> CallerKind {
        CallerKind::Portal {
            client_id: ClientId::parse(&"c".repeat(length)).unwrap(),
            contact_id: ContactId::parse(&"k".repeat(length)).unwrap(),
        }
    }

    fn tenant(id: &str) -> Tenant {
        Tenant::of_verified_signature(TenantId::parse(id).unwrap())
    }

    fn open_text(ring: &Keyring, token: &str, now: DateTime<Utc>) -> Option<(Tenant, Ticket)> {
        let bytes = sealed_token::decode(token, TOKEN_MAX)?;
        let (key_id, sealed) = bytes.split_first_chunk::<KEY_ID_LEN>()?;
        // As `Secrets::keyring_of` does: another root's id names another ring.
        (*key_id == ring.id()).then(|| open_with(ring, sealed, now))?
    }

    /// OM-9, XC-10: a ticket gives back its tenant, artifact and caller.
    #[test]
    fn a_ticket_opens_as_it_was_made() {
        let ring = Keyring::of_root("one");
        for kind in [CallerKind::Internal, portal(1), portal(128)] {
            let mut made = ticket(kind);
            made.user_id = UserId::parse(&"u".repeat(128)).unwrap();
            let organisation = tenant(&"o".repeat(128));
            let token = seal(&ring, &organisation, &made).unwrap();
            assert!(token.len() <= TOKEN_MAX);
            let is_safe = |octet: u8| octet.is_ascii_alphanumeric() || b"-_".contains(&octet);
            assert!(token.bytes().all(is_safe), "{token}");
            assert_eq!(open_text(&ring, &token, NOW), Some((organisation, made)));
        }
    }

    /// OM-9: no octet of a ticket can be changed, left out or added.
    #[test]
    fn an_altered_ticket_is_none() {
        let ring = Keyring::of_root("one");
        let token = seal(&ring, &tenant("acme"), &ticket(portal(3))).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut forged = bytes.clone();
                forged[at] ^= 1 << bit;
                let forged = URL_SAFE_NO_PAD.encode(forged);
                assert_eq!(
                    open_text(&ring, &forged, NOW),
                    None,
                    "octet {at}, bit {bit}"
                );
            }
            let cut = URL_SAFE_NO_PAD.encode(&bytes[..at]);
            assert_eq!(open_text(&ring, &cut, NOW), None, "cut at {at}");
        }
        for other in [
            "",
            "?",
            "a.b",
            &format!("{token}A"),
            &"A".repeat(TOKEN_MAX + 4),
        ] {
            assert_eq!(open_text(&ring, other, NOW), None, "{other}");
        }
    }

    /// XC-10: another root's ticket is none, and neither is what was sealed for
    /// another purpose.
    #[test]
    fn a_foreign_ticket_is_none() {
        let ring = Keyring::of_root("one");
        let made = ticket(CallerKind::Internal);
        let token = seal(&Keyring::of_root("two"), &tenant("acme"), &made).unwrap();
        assert_eq!(open_text(&ring, &token, NOW), None);
        let bytes = sealed_token::decode(&token, TOKEN_MAX).unwrap();
        assert_eq!(open_with(&ring, &bytes[KEY_ID_LEN..], NOW), None);
        let plain = made.write(&tenant("acme")).unwrap();
        let cursor = ring.seal(Purpose::Cursor, &ring.id(), &plain).unwrap();
        assert_eq!(open_with(&ring, &cursor, NOW), None);
    }

    /// OM-9: a ticket lasts for its hours and no second more.
    #[test]
    fn an_expired_ticket_is_none() {
        let ring = Keyring::of_root("one");
        let made = ticket(CallerKind::Internal);
        assert_eq!(made.issued_at(), NOW);
        let token = seal(&ring, &tenant("acme"), &made).unwrap();
        let last = made.expires_at - TimeDelta::seconds(1);
        assert!(open_text(&ring, &token, last).is_some());
        assert_eq!(open_text(&ring, &token, made.expires_at), None);
    }

    /// What is sealed rightly but reads as nothing is no ticket: a form of later days.
    #[test]
    fn an_unreadable_form_is_none() {
        let made = ticket(portal(3)).write(&tenant("acme")).unwrap();
        assert!(Ticket::read(&made).is_some());
        let mut longer = made.clone();
        longer.push(0);
        assert_eq!(Ticket::read(&longer), None);
        for length in 0..made.len() {
            assert_eq!(Ticket::read(&made[..length]), None, "{length}");
        }
        let mut later = made.clone();
        later[0] = FORM + 1;
        assert_eq!(Ticket::read(&later), None);
        let mut sideless = made;
        sideless[57] = b'x';
        assert_eq!(Ticket::read(&sideless), None);
    }
}
