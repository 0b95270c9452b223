//! Teams by Microsoft Graph: calendar-backed meetings, and the old ones without
//! event.

use std::time::Duration;

use convoke_domain::address::WebLink;
use convoke_domain::engagement::{Created, EVENT_REMOVED};
use convoke_domain::error::Error;
use convoke_domain::online_meeting::{OnlineMeeting, Span};
use convoke_graph::{
    CreatedEvent, EventChange, GraphError, GraphErrorClass, GraphSession, NewEvent,
};
use convoke_platform::store::TenantStore;

use super::{Address, Resolved, Teams};
use crate::engagements::OTHER_TENANT;
use crate::microsoft::{Organizer, TeamsAccount};
use crate::providers::{CallFailure, Effect, failure, graph_attendees, html_of};

/// What a creation may still take once its event is made: it has to be written
/// down before the function's time is over, and the background does the rest.
const AFTER_CREATION: Duration = Duration::from_secs(4);
/// Single events go to Graph as instants: a wall clock could not name the second
/// pass of an hour that occurs twice.
const UTC: &str = "UTC";

impl Teams {
    /// Makes the event with its Teams meeting, and resolves the meeting's id. An
    /// event without a Teams meeting is removed again.
    pub(crate) async fn create(
        &self,
        store: &TenantStore,
        meeting: &OnlineMeeting,
    ) -> Result<Created, CallFailure> {
        let account = self.account(store, meeting).await?;
        if account.organizer.is_none() {
            // Clearing the organiser turns creation off at once (TS-1).
            return Err(refused("no_organizer", "the integration has no organiser"));
        }
        let session = self.session(&account);
        let made = session
            .create_event(meeting.organizer.mailbox(), &event_of(meeting))
            .await;
        match made {
            Ok(made) => Ok(read(&session, meeting, made).await),
            // It made an event, and that is not on the calendar any more.
            Err(error) if matches!(error.class, GraphErrorClass::DuplicateTransaction { .. }) => {
                Err(refused(EVENT_REMOVED, "the event was removed in Outlook"))
            }
            Err(error) => Err(self.failed(&account, &error)),
        }
    }

    /// Looks for the event that an earlier try may have made.
    pub(crate) async fn find(
        &self,
        store: &TenantStore,
        meeting: &OnlineMeeting,
    ) -> Result<Option<Created>, CallFailure> {
        let account = self.account(store, meeting).await?;
        let session = self.session(&account);
        let organizer = meeting.organizer.mailbox();
        let shown = meeting.remote.shown;
        let transaction = meeting.remote.transaction_id.to_string();
        let failed = |error: GraphError| self.failed(&account, &error);
        let found = session
            .find_event_by_transaction(organizer, &transaction, (shown.start, shown.end))
            .await
            .map_err(failed)?;
        let Some(found) = found else { return Ok(None) };
        let event = session
            .get_event(organizer, &found.id)
            .await
            .map_err(failed)?;
        match event {
            Some(event) => Ok(Some(read(&session, meeting, event).await)),
            None => Ok(None),
        }
    }

    /// The id of the event that an earlier try may have made, where that is only
    /// to be removed.
    pub(crate) async fn locate(
        &self,
        store: &TenantStore,
        meeting: &OnlineMeeting,
    ) -> Result<Option<String>, CallFailure> {
        let account = self.account(store, meeting).await?;
        let shown = meeting.remote.shown;
        let transaction = meeting.remote.transaction_id.to_string();
        let organizer = meeting.organizer.mailbox();
        self.session(&account)
            .find_event_by_transaction(organizer, &transaction, (shown.start, shown.end))
            .await
            .map(|found| found.map(|found| found.id))
            .map_err(|error| self.failed(&account, &error))
    }

