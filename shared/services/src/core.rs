//! What every use case works with.

use std::future::Future;

use convoke_domain::error::Error;
use convoke_domain::event::{MeetingEvent, MeetingEventHead, MeetingEventKind, rfc3339};
use convoke_domain::id::{EventId, TenantId};
use convoke_domain::meeting::Meeting;
use convoke_platform::backoff::{self, Attempt};
use convoke_platform::clock::Ports;
use convoke_platform::outbox::OutboxRecord;
use convoke_platform::queue::Outgoing;
use convoke_platform::store::{Store, TenantStore};
use convoke_platform::tenant::Tenant;

use crate::jobs::Job;

/// Store, clock and ids.
#[derive(Clone)]
pub struct Core {
    store: Store,
    /// Clock and ids.
    pub ports: Ports,
}

impl Core {
    /// Over the table, with these ports.
    pub fn new(store: Store, ports: Ports) -> Self {
        Self { store, ports }
    }

    /// The items of a tenant.
    pub fn store(&self, tenant: &Tenant) -> TenantStore {
        self.store.tenant(tenant)
    }

    /// The table itself, for the edge of a function.
    pub fn table(&self) -> &Store {
        &self.store
    }

    /// A job as a message.
    pub fn message(&self, job: &Job) -> Result<Outgoing, Error> {
        job.to_outgoing(self.ports.mint())
    }

    /// Jobs to be done as soon as their transaction is through.
    pub fn outbox(&self, jobs: &[Job]) -> Result<OutboxRecord, Error> {
        let messages = jobs
            .iter()
            .map(|job| self.message(job))
            .collect::<Result<_, _>>()?;
        Ok(OutboxRecord::now(
            self.ports.mint(),
            messages,
            self.ports.now(),
        ))
    }

    /// The event that tells of a meeting's new state.
    pub fn meeting_event(
        &self,
        tenant: &TenantId,
        kind: MeetingEventKind,
        meeting: &Meeting,
    ) -> Result<Job, Error> {
        let head = MeetingEventHead {
            event_id: EventId::new(self.ports.mint()),
            tenant,
            meeting_id: meeting.meeting_id,
            control_id: &meeting.control_id,
        };
        let mut event = MeetingEvent::new(&head, meeting.version, meeting.updated_at);
        event.last_occurrence = meeting.last_occurrence.map(rfc3339);
        event.next_occurrence = meeting.next_occurrence().map(|next| rfc3339(next.start));
        Job::publish(kind.detail_type(), &event)
    }
}

/// Runs optimistic work until no other writer came in between.
pub(crate) async fn undisturbed<T, F>(work: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Attempt>>,
{
    backoff::until_undisturbed(work).await
}
