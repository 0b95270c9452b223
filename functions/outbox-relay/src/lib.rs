//! Carries the outbox to the queues: what the table's stream hands over, and
//! what the sweeper finds due (XC-7).
//!
//! The sweeper also wakes what waits in the due index: interrupted provider
//! calls, mails that have not gone out, and unlinked meetings whose occurrence
//! has passed.

use aws_lambda_events::dynamodb::{Event as StreamEvent, EventRecord};
use convoke_domain::error::Error;
use convoke_domain::meeting::Intent;
use convoke_domain::online_meeting::OnlineMeeting;
use convoke_platform::aws;
use convoke_platform::clock::Ports;
use convoke_platform::config::Environment;
use convoke_platform::log::{Outcome, Work};
use convoke_platform::outbox::{Relay, RelayError};
use convoke_platform::queue::Queues;
use convoke_platform::records::{
    CalendarSyncRecord, IntentRecord, MailRecord, MeetingRecord, OnlineMeetingRecord,
};
use convoke_platform::store::{DueKind, DueRow, Store};
use convoke_services::calendars;
use convoke_services::jobs::{Job, mailbox_key};
use convoke_services::microsoft::ENTERPRISE;
use serde_json::{Value, json};
use uuid::Uuid;

/// Rows per kind and shard that one sweep takes on; the next comes in a minute.
const SWEEP_LIMIT: u16 = 100;

/// The function's state, built once per process.
pub struct App {
    store: Store,
    queues: Queues,
    relay: Relay,
    ports: Ports,
}

/// Builds the function from its environment; no network call.
pub async fn boot(environment: &Environment) -> Result<App, lambda_runtime::Error> {
    let sdk = aws::load().await;
    Ok(App::new(
        aws::store(&sdk, environment)?,
        aws::queues(&sdk, environment)?,
        Ports::system(),
    ))
}

impl App {
    /// Over the table and the queues.
    pub fn new(store: Store, queues: Queues, ports: Ports) -> Self {
        Self {
            relay: Relay::new(store.clone(), queues.clone()),
            store,
            queues,
            ports,
        }
    }

    /// Handles a stream batch, or the schedule's `{"sweep": true}`.
    pub async fn handle(&self, event: Value) -> Result<Value, lambda_runtime::Error> {
        if event.get("sweep") == Some(&Value::Bool(true)) {
            self.sweep().await?;
            return Ok(Value::Null);
        }
        let batch: StreamEvent = serde_json::from_value(event)?;
        Ok(self.relay_batch(batch).await)
    }

    /// Relays a stream batch; the first failure is reported, so that the
    /// stream goes on from there.
    async fn relay_batch(&self, batch: StreamEvent) -> Value {
        let mut work = Work::begin("relay_stream");
        work.note("records", batch.records.len());
        let mut failures = vec![];
        for record in batch.records {
            let sequence = record.change.sequence_number.clone();
            if let Err(error) = self.relay_record(record).await {
                tracing::warn!(%error, "an outbox item was not relayed");
                failures.push(json!({ "itemIdentifier": sequence }));
                break;
            }
        }
        let outcome = if failures.is_empty() {
            Outcome::Done
        } else {
            Outcome::Failed
        };
        work.end(outcome, self.ports.now());
        json!({ "batchItemFailures": failures })
    }

    async fn relay_record(&self, record: EventRecord) -> Result<(), RelayError> {
        if record.event_name != "INSERT" {
            return Ok(());
        }
        let image = record.change.new_image;
        self.relay
            .relay_image(image.into(), self.ports.now())
            .await?;
        Ok(())
    }