    /// The online meeting's id behind the join link; `None`: nobody to ask for it.
    /// An organiser whose object id was not known then may be known by now.
    pub(crate) async fn resolve(
        &self,
        store: &TenantStore,
        meeting: &OnlineMeeting,
    ) -> Result<Option<Resolved>, CallFailure> {
        let Some(url) = &meeting.join_url else {
            return Ok(None);
        };
        let account = self.account(store, meeting).await?;
        let Some(organizer_object_id) = object_id_of(&account, meeting) else {
            return Ok(None);
        };
        let meeting_id = self
            .session(&account)
            .resolve_online_meeting(&organizer_object_id, url.as_str())
            .await
            .map_err(|error| self.failed(&account, &error))?;
        Ok(Some(Resolved {
            meeting_id,
            organizer_object_id,
        }))
    }

    /// Moves the times, and nothing else (AP-6).
    pub(crate) async fn move_to(
        &self,
        store: &TenantStore,
        meeting: &OnlineMeeting,
        span: Span,
    ) -> Result<(), CallFailure> {
        let account = self.account(store, meeting).await?;
        let session = self.session(&account);
        let failed = |error: GraphError| self.failed(&account, &error);
        match Address::of(meeting) {
            Some(Address::Event(id)) => {
                let change = EventChange::times(span.start.naive_utc(), span.end.naive_utc(), UTC);
                session
                    .update_event(meeting.organizer.mailbox(), id, &change)
                    .await
                    .map(drop)
                    .map_err(failed)
            }
            Some(Address::OnlineMeeting(id)) => session
                .update_online_meeting_times(
                    legacy_organizer(&account, meeting)?,
                    id,
                    span.start,
                    span.end,
                )
                .await
                .map_err(failed)
                // Its organiser may be another than was noted: a meeting that is
                // not found is no reason to take a link back that may work.
                .map_err(|failure| CallFailure {
                    effect: Effect::None,
                    ..failure
                }),
            None => Err(CallFailure {
                effect: Effect::None,
                error: Error::internal("a meeting is to be moved whose place is not known"),
            }),
        }
    }

    /// Removes what is addressed; gone is as good.
    pub(crate) async fn remove(
        &self,
        store: &TenantStore,
        meeting: &OnlineMeeting,
        address: Address<'_>,
    ) -> Result<(), CallFailure> {
        let account = self.account(store, meeting).await?;
        let session = self.session(&account);
        let removed = match address {
            Address::Event(id) => session.delete_event(meeting.organizer.mailbox(), id).await,
            Address::OnlineMeeting(id) => {
                session
                    .delete_online_meeting(legacy_organizer(&account, meeting)?, id)
                    .await
            }
        };
        removed
            .map(drop)
            .map_err(|error| self.failed(&account, &error))
    }

    /// The tenant's own account; credentials of another Entra tenant cannot
    /// reach the meeting.
    pub(super) async fn account(
        &self,
        store: &TenantStore,
        meeting: &OnlineMeeting,
    ) -> Result<TeamsAccount, CallFailure> {
        let nothing = |error| CallFailure {
            effect: Effect::None,
            error,
        };
        let account = self.microsoft.teams_account(store).await.map_err(nothing)?;
        match &meeting.organizer.ms_tenant_id {
            Some(tenant) if is_another(tenant, &account.ms_tenant_id) => Err(nothing(Error::Upstream {
                code: OTHER_TENANT,
                message: "the meeting belongs to another Microsoft tenant than the integration's present profile".to_owned(),
                retry_after: None,
            })),
            _ => Ok(account),
        }
    }

    pub(super) fn session<'a>(&'a self, account: &'a TeamsAccount) -> GraphSession<'a> {
        self.microsoft.client().session(&account.profile)
    }

    /// What a Graph error means; refused credentials are read anew next time.
    fn failed(&self, account: &TeamsAccount, error: &GraphError) -> CallFailure {
        if error.class == GraphErrorClass::InvalidCredentials {
            self.microsoft.refused(account);
        }
        failure(error)
    }
}

