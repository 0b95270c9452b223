//! "Schedule now" (CM-8): intent, call, outcome (XC-8).
//!
//! The intent is written before the provider is called, with the meeting
//! pointing at it; the outcome ends both in one transaction. What is left
//! behind in between, `settle` finds in the due index.

use chrono::TimeDelta;
use convoke_domain::error::Error;
use convoke_domain::event::MeetingEventKind;
use convoke_domain::id::{IntentId, MeetingId};
use convoke_domain::meeting::{Intent, Meeting, MeetingStatus, Operation};
use convoke_domain::provider::ProviderKind;
use convoke_platform::backoff::Attempt;
use convoke_platform::http::{Seal, require_version};
use convoke_platform::records::{IntentRecord, MeetingRecord};
use convoke_platform::store::TenantStore;
use convoke_platform::tenant::Tenant;

use super::must_find;
use super::outcome::{Ending, Outcome, drop_intent};
use super::settle::requeue;
use super::slots::{Availability, availability};
use crate::core::{Core, undisturbed};
use crate::providers::{CallFailure, Effect, Placement, Providers, RemoteCalendar};

/// How long a claimed intent is left alone: longer than any function lives.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(90);

/// What scheduling did.
#[derive(Debug, Clone)]
pub struct Scheduled {
    /// The meeting after it.
    pub meeting: Meeting,
    /// What was done, honestly.
    pub note: String,
    /// Who is free at the next occurrence, where a calendar was asked.
    pub availability: Option<Vec<Availability>>,
}

/// Invokes the meeting's provider for the next occurrence.
pub async fn schedule(
    core: &Core,
    providers: &Providers,
    tenant: &Tenant,
    id: MeetingId,
    if_match: Option<u64>,
    seal: &Seal<'_, Scheduled>,
) -> Result<Scheduled, Error> {
    let store = core.store(tenant);
    let meeting = must_find(&store, id).await?;
    require_version(if_match, meeting.version)?;
    require_schedulable(&meeting)?;
    match providers
        .of(meeting.provider)?
        .place(&store, &meeting)
        .await?
    {
        Placement::Here { .. } => {
            undisturbed(|| schedule_here(core, providers, &store, id, seal)).await
        }
        Placement::Elsewhere {
            calendar,
            organizer,
        } => {
            Saga {
                provider: meeting.provider,
                core,
                store: &store,
                calendar: &*calendar,
                organizer: &organizer,
                seal,
            }
            .run(id)
            .await
        }
    }
}

fn require_schedulable(meeting: &Meeting) -> Result<(), Error> {
    if meeting.status == MeetingStatus::Cancelled {
        return Err(Error::conflict(
            "meeting_cancelled",
            "a cancelled meeting cannot be scheduled",
        ));
    }
    if meeting.next_occurrence().is_none() {
        return Err(Error::conflict(
            "no_next_occurrence",
            "this meeting has no next occurrence; set a new start",
        ));
    }
    Ok(())
}

/// One transaction: nobody has to be called.
async fn schedule_here(
    core: &Core,
    providers: &Providers,
    store: &TenantStore,
    id: MeetingId,
    seal: &Seal<'_, Scheduled>,
) -> Result<Scheduled, Attempt> {
    let mut meeting = must_find(store, id).await?;
    require_schedulable(&meeting)?;
    let now = core.ports.now();
    let expected = meeting.version;
    meeting.advance_past(now);
    let placement = providers
        .of(meeting.provider)?
        .place(store, &meeting)
        .await?;
    let Placement::Here { event, note } = placement else {
        // The provider was changed in between.
        return Err(provider_changed().into());
    };
    meeting.record_scheduled(event, now);
    meeting.version = expected + 1;
    let scheduled = Scheduled {
        meeting,
        note: note.to_owned(),
        availability: None,
    };
    let mut transaction = store.transaction();
    transaction.replace(&MeetingRecord::from(&scheduled.meeting), expected);
    let event = core.meeting_event(
        store.tenant().id(),
        MeetingEventKind::Scheduled,
        &scheduled.meeting,
    )?;
    transaction.create(&core.outbox(&[event])?);
    seal.apply(&mut transaction, &scheduled)?;
    transaction.commit().await?;
    Ok(scheduled)
}

fn provider_changed() -> Error {
    Error::in_progress(
        "provider_changed",
        "the meeting's provider changed just now; try again",
    )
}

struct Saga<'a> {
    provider: ProviderKind,
    core: &'a Core,
    store: &'a TenantStore,
    calendar: &'a dyn RemoteCalendar,
    organizer: &'a str,
    seal: &'a Seal<'a, Scheduled>,
}

