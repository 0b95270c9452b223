//! What Microsoft and the bucket do to a copy, and people to its meeting (OM-10).

use chrono::TimeDelta;
use graph_simulator::{Content, Delivery, Fault};
use it::practice::Command;

use super::laboratory::{Laboratory, MIB};

const CONTENT: &str = "/v1.0/users/*/onlineMeetings/*/recordings/*/content";

/// Runs until a copy's row is gone, as the sweep would; answers how often.
async fn run_until_done(
    laboratory: &Laboratory,
    recording: &convoke_domain::artifact::Artifact,
) -> u32 {
    for runs in 1..=200 {
        assert!(laboratory.run(recording).await);
        if laboratory.row(recording).await.is_none() {
            return runs;
        }
        laboratory.practice.clock.advance(TimeDelta::minutes(61));
    }
    panic!("a copy without end: {:?}", laboratory.row(recording).await)
}

/// OM-10: Microsoft may ignore ranges, tell no length, redirect to storage, and cut
/// answers off: the copy is the recording all the same, across invocations.
#[tokio::test]
async fn a_copy_is_right_however_microsoft_delivers() {
    let cut = |quietly| Delivery {
        cut_after: Some(3 * MIB),
        cut_times: Some(2),
        cut_quietly: quietly,
        revokes_when_cut: !quietly,
        ..Delivery::default()
    };
    for (case, delivery) in [
        ("ranges ignored", Delivery::without_ranges()),
        (
            "no length told",
            Delivery {
                tells_length: false,
                ..Delivery::default()
            },
        ),
        (
            "neither",
            Delivery {
                tells_length: false,
                ..Delivery::without_ranges()
            },
        ),
        ("redirected", Delivery::redirected()),
        ("cut", cut(false)),
        ("cut quietly", cut(true)),
    ] {
        let mut laboratory = Laboratory::open().await;
        laboratory.hurry();
        let content = Content::generated(11 * MIB, 8);
        let recording = laboratory.recorded(content.clone(), delivery).await;
        run_until_done(&laboratory, &recording).await;
        laboratory.assert_copied(&recording, &content, case).await;
    }
}

/// OM-10: a copy that fails keeps what it has, waits longer each time, and goes on
/// from there.
#[tokio::test]
async fn a_failed_copy_waits_and_goes_on() {
    let mut laboratory = Laboratory::open().await;
    laboratory.hurry();
    let content = Content::generated(7 * MIB, 9);
    let recording = laboratory
        .recorded(content.clone(), Delivery::default())
        .await;
    assert!(laboratory.run(&recording).await);
    laboratory.until_fetched(1).await;
    laboratory
        .practice
        .graph
        .inject(
            Fault::on("GET", CONTENT)
                .always()
                .error(403, "Forbidden", "canary"),
        );
    let mut waits = vec![];
    for _ in 0..4 {
        assert!(laboratory.run(&recording).await);
        let row = laboratory.row(&recording).await.expect("it is kept");
        assert_eq!(row.upload.as_ref().map(|upload| upload.parts), Some(1));
        assert!(row.error_code.is_some() && row.claim.is_none(), "{row:?}");
        let wait = row.due_at - laboratory.practice.now();
        waits.push(wait.num_minutes());
        // A message that comes before its time changes nothing.
        laboratory.practice.graph.clear_received();
        assert!(laboratory.run(&recording).await);
        assert_eq!(laboratory.fetches(), 0);
        laboratory.practice.clock.advance(wait);
    }
    assert_eq!(waits, [1, 2, 4, 8]);
    laboratory.practice.graph.clear_faults();
    run_until_done(&laboratory, &recording).await;
    laboratory
        .assert_copied(&recording, &content, "failed before")
        .await;
}

