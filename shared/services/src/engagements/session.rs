//! The Teams meeting of a session: made with the session's UUID, and kept as the
//! session wants it. Nobody else may move or cancel it.

use std::time::Instant;

use convoke_domain::address::WebLink;
use convoke_domain::engagement::{Engagement, StaffMeeting};
use convoke_domain::error::Error;
use convoke_domain::id::{ClientId, ContactId, OnlineMeetingId, SessionId, UserId};
use convoke_domain::online_meeting::{Span, StaffPlan, Status};
use convoke_platform::http::Seal;
use convoke_platform::store::TenantStore;

use super::approve::{Possible, possible};
use super::schedule::{Making, command, make};
use super::warning::{Verb, Warning};
use super::{Desk, load};

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

/// Moves it to where the session is, or cancels it (`None`); answers its link, if
/// it has one. What Microsoft does not follow at once the background goes on with.
pub(crate) async fn align_session_meeting(
    desk: &Desk,
    store: &TenantStore,
    session_id: SessionId,
    wanted: Option<Span>,
) -> Result<Option<WebLink>, Error> {
    let engagement = load(store, session_id.uuid()).await?;
    let Some(link) = link_of(&engagement) else {
        return Ok(None);
    };
    let is_there = engagement.meeting.as_ref().map(|meeting| meeting.span());
    if is_there == wanted {
        return Ok(Some(link));
    }
    let id = OnlineMeetingId::new(session_id.uuid());
    let seal = Seal::of_nobody();
    let handled = match wanted {
        Some(span) => {
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
        }
        None => {
            let change =
                |after: &mut Engagement, claim, now| after.cancel_online_meeting(claim, now);
            command(desk, store, id, None, Verb::CancelMeeting, change, &seal).await
        }
    };
    match handled {
        Ok(handled) => Ok(link_of(&handled.engagement)),
        // One that has taken place stays on the record.
        Err(Error::Conflict { .. } | Error::NotFound { .. }) => Ok(Some(link)),
        Err(error) => Err(error),
    }
}
