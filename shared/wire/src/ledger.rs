//! What was expected of a meeting, what arrived, by which way and when: for staff,
//! who want to know why a recording is there, or is not.

use convoke_domain::artifact::{Artifact, ArtifactType};
use convoke_domain::engagement::Engagement;
use convoke_domain::event::rfc3339;
use convoke_domain::online_meeting::OnlineMeeting;
use serde::Serialize;
use utoipa::ToSchema;

/// That an artifact came up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CaptureArrival)]
pub struct ArrivalView {
    #[schema(format = Uuid)]
    artifact_id: String,
    #[schema(example = "recording", pattern = "^(recording|transcript)$")]
    artifact_type: &'static str,
    /// By which way: Microsoft's notification, a look at the meeting's own time, the
    /// list of all that the organiser's meetings left behind, somebody's refresh.
    #[schema(
        example = "notification",
        pattern = "^(notification|sweep|delta|refresh)$"
    )]
    path: &'static str,
    /// When it did so first.
    #[schema(format = DateTime, example = "2027-01-15T10:04:09Z")]
    at: String,
}

/// A meeting's ledger of recordings and transcripts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CaptureLedger)]
pub struct LedgerView {
    /// The kinds that are looked for.
    #[schema(example = json!(["recording", "transcript"]))]
    expected: Vec<&'static str>,
    /// The kinds that Microsoft was to notify of when it ended; `null` until then.
    #[schema(required = true, example = json!(["recording", "transcript"]))]
    watched: Option<Vec<&'static str>>,
    /// The kinds of which nothing can be played or read yet.
    #[schema(example = json!([]))]
    missing: Vec<&'static str>,
    /// Everything that came up, by each way once, oldest first.
    arrivals: Vec<ArrivalView>,
}

impl LedgerView {
    /// `None` for what is not looked at, such as a cancelled meeting.
    pub fn of(engagement: &Engagement) -> Option<Self> {
        let meeting = engagement.meeting.as_ref();
        let capture = engagement.capture.as_ref()?;
        if !meeting.is_some_and(OnlineMeeting::is_captured) {
            return None;
        }
        let words = |kinds: &[ArtifactType]| kinds.iter().map(|kind| kind.as_str()).collect();
        let is_missing = |kind: &ArtifactType| {
            let mut of_kind = engagement
                .artifacts
                .iter()
                .filter(|one| one.artifact_type == *kind);
            !of_kind.any(Artifact::is_captured)
        };
        let missing: Vec<_> = ArtifactType::ALL.into_iter().filter(is_missing).collect();
        Some(Self {
            expected: words(&ArtifactType::ALL),
            watched: capture.watched.as_deref().map(words),
            missing: words(&missing),
            arrivals: lines_of(&engagement.artifacts),
        })
    }
}

/// All ways of all artifacts, oldest first.
fn lines_of(artifacts: &[Artifact]) -> Vec<ArrivalView> {
    let lines = artifacts.iter().flat_map(|artifact| {
        let line = move |arrival| (artifact, arrival);
        artifact.arrivals.iter().map(line)
    });
    let mut lines: Vec<_> = lines.collect();
    lines.sort_by_key(|(_, arrival)| arrival.at);
    let views = lines.into_iter().map(|(artifact, arrival)| ArrivalView {
        artifact_id: artifact.artifact_id.to_string(),
        artifact_type: artifact.artifact_type.as_str(),
        path: arrival.path.as_str(),
        at: rfc3339(arrival.at),
    });
    views.collect()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use convoke_domain::artifact::ArrivalPath;
    use convoke_domain::id::{ArtifactId, OnlineMeetingId};
    use uuid::Uuid;

    use super::*;

    fn recording(id: u128, arrivals: &[(ArrivalPath, i64)]) -> Artifact {
        let mut recording = Artifact {
            artifact_id: ArtifactId::new(Uuid::from_u128(id)),
            online_meeting_id: OnlineMeetingId::new(Uuid::nil()),
            artifact_type: ArtifactType::Recording,
            provider_artifact_id: "MSMjMCMj".to_owned(),
            created_at: DateTime::UNIX_EPOCH,
            document: None,
            file: None,
            arrivals: vec![],
            version: 1,
        };
        for (path, minutes) in arrivals {
            recording.came_by(*path, DateTime::UNIX_EPOCH + TimeDelta::minutes(*minutes));
        }
        recording
    }

    /// NT-5: the lines are in the order of time, whichever artifact they are of;
    /// Microsoft's ids are in none.
    #[test]
    fn lines_come_in_the_order_of_time() {
        let first = recording(
            1,
            &[(ArrivalPath::Notification, 5), (ArrivalPath::Delta, 90)],
        );
        let second = recording(2, &[(ArrivalPath::Sweep, 10)]);
        let lines = serde_json::to_value(lines_of(&[first, second])).unwrap();
        let paths: Vec<_> = lines
            .as_array()
            .unwrap()
            .iter()
            .map(|line| &line["path"])
            .collect();
        assert_eq!(paths, ["notification", "sweep", "delta"]);
        assert!(!lines.to_string().contains("MSMjMCMj"));
    }
}
