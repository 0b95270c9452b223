//! What is logged, and what never is.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io;
use std::sync::Once;

use convoke_graph::ContentRange;
use serde_json::Value;

use crate::fixtures::{
    JOIN_URL, ORGANIZER, SECRET, client, event_json, new_event, page, profile, window,
};
use crate::recordings::{all, open};
use crate::server::{Server, answer, answer_with, content};
use crate::subscriptions::{ID, STATE, made, request};

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Everything logged on this test's own thread from now on. The subscriber is the
/// process's: one per thread would race with other threads' first log lines.
pub(crate) struct Captured;

impl Captured {
    pub(crate) fn start() -> Self {
        static SUBSCRIBER: Once = Once::new();
        SUBSCRIBER.call_once(|| {
            let subscriber = tracing_subscriber::fmt()
                .json()
                .flatten_event(true)
                .with_max_level(tracing::Level::TRACE)
                .with_writer(|| ThreadLines)
                .finish();
            tracing::subscriber::set_global_default(subscriber).unwrap();
        });
        // Places that logged before there was a subscriber look again.
        tracing::callsite::rebuild_interest_cache();
        LINES.take();
        Self
    }

    #[allow(
        clippy::unused_self,
        reason = "only what was captured since the start can be read"
    )]
    pub(crate) fn text(&self) -> String {
        LINES.with_borrow(|lines| String::from_utf8(lines.clone()).unwrap())
    }

    /// The lines of the target `graph`.
    pub(crate) fn calls(&self) -> Vec<Value> {
        let lines = self.text();
        let lines = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["target"] == "graph").collect()
    }
}

struct ThreadLines;

