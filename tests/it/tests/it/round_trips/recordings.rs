//! Calls of online meetings, their timeline and what was recorded, to AWS and to
//! Graph.

use std::collections::BTreeMap;

use it::practice::{CONTACT, Practice};
use serde_json::{Value, json};

use super::Calls;
use super::appointments::Count;

const MEETINGS: &str = "/api/v1/online-meetings";

/// Counts them all.
pub(super) async fn counted() -> BTreeMap<String, (Calls, Option<Calls>)> {
    let mut count = Count::open().await;
    let meeting = count.practice.over().await;
    let plan = Practice::plan(&json!({}));
    let paths = [MEETINGS, MEETINGS];
    count
        .count_both("schedule an online meeting", paths, &plan)
        .await;
    let path = format!("{MEETINGS}/{}", meeting.id);
    let held = count.practice.graph.hold_meeting(&meeting.join_url);
    held.expect("it is held");
    let refresh = format!("{path}/refresh-recordings");
    count
        .count("find a recording and a transcript", "POST", &refresh, None)
        .await;
    count
        .count("look again, nothing new", "POST", &refresh, None)
        .await;
    count
        .count("read an online meeting", "GET", &path, None)
        .await;
    count_timeline(&mut count).await;
    let read = count.practice.read_meeting(&meeting).await;
    let of_kind = |kind: &str| -> Value {
        let artifacts = read["artifacts"].as_array().expect("artifacts");
        let mut of_kind = artifacts.iter().filter(|one| one["artifact_type"] == kind);
        of_kind.next().expect("one of a kind")["links"].clone()
    };
    let (recording, transcript) = (of_kind("recording"), of_kind("transcript"));
    let link = |links: &Value, name: &str| links[name].as_str().expect("a link").to_owned();
    let ticket = link(&recording, "ticket");
    // The first reads the keys.
    count.count("primer", "POST", &ticket, None).await;
    count.counted.remove("primer");
    count
        .count("issue a ticket for a recording", "POST", &ticket, None)
        .await;
    let document = link(&transcript, "document");
    count.count("read a document", "GET", &document, None).await;
    let text = link(&transcript, "text");
    count
        .count("download a transcript", "GET", &text, None)
        .await;
    count.counted
}

async fn count_timeline(count: &mut Count) {
    let list = format!("/api/v1/interactions?contact_id={CONTACT}");
    count.count("list interactions", "GET", &list, None).await;
    let note = json!({ "title": "Called back", "contact_id": CONTACT });
    let paths = ["/api/v1/interactions", "/api/v1/interactions"];
    count.count_both("log an interaction", paths, &note).await;
}
