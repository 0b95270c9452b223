//! Delta lists of recordings and transcripts (graph-protocol §5).

use chrono::TimeDelta;
use graph_simulator::{ArtifactPaging, NewArtifact, demo};

use crate::held::Held;
use crate::peer::{Answer, Peer};

/// What a round showed, page by page, and its delta link.
struct Round {
    pages: Vec<Vec<String>>,
    link: String,
}

fn path(function: &str, arguments: &str) -> String {
    let organizer = demo::ORGANIZER_ID;
    format!(
        "/users/{organizer}/onlineMeetings/{function}(meetingOrganizerUserId='{organizer}'{arguments})/delta"
    )
}

fn since(function: &str) -> String {
    path(function, ",startDateTime=2026-11-01T00:00:00Z")
}

async fn round(peer: &Peer, first: Answer) -> Round {
    let (mut pages, mut page) = (Vec::new(), first);
    loop {
        let ids = page
            .values()
            .iter()
            .map(|a| a["id"].as_str().unwrap().to_owned());
        pages.push(ids.collect());
        let link = |name: &str| page.body[name].as_str().map(String::from);
        let (next, delta) = (link("@odata.nextLink"), link("@odata.deltaLink"));
        assert!(next.is_some() != delta.is_some(), "one of the two");
        if let Some(link) = delta {
            return Round { pages, link };
        }
        assert!(pages.len() < 50, "the list does not end");
        page = peer.follow(&next.unwrap()).await;
    }
}

async fn begin(held: &Held) -> Round {
    let first = held.peer.get(&since("getAllRecordings")).await;
    round(&held.peer, first).await
}

async fn go_on(held: &Held, before: &Round) -> Round {
    let first = held.peer.follow(&before.link).await;
    round(&held.peer, first).await
}

fn record(held: &Held, id: &str) {
    let new = NewArtifact {
        id: Some(id.into()),
        ..NewArtifact::default()
    };
    held.record(new);
}

#[tokio::test]
async fn a_token_shows_only_what_came_later() {
    let held = Held::start().await;
    record(&held, "a");
    let first = begin(&held).await;
    assert_eq!(first.pages, [["a"]]);
    assert!(first.link.contains("/delta?$deltatoken="), "{}", first.link);
    let second = go_on(&held, &first).await;
    assert_eq!(second.pages, [Vec::<String>::new()]);
    record(&held, "b");
    let late = held.peer.sim.now() + TimeDelta::minutes(5);
    let hidden = NewArtifact {
        id: Some("c".into()),
        ..NewArtifact::default()
    };
    held.record(hidden.visible_from(late));
    let third = go_on(&held, &second).await;
    assert_eq!(third.pages, [["b"]]);
    held.peer.sim.advance(TimeDelta::minutes(6));
    assert_eq!(go_on(&held, &third).await.pages, [["c"]]);
    // An older token shows more.
    assert_eq!(go_on(&held, &first).await.pages, [["b", "c"]]);
}

#[tokio::test]
async fn the_token_alone_is_enough_whatever_link_it_came_in() {
    let held = Held::start().await;
    record(&held, "a");
    let first = begin(&held).await;
    record(&held, "b");
    let token = first.link.split("$deltatoken=").last().unwrap();
    let bare = format!("{}?$deltatoken={token}", path("getAllRecordings", ""));
    let answer = held.peer.get(&bare).await;
    assert_eq!(answer.values()[0]["id"], "b");
    let encoded = bare.replace('$', "%24");
    assert_eq!(held.peer.get(&encoded).await.values().len(), 1);
}

#[tokio::test]
async fn a_round_has_pages_empty_ones_and_duplicates() {
    let held = Held::start().await;
    for id in ["a", "b", "c", "d", "e"] {
        record(&held, id);
    }
    held.peer.sim.configure(|b| b.artifact_page_size = 2);
    let plain = begin(&held).await;
    assert_eq!(plain.pages.concat(), ["a", "b", "c", "d", "e"]);
    assert_eq!(plain.pages.len(), 3);
    held.peer
        .sim
        .configure(|b| b.artifact_paging = ArtifactPaging::EmptyThenDuplicates);
    let odd = begin(&held).await;
    assert_eq!(
        odd.pages,
        [
            vec!["a", "b"],
            vec![],
            vec!["a", "b"],
            vec!["c", "d"],
            vec!["e"]
        ]
    );
    assert!(go_on(&held, &odd).await.pages.concat().is_empty());
}

