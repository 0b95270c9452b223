//! Writing an engagement: all its changed parts, the technicians' time, events,
//! mails and the answer, in one transaction (XC-5, XC-7).

use convoke_domain::engagement::{Engagement, Part, event_of, facts, notices};
use convoke_domain::error::Error;
use convoke_domain::id::EventId;
use convoke_domain::online_meeting::Status;
use convoke_domain::schedule_entry::ScheduleEntry;
use convoke_platform::backoff::Attempt;
use convoke_platform::records::{
    CaptureRecord, EntryRecord, InteractionRecord, InvolvementRecord, OnlineMeetingRecord,
    RequestRecord, TechnicianDayRecord,
};
use convoke_platform::store::{Key, Record, StoreError, TenantStore, Transaction};

use super::{Desk, ledger, letters};
use crate::jobs::{CalendarSubject, Job, mailbox_key};

/// One write.
pub(crate) struct Write<'a> {
    pub(crate) desk: &'a Desk,
    pub(crate) store: &'a TenantStore,
    /// What was read.
    pub(crate) before: &'a Engagement,
    /// Whether technicians may be booked twice.
    pub(crate) allow_overlap: bool,
    /// Whether the request itself is deleted with this write.
    pub(crate) drop_request: bool,
    /// Whether anybody is told (imports tell nobody).
    pub(crate) quiet: bool,
}

impl<'a> Write<'a> {
    /// A write of what was read as `before`.
    pub(crate) fn of(desk: &'a Desk, store: &'a TenantStore, before: &'a Engagement) -> Self {
        Self {
            desk,
            store,
            before,
            allow_overlap: false,
            drop_request: false,
            quiet: false,
        }
    }

    /// Writes `after`; `seal` adds the caller's answer. Somebody else's write in
    /// between is an attempt to be made again.
    pub(crate) async fn commit(
        &self,
        mut after: Engagement,
        seal: impl FnOnce(&mut Transaction, &Engagement) -> Result<(), Error>,
    ) -> Result<Engagement, Attempt> {
        after.keep_capture_in_step(self.before, self.desk.core.ports.now());
        after.raise_versions(self.before);
        let mut transaction = self.store.transaction();
        let (entry_before, entry_after) = (self.before.entry.as_ref(), after.entry.as_ref());
        ledger::hold(
            self.store,
            &mut transaction,
            entry_before,
            entry_after,
            self.allow_overlap,
        )
        .await?;
        let mut jobs = vec![];
        if !self.quiet {
            jobs.extend(self.events(&after)?);
            let notices = notices(self.before, &after);
            let letters = letters::compose(self.desk, self.store, &mut after, &notices).await?;
            jobs.extend(crate::mail::post(
                &self.desk.core,
                &mut transaction,
                letters,
            )?);
        }
        if self.drop_request {
            after.request = None;
            after.raise_versions(self.before);
        }
        jobs.extend(self.call(&after));
        jobs.extend(self.look(&after));
        jobs.extend(self.follow_session(&after));
        jobs.extend(self.sync_calendars(&after));
        self.put_parts(&mut transaction, &after);
        self.note_people(&mut transaction, &after);
        if !jobs.is_empty() {
            transaction.create(&self.desk.core.outbox(&jobs)?);
        }
        seal(&mut transaction, &after)?;
        commit(transaction).await?;
        Ok(after)
    }

    fn events(&self, after: &Engagement) -> Result<Vec<Job>, Error> {
        let ports = &self.desk.core.ports;
        let tenant = self.store.tenant().id();
        facts(self.before, after)
            .into_iter()
            .map(|fact| {
                let id = EventId::new(ports.mint());
                let event = event_of(fact, self.before, after, id, tenant, ports.now());
                Job::publish(fact.detail_type(), &event)
            })
            .collect()
    }

    /// The call to Microsoft that is due at once and claimed by nobody.
    fn call(&self, after: &Engagement) -> Option<Job> {
        let meeting = after.meeting.as_ref()?;
        let now = self.desk.core.ports.now();
        let was_due = self
            .before
            .meeting
            .as_ref()
            .is_some_and(|before| before.remote == meeting.remote);
        (meeting.remote.claim.is_none() && meeting.remote.is_due(now) && !was_due).then(|| {
            Job::SyncOnlineMeeting {
                online_meeting_id: meeting.online_meeting_id.uuid(),
                mailbox: mailbox_key(&meeting.organizer.upn),
            }
        })
    }

    /// The look that is to go on at once, since the last one ran out of time.
    fn look(&self, after: &Engagement) -> Option<Job> {
        let (meeting, capture) = (after.meeting.as_ref()?, after.capture.as_ref()?);
        let is_new = self.before.capture.as_ref() != Some(capture);
        (is_new && capture.has_leftover && capture.claim.is_none()).then(|| Job::CaptureArtifacts {
            online_meeting_id: meeting.online_meeting_id.uuid(),
            arrival: None,
        })
    }

