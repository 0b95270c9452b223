//! What an organiser's meetings have left behind since it was last listed (NT-5):
//! notifications get lost without notice, and a meeting's own looks end.
//!
//! Guarantee: the place to read on from is written after everything that was
//! listed before it has its job; a run that dies lists the same again.

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::artifact::{ArrivalPath, ArtifactType};
use convoke_domain::error::Error;
use convoke_domain::subscription::Subscription;
use convoke_graph::{
    ArtifactDelta, ArtifactKind, DeltaArtifact, DeltaFrom, GraphError, GraphErrorClass,
};
use convoke_platform::records::{ArtifactRecord, DeltaRecord, SubscriptionRecord};
use convoke_platform::store::{StoreError, TenantStore};
use convoke_platform::tenant::Tenant;
use futures_util::{StreamExt, TryStreamExt};

use crate::core::Core;
use crate::engagements;
use crate::jobs::Job;
use crate::microsoft::Microsoft;
use crate::notifications::{Come, follow_up};

/// How long after one list the next is made.
const INTERVAL: TimeDelta = TimeDelta::hours(6);
/// The wait after a failure; each further one is twice as long.
const FIRST_WAIT: TimeDelta = TimeDelta::minutes(10);
/// How far a list without token reaches back beyond the last one that was read:
/// past the last look at a meeting.
const REACH: TimeDelta = TimeDelta::days(4);
/// How far at most: Microsoft keeps recordings for some months.
const REACH_MAX: TimeDelta = TimeDelta::days(60);
/// The longest that one list takes, pages and all.
const BUDGET: std::time::Duration = std::time::Duration::from_mins(2);
/// Artifacts that are looked up at once.
const AT_ONCE: usize = 8;
/// Jobs of one outbox item, which holds 400 KB.
const JOBS_AT_ONCE: usize = 100;

/// Lists what goes with a subscription, and asks for looks at what is not kept.
/// What Microsoft refuses is tried again later, by the due index.
pub async fn run(
    core: &Core,
    microsoft: &Microsoft,
    tenant: &Tenant,
    subscription: &str,
) -> Result<(), Error> {
    let store = core.store(tenant);
    let row = store
        .get::<SubscriptionRecord>(&SubscriptionRecord::key_of(subscription))
        .await?
        .map(Subscription::try_from)
        .transpose()?;
    let key = DeltaRecord::key_of(subscription);
    let Some(row) = row else {
        return Ok(store.delete(&key).await?);
    };
    let now = core.ports.now();
    let stored = store.get::<DeltaRecord>(&key).await?;
    let before = stored.unwrap_or_else(|| DeltaRecord::fresh(subscription, now));
    let known_until = before.read_at.unwrap_or(row.created_at);
    let listing = Listing {
        core,
        microsoft,
        store: &store,
        row: &row,
        since: (known_until - REACH).max(now - REACH_MAX),
        now,
    };
    let after = match listing.list(before.token.as_deref()).await {
        Ok(delta) => {
            let jobs = listing.jobs(&delta).await?;
            tracing::info!(
                listed = delta.artifacts.len(),
                missing = jobs.len(),
                kind = row.kind.as_str(),
                "an organiser's artifacts were listed"
            );
            listing.send(&jobs).await?;
            // What a long list has left comes with the next sweep.
            let wait = if delta.is_complete {
                INTERVAL
            } else {
                TimeDelta::zero()
            };
            DeltaRecord {
                token: delta.token.or(before.token.clone()),
                due_at: now + wait,
                attempts: 0,
                error_code: None,
                read_at: Some(now),
                ..before.clone()
            }
        }
        Err(code) => {
            tracing::warn!(
                code,
                kind = row.kind.as_str(),
                "an organiser's artifacts were not listed"
            );
            let wait = FIRST_WAIT * (1 << before.attempts.min(6));
            DeltaRecord {
                due_at: now + wait.min(INTERVAL),
                attempts: before.attempts + 1,
                error_code: Some(code.to_owned()),
                ..before.clone()
            }
        }
    };
    write(&store, &before, after).await
}

