//! Whatever arrives is answered: 4xx, never a panic or a hang.

use std::time::Duration;

use graph_simulator::demo;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::peer::{Answer, Peer, events, plain};

async fn post(peer: &Peer, content_type: &str, body: Vec<u8>) -> Answer {
    let request = peer.request(Method::POST, &events()).body(body);
    Answer::of(request.header("content-type", content_type)).await
}

#[tokio::test]
async fn broken_json_is_400() {
    let peer = Peer::start().await;
    let deep = [b"[".repeat(200_000), b"]".repeat(200_000)].concat();
    let nested = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    for body in [
        Vec::new(),
        b"{".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"\"text\"".to_vec(),
        vec![0xff, 0xfe, 0x00],
        b"{\"subject\":\"\xff\"}".to_vec(),
        b"{\"subject\":\"\\ud800\"}".to_vec(),
        deep,
        nested.into_bytes(),
    ] {
        let answer = post(&peer, "application/json", body).await;
        assert_eq!(answer.refusal(), (400, "BadRequest"));
    }
}

#[tokio::test]
async fn another_content_type_is_415() {
    let peer = Peer::start().await;
    let body = plain().to_string().into_bytes();
    assert_eq!(post(&peer, "text/plain", body.clone()).await.status, 415);
    let charset = post(&peer, "application/json; charset=utf-8", body).await;
    assert_eq!(charset.status, 201);
}

#[tokio::test]
async fn a_body_beyond_four_megabytes_is_413() {
    let peer = Peer::start().await;
    let mut body = plain();
    body["subject"] = Value::String("x".repeat(5 * 1024 * 1024));
    let answer = post(&peer, "application/json", body.to_string().into_bytes()).await;
    assert_eq!(answer.status, 413);
    assert_eq!(peer.create(&plain()).await.status, 201);
}

#[tokio::test]
async fn odd_values_are_refused_not_stored() {
    let peer = Peer::start().await;
    for (name, wrong) in [
        (
            "start",
            json!({"dateTime": "9999-12-31T23:59:59", "timeZone": "UTC"}),
        ),
        (
            "start",
            json!({"dateTime": "0001-01-01T00:00:00", "timeZone": "UTC"}),
        ),
        (
            "start",
            json!({"dateTime": "2026-11-02T24:00:00", "timeZone": "UTC"}),
        ),
        (
            "start",
            json!({"dateTime": "éééé-éé-ééTéé", "timeZone": "UTC"}),
        ),
        (
            "start",
            json!({"dateTime": "2026-11-02T09:00:00", "timeZone": "../../etc/passwd"}),
        ),
        (
            "end",
            json!({"dateTime": "2400-01-01T00:00:00", "timeZone": "UTC"}),
        ),
        (
            "recurrence",
            json!({"pattern": {"type": "daily", "interval": 4_294_967_296u64}, "range": {"type": "noEnd", "startDate": "2026-11-02"}}),
        ),
        (
            "recurrence",
            json!({"pattern": {"type": "daily", "interval": -1}, "range": {"type": "noEnd", "startDate": "2026-11-02"}}),
        ),
        (
            "recurrence",
            json!({"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "99999-1-1"}}),
        ),
        ("attendees", json!([null])),
        ("attendees", json!(["ann@contoso.example"])),
        ("categories", json!([1])),
        ("location", json!("room")),
        ("reminderMinutesBeforeStart", json!(1e300)),
        (
            "singleValueExtendedProperties",
            json!([{"id": "String é é é", "value": "x"}]),
        ),
    ] {
        let mut body = plain();
        body[name] = wrong.clone();
        let answer = peer.create(&body).await;
        assert_eq!(answer.status, 400, "{name} {wrong}");
    }
    assert!(peer.sim.events(demo::ORGANIZER_ID).is_empty());
}

#[tokio::test]
async fn a_series_over_centuries_is_read_in_time() {
    let peer = Peer::start().await;
    let body = json!({
        "start": {"dateTime": "1601-01-01T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "1601-01-02T09:00:00", "timeZone": "UTC"},
        "recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "1601-01-01"}},
    });
    assert_eq!(peer.create(&body).await.status, 201);
    let path = format!(
        "/users/{}/calendarView?startDateTime=4490-01-01T00:00:00Z&endDateTime=4494-12-01T00:00:00Z&$top=1000",
        demo::ORGANIZER_ID
    );
    let view = tokio::time::timeout(Duration::from_mins(1), peer.get(&path))
        .await
        .unwrap();
    assert_eq!(view.values().len(), 1000);
}

#[tokio::test]
async fn odd_paths_and_queries_are_answered() {
    let peer = Peer::start().await;
    let long = format!("/users/{}", "x".repeat(8_000));
    let filter = format!("{}?$filter={}", events(), "(".repeat(5_000));
    let conjunction = format!(
        "{}?$filter={}",
        events(),
        ["a%20eq%201"; 700].join("%20and%20")
    );
    for path in [
        "/users/%ff%fe",
        "/users/%00",
        "/users/%2e%2e%2f",
        "/users/x/events/%F0%9F%92%A9",
        "/users//events",
        "/%24batch/x",
        "/users/x/events?$filter=%ff",
        "/users/x/events?%ff=%ff&&==&",
        "/users/x/calendarView?startDateTime=%00&endDateTime=%00",
        &long,
        &filter,
        &conjunction,
    ] {
        let answer = peer.get(path).await;
        assert!(
            (400..500).contains(&answer.status),
            "{path} {}",
            answer.status
        );
    }
}

/// Sends bytes as they are and reads what comes back until the peer closes.
async fn raw(peer: &Peer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(peer.sim.addr()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(10), reading)
        .await
        .unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn what_is_not_http_does_no_harm() {
    let peer = Peer::start().await;
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"[..],
        b"GET\r\n\r\n",
        b"POST /v1.0/users HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{",
        b"POST /v1.0/users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /v1.0/users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nConnection: close\r\n\r\n",
        b"GET http://elsewhere.example/v1.0/users HTTP/1.1\r\nHost: \xff\r\nConnection: close\r\n\r\n",
    ] {
        let answer = raw(&peer, bytes).await;
        let status = answer.split(' ').nth(1).unwrap_or("400");
        assert!(status.starts_with('4'), "{answer}");
    }
    assert_eq!(peer.get(&events()).await.status, 200);
}

#[tokio::test]
async fn the_control_api_refuses_nonsense() {
    let peer = Peer::start().await;
    for (method, path) in [
        (Method::POST, "/_simulator/seed"),
        (Method::POST, "/_simulator/faults"),
        (Method::PATCH, "/_simulator/behaviour"),
        (Method::PUT, "/_simulator/clock"),
        (Method::PUT, "/_simulator"),
        (Method::GET, "/_simulator/%ff"),
        (Method::DELETE, "/_simulator/faults/x"),
    ] {
        let url = format!("{}{path}", peer.sim.base_url());
        let answer = Answer::of(peer.http.request(method, url).body("{")).await;
        assert!(
            (400..500).contains(&answer.status),
            "{path} {}",
            answer.status
        );
    }
}
