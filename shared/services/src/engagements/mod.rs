//! Appointments and what belongs to them: requests, schedule entries, Teams
//! meetings, interactions (AP, OM-1 to OM-3, OM-5, OM-6).
//!
//! Every use case reads the whole engagement, changes it by a rule of the
//! domain, and writes it with `ledger`, events, mails and the caller's answer in
//! one transaction (`write`). What Microsoft has to follow is called outside
//! of transactions, between the intent (`meeting.remote`) and its outcome
//! (`remote`).

mod approve;
mod create;
mod end;
mod entries;
mod follow;
mod import;
mod interactions;
mod ledger;
mod letters;
mod organizer;
mod people;
mod read;
mod remote;
mod reschedule;
mod schedule;
mod session;
mod warning;
mod write;

use chrono::TimeDelta;
use convoke_domain::address::EmailAddress;
use convoke_domain::appointment::AppointmentRequest;
use convoke_domain::engagement::Engagement;
use convoke_domain::error::Error;
use convoke_domain::id::{AppointmentRequestId, UserId};
use convoke_domain::online_meeting::Claim;
use convoke_platform::http::{Caller, CallerKind, Seal};
use convoke_platform::records::{engagement_partition, read_engagement};
use convoke_platform::store::{TenantStore, Transaction};
use uuid::Uuid;

pub use approve::{ApproveCommand, approve, generate_meeting};
pub use create::{change, create};
pub use end::{cancel, decline, delete};
pub use entries::{EntryFilter, delete_entry, get_entry, list_entries, move_entry};
pub use import::{ImportEntry, Imported, import};
pub use interactions::{
    TimelineOf, change_interaction, delete_interaction, get_interaction, list_interactions,
    log_interaction,
};
pub use organizer::{called, last_end_of, last_ended_before, unresolved_of};
pub use people::{refresh_contact, refresh_user};
pub use read::{RequestFilter, get, get_meeting, get_request, list};
#[cfg(feature = "enterprise")]
pub(crate) use remote::OTHER_TENANT;
pub use remote::sync;
pub use reschedule::{RescheduleCommand, reschedule};
pub use schedule::{Scheduled, cancel_meeting, reschedule_meeting, schedule};
pub(crate) use session::{
    SessionMeeting, align_session_meeting, make_session_meeting, session_meeting_possible,
};
pub use warning::Warning;
pub(crate) use write::Write;

use crate::core::Core;
use crate::microsoft::Microsoft;
use crate::teams::Teams;

/// How long a claimed meeting is left alone: longer than any function lives.
const LEASE: TimeDelta = TimeDelta::seconds(90);

/// What appointments are worked on with.
#[derive(Clone)]
pub struct Desk {
    /// Store, clock and ids.
    pub core: Core,
    /// Each tenant's Microsoft settings.
    pub microsoft: Microsoft,
    /// The calls to Teams.
    pub teams: Teams,
    /// The deployment's UID domain.
    pub domain: String,
    /// Whom calendar files name as ORGANIZER: the sender of mails.
    pub organizer: Option<EmailAddress>,
}

impl Desk {
    /// Over the table, Microsoft's cloud, and what calendar files name.
    pub fn new(
        core: Core,
        microsoft: Microsoft,
        domain: &str,
        organizer: Option<EmailAddress>,
    ) -> Self {
        Self {
            core,
            teams: Teams::new(microsoft.clone()),
            microsoft,
            domain: domain.to_owned(),
            organizer,
        }
    }

    fn claim(&self) -> Claim {
        Claim {
            token: self.core.ports.mint(),
            until: self.core.ports.now() + LEASE,
        }
    }
}

/// What a command left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// The engagement after it.
    pub engagement: Engagement,
    /// What Microsoft has not followed yet.
    pub warning: Option<Warning>,
    /// Whether this answer was stored with the state that it tells of.
    pub is_stored: bool,
}

