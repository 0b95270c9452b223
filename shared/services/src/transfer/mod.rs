//! Copying a recording from Microsoft into the bucket, part by part, across as
//! many invocations as it takes (OM-10).
//!
//! Guarantees: one process at a time copies a recording (a claim, which it renews
//! with each part); after each part the row says how far it came, with the state
//! of the checksum, so that whoever goes on repeats one part at most; memory
//! holds little more than one part. A part's number says which octets it holds:
//! a late writer stores the same there.

mod checksum;
mod claim;
mod copy;
mod finish;
mod reader;

use std::time::Duration;

use chrono::TimeDelta;
use convoke_domain::artifact::{Artifact, ArtifactType};
use convoke_domain::engagement::Engagement;
use convoke_domain::error::Error;
use convoke_domain::id::{ArtifactId, OnlineMeetingId};
use convoke_domain::online_meeting::{OnlineMeeting, Status};
use convoke_platform::blobs::{BlobError, BlobName, Blobs, TenantBlobs};
use convoke_platform::records::{TransferRecord, engagement_partition, read_engagement};
use convoke_platform::store::{Record, StoreError, TenantStore};
use convoke_platform::tenant::Tenant;

use self::claim::Held;
use crate::core::Core;
use crate::engagements::Desk;
use crate::jobs::Job;
use crate::microsoft::ENTERPRISE;

/// The sweep's net below a planned copy's own job.
const MISSED_AFTER: TimeDelta = TimeDelta::minutes(15);

/// How a run copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Octets of a part; S3 takes no fewer than 5 MiB.
    pub part_size: u64,
    /// After so long a run leaves the rest to the next one. What it is at by then
    /// may take some minutes more.
    pub budget: Duration,
}

impl Default for Terms {
    /// Parts of 8 MiB (80 GB at most), ten of the fifteen minutes of a function.
    fn default() -> Self {
        Self {
            part_size: 8 * 1024 * 1024,
            budget: Duration::from_mins(10),
        }
    }
}

/// Has a recording copied, unless it is stored, or its copy is under way.
pub async fn begin(core: &Core, store: &TenantStore, recording: &Artifact) -> Result<(), Error> {
    if recording.artifact_type != ArtifactType::Recording || recording.file.is_some() {
        return Ok(());
    }
    let now = core.ports.now();
    let row = TransferRecord {
        artifact_id: recording.artifact_id.uuid(),
        online_meeting_id: recording.online_meeting_id.uuid(),
        upload: None,
        furthest: 0,
        attempts: 0,
        error_code: None,
        claim: None,
        claimed_until: None,
        due_at: now + MISSED_AFTER,
        version: 1,
        created_at: now,
    };
    let mut transaction = store.transaction();
    transaction.create(&row);
    transaction.create(&core.outbox(&[job_of(&row)])?);
    match transaction.commit().await {
        Ok(()) | Err(StoreError::AlreadyExists(TransferRecord::KIND)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn job_of(row: &TransferRecord) -> Job {
    Job::TransferRecording {
        online_meeting_id: row.online_meeting_id,
        artifact_id: row.artifact_id,
    }
}

/// Copies a recording, or goes on with it, if that is due and nobody else is at
/// it. What fails waits in the due index; an error is the store's and means: bring
/// the job again.
pub async fn run(
    desk: &Desk,
    blobs: &Blobs,
    tenant: &Tenant,
    meeting_id: OnlineMeetingId,
    artifact_id: ArtifactId,
    terms: Terms,
) -> Result<(), Error> {
    if !ENTERPRISE {
        // Nobody to call: rows of the other edition stay untouched.
        return Ok(());
    }
    let bench = Bench {
        desk,
        store: desk.core.store(tenant),
        blobs: blobs.tenant(tenant),
        name: BlobName::Recording(meeting_id, artifact_id),
        meeting_id,
        artifact_id,
        terms,
    };
    let Some(mut held) = bench.claim().await? else {
        return Ok(());
    };
    match bench.work(&mut held).await {
        Ok(()) | Err(Stop::Lost) => Ok(()),
        Err(Stop::Failed(code)) => match bench.put_back(held, code).await {
            Ok(()) | Err(Stop::Lost | Stop::Failed(_)) => Ok(()),
            Err(Stop::Store(error)) => Err(error),
        },
        Err(Stop::Store(error)) => Err(error),
    }
}

/// Why a run goes no further.
#[derive(Debug)]
enum Stop {
    /// Somebody else has taken over, or the copy is settled.
    Lost,
    /// To be tried again later; what is stored so far stays.
    Failed(&'static str),
    /// The row could not be written: the claim will run out.
    Store(Error),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::VersionConflict(_) => Self::Lost,
            other => Self::Store(other.into()),
        }
    }
}

impl From<BlobError> for Stop {
    fn from(error: BlobError) -> Self {
        tracing::warn!(%error, "the bucket did not do it");
        Self::Failed(error.code())
    }
}

/// What one recording is copied with.
struct Bench<'a> {
    desk: &'a Desk,
    store: TenantStore,
    blobs: TenantBlobs,
    name: BlobName,
    meeting_id: OnlineMeetingId,
    artifact_id: ArtifactId,
    terms: Terms,
}

/// What the copy is for, as long as somebody wants it.
struct Wanted {
    meeting: OnlineMeeting,
    artifact: Artifact,
}

impl Bench<'_> {
    async fn work(&self, held: &mut Held) -> Result<(), Stop> {
        if held.is_hopeless() {
            return self.give_up(held).await;
        }
        let Some(wanted) = self.wanted().await? else {
            return self.abandon(held).await;
        };
        if wanted.artifact.file.is_some() {
            return self.drop_row(held).await;
        }
        if self.copy(held, &wanted).await? {
            self.finish(held).await
        } else {
            self.pass_on(held).await
        }
    }

    /// The recording and its meeting; `None`: one of them is gone or cancelled.
    async fn wanted(&self) -> Result<Option<Wanted>, Stop> {
        let partition = engagement_partition(self.meeting_id.uuid());
        let Engagement {
            meeting, artifacts, ..
        } = read_engagement(self.store.collection(&partition).await?)?;
        let meeting =
            meeting.filter(|meeting| meeting.status != Status::Cancelled && !meeting.is_legacy);
        let artifact = artifacts
            .into_iter()
            .find(|artifact| artifact.artifact_id == self.artifact_id);
        Ok(meeting
            .zip(artifact)
            .map(|(meeting, artifact)| Wanted { meeting, artifact }))
    }
}