impl Saga<'_> {
    async fn run(&self, id: MeetingId) -> Result<Scheduled, Error> {
        let (meeting, intent, is_first) = undisturbed(|| self.begin(id)).await?;
        let availability = availability(self.calendar, &meeting, &intent.organizer).await;
        let called = match &intent.operation {
            Operation::Update { event_id } => {
                self.calendar
                    .update(&meeting, &intent.organizer, event_id)
                    .await
            }
            Operation::Create | Operation::Delete { .. } => {
                self.calendar.create(&meeting, &intent).await
            }
        };
        match called {
            Ok(remote) => {
                let outcome = Outcome {
                    core: self.core,
                    store: self.store,
                    intent: &intent,
                    remote: &remote,
                };
                undisturbed(|| outcome.write(availability.as_ref(), Some(self.seal))).await
            }
            // Somebody removed the event there: it is made anew.
            Err(CallFailure {
                effect: Effect::Gone,
                ..
            }) if intent.operation != Operation::Create => {
                drop_intent(self.core, self.store, &intent, Ending::Gone).await?;
                Box::pin(self.run(id)).await
            }
            Err(failure) => Err(self.fail(intent, is_first, failure).await?),
        }
    }

    /// Writes the intent, or takes over one that was left behind; answers also
    /// whether it is the first to call the provider for it.
    async fn begin(&self, id: MeetingId) -> Result<(Meeting, Intent, bool), Attempt> {
        let mut meeting = must_find(self.store, id).await?;
        require_schedulable(&meeting)?;
        if meeting.provider != self.provider {
            return Err(provider_changed().into());
        }
        let now = self.core.ports.now();
        let expected = meeting.version;
        meeting.advance_past(now);
        let mut transaction = self.store.transaction();
        if let Some(mut intent) = left_behind(self.store, &meeting).await? {
            if !intent.is_free(now) || !can_take_over(&intent, &meeting) {
                return Err(Error::in_progress(
                    "provider_call_in_progress",
                    "this meeting is being scheduled right now; try again in a moment",
                )
                .into());
            }
            let was = intent.version;
            intent.claim(LEASE, now);
            if intent.operation != Operation::Create {
                // A creation keeps its own: an event that is found shows that, or more.
                (intent.revision, intent.sequence) = (meeting.revision, meeting.sequence);
            }
            transaction.replace(&IntentRecord::from(&intent), was);
            transaction.commit().await?;
            return Ok((meeting, intent, false));
        }
        let held = meeting
            .remote
            .as_ref()
            .filter(|remote| remote.provider == ProviderKind::Graph);
        let (operation, organizer) = match held {
            // The row's own organiser: it may have been another one's mailbox.
            Some(remote) => (
                Operation::Update {
                    event_id: remote.external_event_id.clone(),
                },
                remote
                    .organizer
                    .clone()
                    .unwrap_or_else(|| self.organizer.to_owned()),
            ),
            None => (Operation::Create, self.organizer.to_owned()),
        };
        let mut intent = meeting.intend(
            IntentId::new(self.core.ports.mint()),
            operation,
            &organizer,
            now,
        );
        intent.claim(LEASE, now);
        meeting.intent = Some(intent.intent_id);
        meeting.version = expected + 1;
        transaction.create(&IntentRecord::from(&intent));
        transaction.replace(&MeetingRecord::from(&meeting), expected);
        transaction.commit().await?;
        Ok((meeting, intent, true))
    }

    /// Ends the intent of a call that certainly had no effect; leaves one that
    /// may have had to `settle`.
    async fn fail(
        &self,
        intent: Intent,
        is_first: bool,
        failure: CallFailure,
    ) -> Result<Error, Error> {
        match failure.effect {
            Effect::Unknown => {
                tracing::warn!(intent_id = %intent.intent_id, "a call's effect is unknown; it will be settled");
            }
            // Whether the call before this one made the event is still to be found out.
            Effect::Refused | Effect::None | Effect::Gone
                if !is_first && intent.operation == Operation::Create =>
            {
                requeue(self.core, self.store, intent).await?;
            }
            Effect::Refused | Effect::None | Effect::Gone => {
                drop_intent(self.core, self.store, &intent, Ending::NoEffect).await?;
            }
        }
        Ok(failure.error)
    }
}

/// An event is looked for where its creation put it: a creation at another time
/// has to be settled first.
fn can_take_over(intent: &Intent, meeting: &Meeting) -> bool {
    let start = meeting.next_occurrence().map(|next| next.start);
    intent.operation != Operation::Create || start == Some(intent.first_start)
}

async fn left_behind(store: &TenantStore, meeting: &Meeting) -> Result<Option<Intent>, Attempt> {
    let Some(intent_id) = meeting.intent else {
        return Ok(None);
    };
    let key = IntentRecord::key_of(meeting.meeting_id, intent_id);
    Ok(store
        .get::<IntentRecord>(&key)
        .await?
        .map(Intent::try_from)
        .transpose()?)
}
