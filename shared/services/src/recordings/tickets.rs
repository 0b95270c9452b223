//! Issuing tickets for recordings, and opening them (OM-9).
//!
//! Guarantees: a ticket is issued to somebody who may see the recording at that
//! moment, and each request with it asks anew whether its holder still may. Its
//! issue and its first use each leave one row in the audit, before anything is
//! given out.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, Utc};
use convoke_domain::artifact::ArtifactType;
use convoke_domain::error::Error;
use convoke_domain::id::{ArtifactId, TicketId};
use convoke_platform::http::Caller;
use convoke_platform::records::{AuditEvent, AuditRecord};
use convoke_platform::secrets::Secrets;
use convoke_platform::store::TenantStore;
use convoke_platform::tenant::Tenant;
use convoke_platform::ticket::{self, Ticket};

use super::access::{self, Shown};
use crate::core::{Core, undisturbed};
use crate::engagements::Eyes;
use crate::microsoft::ENTERPRISE;

const RECORDING: &str = "recording";
const UNKNOWN: Error = Error::NotFound { what: RECORDING };
/// Tickets that a process remembers as used.
const REMEMBERED: usize = 1_000;

/// A ticket, ready to be handed out; never logged, never stored.
pub struct Issued {
    /// As it stands in an address.
    pub token: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Issues a ticket for a recording to a caller who may see it. Transcripts have
/// none, and neither has the community edition (XC-11).
pub async fn issue(
    core: &Core,
    secrets: &Secrets,
    caller: &Caller,
    artifact_id: ArtifactId,
) -> Result<Issued, Error> {
    if !ENTERPRISE {
        return Err(UNKNOWN);
    }
    let tenant = caller.tenant();
    let store = core.store(tenant);
    let shown = access::find(&store, artifact_id, &Eyes::of(caller), RECORDING).await?;
    require_recording(&shown)?;
    let now = core.ports.now();
    let ticket = Ticket {
        ticket_id: TicketId::new(core.ports.mint()),
        online_meeting_id: shown.meeting.online_meeting_id,
        artifact_id,
        user_id: caller.user_id.clone(),
        kind: caller.kind.clone(),
        expires_at: now.trunc_subsecs(0) + ticket::VALID_FOR,
    };
    let token = ticket::seal(&secrets.keyring().await?, tenant, &ticket)?;
    note(&store, &AuditRecord::of(&ticket, AuditEvent::Issued, now)).await?;
    Ok(Issued {
        token,
        expires_at: ticket.expires_at,
    })
}

/// What a ticket opened.
#[derive(Debug)]
pub struct Opened {
    /// The ticket's tenant.
    pub tenant: Tenant,
    /// The recording.
    pub shown: Shown,
}

/// Opens a ticket for the recording that a path names. Whoever holds it sees what
/// they would see with their own token at this moment.
pub async fn open(
    core: &Core,
    secrets: &Secrets,
    used: &UsedTickets,
    artifact_id: ArtifactId,
    token: &str,
) -> Result<Opened, Error> {
    if !ENTERPRISE {
        return Err(UNKNOWN);
    }
    let now = core.ports.now();
    let (tenant, ticket) = ticket::open(secrets, token, now).await?;
    if ticket.artifact_id != artifact_id {
        return Err(UNKNOWN);
    }
    let store = core.store(&tenant);
    let eyes = Eyes::of_kind(&ticket.kind);
    let shown = access::see(
        &store,
        ticket.online_meeting_id,
        artifact_id,
        &eyes,
        RECORDING,
    )
    .await?;
    require_recording(&shown)?;
    if !used.knows(ticket.ticket_id) {
        // Another process may have written it: that is the one row, then.
        note(&store, &AuditRecord::of(&ticket, AuditEvent::Used, now)).await?;
        used.remember(ticket.ticket_id);
    }
    Ok(Opened { tenant, shown })
}

/// A browser's first requests come at once: both may be the first use.
async fn note(store: &TenantStore, row: &AuditRecord) -> Result<(), Error> {
    undisturbed(|| async {
        store.put_new(row).await?;
        Ok(())
    })
    .await
}

fn require_recording(shown: &Shown) -> Result<(), Error> {
    match shown.artifact.artifact_type {
        ArtifactType::Recording => Ok(()),
        ArtifactType::Transcript => Err(UNKNOWN),
    }
}

/// Tickets whose first use this process knows to be noted: seeking costs no write.
#[derive(Debug, Clone, Default)]
pub struct UsedTickets(Arc<Mutex<Remembered>>);

#[derive(Debug, Default)]
struct Remembered {
    known: HashSet<TicketId>,
    oldest_first: VecDeque<TicketId>,
}

impl UsedTickets {
    fn knows(&self, id: TicketId) -> bool {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.known.contains(&id)
    }

    fn remember(&self, id: TicketId) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.known.insert(id) {
            return;
        }
        held.oldest_first.push_back(id);
        if held.oldest_first.len() > REMEMBERED
            && let Some(oldest) = held.oldest_first.pop_front()
        {
            held.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_memory_of_used_tickets_is_bounded() {
        let used = UsedTickets::default();
        let id = |n: usize| TicketId::new(Uuid::from_u128(n as u128));
        for n in 0..=REMEMBERED {
            used.remember(id(n));
            used.remember(id(n));
        }
        assert!(!used.knows(id(0)) && used.knows(id(1)) && used.knows(id(REMEMBERED)));
        let held = used.0.lock().unwrap();
        assert_eq!(held.known.len(), REMEMBERED);
        assert_eq!(held.oldest_first.len(), REMEMBERED);
    }
}
