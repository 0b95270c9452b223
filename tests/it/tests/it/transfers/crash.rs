//! Processes that die at any call to table or bucket: the next goes on, and the
//! copy is the recording (OM-10, XC-7).

use chrono::TimeDelta;
use graph_simulator::{Content, Delivery};
use it::death::Moment;

use super::laboratory::{Laboratory, MIB};

/// Every call of a copy in two parts that has an effect, in order.
/// The transactions write the claim, the upload, two parts, and the outcome.
const CALLS: [(&str, u32); 10] = [
    ("TransactWriteItems", 1),
    ("CreateMultipartUpload", 1),
    ("TransactWriteItems", 2),
    ("UploadPart", 1),
    ("TransactWriteItems", 3),
    ("UploadPart", 2),
    ("TransactWriteItems", 4),
    ("ListParts", 1),
    ("CompleteMultipartUpload", 1),
    ("TransactWriteItems", 5),
];

/// OM-10, XC-7: a process dies at each step, before and after its effect; another
/// one finishes the copy, with the right checksum.
#[tokio::test]
async fn a_copy_survives_a_death_at_every_step() {
    for (at, (operation, nth)) in CALLS.into_iter().enumerate() {
        for moment in [Moment::Before, Moment::After] {
            let case = format!("{operation} {nth}, {moment:?}");
            let laboratory = Laboratory::open().await;
            let content = Content::generated(6 * MIB, at as u64);
            let recording = laboratory
                .recorded(content.clone(), Delivery::default())
                .await;
            let mortal = laboratory.another_process();
            mortal.death.at(operation, nth, moment);
            laboratory.run_by(&mortal, &recording).await;
            assert!(mortal.death.has_come(), "{case}: it lives");
            // While it may live, nobody meddles.
            assert!(laboratory.run(&recording).await, "{case}");
            laboratory.practice.clock.advance(TimeDelta::minutes(4));
            assert!(laboratory.run(&recording).await, "{case}");
            drop_the_unknown(&laboratory, operation).await;
            laboratory.assert_copied(&recording, &content, &case).await;
        }
    }
}

/// An upload whose id was never written down is the bucket's own rule's to drop.
async fn drop_the_unknown(laboratory: &Laboratory, operation: &str) {
    let uploads = laboratory.uploads().await;
    if uploads.is_empty() {
        return;
    }
    assert!(
        ["CreateMultipartUpload", "TransactWriteItems"].contains(&operation),
        "{uploads:?}"
    );
    assert_eq!(uploads.len(), 1, "{uploads:?}");
    laboratory.abort_uploads().await;
}

/// OM-10: what a dead process had stored is not fetched again.
#[tokio::test]
async fn what_was_stored_is_not_fetched_again() {
    let laboratory = Laboratory::open().await;
    let content = Content::generated(11 * MIB, 7);
    let recording = laboratory
        .recorded(content.clone(), Delivery::default())
        .await;
    let mortal = laboratory.another_process();
    mortal.death.at("UploadPart", 3, Moment::Before);
    laboratory.run_by(&mortal, &recording).await;
    assert!(mortal.death.has_come());
    laboratory.practice.clock.advance(TimeDelta::minutes(4));
    laboratory.until_fetched(1).await;
    laboratory.practice.graph.clear_received();
    assert!(laboratory.run(&recording).await);
    laboratory.until_fetched(1).await;
    let sent: u64 = laboratory
        .practice
        .requests("GET", "/content")
        .iter()
        .filter_map(|one| one.sent)
        .sum();
    assert_eq!(sent, MIB, "only the last part");
    laboratory
        .assert_copied(&recording, &content, "resumed")
        .await;
}