#[tokio::test]
async fn what_comes_during_a_round_is_in_the_next() {
    let held = Held::start().await;
    held.peer.sim.configure(|b| b.artifact_page_size = 1);
    record(&held, "a");
    record(&held, "b");
    let first = held.peer.get(&since("getAllRecordings")).await;
    record(&held, "c");
    let whole = round(&held.peer, first).await;
    assert_eq!(whole.pages.concat(), ["a", "b"]);
    assert_eq!(go_on(&held, &whole).await.pages.concat(), ["c"]);
}

#[tokio::test]
async fn older_ones_show_again_if_it_is_said_so() {
    let held = Held::start().await;
    record(&held, "a");
    let first = begin(&held).await;
    record(&held, "b");
    held.peer.sim.configure(|b| b.delta_shows_older = true);
    assert_eq!(go_on(&held, &first).await.pages, [["a", "b"]]);
}

#[tokio::test]
async fn a_token_expires() {
    let held = Held::start().await;
    let first = begin(&held).await;
    held.peer.sim.expire_delta_tokens();
    let gone = held.peer.follow(&first.link).await;
    assert_eq!(gone.refusal(), (410, "SyncStateNotFound"));
    let mut held = held;
    held.peer.sim.configure(|b| b.delta_token_days = 7);
    let second = begin(&held).await;
    held.peer.sim.advance(TimeDelta::days(6));
    held.peer.renew_token().await;
    assert_eq!(held.peer.follow(&second.link).await.status, 200);
    held.peer.sim.advance(TimeDelta::days(1));
    held.peer.renew_token().await;
    assert_eq!(held.peer.follow(&second.link).await.status, 410);
}

#[tokio::test]
async fn times_kinds_and_organisers_are_kept_apart() {
    let held = Held::start().await;
    held.peer.sim.hold_meeting(&held.meeting).unwrap();
    let late = path("getAllRecordings", ",startDateTime=2026-11-03T00:00:00Z");
    assert!(held.peer.get(&late).await.values().is_empty());
    let bounded = path(
        "getAllRecordings",
        ",startDateTime=2026-11-01T00:00:00Z,endDateTime=2026-11-02T00:00:00Z",
    );
    assert!(held.peer.get(&bounded).await.values().is_empty());
    let transcripts = held.peer.get(&since("getAllTranscripts")).await;
    assert!(transcripts.values()[0]["transcriptContentUrl"].is_string());
    let recordings = begin(&held).await;
    let crossed = recordings
        .link
        .replace("getAllRecordings", "getAllTranscripts");
    assert_eq!(held.peer.follow(&crossed).await.status, 400);
}

#[tokio::test]
async fn the_rules_of_the_lists_hold_for_it() {
    let mut held = Held::start().await;
    let status = |answer: Answer| answer.status;
    let good = since("getAllRecordings");
    assert_eq!(
        status(held.peer.get(&path("getAllRecordings", "")).await),
        400,
        "no start"
    );
    assert_eq!(
        status(held.peer.get(&format!("{good}?$skiptoken=x")).await),
        400
    );
    assert_eq!(
        status(held.peer.get(&format!("{good}?$orderby=id")).await),
        400
    );
    assert_eq!(
        status(held.peer.get(&format!("{good}?$deltatoken=unknown")).await),
        410
    );
    let foreign = good.replacen(demo::ORGANIZER_ID, demo::ANN_ID, 1);
    assert_eq!(
        status(held.peer.get(&foreign).await),
        403,
        "no access policy for Ann"
    );
    held.peer
        .sim
        .update_tenant(demo::TENANT_ID, |t| t.graph_transcript_access = false)
        .unwrap();
    let refused = held.peer.get(&since("getAllTranscripts")).await;
    assert_eq!(
        refused.body["error"]["innerError"]["code"],
        "GraphAccessToTranscriptsDisabled"
    );
    held.peer
        .without_role("OnlineMeetingRecording.Read.All")
        .await;
    assert_eq!(status(held.peer.get(&good).await), 403);
}
