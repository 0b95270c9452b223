//! Signed, expiring links to .ics files: what a calendar program opens without
//! a token.
//!
//! A link names its tenant inside what is signed, so a link of one tenant can
//! never open another's file.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::error::Error;
use convoke_domain::id::{AppointmentRequestId, InvitationId, MeetingId, SessionId, TenantId};
use uuid::Uuid;

use crate::keyring::{KEY_ID_LEN, Keyring, Purpose};
use crate::secrets::Secrets;
use crate::tenant::Tenant;

/// What a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A control meeting's file.
    Meeting(MeetingId),
    /// An appointment's file.
    Appointment(AppointmentRequestId),
    /// A session's file, for one invitee as long as they are invited.
    Session(SessionId, InvitationId),
}

impl Target {
    /// How a token writes it.
    fn write(self, token: &mut Vec<u8>) {
        let (kind, id, reader) = match self {
            Self::Meeting(id) => (b'm', id.uuid(), None),
            Self::Appointment(id) => (b'a', id.uuid(), None),
            Self::Session(id, reader) => (b's', id.uuid(), Some(reader.uuid())),
        };
        token.push(kind);
        token.extend(id.as_bytes());
        token.extend(reader.iter().flat_map(Uuid::as_bytes));
    }

    /// The target that `octets` begin with, and what follows it.
    fn read(octets: &[u8]) -> Option<(Self, &[u8])> {
        let (kind, rest) = octets.split_first()?;
        let (id, rest) = take_uuid(rest)?;
        match kind {
            b'm' => Some((Self::Meeting(MeetingId::new(id)), rest)),
            b'a' => Some((Self::Appointment(AppointmentRequestId::new(id)), rest)),
            b's' => {
                let (reader, rest) = take_uuid(rest)?;
                let target = Self::Session(SessionId::new(id), InvitationId::new(reader));
                Some((target, rest))
            }
            _ => None,
        }
    }
}

fn take_uuid(octets: &[u8]) -> Option<(Uuid, &[u8])> {
    let (id, rest) = octets.split_at_checked(16)?;
    Some((Uuid::from_slice(id).ok()?, rest))
}

/// How long a link lasts, at least; it lasts until the end of that day (UTC),
/// so that the same link is given all day long.
pub const VALID_FOR: TimeDelta = TimeDelta::days(7);

const DAY_S: i64 = 86_400;
const TAG_LEN: usize = 32;
/// Key id and expiry day; the target and the tenant follow.
const HEAD_LEN: usize = KEY_ID_LEN + 4;
const TOKEN_MAX: usize = 400;

/// Makes the token of a link that lasts for [`VALID_FOR`] from `counted_from`.
pub fn sign(
    ring: &Keyring,
    tenant: &Tenant,
    target: Target,
    counted_from: DateTime<Utc>,
) -> Result<String, Error> {
    let last_day = u32::try_from((counted_from + VALID_FOR).timestamp() / DAY_S)
        .map_err(|_| Error::internal("the clock is before 1970"))?;
    let mut token = Vec::with_capacity(HEAD_LEN + 64 + TAG_LEN);
    token.extend(ring.id());
    token.extend(last_day.to_be_bytes());
    target.write(&mut token);
    token.extend(tenant.id().as_str().as_bytes());
    let tag = ring
        .sign(Purpose::IcsLink, &token)
        .map_err(|error| Error::internal(error.to_string()))?;
    token.extend(tag);
    Ok(URL_SAFE_NO_PAD.encode(token))
}

/// Opens a token; altered, foreign and expired ones are all "no such link".
pub async fn open(
    secrets: &Secrets,
    token: &str,
    now: DateTime<Utc>,
) -> Result<(Tenant, Target), Error> {
    const UNKNOWN: Error = Error::NotFound { what: "link" };
    if token.len() > TOKEN_MAX {
        return Err(UNKNOWN);
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| UNKNOWN)?;
    if bytes.len() <= HEAD_LEN + TAG_LEN {
        return Err(UNKNOWN);
    }
    let (message, tag) = bytes.split_at(bytes.len() - TAG_LEN);
    let mut key_id = [0; KEY_ID_LEN];
    key_id.copy_from_slice(&message[..KEY_ID_LEN]);
    let ring = secrets.keyring_of(key_id).await?.ok_or(UNKNOWN)?;
    if !ring.verifies(Purpose::IcsLink, message, tag) {
        return Err(UNKNOWN);
    }
    read(message, now).ok_or(UNKNOWN)
}

fn read(message: &[u8], now: DateTime<Utc>) -> Option<(Tenant, Target)> {
    let (head, rest) = message.split_at(HEAD_LEN);
    let last_day = u32::from_be_bytes(head[KEY_ID_LEN..KEY_ID_LEN + 4].try_into().ok()?);
    if now.timestamp() / DAY_S > i64::from(last_day) {
        return None;
    }
    let (target, tenant) = Target::read(rest)?;
    let tenant = TenantId::parse(std::str::from_utf8(tenant).ok()?).ok()?;
    Some((Tenant::of_verified_signature(tenant), target))
}