    /// Calendars show something else of the entry, or show it to somebody else (IV-6).
    fn sync_calendars(&self, after: &Engagement) -> Option<Job> {
        let shown = |entry: &ScheduleEntry| {
            let entry = entry.clone();
            let (users, texts) = (entry.assigned_user_ids, (entry.title, entry.notes));
            (users, texts, entry.start, entry.end)
        };
        let (was, is) = (self.before.entry.as_ref(), after.entry.as_ref());
        let id = was.or(is)?.schedule_entry_id.uuid();
        (!self.quiet && was.map(shown) != is.map(shown)).then_some(Job::SyncCalendars {
            subject: CalendarSubject::ScheduleEntry,
            id,
        })
    }

    /// A session that may have lost its link, whoever took it.
    fn follow_session(&self, after: &Engagement) -> Option<Job> {
        let stands = |state: &Engagement| {
            let meeting = state.meeting.as_ref();
            meeting.is_some_and(|meeting| {
                meeting.join_url.is_some() && meeting.status != Status::Cancelled
            })
        };
        let meeting = self.before.meeting.as_ref()?;
        let is_of_session = meeting.staff_plan.as_ref()?.is_of_session;
        (is_of_session && stands(self.before) && !stands(after)).then(|| Job::FollowSession {
            session_id: meeting.online_meeting_id.uuid(),
        })
    }

    /// Written under the root's lock; gone with its meeting.
    fn put_capture(&self, transaction: &mut Transaction, after: &Engagement) {
        let meeting = after.meeting.as_ref().or(self.before.meeting.as_ref());
        let Some(id) = meeting.map(|meeting| meeting.online_meeting_id.uuid()) else {
            return;
        };
        match (&self.before.capture, &after.capture) {
            (was, Some(is)) if was.as_ref() != Some(is) => {
                transaction.put(&CaptureRecord::new(id, is));
            }
            (Some(was), None) => {
                transaction.remove(CaptureRecord::KIND, &CaptureRecord::new(id, was).key());
            }
            _ => {}
        }
    }

    /// The root on the condition of its version, the others under its lock.
    fn put_parts(&self, transaction: &mut Transaction, after: &Engagement) {
        let (was, root) = (self.before, self.before.root());
        let mut parts = Parts { transaction, root };
        parts.put(
            Part::Request,
            was.request.as_ref().map(RequestRecord::from),
            after.request.as_ref().map(RequestRecord::from),
            was.request != after.request,
        );
        parts.put(
            Part::Meeting,
            was.meeting.as_ref().map(OnlineMeetingRecord::from),
            after.meeting.as_ref().map(OnlineMeetingRecord::from),
            was.meeting != after.meeting,
        );
        parts.put(
            Part::Entry,
            was.entry.as_ref().map(EntryRecord::from),
            after.entry.as_ref().map(EntryRecord::from),
            was.entry != after.entry,
        );
        parts.put(
            Part::Interaction,
            was.interaction.as_ref().map(InteractionRecord::from),
            after.interaction.as_ref().map(InteractionRecord::from),
            was.interaction != after.interaction,
        );
        self.put_capture(transaction, after);
    }

    /// Notes whose names and addresses are copied here (XC-14).
    fn note_people(&self, transaction: &mut Transaction, after: &Engagement) {
        let Some(request) = &after.request else {
            return;
        };
        let was = self.before.request.as_ref();
        let id = request.appointment_request_id;
        if let Some(contact_id) = &request.contact_id
            && was.is_none()
        {
            transaction.put(&InvolvementRecord::of_contact(contact_id, id.uuid()));
        }
        if let Some(assignee) = &request.assignee
            && was.is_none_or(|was| was.assignee.is_none())
        {
            transaction.put(&InvolvementRecord::of_user(&assignee.user_id, id.uuid()));
        }
    }
}

struct Parts<'t> {
    transaction: &'t mut Transaction,
    /// What the engagement was locked by; `None`: it is new.
    root: Option<Part>,
}

impl Parts<'_> {
    fn put<R: Record>(&mut self, part: Part, was: Option<R>, is: Option<R>, changed: bool) {
        let key = was.as_ref().map(Record::key);
        let is_lock = self.root == Some(part);
        match (was, is) {
            (Some(was), Some(is)) if is_lock => {
                self.transaction.replace(&is, was.version());
            }
            (Some(was), None) if is_lock => {
                self.transaction.delete(R::KIND, &was.key(), was.version());
            }
            (Some(_), None) => {
                self.remove::<R>(key);
            }
            (None, Some(is)) if self.root.is_none() => {
                self.transaction.create(&is);
            }
            (_, Some(is)) if changed => {
                self.transaction.put(&is);
            }
            _ => {}
        }
    }

    fn remove<R: Record>(&mut self, key: Option<Key>) {
        if let Some(key) = key {
            self.transaction.remove(R::KIND, &key);
        }
    }
}

/// Commits; a technician's day that came to exist meanwhile is read again.
async fn commit(transaction: Transaction) -> Result<(), Attempt> {
    match transaction.commit().await {
        Err(StoreError::AlreadyExists(kind)) if kind == TechnicianDayRecord::KIND => {
            Err(StoreError::VersionConflict(kind).into())
        }
        other => Ok(other?),
    }
}