/// Another run that came in between knows as much: its word stands.
async fn write(store: &TenantStore, before: &DeltaRecord, after: DeltaRecord) -> Result<(), Error> {
    let after = DeltaRecord {
        version: before.version + 1,
        ..after
    };
    let mut transaction = store.transaction();
    if before.version == 0 {
        transaction.create(&after);
    } else {
        transaction.replace(&after, before.version);
    }
    match transaction.commit().await {
        Ok(()) | Err(StoreError::AlreadyExists(_) | StoreError::VersionConflict(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

struct Listing<'a> {
    core: &'a Core,
    microsoft: &'a Microsoft,
    store: &'a TenantStore,
    row: &'a Subscription,
    /// Where a list without token begins.
    since: DateTime<Utc>,
    now: DateTime<Utc>,
}

impl Listing<'_> {
    /// What is new since `token`, or of the last days; else why it was not listed.
    async fn list(&self, token: Option<&str>) -> Result<ArtifactDelta, &'static str> {
        let account = self
            .microsoft
            .teams_account(self.store)
            .await
            .map_err(|error| error.code())?;
        if account.ms_tenant_id != self.row.ms_tenant_id {
            return Err("another_microsoft_tenant");
        }
        let session = self.microsoft.client().session(&account.profile);
        let session = session.with_budget(BUDGET);
        let kind = match self.row.kind {
            ArtifactType::Recording => ArtifactKind::Recording,
            ArtifactType::Transcript => ArtifactKind::Transcript,
        };
        let organizer = &self.row.organizer_object_id;
        let since = DeltaFrom::Since(self.since);
        let listed = match token {
            None => session.artifact_delta(organizer, kind, since).await,
            Some(token) => {
                let from = DeltaFrom::Token(token);
                match session.artifact_delta(organizer, kind, from).await {
                    // Microsoft forgets tokens.
                    Err(error) if error.class == GraphErrorClass::NotFoundOrGone => {
                        session.artifact_delta(organizer, kind, since).await
                    }
                    other => other,
                }
            }
        };
        listed.map_err(|error: GraphError| {
            if error.class == GraphErrorClass::InvalidCredentials {
                self.microsoft.refused(&account);
            }
            error.class.as_str()
        })
    }

    async fn jobs(&self, delta: &ArtifactDelta) -> Result<Vec<Job>, Error> {
        let looking = delta
            .artifacts
            .iter()
            .map(|artifact| self.jobs_of(artifact));
        let jobs: Vec<Vec<Job>> = futures_util::stream::iter(looking)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(jobs.into_iter().flatten().collect())
    }

    /// Nothing for what is kept already, or was made of a meeting that is not ours.
    async fn jobs_of(&self, artifact: &DeltaArtifact) -> Result<Vec<Job>, Error> {
        let come = Come {
            kind: self.row.kind,
            meeting_id: &artifact.meeting_id,
            artifact_id: &artifact.id,
            organizer_object_id: &self.row.organizer_object_id,
            path: ArrivalPath::Delta,
            made_at: artifact.created.unwrap_or(self.now),
        };
        for meeting in engagements::called(self.store, come.meeting_id).await? {
            let key = ArtifactRecord::key_of(meeting, come.kind, come.artifact_id);
            let stored = self.store.get::<ArtifactRecord>(&key).await?;
            let stored = stored
                .map(convoke_domain::artifact::Artifact::try_from)
                .transpose()?;
            if stored.is_some_and(|artifact| artifact.is_captured()) {
                return Ok(vec![]);
            }
        }
        follow_up(self.store, come, self.now).await
    }

    async fn send(&self, jobs: &[Job]) -> Result<(), Error> {
        for some in jobs.chunks(JOBS_AT_ONCE) {
            self.store.put_new(&self.core.outbox(some)?).await?;
        }
        Ok(())
    }
}
