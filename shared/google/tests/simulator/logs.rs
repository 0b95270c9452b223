//! What is logged, and what never is.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use google_simulator::{Fault, demo};
use serde_json::{Value, json};

use crate::peer::{EVENTS, Peer, UID, ann, event};

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Begins anew for this test's thread. The subscriber is the process's: one per
/// thread would race with other threads' first log lines.
fn capture() {
    static SUBSCRIBER: Once = Once::new();
    SUBSCRIBER.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_writer(|| ThreadLines)
            .finish();
        tracing_subscriber::util::SubscriberInitExt::try_init(subscriber).unwrap();
    });
    LINES.take();
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

/// XC-9: one line per call with status, code and duration, and nothing of anybody.
#[tokio::test]
async fn a_call_is_one_line_without_secrets_or_persons() {
    let peer = Peer::start().await;
    capture();
    peer.client.refresh(&ann()).await.unwrap();
    let id = peer.insert(event(0)).await;
    peer.update(&id, event(1)).await;
    peer.found().await;
    let gossip = format!("{} said canary-message", demo::ANN);
    peer.sim
        .inject(Fault::on("POST", EVENTS).error(403, "forbidden", &gossip));
    let error = peer.try_insert(event(2)).await.unwrap_err();
    let text = LINES.with_borrow(|lines| String::from_utf8(lines.clone()).unwrap());
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["target"] == "google")
        .collect();
    let told: Vec<(&Value, &Value)> = lines
        .iter()
        .map(|line| (&line["operation"], &line["google_status"]))
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["refresh_token", 200],
            ["insert_event", 200],
            ["update_event", 200],
            ["find_event", 200],
            ["insert_event", 403],
        ])
    );
    let last = lines.last().unwrap();
    assert_eq!(last["level"], "WARN");
    assert_eq!(last["google_code"], "forbidden");
    assert_eq!(last["google_class"], "forbidden");
    assert_eq!(last["outcome_unknown"], false);
    assert!(lines.iter().all(|line| line["duration_ms"].is_u64()));
    let shown = format!("{text} {error} {error:?} {:?} {:?}", event(0), peer.client);
    for hidden in [
        demo::REFRESH_TOKEN,
        demo::CLIENT_SECRET,
        peer.access.expose(),
        "canary",
        "@partner.example",
        "Bob",
        "Review",
        UID,
        &id,
        demo::ANN,
    ] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}