impl io::Write for ThreadLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// XC-9: one line per call, INFO on success, WARN on failure, with Graph's ids and codes.
#[tokio::test]
async fn each_call_leaves_one_line() {
    let error =
        r#"{"error":{"code":"ServiceBusy","message":"try later","innerError":{"code":"inner"}}}"#;
    let server = Server::start([
        answer_with(503, &[("Retry-After", "0"), ("request-id", "r-1")], error),
        answer_with(201, &[("request-id", "r-2")], &event_json("A")),
    ])
    .await;
    let captured = Captured::start();
    client(&server)
        .session(&profile())
        .create_event(ORGANIZER, &new_event())
        .await
        .unwrap();

    let calls = captured.calls();
    let shown: Vec<_> = calls
        .iter()
        .map(|call| {
            (
                call["level"].as_str().unwrap(),
                call["operation"].as_str().unwrap(),
                call["attempt"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("INFO", "token", Some(1)),
            ("WARN", "create_event", Some(1)),
            ("INFO", "create_event", Some(2))
        ]
    );
    let failed = &calls[1];
    assert_eq!(failed["graph_status"], 503);
    assert_eq!(failed["graph_code"], "ServiceBusy");
    assert_eq!(failed["graph_inner_code"], "inner");
    assert_eq!(failed["graph_request_id"], "r-1");
    assert_eq!(failed["graph_message"], "try later");
    assert!(calls.iter().all(|call| call["duration_ms"].is_u64()));
    let sent: Vec<_> = server
        .received()
        .iter()
        .map(|r| r.header("client-request-id").unwrap().to_owned())
        .collect();
    let logged: Vec<_> = calls
        .iter()
        .map(|call| call["client_request_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(logged, sent);
}

/// XC-9: no secret, token, link, address or text of a meeting is logged or shown,
/// even when an answer repeats it.
#[tokio::test]
async fn canaries_reach_neither_log_nor_error() {
    let echo = serde_json::json!({ "error": { "code": "Forbidden", "message":
        format!("{SECRET} token-1 ann@example.com {JOIN_URL} and (organiser@example.com)") } });
    let oauth = serde_json::json!({ "error": "invalid_client", "error_description": format!("bad {SECRET} for ann@example.com") });
    let server = Server::start([
        answer(201, &event_json("A")),
        answer(403, &echo.to_string()),
        answer(403, &echo.to_string()),
    ])
    .await;
    let captured = Captured::start();
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    let event = new_event();
    let created = session.create_event(ORGANIZER, &event).await.unwrap();
    let refused = session
        .resolve_online_meeting("2b0c", JOIN_URL)
        .await
        .unwrap_err();
    let searched = session
        .find_event_by_transaction(ORGANIZER, "mtg-1", window())
        .await
        .unwrap_err();
    let mut other = profile.clone();
    other.client_id = "other".into();
    server.tokens([answer(401, &oauth.to_string())]);
    let credentials = client
        .session(&other)
        .get_user("ann@example.com")
        .await
        .unwrap_err();

    let mut shown = captured.text();
    let people = &event.attendees;
    write!(shown, "{event:?} {people:?} {created:?} {session:?}").unwrap();
    for error in [refused, searched, credentials] {
        write!(shown, "{error:?} {error}").unwrap();
    }
    assert!(captured.calls().len() >= 5);
    for canary in [
        SECRET,
        "token-1",
        "@example.com",
        "%40example.com",
        "meetup-join",
        "Agenda",
        "Quarterly",
    ] {
        assert!(!shown.contains(canary), "{canary} in {shown}");
    }
}

/// XC-9, OM-9: one line per attempt, redirects included; the storage's link, which
/// opens the recording to whoever reads it, and the octets are in none.
#[tokio::test]
async fn a_storage_link_is_not_logged() {
    let storage = Server::start([
        content(403, &[], b"canary-body"),
        content(200, &[("x-ms-request-id", "s-1")], b"canary-octets"),
    ])
    .await;
    let link = format!("{}/canary-path?sig=canary-signature", storage.url);
    let named = |id| content(302, &[("location", &link), ("request-id", id)], b"");
    let server = Server::start([named("r-1"), named("r-2")]).await;
    let captured = Captured::start();
    let mut opened = open(&server, ContentRange::Whole).await.unwrap();
    assert_eq!(all(&mut opened).await.unwrap(), b"canary-octets");

    let calls = captured.calls();
    let shown: Vec<_> = calls
        .iter()
        .map(|call| {
            (
                call["operation"].as_str().unwrap(),
                call["graph_status"].as_u64().unwrap(),
                call["graph_request_id"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("token", 200, ""),
            ("recording_content", 403, "r-1"),
            ("recording_content", 200, "r-2")
        ]
    );
    assert_eq!(calls[1]["graph_code"], "StorageHttp403");
    let shown = format!("{} {opened:?}", captured.text());
    assert!(!shown.contains("canary"), "{shown}");
}

/// XC-9, XC-10: a client state reaches neither log nor error nor debug line, even when
/// Graph repeats it.
#[tokio::test]
async fn a_client_state_is_not_logged() {
    let refused = |status, code: &str| {
        let message = format!("the clientState {STATE} in '{STATE}' is refused");
        let body = serde_json::json!({ "error": { "code": code, "message": message,
            "innerError": { "code": STATE } } });
        answer(status, &body.to_string())
    };
    let server = Server::start([
        made(ID),
        refused(400, "ValidationError"),
        refused(409, STATE),
        answer(
            200,
            &page(
                &[serde_json::json!({ "id": 7, "clientState": STATE })],
                None,
            ),
        ),
    ])
    .await;
    let captured = Captured::start();
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    let created = session.create_subscription(&request()).await.unwrap();
    let mut shown = format!("{created:?} {:?}", request());
    for _ in 0..2 {
        let error = session.create_subscription(&request()).await.unwrap_err();
        write!(shown, "{error:?} {error}").unwrap();
    }
    let listed = session.list_subscriptions().await.unwrap();
    assert!(listed.is_empty());
    shown.push_str(&captured.text());
    assert!(captured.calls().len() >= 5);
    assert!(shown.contains("[secret]"));
    for canary in ["canarystate", "hooks.example.com"] {
        assert!(!shown.contains(canary), "{canary} in {shown}");
    }
}
