//! What follows from a genuine notification: one transaction, which remembers it
//! and carries the work to the queue (XC-7).

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::artifact::{ArrivalPath, ArtifactType};
use convoke_domain::error::Error;
use convoke_domain::id::OnlineMeetingId;
use convoke_graph::notification::LifecycleEvent;
use convoke_platform::records::NoticeRecord;
use convoke_platform::store::{StoreError, TenantStore};

use super::authenticity::Told;
use super::known::Known;
use super::tally::Verdict;
use crate::core::Core;
use crate::engagements;
use crate::jobs::{Arrival, Job, SubscriptionEvent};

/// A meeting lasts 30 hours at most, and its recording shows after its end.
const AROUND: TimeDelta = TimeDelta::hours(36);
/// Microsoft may repeat what it wants of a subscription every quarter of an hour;
/// within this time once is enough.
const REPEATED: TimeDelta = TimeDelta::minutes(10);

/// An artifact that came up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Come<'a> {
    /// Recording or transcript.
    pub(crate) kind: ArtifactType,
    /// Microsoft's id of its meeting.
    pub(crate) meeting_id: &'a str,
    /// Microsoft's id of it.
    pub(crate) artifact_id: &'a str,
    /// Whose meetings to search where the id is not known.
    pub(crate) organizer_object_id: &'a str,
    /// By which way.
    pub(crate) path: ArrivalPath,
    /// Around when it was made.
    pub(crate) made_at: DateTime<Utc>,
}

/// The looks that an artifact asks for: at the meeting that Microsoft calls so,
/// else at those of its organiser around that time whose ids are not known. `now`
/// is when it came up.
pub(crate) async fn follow_up(
    store: &TenantStore,
    come: Come<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Job>, Error> {
    let mut meetings = engagements::called(store, come.meeting_id).await?;
    if meetings.is_empty() {
        let (from, to) = (come.made_at - AROUND, come.made_at + AROUND);
        meetings = engagements::unresolved_of(store, come.organizer_object_id, from, to).await?;
    }
    let job = |meeting: OnlineMeetingId| Job::CaptureArtifacts {
        online_meeting_id: meeting.uuid(),
        arrival: Some(Arrival {
            kind: come.kind.as_str().to_owned(),
            provider_artifact_id: come.artifact_id.to_owned(),
            provider_meeting_id: come.meeting_id.to_owned(),
            path: come.path.as_str().to_owned(),
            at: now,
        }),
    };
    Ok(meetings.into_iter().map(job).collect())
}

/// Takes on what a notification tells.
pub(super) async fn arrival(
    core: &Core,
    known: &Known,
    told: &Told,
    at: DateTime<Utc>,
) -> Result<Verdict, Error> {
    let store = core.store(&known.tenant);
    let row = &known.subscription;
    let come = Come {
        kind: row.kind,
        meeting_id: &told.meeting_id,
        artifact_id: &told.artifact_id,
        organizer_object_id: &row.organizer_object_id,
        path: ArrivalPath::Notification,
        made_at: at,
    };
    let jobs = follow_up(&store, come, at).await?;
    if jobs.is_empty() {
        return Ok(Verdict::UnknownMeeting);
    }
    // The id of the subscription is part of it: its successor may tell again.
    let subscription = row.subscription_id.as_deref().unwrap_or_default();
    let notice = NoticeRecord::of(&[subscription, &told.artifact_id, "created"], at);
    take_on(core, &store, &notice, &jobs).await
}

/// Takes on what Microsoft says of a subscription.
pub(super) async fn lifecycle(
    core: &Core,
    known: &Known,
    event: &LifecycleEvent,
    at: DateTime<Utc>,
) -> Result<Verdict, Error> {
    let (event, word) = match event {
        LifecycleEvent::ReauthorizationRequired => (
            SubscriptionEvent::ReauthorizationRequired,
            "reauthorizationRequired",
        ),
        LifecycleEvent::SubscriptionRemoved => (SubscriptionEvent::Removed, "subscriptionRemoved"),
        LifecycleEvent::Missed => (SubscriptionEvent::Missed, "missed"),
        LifecycleEvent::Other => return Ok(Verdict::Ignored),
    };
    let store = core.store(&known.tenant);
    let row = &known.subscription;
    let job = Job::RenewSubscription {
        subscription: row.key.to_string(),
        event,
    };
    let subscription = row.subscription_id.as_deref().unwrap_or_default();
    let span = (at.timestamp() / REPEATED.num_seconds()).to_string();
    let notice = NoticeRecord::of(&[subscription, word, &span], at);
    take_on(core, &store, &notice, &[job]).await
}

async fn take_on(
    core: &Core,
    store: &TenantStore,
    notice: &NoticeRecord,
    jobs: &[Job],
) -> Result<Verdict, Error> {
    let mut transaction = store.transaction();
    transaction.create(notice);
    transaction.create(&core.outbox(jobs)?);
    match transaction.commit().await {
        Ok(()) => Ok(Verdict::Accepted),
        Err(StoreError::AlreadyExists(_)) => Ok(Verdict::Duplicate),
        Err(error) => Err(error.into()),
    }
}
