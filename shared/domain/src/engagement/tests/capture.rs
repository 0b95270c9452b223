//! OM-7, OM-11, OM-12 as state changes: what looks leave behind.

use super::{attached, link, now, token};
use crate::artifact::{Artifact, ArtifactType, Document};
use crate::engagement::{Engagement, Fact, Look, facts};
use crate::id::{ArtifactId, OnlineMeetingId};
use crate::interaction::InteractionStatus;
use crate::online_meeting::{CapturePolicy, CaptureStatus, Span, Status};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

const POLICY: CapturePolicy = CapturePolicy::new(3);

/// A meeting from 24 to 25 hours after `now`, with capture in step.
fn held() -> Engagement {
    let mut engagement = attached();
    engagement.keep_capture_in_step(&Engagement::default(), now());
    engagement
}

fn end() -> DateTime<Utc> {
    now() + TimeDelta::hours(25)
}

pub(super) fn artifact(kind: ArtifactType, made: DateTime<Utc>) -> Artifact {
    Artifact {
        artifact_id: ArtifactId::new(Uuid::from_u128(9)),
        online_meeting_id: OnlineMeetingId::new(Uuid::from_u128(7)),
        artifact_type: kind,
        provider_artifact_id: "one".into(),
        created_at: made,
        document: (kind == ArtifactType::Transcript).then(|| Document {
            name: "Transcript - Review".into(),
            is_client_visible: false,
            size: 1,
            is_attributed: true,
            stored_at: made,
        }),
        file: None,
        arrivals: vec![],
        version: 1,
    }
}

/// A whole look at `at` that finds `artifacts` besides what is known.
fn looked(before: &Engagement, artifacts: Vec<Artifact>, at: DateTime<Utc>) -> Engagement {
    let mut after = before.clone();
    after.begin_look(token(5), at).unwrap();
    after.artifacts.extend(artifacts);
    let look = Look::default();
    after.looked(look, POLICY, token(5).token, at).unwrap();
    after
}

fn status(engagement: &Engagement) -> Status {
    engagement.meeting.as_ref().unwrap().status
}

fn attempts(engagement: &Engagement) -> u32 {
    engagement
        .meeting
        .as_ref()
        .unwrap()
        .recording_fetch_attempts
}

fn due(engagement: &Engagement) -> Option<DateTime<Utc>> {
    engagement.capture.as_ref().unwrap().due_at
}

/// OM-7: looking begins at the end, and a meeting without a link is not looked at.
#[test]
fn a_link_starts_capture_and_its_loss_stops_it() {
    let before = held();
    assert_eq!(due(&before), Some(end()));
    assert_eq!(before.capture_status(now()), CaptureStatus::Scheduled);
    let mut ended = before.clone();
    ended
        .end(super::End::Cancelled(None), token(2), now())
        .unwrap();
    ended.keep_capture_in_step(&before, now());
    assert_eq!(due(&ended), None);
    assert_eq!(ended.capture_status(now()), CaptureStatus::None);
    assert!(!ended.may_be_looked_at(end()));
}

/// OM-12: nothing before the start; until the end looks count for nothing.
#[test]
fn looks_during_the_meeting_count_for_nothing() {
    let before = held();
    assert!(!before.may_be_looked_at(now()));
    let during = now() + TimeDelta::minutes(24 * 60 + 30);
    assert!(before.may_be_looked_at(during));
    let after = looked(&before, vec![], during);
    assert_eq!((status(&after), attempts(&after)), (Status::Scheduled, 0));
    assert_eq!(due(&after), Some(end()));
    let found = looked(
        &before,
        vec![artifact(ArtifactType::Recording, during)],
        during,
    );
    assert_eq!(
        (status(&found), attempts(&found)),
        (Status::RecordingReady, 0)
    );
    assert_eq!(due(&found), Some(end()));
}

/// OM-11: looks after the end are counted, spread, and end in `no_recording`.
#[test]
fn looks_in_vain_end_in_no_recording() {
    let mut engagement = held();
    let mut seen = vec![];
    while let Some(at) = due(&engagement) {
        engagement = looked(&engagement, vec![], at);
        seen.push((status(&engagement), attempts(&engagement)));
    }
    assert_eq!(
        seen,
        [
            (Status::RecordingPending, 1),
            (Status::RecordingPending, 2),
            (Status::NoRecording, 3)
        ]
    );
    assert_eq!(engagement.capture_status(end()), CaptureStatus::Closed);
    let interaction = engagement.interaction.as_ref().unwrap();
    assert_eq!(interaction.status, InteractionStatus::Completed);
    let late = end() + TimeDelta::days(3);
    let found = looked(
        &engagement,
        vec![artifact(ArtifactType::Recording, end())],
        late,
    );
    assert_eq!(status(&found), Status::RecordingReady);
    assert_eq!(
        facts(&engagement, &found),
        [Fact::OnlineMeetingRecordingReady]
    );
    let again = looked(&engagement, vec![], late);
    assert_eq!(status(&again), Status::NoRecording);
}