/// The organiser's object id: the meeting's own note, or what is known of the
/// same organiser by now.
pub(super) fn object_id_of(account: &TeamsAccount, meeting: &OnlineMeeting) -> Option<String> {
    let same = |organizer: &&Organizer| organizer.upn.eq_ignore_ascii_case(&meeting.organizer.upn);
    let present = account.organizer.as_ref().filter(same);
    let noted = meeting.organizer.object_id.clone();
    noted.or_else(|| present.and_then(|organizer| organizer.object_id.clone()))
}

/// Whether two Entra tenants differ for certain: a domain may stand for any id.
fn is_another(one: &str, other: &str) -> bool {
    match (uuid::Uuid::parse_str(one), uuid::Uuid::parse_str(other)) {
        (Ok(one), Ok(other)) => one != other,
        _ => false,
    }
}

fn refused(code: &'static str, message: &str) -> CallFailure {
    CallFailure {
        effect: Effect::Refused,
        error: Error::Upstream {
            code,
            message: message.to_owned(),
            retry_after: None,
        },
    }
}

/// A single event. An appointment's has no attendees: nobody outside hears of it
/// from Microsoft (AP-4). Staff may name some (OM-4).
fn event_of(meeting: &OnlineMeeting) -> NewEvent {
    let plan = meeting.staff_plan.as_ref();
    let attendees = plan.map_or_else(Vec::new, |plan| graph_attendees(&plan.attendees));
    // Whoever is invited reads what it is about.
    let body_html = plan
        .filter(|plan| !plan.attendees.is_empty())
        .and_then(|plan| plan.notes.as_deref())
        .map(html_of);
    // As at the first try: a later one finds what that made.
    let shown = meeting.remote.shown;
    NewEvent {
        subject: meeting.subject.clone(),
        body_html,
        start_local: shown.start.naive_utc(),
        end_local: shown.end.naive_utc(),
        time_zone: UTC.to_owned(),
        location: None,
        attendees,
        is_online_meeting: true,
        recurrence: None,
        transaction_id: meeting.remote.transaction_id.to_string(),
        allow_new_time_proposals: false,
    }
}

/// What was made: with its id where that resolves at once, removed again where
/// it has no Teams meeting.
async fn read(session: &GraphSession<'_>, meeting: &OnlineMeeting, made: CreatedEvent) -> Created {
    let session = session.with_budget(AFTER_CREATION);
    let join_url = made
        .teams_join_url()
        .and_then(|url| WebLink::parse(url).ok());
    let mut created = Created {
        event_id: made.id,
        join_url,
        removed: false,
        meeting_id: None,
    };
    match &created.join_url {
        None => {
            let removed = session
                .delete_event(meeting.organizer.mailbox(), &created.event_id)
                .await;
            created.removed = removed.is_ok();
        }
        Some(url) => {
            if let Some(object_id) = &meeting.organizer.object_id {
                let resolved = session
                    .resolve_online_meeting(object_id, url.as_str())
                    .await;
                created.meeting_id = resolved.unwrap_or_else(|error| {
                    tracing::warn!(class = error.class.as_str(), "a join link did not resolve");
                    None
                });
            }
        }
    }
    created
}

/// Whose `/onlineMeetings` an imported row's meeting is among: the organiser
/// that was noted with it, else the present one.
fn legacy_organizer<'a>(
    account: &'a TeamsAccount,
    meeting: &'a OnlineMeeting,
) -> Result<&'a str, CallFailure> {
    let noted = meeting.organizer.object_id.as_deref();
    let present = || account.organizer.as_ref()?.object_id.as_deref();
    noted.or_else(present).ok_or_else(|| CallFailure {
        effect: Effect::None,
        error: Error::Upstream {
            code: "missing_organizer_object_id",
            message: "the organiser's object id is not known".to_owned(),
            retry_after: None,
        },
    })
}
