//! NT-5 and OM-11 as state changes: what comes up while somebody looks, and the
//! ledger of what was expected and arrived.

use super::{attached, now, token};
use crate::artifact::{ArrivalPath, ArtifactType};
use crate::engagement::{Engagement, Look};
use crate::online_meeting::{CapturePolicy, CaptureStatus};
use chrono::TimeDelta;

fn held() -> Engagement {
    let mut engagement = attached();
    engagement.keep_capture_in_step(&Engagement::default(), now());
    engagement
}

/// NT-3, NT-5: what comes up during a look is looked for right after it, once, and
/// that look counts as no attempt.
#[test]
fn what_comes_up_during_a_look_has_it_followed_by_another() {
    let end = now() + TimeDelta::hours(25);
    let mut engagement = held();
    engagement.begin_look(token(5), end).unwrap();
    engagement.want_another_look();
    let look = |watched: &[ArtifactType]| Look {
        watched: Some(watched.to_vec()),
        ..Look::default()
    };
    let policy = CapturePolicy::default();
    let first = look(&[ArtifactType::Recording]);
    engagement
        .looked(first, policy, token(5).token, end)
        .unwrap();
    let capture = engagement.capture.as_ref().unwrap();
    assert!(capture.has_leftover && !capture.is_wanted_again);
    assert_eq!(capture.due_at, Some(end));
    assert_eq!(engagement.capture_status(end), CaptureStatus::Running);
    engagement.begin_look(token(6), end).unwrap();
    let second = look(&ArtifactType::ALL);
    engagement
        .looked(second, policy, token(6).token, end)
        .unwrap();
    let capture = engagement.capture.as_ref().unwrap();
    assert!(!capture.has_leftover);
    assert!(capture.due_at > Some(end));
    // What was watched when it ended is not rewritten by later looks.
    assert_eq!(
        capture.watched.as_deref(),
        Some(&[ArtifactType::Recording][..])
    );
}

/// NT-5: an artifact remembers each way that it came by, once.
#[test]
fn an_artifact_remembers_each_way_once() {
    let mut artifact = super::capture::artifact(ArtifactType::Recording, now());
    let later = now() + TimeDelta::hours(1);
    assert!(artifact.came_by(ArrivalPath::Notification, now()));
    assert!(artifact.came_by(ArrivalPath::Delta, later));
    assert!(!artifact.came_by(ArrivalPath::Notification, later));
    let lines: Vec<_> = artifact
        .arrivals
        .iter()
        .map(|one| (one.path, one.at))
        .collect();
    let expected = [
        (ArrivalPath::Notification, now()),
        (ArrivalPath::Delta, later),
    ];
    assert_eq!(lines, expected);
    for path in ArrivalPath::ALL {
        assert_eq!(ArrivalPath::parse(path.as_str()), Some(path));
    }
}