/// OM-11: impatience does not end the looking early.
#[test]
fn many_looks_at_once_do_not_shorten_the_window() {
    let mut engagement = held();
    for _ in 0..50 {
        engagement = looked(&engagement, vec![], end());
    }
    assert_eq!(
        (status(&engagement), attempts(&engagement)),
        (Status::RecordingPending, 50)
    );
    assert_eq!(due(&engagement), Some(end() + TimeDelta::minutes(5)));
}

/// OM-11: `recording_ready` keeps looking for the missing kind until the window
/// closes, and keeps its status then.
#[test]
fn the_missing_kind_is_looked_for_until_the_window_closes() {
    let mut engagement = looked(
        &held(),
        vec![artifact(ArtifactType::Recording, end())],
        end(),
    );
    assert_eq!(status(&engagement), Status::RecordingReady);
    assert_eq!(engagement.capture_status(end()), CaptureStatus::Waiting);
    let mut looks = 1;
    while let Some(at) = due(&engagement) {
        engagement = looked(&engagement, vec![], at);
        looks += 1;
    }
    assert_eq!((looks, status(&engagement)), (3, Status::RecordingReady));
}

/// OM-7: with both kinds there a last look remains, for a second recording.
#[test]
fn a_complete_meeting_is_looked_at_once_more() {
    let both = vec![
        artifact(ArtifactType::Recording, end()),
        artifact(ArtifactType::Transcript, end()),
    ];
    let engagement = looked(&held(), both, end());
    assert_eq!(engagement.capture_status(end()), CaptureStatus::Complete);
    assert_eq!(due(&engagement), Some(end() + POLICY.window()));
    let last = looked(&engagement, vec![], end() + POLICY.window());
    assert_eq!(due(&last), None);
    assert_eq!(last.capture_status(end()), CaptureStatus::Complete);
}

/// OM-7: a transcript without its text is not complete.
#[test]
fn a_transcript_counts_once_its_text_is_kept() {
    let mut transcript = artifact(ArtifactType::Transcript, end());
    transcript.document = None;
    let both = vec![artifact(ArtifactType::Recording, end()), transcript];
    let engagement = looked(&held(), both, end());
    assert_eq!(engagement.capture_status(end()), CaptureStatus::Waiting);
}

/// OM-12: what there was no time for goes on at once, and counts as one attempt.
#[test]
fn a_look_that_ran_out_of_time_goes_on() {
    let mut after = held();
    after.begin_look(token(5), end()).unwrap();
    let look = Look {
        has_leftover: true,
        ..Look::default()
    };
    after.looked(look, POLICY, token(5).token, end()).unwrap();
    assert_eq!(due(&after), Some(end()));
    assert_eq!(after.capture_status(end()), CaptureStatus::Running);
    assert_eq!(attempts(&after), 0);
    let after = looked(&after, vec![], end());
    assert_eq!(attempts(&after), 1);
}

/// OM-11: a look that fails counts, and says why.
#[test]
fn a_look_that_fails_counts() {
    let mut after = held();
    after.begin_look(token(5), end()).unwrap();
    let look = Look {
        failure: Some("policy_missing".into()),
        ..Look::default()
    };
    after.looked(look, POLICY, token(5).token, end()).unwrap();
    assert_eq!(attempts(&after), 1);
    let capture = after.capture.as_ref().unwrap();
    assert_eq!(capture.error_code.as_deref(), Some("policy_missing"));
}

/// OM-11: rescheduling starts over; what was made of the earlier date is not
/// taken for the later one's.
#[test]
fn rescheduling_starts_over() {
    let before = looked(
        &held(),
        vec![
            artifact(ArtifactType::Recording, end()),
            artifact(ArtifactType::Transcript, end()),
        ],
        end(),
    );
    let later = end() + TimeDelta::hours(1);
    let span = Span {
        start: later,
        end: later + TimeDelta::hours(1),
    };
    let mut moved = before.clone();
    moved.move_to(span, token(6), later);
    moved.keep_capture_in_step(&before, later);
    assert_eq!((status(&moved), attempts(&moved)), (Status::Scheduled, 0));
    assert_eq!(due(&moved), Some(span.end));
    let after = looked(&moved, vec![], span.end);
    assert_eq!(status(&after), Status::RecordingPending);
    let found = vec![artifact(ArtifactType::Recording, span.end)];
    assert_eq!(
        status(&looked(&moved, found, span.end)),
        Status::RecordingReady
    );
}

