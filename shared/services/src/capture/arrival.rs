//! A look for the sake of one artifact that came up: Microsoft told of it, or
//! listed it (NT-3, NT-5).
//!
//! Guarantee: what is kept already costs one read, however often it comes up;
//! what could not be kept comes again, since the message does.

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::artifact::{ArrivalPath, Artifact, ArtifactType};
use convoke_domain::engagement::Engagement;
use convoke_domain::error::Error;
use convoke_domain::id::OnlineMeetingId;
use convoke_platform::records::ArtifactRecord;
use convoke_platform::store::TenantStore;
use convoke_platform::tenant::Tenant;

use super::{LOOK_DUE, Outcome, Reason, Recorder, look};
use crate::core::undisturbed;
use crate::engagements::load;
use crate::jobs::Arrival;

/// What is looked for.
struct Wanted<'a> {
    kind: ArtifactType,
    path: ArrivalPath,
    arrival: &'a Arrival,
}

impl Wanted<'_> {
    fn among<'e>(&self, engagement: &'e Engagement) -> Option<&'e Artifact> {
        let is_it = |one: &&Artifact| {
            one.artifact_type == self.kind
                && one.provider_artifact_id == self.arrival.provider_artifact_id
        };
        engagement.artifacts.iter().find(is_it)
    }

    /// Whether the meeting is known to be the one.
    fn is_of_this(&self, engagement: &Engagement) -> bool {
        let meeting = engagement.meeting.as_ref();
        let id = meeting.and_then(|meeting| meeting.provider_meeting_id.as_ref());
        id == Some(&self.arrival.provider_meeting_id)
    }

    /// Whether the meeting is known to be another one.
    fn is_of_another(&self, engagement: &Engagement) -> bool {
        let meeting = engagement.meeting.as_ref();
        meeting
            .and_then(|meeting| meeting.provider_meeting_id.as_ref())
            .is_some_and(|id| *id != self.arrival.provider_meeting_id)
    }
}

/// Looks for an artifact that came up, unless it is kept already. An error means:
/// it is not kept, and another try may do it.
pub async fn run_arrival(
    recorder: &Recorder,
    tenant: &Tenant,
    id: OnlineMeetingId,
    arrival: &Arrival,
) -> Result<(), Error> {
    let wanted = Wanted {
        kind: ArtifactType::parse(&arrival.kind)
            .ok_or_else(|| Error::internal("an arrival of no known kind"))?,
        path: ArrivalPath::parse(&arrival.path)
            .ok_or_else(|| Error::internal("an arrival by no known path"))?,
        arrival,
    };
    let store = recorder.desk.core.store(tenant);
    let before = load(&store, id.uuid()).await?;
    let is_kept = wanted.among(&before).is_some_and(Artifact::is_captured);
    let after = if is_kept || wanted.is_of_another(&before) {
        before
    } else {
        let looking = look(recorder, &store, id, Reason::Arrived(wanted.path), LOOK_DUE);
        match Box::pin(looking).await? {
            Outcome::Looked(engagement) => engagement,
            // A cancelled meeting; or whoever is looking looks once more for this.
            Outcome::Skipped(_) | Outcome::Busy => return Ok(()),
        }
    };
    let now = recorder.desk.core.ports.now();
    match wanted.among(&after) {
        Some(artifact) => {
            note(&store, artifact, &wanted).await?;
            settled(artifact.is_captured(), &after, &wanted, now)
        }
        None if wanted.is_of_another(&after) => Ok(()),
        None => settled(false, &after, &wanted, now),
    }
}

/// Writes the way by which an artifact came up into its row, once.
async fn note(store: &TenantStore, artifact: &Artifact, wanted: &Wanted<'_>) -> Result<(), Error> {
    let key = ArtifactRecord::key_of(
        artifact.online_meeting_id,
        artifact.artifact_type,
        &artifact.provider_artifact_id,
    );
    undisturbed(|| async {
        let Some(record) = store.get::<ArtifactRecord>(&key).await? else {
            return Ok(());
        };
        let mut row = Artifact::try_from(record)?;
        let expected = row.version;
        if !row.came_by(wanted.path, wanted.arrival.at) {
            return Ok(());
        }
        row.version += 1;
        tracing::info!(
            online_meeting_id = %row.online_meeting_id,
            artifact_id = %row.artifact_id,
            path = wanted.path.as_str(),
            "an artifact came up"
        );
        let mut transaction = store.transaction();
        transaction.replace(&ArtifactRecord::from(&row), expected);
        Ok(transaction.commit().await?)
    })
    .await
}

/// What Microsoft has told of may not be in its lists yet for so long.
const LISTS_LAG: TimeDelta = TimeDelta::hours(1);
/// The failure of a look that passes by itself.
const PASSING: &str = "graph_unavailable";

/// Whether the message is to come again. What does not pass by itself, and what is
/// no longer there, is left to the meeting's own looks.
fn settled(
    is_kept: bool,
    engagement: &Engagement,
    wanted: &Wanted<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let capture = engagement.capture.as_ref();
    let failure = capture.and_then(|capture| capture.error_code.as_deref());
    let is_told_of_lately = wanted.path == ArrivalPath::Notification
        && wanted.is_of_this(engagement)
        && now - wanted.arrival.at < LISTS_LAG;
    let comes_again = match failure {
        Some(code) => code == PASSING,
        None => is_told_of_lately,
    };
    if is_kept || !comes_again {
        return Ok(());
    }
    Err(Error::Upstream {
        code: "artifact_not_listed",
        message: "Microsoft told of an artifact that it does not hand out yet".to_owned(),
        retry_after: None,
    })
}
