//! A copy from its beginning to its end: in one run, in several, by many at once
//! (OM-10).

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use graph_simulator::{Content, Delivery};

use super::laboratory::{Laboratory, MIB};

/// OM-10: one run copies a recording, octet by octet, with its checksum, and
/// leaves nothing behind.
#[tokio::test]
async fn a_recording_is_copied_whole() {
    let mut laboratory = Laboratory::open().await;
    // As deployed: two parts of 8 MiB.
    laboratory.practice.process.artifact_capture.terms =
        convoke_services::transfer::Terms::default();
    let content = Content::generated(9 * MIB + 17, 1);
    let delivery = Delivery {
        content_type: Some("video/webm".to_owned()),
        ..Delivery::default()
    };
    let recording = laboratory.recorded(content.clone(), delivery).await;
    assert!(laboratory.run(&recording).await);
    laboratory
        .assert_copied(&recording, &content, "whole")
        .await;
    let file = laboratory.file(&recording).await.unwrap();
    assert_eq!(file.content_type, "video/webm");
    assert_eq!(file.stored_at, laboratory.practice.now());
    laboratory.until_fetched(1).await;
    // A message that comes again finds nothing to do.
    laboratory.practice.graph.clear_received();
    assert!(laboratory.run(&recording).await);
    assert_eq!(laboratory.fetches(), 0);
}

/// OM-10: a run that has used its time up leaves the rest to the next, which its
/// own job begins; each octet is fetched once.
#[tokio::test]
async fn a_recording_is_copied_across_invocations() {
    let mut laboratory = Laboratory::open().await;
    laboratory.hurry();
    for (octets, parts) in [(12 * MIB, 3), (10 * MIB, 2), (5 * MIB - 1, 1)] {
        let content = Content::generated(octets, octets);
        let recording = laboratory
            .recorded(content.clone(), Delivery::default())
            .await;
        laboratory.practice.graph.clear_received();
        let mut runs = 0;
        loop {
            let jobs = laboratory.practice.relay().await;
            let Some((queue, job)) = jobs.first() else {
                break;
            };
            assert_eq!((queue.as_str(), jobs.len()), ("transfer", 1));
            assert!(
                laboratory
                    .practice
                    .process
                    .capture(&laboratory.practice.org, job)
                    .await
            );
            runs += 1;
        }
        laboratory.until_fetched(parts).await;
        assert_eq!((runs, laboratory.fetches()), (parts, parts), "{octets}");
        let case = format!("{octets} octets");
        laboratory.assert_copied(&recording, &content, &case).await;
    }
}

/// OM-10: of ten runs at once one copies; the others find it at work.
#[tokio::test]
async fn ten_runs_at_once_make_one_copy() {
    let laboratory = Laboratory::open().await;
    let content = Content::generated(6 * MIB, 4);
    let recording = laboratory
        .recorded(content.clone(), Delivery::default())
        .await;
    laboratory.practice.graph.clear_received();
    let runs = join_all((0..10).map(|_| laboratory.run(&recording))).await;
    assert_eq!(runs, [true; 10]);
    laboratory.until_fetched(1).await;
    assert_eq!(laboratory.fetches(), 1);
    laboratory.assert_copied(&recording, &content, "ten").await;
}

/// OM-10: a run that is taken for dead and lives on writes nothing any more, once
/// another has taken over.
#[tokio::test]
async fn a_run_that_lost_its_claim_stops() {
    let laboratory = Laboratory::open().await;
    let content = Content::generated(11 * MIB, 5);
    let slow = Delivery {
        bytes_per_second: Some(4 * MIB),
        ..Delivery::default()
    };
    let recording = laboratory.recorded(content.clone(), slow).await;
    let other = laboratory.another_process();
    let slow_run = laboratory.run(&recording);
    let takeover = async {
        laboratory.until_claimed(&recording).await;
        laboratory.practice.clock.advance(TimeDelta::minutes(4));
        laboratory.run_by(&other, &recording).await
    };
    let both = futures_util::future::join(slow_run, takeover);
    let done = tokio::time::timeout(Duration::from_mins(2), both).await;
    assert_eq!(done.expect("both end"), (true, true));
    laboratory
        .assert_copied(&recording, &content, "taken over")
        .await;
}

/// OM-10: what is no recording, or stored already, or being copied, is not begun.
#[tokio::test]
async fn a_copy_is_begun_once() {
    let laboratory = Laboratory::open().await;
    let content = Content::generated(1_000, 6);
    let recording = laboratory
        .recorded(content.clone(), Delivery::default())
        .await;
    laboratory.begin(&recording).await;
    assert_eq!(laboratory.practice.relay().await.len(), 1);
    assert!(laboratory.run(&recording).await);
    laboratory.begin(&recording).await;
    assert_eq!(laboratory.practice.relay().await, []);
    laboratory.assert_copied(&recording, &content, "once").await;
}
