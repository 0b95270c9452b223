//! Calls of Microsoft's notifications, from the post to what is kept.

use std::collections::BTreeMap;

use graph_simulator::NewArtifact;
use it::practice::Watched;
use serde_json::json;

use super::Calls;

/// Counts them all.
pub(super) async fn counted() -> BTreeMap<String, (Calls, Option<Calls>)> {
    let watched = Watched::open(true).await;
    let mut counted = BTreeMap::new();
    let mut note = |operation: &str, calls: Calls| {
        counted.insert(operation.to_owned(), (calls, None));
    };
    watched.held().await;
    // The first reads keys, and opens the private one.
    watched.take().await;
    let calls = &watched.process.calls;
    watched
        .graph
        .configure(|behaviour| behaviour.notifications.batch_size = 1);
    let second = watched.met(&json!({})).await;
    let new = NewArtifact::default();
    let made = watched.graph.add_recording(&second.join_url, new);
    made.expect("a recording");
    watched.posted().await;
    let messages = watched.queued().await;
    calls.take();
    assert!(watched.process.take_in(&messages[0]).await);
    note("verify a notification", calls.take());
    assert!(watched.process.take_in(&messages[0]).await);
    note("verify a notification that is repeated", calls.take());
    let jobs = watched.relay().await;
    calls.take();
    watched.graph.clear_received();
    assert!(watched.process.capture(&watched.org, &jobs[0].1).await);
    let mut captured = calls.take();
    let to_graph = watched.requests("GET", "/v1.0/").len();
    captured.insert("Graph".to_owned(), u32::try_from(to_graph).expect("few"));
    note("keep a recording that was told of", captured);
    assert!(watched.process.capture(&watched.org, &jobs[0].1).await);
    note("be told of what is kept", calls.take());
    counted
}