/// OM-7: a look that was overtaken by a move or a cancellation changes nothing.
#[test]
fn a_look_that_lost_its_claim_changes_nothing() {
    let before = held();
    let mut after = before.clone();
    after.begin_look(token(5), end()).unwrap();
    let looking = after.clone();
    let span = Span {
        start: end() + TimeDelta::days(1),
        end: end() + TimeDelta::days(2),
    };
    after.move_to(span, token(6), end());
    after.keep_capture_in_step(&looking, end());
    let moved = after.clone();
    after
        .looked(Look::default(), POLICY, token(5).token, end())
        .unwrap();
    assert_eq!(after, moved);
}

/// OM-3: a look that learns the meeting's id keeps it.
#[test]
fn a_look_may_learn_the_meetings_id() {
    let mut after = held();
    if let Some(meeting) = &mut after.meeting {
        meeting.provider_meeting_id = None;
    }
    after.begin_look(token(5), end()).unwrap();
    let look = Look {
        meeting_id: Some("learned".into()),
        ..Look::default()
    };
    after.looked(look, POLICY, token(5).token, end()).unwrap();
    let id = |engagement: &Engagement| {
        let meeting = engagement.meeting.as_ref().unwrap();
        meeting.provider_meeting_id.clone()
    };
    assert_eq!(id(&after).as_deref(), Some("learned"));
    let columns = &after.request.as_ref().unwrap().columns;
    assert_eq!(columns.meeting_id.as_deref(), Some("learned"));
    assert_eq!(columns.url, Some(link()));
}

/// XC-12: what comes later is told as well, and nothing twice.
#[test]
fn each_find_is_told_once() {
    let first = looked(
        &held(),
        vec![artifact(ArtifactType::Recording, end())],
        end(),
    );
    assert_eq!(facts(&held(), &first), [Fact::OnlineMeetingRecordingReady]);
    let same = looked(&first, vec![], end());
    assert_eq!(facts(&first, &same), []);
    let second = looked(
        &same,
        vec![artifact(ArtifactType::Transcript, end())],
        end(),
    );
    assert_eq!(facts(&same, &second), [Fact::OnlineMeetingRecordingReady]);
}

/// OM-7, AP-7: what is done with an appointment afterwards takes no recording away.
#[test]
fn an_appointment_that_ends_later_leaves_what_took_place_on_the_record() {
    let before = looked(
        &held(),
        vec![artifact(ArtifactType::Recording, end())],
        end(),
    );
    let mut after = before.clone();
    after
        .end(super::End::Cancelled(None), token(6), end())
        .unwrap();
    after.keep_capture_in_step(&before, end());
    assert_eq!(after.meeting, before.meeting);
    assert_eq!(after.interaction, before.interaction);
    assert_eq!(after.capture, before.capture);
    assert!(after.entry.is_none() && after.request.unwrap().columns.is_empty());
}

/// OM-7: a meeting that is complete at once is looked at some hours later, and at the last.
#[test]
fn a_complete_meeting_is_looked_at_twice_more_by_default() {
    let policy = CapturePolicy::default();
    let later = policy.once_more(end(), end()).unwrap();
    assert_eq!(later, end() + TimeDelta::minutes(155));
    let last = policy.once_more(end(), later).unwrap();
    assert_eq!(last, end() + policy.window());
    assert_eq!(policy.once_more(end(), last), None);
}

/// OM-11: what was made before a move that was taken back counts again.
#[test]
fn a_move_that_is_taken_back_loses_no_recording() {
    let before = held();
    let begun = end() - TimeDelta::minutes(10);
    let first = Span {
        start: end() - TimeDelta::hours(1),
        end: end(),
    };
    let later = Span {
        start: end() + TimeDelta::days(1),
        end: end() + TimeDelta::days(2),
    };
    let mut moved = before.clone();
    moved.move_to(later, token(6), begun);
    moved.keep_capture_in_step(&before, begun);
    let mut back = moved.clone();
    back.move_to(first, token(7), begun);
    back.keep_capture_in_step(&moved, begun);
    let made = end() - TimeDelta::minutes(55);
    let found = looked(&back, vec![artifact(ArtifactType::Recording, made)], end());
    assert_eq!(status(&found), Status::RecordingReady);
}

/// OM-11: a transcript that can never be read is none in the end.
#[test]
fn a_transcript_without_text_is_no_recording_in_the_end() {
    let mut transcript = artifact(ArtifactType::Transcript, end());
    transcript.document = None;
    let mut engagement = looked(&held(), vec![transcript], end());
    assert_eq!(status(&engagement), Status::RecordingPending);
    while let Some(at) = due(&engagement) {
        engagement = looked(&engagement, vec![], at);
    }
    assert_eq!(status(&engagement), Status::NoRecording);
}