/// OM-10: after two days without progress a copy is given up; a later look begins
/// it again.
#[tokio::test]
async fn a_copy_without_progress_is_given_up_and_can_be_begun_again() {
    let laboratory = Laboratory::open().await;
    let content = Content::generated(6 * MIB, 10);
    let recording = laboratory
        .recorded(content.clone(), Delivery::default())
        .await;
    laboratory
        .practice
        .graph
        .inject(
            Fault::on("GET", CONTENT)
                .always()
                .error(403, "Forbidden", "canary"),
        );
    let runs = run_until_done(&laboratory, &recording).await;
    assert!((40..=50).contains(&runs), "{runs}");
    laboratory
        .assert_nothing_is_left(&recording, "given up")
        .await;
    assert_eq!(laboratory.file(&recording).await, None);
    laboratory.practice.graph.clear_faults();
    laboratory.begin(&recording).await;
    assert!(laboratory.run(&recording).await);
    laboratory
        .assert_copied(&recording, &content, "begun again")
        .await;
}

/// OM-10: a recording that became another one between two parts is copied anew,
/// not mixed.
#[tokio::test]
async fn a_recording_that_changes_its_size_is_copied_anew() {
    for (case, octets) in [("longer", 12 * MIB), ("shorter", 6 * MIB), ("tiny", 3)] {
        let mut laboratory = Laboratory::open().await;
        laboratory.hurry();
        let before = Content::generated(11 * MIB, 11);
        let recording = laboratory.recorded(before, Delivery::default()).await;
        assert!(laboratory.run(&recording).await);
        let now = Content::generated(octets, 12);
        laboratory
            .practice
            .graph
            .update_artifact(&recording.provider_artifact_id, |stored| {
                stored.content = now.clone();
            })
            .unwrap();
        run_until_done(&laboratory, &recording).await;
        laboratory.assert_copied(&recording, &now, case).await;
    }
}

/// OM-10: an empty recording is not finished yet: it is tried again.
#[tokio::test]
async fn an_empty_recording_is_tried_again() {
    let laboratory = Laboratory::open().await;
    let recording = laboratory
        .recorded(Content::generated(0, 0), Delivery::default())
        .await;
    assert!(laboratory.run(&recording).await);
    assert!(laboratory.row(&recording).await.is_some());
    assert_eq!(laboratory.file(&recording).await, None);
    let now = Content::generated(1_000, 13);
    laboratory
        .practice
        .graph
        .update_artifact(&recording.provider_artifact_id, |stored| {
            stored.content = now.clone();
        })
        .unwrap();
    run_until_done(&laboratory, &recording).await;
    laboratory.assert_copied(&recording, &now, "filled").await;
}

/// OM-10: an upload that the bucket dropped meanwhile is begun again.
#[tokio::test]
async fn an_upload_that_is_gone_is_begun_again() {
    for runs in [1, 2] {
        let mut laboratory = Laboratory::open().await;
        laboratory.hurry();
        let content = Content::generated(11 * MIB, 14);
        let recording = laboratory
            .recorded(content.clone(), Delivery::default())
            .await;
        for _ in 0..runs {
            assert!(laboratory.run(&recording).await);
        }
        laboratory.abort_uploads().await;
        run_until_done(&laboratory, &recording).await;
        let case = format!("gone after {runs}");
        laboratory.assert_copied(&recording, &content, &case).await;
    }
}

/// OM-12: a meeting that is cancelled while its recording is copied keeps nothing
/// of the copy; neither does a recording whose row is gone.
#[tokio::test]
async fn a_copy_that_nobody_wants_leaves_nothing() {
    for is_cancelled in [true, false] {
        let mut laboratory = Laboratory::open().await;
        laboratory.hurry();
        // While it goes on: what took place stays on the record.
        laboratory.practice.clock.set("2026-12-01T08:30:00Z");
        let recording = laboratory
            .recorded(Content::generated(11 * MIB, 15), Delivery::default())
            .await;
        assert!(laboratory.run(&recording).await);
        assert_eq!(laboratory.uploads().await.len(), 1);
        if is_cancelled {
            let id = laboratory.meeting.to_string();
            laboratory
                .practice
                .command(Command::Cancel, &id)
                .await
                .expect(200);
        } else {
            laboratory.forget(&recording).await;
        }
        let case = format!("cancelled: {is_cancelled}");
        assert!(laboratory.run(&recording).await, "{case}");
        laboratory.assert_nothing_is_left(&recording, &case).await;
    }
}