impl Handled {
    /// As a transaction stores it.
    fn of(engagement: Engagement, warning: Option<Warning>) -> Self {
        Self {
            engagement,
            warning,
            is_stored: true,
        }
    }

    /// With more to say than the transaction stored.
    fn with_warning(self, warning: Warning) -> Self {
        Self {
            warning: Some(warning),
            is_stored: false,
            ..self
        }
    }
}

/// What an appointment's readers may see: everything, or what is a client's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Eyes {
    /// Users of the organisation.
    Staff,
    /// A client's person.
    Portal {
        /// Their client.
        client_id: convoke_domain::id::ClientId,
        /// Themselves.
        contact_id: convoke_domain::id::ContactId,
    },
}

impl Eyes {
    /// What a verified caller may see.
    pub fn of(caller: &Caller) -> Self {
        Self::of_kind(&caller.kind)
    }

    /// What somebody of one side of the house may see.
    pub fn of_kind(kind: &CallerKind) -> Self {
        match kind {
            CallerKind::Internal => Self::Staff,
            CallerKind::Portal {
                client_id,
                contact_id,
            } => Self::Portal {
                client_id: client_id.clone(),
                contact_id: contact_id.clone(),
            },
        }
    }

    /// Whether staff is looking.
    pub fn is_staff(&self) -> bool {
        *self == Self::Staff
    }

    /// What is another client's does not exist (404).
    pub fn require_to_see(&self, request: &AppointmentRequest) -> Result<(), Error> {
        match self {
            Self::Portal { client_id, .. } if request.client_id.as_ref() != Some(client_id) => {
                Err(UNKNOWN)
            }
            _ => Ok(()),
        }
    }

    fn require_visible(&self, engagement: &Engagement) -> Result<(), Error> {
        self.require_to_see(engagement.must_request()?)
    }

    /// A portal user writes only what their own contact asked for (403).
    fn require_own(&self, engagement: &Engagement) -> Result<(), Error> {
        self.require_visible(engagement)?;
        let request = engagement.must_request()?;
        match self {
            Self::Portal { contact_id, .. } if request.contact_id.as_ref() != Some(contact_id) => {
                Err(Error::Forbidden {
                    code: "not_your_request",
                    message: "this appointment was asked for by somebody else of your organisation"
                        .to_owned(),
                })
            }
            _ => Ok(()),
        }
    }
}

/// Who does something, for the record.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The token's user.
    pub user_id: UserId,
    /// What they may see.
    pub eyes: Eyes,
}

impl Actor {
    /// A verified caller.
    pub fn of(caller: &Caller) -> Self {
        Self {
            user_id: caller.user_id.clone(),
            eyes: Eyes::of(caller),
        }
    }
}

/// Adds a command's answer to its own write: for the time being where Microsoft
/// is still to be called with `claim`, for good where not.
fn seal_first(
    seal: &Seal<'_, Handled>,
    transaction: &mut Transaction,
    after: &Engagement,
    warning: Option<Warning>,
    claim: Claim,
) -> Result<(), Error> {
    let handled = Handled::of(after.clone(), warning);
    let goes_on = after
        .meeting
        .as_ref()
        .is_some_and(|meeting| meeting.remote.is_held_by(claim.token));
    if goes_on {
        seal.apply_provisional(transaction, &handled)
    } else {
        seal.apply(transaction, &handled)
    }
}

const UNKNOWN: Error = Error::NotFound {
    what: "appointment request",
};

/// Reads the whole of an engagement; absent ones are empty.
pub(crate) async fn load(store: &TenantStore, id: Uuid) -> Result<Engagement, Error> {
    let items = store.collection(&engagement_partition(id)).await?;
    Ok(read_engagement(items)?)
}

async fn must_load(store: &TenantStore, id: AppointmentRequestId) -> Result<Engagement, Error> {
    let engagement = load(store, id.uuid()).await?;
    engagement.must_request()?;
    Ok(engagement)
}
