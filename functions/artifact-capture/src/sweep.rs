//! What is due, page by page: each meeting, each copy and each organiser's list
//! becomes a message, so that one that goes wrong holds no other up (OM-11, NT-5).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use convoke_domain::error::Error;
use convoke_platform::log::{Outcome, Work};
use convoke_platform::queue::Outgoing;
use convoke_platform::records::{TransferRecord, engagement_of};
use convoke_platform::store::{DueKind, DueRow};
use convoke_platform::tenant::Tenant;
use convoke_services::jobs::Job;
use convoke_services::microsoft::ENTERPRISE;
use futures_util::StreamExt;

use crate::App;

/// Rows of each shard that are read at once.
const PAGE: u16 = 100;
/// Tenants whose messages are sent at once.
const AT_ONCE: usize = 8;
/// What a sweep leaves of the function's time.
const SPARE: Duration = Duration::from_mins(1);

/// What a sweep has come to.
#[derive(Default)]
struct Tally {
    sent: usize,
    failed: usize,
}

impl App {
    /// Sends what is due to its queue, until nothing is left or the time is short.
    /// The next sweep finds the rest, oldest first.
    pub async fn sweep(&self, left: Duration) -> Result<(), Error> {
        if !ENTERPRISE {
            return Ok(());
        }
        let began = Instant::now();
        let mut work = Work::begin("sweep_artifacts");
        let mut tally = Tally::default();
        let now = self.ports.now();
        let sweeper = self.store.sweeper();
        // In turns: neither kind waits for the other's end.
        let mut walks = [DueKind::Capture, DueKind::Transfer, DueKind::Delta]
            .map(|kind| (kind, sweeper.pages(kind, now, PAGE)));
        let mut result = Ok(());
        while result.is_ok() && walks.iter().any(|(_, pages)| pages.has_more()) {
            if began.elapsed() + SPARE >= left {
                work.note("is_cut", true);
                break;
            }
            for (kind, pages) in walks.iter_mut().filter(|(_, pages)| pages.has_more()) {
                match pages.next().await {
                    Ok(rows) => self.send(*kind, rows, &mut tally).await,
                    Err(error) => result = Err(error.into()),
                }
            }
        }
        work.note("rows", tally.sent);
        work.note("failed", tally.failed);
        let is_well = result.is_ok() && tally.failed == 0;
        let outcome = if is_well {
            Outcome::Done
        } else {
            Outcome::Failed
        };
        work.end(outcome, self.ports.now());
        result
    }

    /// One tenant's queue that refuses does not stop the others'.
    async fn send(&self, kind: DueKind, rows: Vec<DueRow>, tally: &mut Tally) {
        let mut messages: HashMap<Tenant, Vec<Outgoing>> = HashMap::new();
        for row in rows {
            match self.message(kind, &row) {
                Ok(message) => messages.entry(row.tenant).or_default().push(message),
                Err(error) => {
                    tally.failed += 1;
                    tracing::error!(%error, ?kind, tenant = %row.tenant.id(), "a due row cannot be read");
                }
            }
        }
        let sending = messages.iter().map(|(tenant, messages)| async move {
            let sent = self.queues.send(tenant, messages).await;
            if let Err(error) = &sent {
                tracing::warn!(%error, ?kind, tenant = %tenant.id(), "due rows could not be woken");
            }
            (messages.len(), sent.is_ok())
        });
        let mut sending = futures_util::stream::iter(sending).buffer_unordered(AT_ONCE);
        while let Some((count, is_sent)) = sending.next().await {
            if is_sent {
                tally.sent += count;
            } else {
                tally.failed += count;
            }
        }
    }

    fn message(&self, kind: DueKind, row: &DueRow) -> Result<Outgoing, Error> {
        let job = match kind {
            DueKind::Capture => engagement_of(&row.key).map(|id| Job::CaptureArtifacts {
                online_meeting_id: id,
                arrival: None,
            }),
            DueKind::Transfer => {
                TransferRecord::ids_of(&row.key).map(|(meeting, artifact)| Job::TransferRecording {
                    online_meeting_id: meeting.uuid(),
                    artifact_id: artifact.uuid(),
                })
            }
            DueKind::Delta => Some(Job::ListDelta {
                subscription: row.key.sort.clone(),
            }),
            _ => None,
        };
        let job = job.ok_or_else(|| Error::internal("its key names nothing of ours"))?;
        job.to_outgoing(self.ports.mint())
    }
}
