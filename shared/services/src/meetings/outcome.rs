//! How a provider call ends: its intent and the meeting, in one transaction (XC-8).

use convoke_domain::error::Error;
use convoke_domain::event::MeetingEventKind;
use convoke_domain::meeting::{Intent, Meeting, MeetingStatus, Operation, RemoteEvent};
use convoke_platform::backoff::Attempt;
use convoke_platform::http::Seal;
use convoke_platform::records::{IntentRecord, MeetingRecord};
use convoke_platform::store::{Record, TenantStore};

use super::scheduling::Scheduled;
use super::slots::Availability;
use super::{change, find};
use crate::core::{Core, undisturbed};

/// What a provider answered, to be written down.
pub(super) struct Outcome<'a> {
    pub(super) core: &'a Core,
    pub(super) store: &'a TenantStore,
    pub(super) intent: &'a Intent,
    pub(super) remote: &'a RemoteEvent,
}

impl Outcome<'_> {
    /// Ends the intent and stores the event on the meeting, in one
    /// transaction. Where the meeting was cancelled, deleted or moved to
    /// another provider meanwhile, the event is to be removed instead.
    /// An event that shows less than the meeting says by now is brought in step
    /// by a job.
    pub(super) async fn write(
        &self,
        availability: Option<&Vec<Availability>>,
        seal: Option<&Seal<'_, Scheduled>>,
    ) -> Result<Scheduled, Attempt> {
        let key = IntentRecord::key_of(self.intent.meeting_id, self.intent.intent_id);
        let mut transaction = self.store.transaction();
        let found = find(self.store, self.intent.meeting_id).await?;
        let Some(mut meeting) =
            found.filter(|meeting| meeting.intent == Some(self.intent.intent_id))
        else {
            let removal = self.removal();
            transaction.replace(&IntentRecord::from(&removal), self.intent.version);
            transaction.commit().await?;
            return Err(Error::conflict(
                "meeting_changed",
                "the meeting was cancelled, deleted or moved while it was being scheduled",
            )
            .into());
        };
        let now = self.core.ports.now();
        let expected = meeting.version;
        let first = meeting.remote.is_none();
        meeting.record_scheduled(self.remote.clone(), now);
        meeting.version = expected + 1;
        transaction.delete(IntentRecord::KIND, &key, self.intent.version);
        change::push_if_behind(self.core, &mut transaction, &mut meeting)?;
        transaction.replace(&MeetingRecord::from(&meeting), expected);
        let event = self.core.meeting_event(
            self.store.tenant().id(),
            MeetingEventKind::Scheduled,
            &meeting,
        )?;
        transaction.create(&self.core.outbox(&[event])?);
        let scheduled = Scheduled {
            note: note_of(&meeting, first),
            meeting,
            availability: availability.cloned(),
        };
        if let Some(seal) = seal {
            seal.apply(&mut transaction, &scheduled)?;
        }
        transaction.commit().await?;
        Ok(scheduled)
    }

    /// Ends the intent of an update that the provider has taken, quietly: the
    /// change itself was told of when it was made.
    pub(super) async fn follow(&self) -> Result<(), Attempt> {
        let mut transaction = self.store.transaction();
        let key = IntentRecord::key_of(self.intent.meeting_id, self.intent.intent_id);
        transaction.delete(IntentRecord::KIND, &key, self.intent.version);
        let found = find(self.store, self.intent.meeting_id).await?;
        if let Some(mut meeting) =
            found.filter(|meeting| meeting.intent == Some(self.intent.intent_id))
        {
            let expected = meeting.version;
            meeting.intent = None;
            let link_before = meeting.effective_join_url().cloned();
            meeting.remote = Some(self.remote.clone());
            meeting.version = expected + 1;
            if meeting.effective_join_url() != link_before.as_ref() {
                // People see this change; it has to be told.
                meeting.updated_at = self.core.ports.now();
                let tenant = self.store.tenant().id();
                let event = self
                    .core
                    .meeting_event(tenant, MeetingEventKind::Updated, &meeting)?;
                transaction.create(&self.core.outbox(&[event])?);
            }
            change::push_if_behind(self.core, &mut transaction, &mut meeting)?;
            transaction.replace(&MeetingRecord::from(&meeting), expected);
        }
        Ok(transaction.commit().await?)
    }

    /// The same intent, turned into the removal of what it made.
    fn removal(&self) -> Intent {
        let mut removal = self.intent.clone();
        removal.operation = Operation::Delete {
            event_id: self.remote.external_event_id.clone(),
        };
        removal.claimed = false;
        removal.lease_until = self.core.ports.now();
        removal.version += 1;
        removal
    }
}

fn note_of(meeting: &Meeting, first: bool) -> String {
    let done = if first { "created" } else { "updated" };
    let online = meeting.is_online && meeting.effective_join_url().is_none();
    let teams = if online {
        " Microsoft made no Teams meeting for it: the organiser's mailbox may not allow one."
    } else {
        ""
    };
    format!("The recurring event was {done} in the organiser's Microsoft 365 calendar.{teams}")
}

/// Why an intent ends without outcome.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The call changed nothing; what the meeting says by now is still to be sent.
    NoEffect,
    /// The provider's event turned out to be removed.
    Gone,
    /// It failed too often; the next change tries again.
    GivenUp,
}

/// Ends an intent without outcome.
pub(super) async fn drop_intent(
    core: &Core,
    store: &TenantStore,
    intent: &Intent,
    ending: Ending,
) -> Result<(), Error> {
    undisturbed(|| async {
        let mut transaction = store.transaction();
        let key = IntentRecord::key_of(intent.meeting_id, intent.intent_id);
        transaction.delete(IntentRecord::KIND, &key, intent.version);
        let found = find(store, intent.meeting_id).await?;
        if let Some(mut meeting) = found.filter(|meeting| meeting.intent == Some(intent.intent_id))
        {
            let expected = meeting.version;
            meeting.intent = None;
            meeting.updated_at = core.ports.now();
            meeting.version = expected + 1;
            match ending {
                Ending::NoEffect => change::push_if_behind(core, &mut transaction, &mut meeting)?,
                Ending::Gone => {
                    meeting.remote = None;
                    meeting.status = MeetingStatus::Planned;
                }
                Ending::GivenUp => {}
            }
            transaction.replace(&MeetingRecord::from(&meeting), expected);
        }
        Ok(transaction.commit().await?)
    })
    .await
}