    /// Looks once through everything that is due.
    pub async fn sweep(&self) -> Result<(), Error> {
        let mut work = Work::begin("sweep");
        let mut failed = 0u32;
        let mut done = 0u32;
        let kinds = DueKind::ALL.into_iter().filter(|kind| is_swept_here(*kind));
        for kind in kinds {
            for row in self
                .store
                .sweeper()
                .due(kind, self.ports.now(), SWEEP_LIMIT)
                .await?
            {
                match self.wake(kind, &row).await {
                    Ok(()) => done += 1,
                    Err(error) => {
                        failed += 1;
                        tracing::warn!(%error, tenant = %row.tenant.id(), "a due row could not be woken");
                    }
                }
            }
        }
        work.note("rows", done);
        work.note("failed", failed);
        work.end(
            if failed == 0 {
                Outcome::Done
            } else {
                Outcome::Failed
            },
            self.ports.now(),
        );
        Ok(())
    }

    async fn wake(&self, kind: DueKind, row: &DueRow) -> Result<(), lambda_runtime::Error> {
        let job = match kind {
            DueKind::Outbox => {
                self.relay.relay_row(row, self.ports.now()).await?;
                return Ok(());
            }
            DueKind::Intent => self.settle_job(row).await?,
            DueKind::OnlineMeeting => self.sync_job(row).await?,
            DueKind::Occurrence => MeetingRecord::id_of(&row.key).map(|id| {
                let meeting_id = id.uuid();
                (Job::AdvancePassed { meeting_id }, self.ports.mint())
            }),
            DueKind::Mail => MailRecord::id_of(&row.key).map(|id| {
                let mail_id = id.uuid();
                (Job::SendMail { mail_id }, self.ports.mint())
            }),
            DueKind::CalendarSync => CalendarSyncRecord::subject_of(&row.key)
                .map(|subject| (calendars::job_of(subject), self.ports.mint())),
            DueKind::Capture | DueKind::Transfer | DueKind::Subscription | DueKind::Delta => None,
        };
        if let Some((job, id)) = job {
            self.queues
                .send(&row.tenant, &[job.to_outgoing(id)?])
                .await?;
        }
        Ok(())
    }

    /// Calls to one mailbox go one after the other: the job names it. The same
    /// state of an intent makes the same message, which the queue takes once.
    async fn settle_job(&self, row: &DueRow) -> Result<Option<(Job, Uuid)>, lambda_runtime::Error> {
        let record = self
            .store
            .tenant(&row.tenant)
            .get::<IntentRecord>(&row.key)
            .await?;
        let Some(intent) = record.map(Intent::try_from).transpose()? else {
            return Ok(None);
        };
        let intent_id = intent.intent_id.uuid();
        let state = Uuid::from_u128(intent_id.as_u128().wrapping_add(intent.version.into()));
        let job = Job::SettleIntent {
            meeting_id: intent.meeting_id.uuid(),
            intent_id,
            mailbox: mailbox_key(&intent.organizer),
        };
        Ok(Some((job, state)))
    }

    /// As [`Self::settle_job`], for an online meeting.
    async fn sync_job(&self, row: &DueRow) -> Result<Option<(Job, Uuid)>, lambda_runtime::Error> {
        let record = self
            .store
            .tenant(&row.tenant)
            .get::<OnlineMeetingRecord>(&row.key)
            .await?;
        let Some(meeting) = record.map(OnlineMeeting::try_from).transpose()? else {
            return Ok(None);
        };
        let id = meeting.online_meeting_id.uuid();
        let state = Uuid::from_u128(id.as_u128().wrapping_add(meeting.version.into()));
        let job = Job::SyncOnlineMeeting {
            online_meeting_id: id,
            mailbox: mailbox_key(&meeting.organizer.upn),
        };
        Ok(Some((job, state)))
    }
}

/// What recordings wait for, `artifact-capture` wakes. The community edition has
/// nobody to call: it leaves online meetings untouched.
fn is_swept_here(kind: DueKind) -> bool {
    match kind {
        DueKind::Outbox
        | DueKind::Intent
        | DueKind::Occurrence
        | DueKind::Mail
        | DueKind::CalendarSync => true,
        DueKind::OnlineMeeting => ENTERPRISE,
        DueKind::Capture | DueKind::Transfer | DueKind::Subscription | DueKind::Delta => false,
    }
}
