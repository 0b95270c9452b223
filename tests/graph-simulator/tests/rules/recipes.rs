//! What the README promises to tests of single events, each recipe as it is written there.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use graph_simulator::{Fault, demo, fabrikam};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};

use crate::peer::{Answer, Peer, event, events, online};

const MEETINGS: &str = "/v1.0/users/*/onlineMeetings";

fn by_link(user: &str, link: &str) -> String {
    let link = utf8_percent_encode(link, NON_ALPHANUMERIC);
    format!("/users/{user}/onlineMeetings?$filter=JoinWebUrl%20eq%20'{link}'")
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn joined(peer: &Peer) -> String {
    let created = peer.create(&online()).await;
    let link = created.body["onlineMeeting"]["joinUrl"].as_str();
    link.unwrap().to_owned()
}

#[tokio::test]
async fn a_join_link_can_stay_unresolved_for_ever() {
    let mut peer = Peer::start().await;
    let link = joined(&peer).await;
    peer.sim.configure(|b| b.resolution_lag_ms = u64::MAX);
    peer.sim.advance(TimeDelta::days(36_500));
    peer.renew_token().await;
    let found = peer.get(&by_link(demo::ORGANIZER_ID, &link)).await;
    assert_eq!(found.values().len(), 0);
}

#[tokio::test]
async fn the_links_of_one_organiser_can_stay_unresolved_while_others_resolve() {
    let peer = Peer::start().await;
    let link = joined(&peer).await;
    let path = format!("/v1.0/users/{}/onlineMeetings", demo::ANN_ID);
    let nothing = json!({ "value": [] });
    let fault = Fault::on("GET", &path).always().respond(200, nothing);
    peer.sim.inject(fault);
    let found = peer.get(&by_link(demo::ORGANIZER_ID, &link)).await;
    assert_eq!(found.values().len(), 1);
    let found = peer.get(&by_link(demo::ANN_ID, &link)).await;
    assert_eq!(found.values().len(), 0);
}

#[tokio::test]
async fn events_without_teams_come_by_fault_or_by_mailbox() {
    let peer = Peer::start().await;
    let fault = Fault::on("POST", "/v1.0/users/*/events").times(2);
    peer.sim.inject(fault.without_teams_meeting());
    for _ in 0..2 {
        let created = peer.create(&online()).await;
        assert_eq!(created.status, 201);
        assert_eq!(created.body["isOnlineMeeting"], false);
        assert_eq!(created.body["onlineMeeting"], Value::Null);
    }
    assert!(peer.sim.events(demo::ORGANIZER_ID)[1].join_url.is_none());
    assert_eq!(peer.create(&online()).await.body["isOnlineMeeting"], true);
}

#[tokio::test]
async fn a_legacy_meeting_is_there_beforehand() {
    let peer = Peer::start().await;
    let times = (at("2026-12-01T09:00:00Z"), at("2026-12-01T10:00:00Z"));
    let legacy = peer
        .sim
        .add_online_meeting(demo::ORGANIZER_UPN, "Old", times.0, times.1)
        .unwrap();
    assert!(!legacy.calendar_backed && peer.sim.events(demo::ORGANIZER_ID).is_empty());
    let path = format!("/users/{}/onlineMeetings/{}", demo::ORGANIZER_ID, legacy.id);
    let moved =
        json!({ "startDateTime": "2026-12-02T09:00:00Z", "endDateTime": "2026-12-02T10:00:00Z" });
    assert_eq!(peer.patch(&path, &moved).await.status, 200);
    let stored = &peer.sim.online_meetings(demo::ORGANIZER_ID)[0];
    assert_eq!(
        (stored.start, stored.end),
        (at("2026-12-02T09:00:00Z"), at("2026-12-02T10:00:00Z"))
    );
    assert_eq!(peer.delete(&path).await.status, 204);
    assert!(peer.sim.online_meetings(demo::ORGANIZER_ID).is_empty());
    let add = |organizer: &str, end| {
        peer.sim
            .add_online_meeting(organizer, "Old", times.0, end)
            .is_err()
    };
    assert!(add("nobody@contoso.example", times.1) && add(demo::ORGANIZER_ID, times.0));
}

#[tokio::test]
async fn a_legacy_meeting_is_opened_over_http() {
    let peer = Peer::start().await;
    let url = format!("{}/_simulator/online-meetings", peer.sim.base_url());
    let open = |organizer: &str| {
        let body = json!({ "organizer": organizer, "subject": "Old",
            "start": "2026-12-01T09:00:00Z", "end": "2026-12-01T10:00:00Z" });
        Answer::of(peer.http.post(&url).json(&body))
    };
    let opened = open(demo::ORGANIZER_UPN).await;
    assert_eq!(opened.status, 200);
    let stored = &peer.sim.online_meetings(demo::ORGANIZER_ID)[0];
    assert_eq!(opened.body["id"], stored.id);
    assert_eq!(opened.body["calendar_backed"], false);
    assert_eq!(open("nobody@contoso.example").await.status, 422);
}

#[tokio::test]
async fn an_events_times_are_seen_as_they_are_and_after_its_removal() {
    let peer = Peer::start().await;
    let id = peer.create(&online()).await.id();
    let now = || peer.sim.events(demo::ORGANIZER_ID)[0].clone();
    assert_eq!(now().start, at("2026-11-02T08:00:00Z"), "nine in Berlin");
    let moved = json!({
        "start": { "dateTime": "2026-11-03T13:00:00", "timeZone": "UTC" },
        "end": { "dateTime": "2026-11-03T13:45:00", "timeZone": "UTC" },
    });
    assert_eq!(peer.patch(&event(&id), &moved).await.status, 200);
    let times = (at("2026-11-03T13:00:00Z"), at("2026-11-03T13:45:00Z"));
    assert_eq!(
        (now().start, now().end, now().version),
        (times.0, times.1, 2)
    );
    assert_eq!(peer.delete(&event(&id)).await.status, 204);
    assert!(now().removed.is_some());
    assert_eq!((now().start, now().end), times);
}

#[tokio::test]
async fn two_organisations_have_apps_secrets_and_organisers_of_their_own() {
    let peer = Peer::start().await;
    peer.sim.seed(fabrikam::seed()).unwrap();
    let own = [
        ("tenant", fabrikam::TENANT_ID),
        ("client_id", fabrikam::CLIENT_ID),
        ("client_secret", fabrikam::CLIENT_SECRET),
    ];
    let token = peer.ask_token(&own).await;
    assert_eq!(token.status, 200);
    let token = token.body["access_token"].as_str().unwrap().to_owned();
    for foreign in [
        ("tenant", demo::TENANT_ID),
        ("client_id", demo::CLIENT_ID),
        ("client_secret", demo::CLIENT_SECRET),
    ] {
        let mixed = own.map(|own| if own.0 == foreign.0 { foreign } else { own });
        let refused = peer.ask_token(&mixed).await;
        assert!(refused.status >= 400, "{foreign:?}");
    }
    let create = |user: &str| {
        let url = format!("{}/v1.0/users/{user}/events", peer.sim.base_url());
        Answer::of(peer.http.post(url).bearer_auth(&token).json(&online()))
    };
    assert_eq!(create(fabrikam::ORGANIZER_ID).await.status, 201);
    assert_eq!(create(demo::ORGANIZER_ID).await.status, 404);
    assert_eq!(peer.sim.events(fabrikam::ORGANIZER_UPN).len(), 1);
    assert!(peer.sim.events(demo::ORGANIZER_UPN).is_empty());
}

#[tokio::test]
async fn one_route_fails_n_times_and_then_works() {
    let peer = Peer::start().await;
    let on = || Fault::on("GET", MEETINGS).times(2);
    let link = joined(&peer).await;
    let path = by_link(demo::ORGANIZER_ID, &link);
    for (fault, status) in [
        (on().error(403, "Forbidden", "no"), 403),
        (on().error(404, "NotFound", "no"), 404),
        (on().throttle("0.05"), 429),
        (on().error(500, "InternalServerError", "no"), 500),
        (on().unavailable("0.05"), 503),
        (on().html(502), 502),
    ] {
        peer.sim.inject(fault);
        // Another route is not hit.
        assert_eq!(peer.get(&events()).await.status, 200);
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(peer.get(&path).await.status);
        }
        assert_eq!(seen, [status, status, 200]);
    }
    for fault in [on().cut(), on().hang(), on().after().truncate()] {
        peer.sim.inject(fault);
        for broken in [true, true, false] {
            let request = peer.request(Method::GET, &path);
            let answer = request.timeout(Duration::from_millis(200)).send().await;
            let read = match answer {
                Ok(answer) => answer.bytes().await.map(drop),
                Err(error) => Err(error),
            };
            assert_eq!(read.is_err(), broken);
        }
    }
    peer.sim.inject(on().malformed_json());
    assert_eq!(peer.get(&path).await.body, Value::Null);
}

#[tokio::test]
async fn an_event_is_made_although_its_answer_is_late_or_lost() {
    let peer = Peer::start().await;
    let on = || Fault::on("POST", "/v1.0/users/*/events").after();
    for (made, fault) in [(1, on().delay_ms(2_000)), (2, on().cut()), (3, on().hang())] {
        peer.sim.inject(fault);
        let request = peer.request(Method::POST, &events()).json(&online());
        let answer = request.timeout(Duration::from_millis(300)).send().await;
        assert!(answer.is_err());
        assert_eq!(peer.sim.events(demo::ORGANIZER_ID).len(), made);
    }
}
