//! The Teams meeting of a session: made with the session's UUID, and kept as the
//! session wants it. Nobody else may move or cancel it.

use std::time::Instant;

use convoke_domain::address::WebLink;
use convoke_domain::engagement::{Engagement, StaffMeeting};
use convoke_domain::error::Error;
use convoke_domain::id::{ClientId, ContactId, OnlineMeetingId, SessionId, UserId};
use convoke_domain::online_meeting::{OnlineMeeting, Span, StaffPlan, Status};
use convoke_domain::session::Session;
use convoke_platform::backoff::Attempt;
use convoke_platform::http::Seal;
use convoke_platform::store::TenantStore;

use super::approve::{Possible, possible};
use super::schedule::{Making, command, make};
use super::warning::{Verb, Warning};
use super::write::Write;
use super::{Desk, load};
use crate::core::undisturbed;

/// A session's Teams meeting that is to be made.
pub(crate) struct SessionMeeting<'a> {
    pub(crate) session_id: SessionId,
    pub(crate) host: &'a UserId,
    pub(crate) subject: String,
    pub(crate) span: Span,
    pub(crate) client_id: Option<ClientId>,
    pub(crate) contact_id: Option<ContactId>,
    pub(crate) begun: Instant,
}

/// Whether the tenant's Teams integration makes meetings; else the warning to give.
pub(crate) async fn session_meeting_possible(
    store: &TenantStore,
) -> Result<Option<Warning>, Error> {
    Ok(match possible(store).await? {
        Possible::Yes(_) => None,
        Possible::No(_, warning) => Some(warning),
    })
}

/// Makes it, with its interaction on the client's timeline; nobody is invited by
/// Microsoft. What fails leaves nothing, or what the background removes.
pub(crate) async fn make_session_meeting(
    desk: &Desk,
    store: &TenantStore,
    wanted: SessionMeeting<'_>,
) -> Result<WebLink, Error> {
    let Possible::Yes(organizer) = possible(store).await? else {
        return Err(gone());
    };
    let making = Making {
        id: wanted.session_id.uuid(),
        by: wanted.host,
        organizer,
        staff: StaffMeeting {
            subject: wanted.subject,
            span: wanted.span,
            client_id: wanted.client_id,
            contact_id: wanted.contact_id,
            plan: StaffPlan {
                is_of_session: true,
                ..StaffPlan::default()
            },
        },
        unreachable: vec![],
        begun: wanted.begun,
    };
    let made = Box::pin(make(desk, store, making, &Seal::of_nobody())).await?;
    link_of(&made.engagement).ok_or_else(gone)
}

fn gone() -> Error {
    Error::internal("a Teams meeting that was just possible is not any more")
}

fn link_of(engagement: &Engagement) -> Option<WebLink> {
    let meeting = engagement.meeting.as_ref();
    let stands =
        meeting.filter(|meeting| !matches!(meeting.status, Status::Cancelled | Status::Failed));
    stands.and_then(|meeting| meeting.join_url.clone())
}

/// Brings it where the session is and under its title and client, or cancels it;
/// answers its link, if it has one. What Microsoft does not follow at once the
/// background goes on with. Its event keeps the subject that it was made with:
/// only times are sent there.
pub(crate) async fn align_session_meeting(
    desk: &Desk,
    store: &TenantStore,
    session: &Session,
    is_wanted: bool,
) -> Result<Option<WebLink>, Error> {
    let engagement = load(store, session.session_id.uuid()).await?;
    let Some(link) = link_of(&engagement) else {
        return Ok(None);
    };
    let span = Span {
        start: session.start,
        end: session.end(),
    };
    let is_there = engagement.meeting.as_ref().map(OnlineMeeting::span) == Some(span);
    if is_wanted {
        undisturbed(|| name(desk, store, session)).await?;
        if is_there {
            return Ok(Some(link));
        }
    }
    let id = OnlineMeetingId::new(session.session_id.uuid());
    let seal = Seal::of_nobody();
    let handled = if is_wanted {
        let change = |after: &mut Engagement, claim, now| after.move_all(span, claim, now);
        command(
            desk,
            store,
            id,
            None,
            Verb::RescheduleMeeting,
            change,
            &seal,
        )
        .await
    } else {
        let change = |after: &mut Engagement, claim, now| after.cancel_online_meeting(claim, now);
        command(desk, store, id, None, Verb::CancelMeeting, change, &seal).await
    };
    match handled {
        Ok(handled) => Ok(link_of(&handled.engagement)),
        // One that has taken place stays on the record.
        Err(Error::Conflict { .. } | Error::NotFound { .. }) => Ok(Some(link)),
        Err(error) => Err(error),
    }
}

/// Puts the session's title on meeting and interaction, and its client where they
/// have none.
async fn name(desk: &Desk, store: &TenantStore, session: &Session) -> Result<(), Attempt> {
    let before = load(store, session.session_id.uuid()).await?;
    let mut after = before.clone();
    if let Some(meeting) = &mut after.meeting {
        meeting.subject.clone_from(&session.title);
        meeting.client_id = meeting
            .client_id
            .take()
            .or_else(|| session.client_id.clone());
    }
    if let Some(interaction) = &mut after.interaction {
        interaction.title.clone_from(&session.title);
        interaction.client_id = interaction
            .client_id
            .take()
            .or_else(|| session.client_id.clone());
    }
    if after != before {
        Write::of(desk, store, &before)
            .commit(after, |_, _| Ok(()))
            .await?;
    }
    Ok(())
}
