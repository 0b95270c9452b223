//! onlineMeetings (graph-protocol §3, §9).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use graph_simulator::{AccessPolicy, JoinUrlShape, Unresolved, User, demo};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};

use crate::peer::{Answer, Peer, event, invited, online};

fn meetings(user: &str) -> String {
    format!("/users/{user}/onlineMeetings")
}

/// The look-up as documented: the whole literal percent-encoded once more.
fn lookup(user: &str, property: &str, join_url: &str) -> String {
    let literal = join_url.replace('\'', "''");
    let literal = utf8_percent_encode(&literal, NON_ALPHANUMERIC);
    format!("{}?$filter={property}%20eq%20'{literal}'", meetings(user))
}

async fn join_url(peer: &Peer) -> String {
    let created = peer.create(&online()).await;
    created.body["onlineMeeting"]["joinUrl"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_join_link_resolves_to_one_meeting() {
    let peer = Peer::start().await;
    let url = join_url(&peer).await;
    for property in ["JoinWebUrl", "joinWebUrl"] {
        let found = peer.get(&lookup(demo::ORGANIZER_ID, property, &url)).await;
        assert_eq!(found.values().len(), 1);
        let meeting = &found.values()[0];
        assert_eq!(meeting["joinWebUrl"], url);
        assert_eq!(meeting["subject"], "Quarterly review");
        assert_eq!(
            meeting["participants"]["organizer"]["identity"]["user"]["id"],
            demo::ORGANIZER_ID
        );
        let id = meeting["id"].as_str().unwrap();
        let decoded = String::from_utf8(STANDARD.decode(id).unwrap()).unwrap();
        let expected = format!("1*{}*0**19:meeting_", demo::ORGANIZER_ID);
        assert!(decoded.starts_with(&expected) && decoded.ends_with("@thread.v2"));
        assert_eq!(
            peer.get(&format!("{}/{id}", meetings(demo::ORGANIZER_ID)))
                .await
                .id(),
            id
        );
        let stored = &peer.sim.events(demo::ORGANIZER_ID)[0];
        assert_eq!(stored.online_meeting_id.as_deref(), Some(id));
    }
}

#[tokio::test]
async fn a_client_that_form_encodes_its_query_finds_it_too() {
    let peer = Peer::start().await;
    let url = join_url(&peer).await;
    let filter = format!("JoinWebUrl eq '{url}'");
    let request = peer.request(Method::GET, &meetings(demo::ORGANIZER_ID));
    let answer = Answer::of(request.query(&[("$filter", &filter)])).await;
    assert_eq!(answer.values().len(), 1);
}

#[tokio::test]
async fn a_literal_that_is_not_encoded_once_more_is_refused() {
    let peer = Peer::start().await;
    let url = join_url(&peer).await;
    let raw = format!(
        "{}?$filter=JoinWebUrl%20eq%20'{url}'",
        meetings(demo::ORGANIZER_ID)
    );
    assert_eq!(peer.get(&raw).await.refusal(), (400, "InvalidArgument"));
    // Once too often finds nothing.
    let twice = utf8_percent_encode(&url, NON_ALPHANUMERIC).to_string();
    let answer = peer
        .get(&lookup(demo::ORGANIZER_ID, "JoinWebUrl", &twice))
        .await;
    assert_eq!(answer.values().len(), 0);
}

#[tokio::test]
async fn short_join_links_resolve_the_same_way() {
    let peer = Peer::start().await;
    peer.sim
        .configure(|b| b.join_url_shape = JoinUrlShape::Meet);
    let url = join_url(&peer).await;
    let found = peer
        .get(&lookup(demo::ORGANIZER_ID, "JoinWebUrl", &url))
        .await;
    assert_eq!(found.values().len(), 1);
}

#[tokio::test]
async fn a_meeting_is_found_by_its_joining_digits() {
    let peer = Peer::start().await;
    join_url(&peer).await;
    let digits = peer.sim.online_meetings(demo::ORGANIZER_ID)[0]
        .join_meeting_id
        .clone();
    let path = format!(
        "{}?$filter=joinMeetingIdSettings/joinMeetingId%20eq%20'{digits}'",
        meetings(demo::ORGANIZER_ID)
    );
    assert_eq!(peer.get(&path).await.values().len(), 1);
}

#[tokio::test]
async fn resolving_can_lag_behind_creation() {
    let peer = Peer::start().await;
    peer.sim.configure(|b| b.resolution_lag_ms = 20_000);
    let url = join_url(&peer).await;
    let path = lookup(demo::ORGANIZER_ID, "JoinWebUrl", &url);
    assert_eq!(peer.get(&path).await.values().len(), 0);
    peer.sim
        .configure(|b| b.unresolved_join_url = Unresolved::NotFound);
    assert_eq!(peer.get(&path).await.status, 404);
    peer.sim.advance(TimeDelta::seconds(21));
    assert_eq!(peer.get(&path).await.values().len(), 1);
}

#[tokio::test]
async fn the_path_takes_the_object_id_and_not_the_upn() {
    let peer = Peer::start().await;
    let url = join_url(&peer).await;
    let answer = peer
        .get(&lookup(demo::ORGANIZER_UPN, "JoinWebUrl", &url))
        .await;
    assert_eq!(answer.refusal(), (400, "BadRequest"));
}

#[tokio::test]
async fn without_an_access_policy_teams_forbids() {
    let peer = Peer::start().await;
    let url = join_url(&peer).await;
    let path = lookup(demo::ORGANIZER_ID, "JoinWebUrl", &url);
    let set = |policy: Option<AccessPolicy>| {
        let change = |user: &mut User| user.access_policy = policy;
        peer.sim.update_user(demo::ORGANIZER_ID, change).unwrap();
    };
    let policy = |app: &str, minutes: Option<i64>| AccessPolicy {
        apps: vec![app.into()],
        effective_at: minutes.map(|m| peer.sim.now() + TimeDelta::minutes(m)),
    };
    // One policy per user, and it takes time to arrive.
    for wrong in [
        None,
        Some(policy("another-app", None)),
        Some(policy(demo::CLIENT_ID, Some(30))),
    ] {
        set(wrong);
        let answer = peer.get(&path).await;
        assert_eq!(answer.refusal(), (403, "Forbidden"));
        assert_eq!(
            answer.message(),
            "No application access policy found for this app"
        );
    }
    peer.sim.advance(TimeDelta::minutes(31));
    assert_eq!(peer.get(&path).await.values().len(), 1);
}

#[tokio::test]
async fn a_tenant_wide_policy_counts_only_for_users_without_their_own() {
    let peer = Peer::start().await;
    let url = join_url(&peer).await;
    let path = lookup(demo::ORGANIZER_ID, "JoinWebUrl", &url);
    let policy = |app: &str| {
        Some(AccessPolicy {
            apps: vec![app.into()],
            effective_at: None,
        })
    };
    let global = |tenant: &mut graph_simulator::Tenant| {
        tenant.global_access_policy = policy(demo::CLIENT_ID);
    };
    peer.sim.update_tenant(demo::TENANT_ID, global).unwrap();
    peer.sim
        .update_user(demo::ORGANIZER_ID, |u| {
            u.access_policy = policy("another-app");
        })
        .unwrap();
    assert_eq!(peer.get(&path).await.status, 403);
    peer.sim
        .update_user(demo::ORGANIZER_ID, |u| u.access_policy = None)
        .unwrap();
    assert_eq!(peer.get(&path).await.status, 200);
}

fn cover(peer: &Peer, user: &str) {
    let policy = AccessPolicy {
        apps: vec![demo::CLIENT_ID.into()],
        effective_at: None,
    };
    peer.sim
        .update_user(user, |user| user.access_policy = Some(policy))
        .unwrap();
}

#[tokio::test]
async fn a_user_outside_the_meeting_gets_3003_and_an_invitee_sees_it() {
    let peer = Peer::start().await;
    let mut body = online();
    body["attendees"] = json!([invited(demo::ANN_UPN)]);
    let created = peer.create(&body).await;
    let url = created.body["onlineMeeting"]["joinUrl"].as_str().unwrap();
    cover(&peer, demo::ANN_ID);
    cover(&peer, demo::BOB_ID);
    let path = |user| lookup(user, "JoinWebUrl", url);
    assert_eq!(peer.get(&path(demo::ANN_ID)).await.values().len(), 1);
    let answer = peer.get(&path(demo::BOB_ID)).await;
    assert_eq!(answer.refusal(), (403, "Forbidden"));
    assert_eq!(
        answer.message(),
        "3003: User does not have access to lookup meeting"
    );
    let id = &peer.sim.online_meetings(demo::ORGANIZER_ID)[0].id;
    let answer = peer
        .patch(
            &format!("{}/{id}", meetings(demo::ANN_ID)),
            &json!({"recordAutomatically": true}),
        )
        .await;
    assert_eq!(
        answer.refusal(),
        (403, "Forbidden"),
        "an invitee only reads"
    );
}

#[tokio::test]
async fn a_missing_role_is_forbidden_by_teams() {
    let mut peer = Peer::start().await;
    let url = join_url(&peer).await;
    peer.without_role("OnlineMeetings.ReadWrite.All").await;
    let answer = peer
        .get(&lookup(demo::ORGANIZER_ID, "JoinWebUrl", &url))
        .await;
    assert_eq!(answer.refusal(), (403, "Forbidden"));
}

#[tokio::test]
async fn there_is_no_list_of_online_meetings() {
    let peer = Peer::start().await;
    for query in ["", "?$filter=subject%20eq%20'x'", "?$top=5"] {
        let answer = peer
            .get(&format!("{}{query}", meetings(demo::ORGANIZER_ID)))
            .await;
        assert_eq!(answer.status, 400, "{query}");
    }
}

#[tokio::test]
async fn the_tenant_level_filter_knows_no_join_links() {
    let peer = Peer::start().await;
    let answer = peer
        .get("/communications/onlineMeetings?$filter=JoinWebUrl%20eq%20'x'")
        .await;
    assert_eq!(answer.refusal(), (400, "InvalidArgument"));
    assert!(answer.message().contains("VideoTeleconferenceId"));
}

#[tokio::test]
async fn options_of_a_meeting_are_patched_and_nothing_else() {
    let peer = Peer::start().await;
    join_url(&peer).await;
    let id = peer.sim.online_meetings(demo::ORGANIZER_ID)[0].id.clone();
    let path = format!("{}/{id}", meetings(demo::ORGANIZER_ID));
    let options = json!({"recordAutomatically": true, "allowedPresenters": "organizer",
        "lobbyBypassSettings": {"scope": "everyone"}});
    let changed = peer.patch(&path, &options).await;
    assert_eq!(changed.status, 200);
    assert_eq!(peer.get(&path).await.body["recordAutomatically"], true);
    let times =
        json!({"startDateTime": "2026-11-02T12:00:00Z", "endDateTime": "2026-11-02T13:00:00Z"});
    let changed = peer.patch(&path, &times).await;
    assert_eq!(
        changed.body["startDateTime"],
        "2026-11-02T12:00:00.0000000Z"
    );
    for (wrong, words) in [
        (
            json!({"startDateTime": "2026-11-02T12:00:00Z"}),
            "sent together",
        ),
        (
            json!({"startDateTime": "2026-11-02T13:00:00Z", "endDateTime": "2026-11-02T13:00:00Z"}),
            "later than",
        ),
        (
            json!({"meetingType": "scheduled"}),
            "Updating meeting type is not supported.",
        ),
        (
            json!({"joinWebUrl": "https://x"}),
            "Updating meeting type is not supported.",
        ),
        (
            json!({"participants": {"organizer": {"identity": {"user": {"id": demo::ANN_ID}}}}}),
            "organizer",
        ),
        (json!({"recordAutomatically": "yes"}), "invalid"),
        (json!({"allowedPresenters": "nobody"}), "invalid"),
    ] {
        let answer = peer.patch(&path, &wrong).await;
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(
            answer.message().contains(words),
            "{wrong}: {}",
            answer.message()
        );
    }
}

#[tokio::test]
async fn a_stand_alone_meeting_is_on_no_calendar() {
    let peer = Peer::start().await;
    let body = json!({"subject": "Ad hoc", "startDateTime": "2026-11-02T12:00:00Z", "endDateTime": "2026-11-02T13:00:00Z"});
    let created = peer.post(&meetings(demo::ORGANIZER_ID), &body).await;
    assert_eq!(created.status, 201);
    assert!(created.body["joinWebUrl"].is_string());
    assert_eq!(peer.sim.events(demo::ORGANIZER_ID).len(), 0);
    assert!(!peer.sim.online_meetings(demo::ORGANIZER_ID)[0].calendar_backed);
    let path = format!("{}/{}", meetings(demo::ORGANIZER_ID), created.id());
    assert_eq!(peer.delete(&path).await.status, 204);
    assert_eq!(peer.delete(&path).await.status, 404);
    assert_eq!(peer.get(&path).await.status, 404);
}

#[tokio::test]
async fn create_or_get_is_idempotent_by_external_id() {
    let peer = Peer::start().await;
    let path = format!("{}/createOrGet", meetings(demo::ORGANIZER_ID));
    let body = json!({"externalId": "b-1", "subject": "Ad hoc"});
    let (first, second) = (peer.post(&path, &body).await, peer.post(&path, &body).await);
    assert_eq!((first.status, second.status), (201, 200));
    assert_eq!(first.id(), second.id());
    assert_eq!(peer.post(&path, &json!({"subject": "x"})).await.status, 400);
}

#[tokio::test]
async fn a_series_is_one_meeting() {
    let peer = Peer::start().await;
    let mut body = online();
    body["recurrence"] = json!({"pattern": {"type": "daily", "interval": 1},
        "range": {"type": "noEnd", "startDate": "2026-11-02"}});
    let id = peer.create(&body).await.id();
    assert_eq!(peer.sim.online_meetings(demo::ORGANIZER_ID).len(), 1);
    let window = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-11-05T00:00:00Z";
    let instances = peer
        .get(&format!("{}/instances?{window}", event(&id)))
        .await;
    let urls: Vec<&Value> = instances
        .values()
        .iter()
        .map(|e| &e["onlineMeeting"]["joinUrl"])
        .collect();
    assert!(urls.len() > 2 && urls.iter().all(|url| *url == urls[0]));
}
