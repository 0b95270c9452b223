//! Answers that are cut, slow, not JSON, too large or missing.

use std::time::Duration;

use convoke_graph::{Deleted, EventChange, GraphErrorClass};

use crate::fixtures::{ORGANIZER, at, client, client_with, event_json, new_event, page, profile};
use crate::server::{Server, Step, answer, answer_with, bytes, refusal};

fn duplicate(existing: Option<&str>) -> Step {
    let mut error = serde_json::json!({ "code": "ErrorDuplicateTransactionId", "message":
        "The TransactionId specified in the request has already been used to create a different event." });
    if let Some(id) = existing {
        error["@event.existingEventId"] = id.into();
    }
    answer(409, &serde_json::json!({ "error": error }).to_string())
}

fn listed(id: &str) -> serde_json::Value {
    serde_json::json!({ "id": id, "transactionId": "mtg-1", "type": "singleInstance" })
}

/// XC-8, OM-3: an answer that was lost leads to the same event, not to a second one.
#[tokio::test]
async fn a_create_whose_answer_was_lost_adopts_its_own_event() {
    let mut cut_body = bytes(201, &[], &event_json("A"));
    cut_body.truncate(cut_body.len() - 20);
    for lost in [
        Step::Cut,
        Step::AnswerAndClose(cut_body),
        answer(201, "<html>ok</html>"),
        answer(201, ""),
        answer(504, "<html>gateway</html>"),
        Step::Hang(Vec::new()),
    ] {
        let server = Server::start([
            lost,
            duplicate(None),
            answer(200, &page(&[listed("A")], None)),
            answer(200, &event_json("A")),
        ])
        .await;
        let client = client_with(&server, |config| {
            config.attempt_timeout = Duration::from_millis(400);
        });
        let created = client
            .session(&profile())
            .create_event(ORGANIZER, &new_event())
            .await
            .unwrap();
        assert_eq!((created.id.as_str(), created.adopted), ("A", true));
        assert!(created.teams_join_url().is_some());
        let requests = server.graph_requests();
        assert_eq!(
            requests[0].json(),
            requests[1].json(),
            "the retry carries the same transaction id"
        );
        let window = "startDateTime=2026-11-01T07%3A00%3A00Z&endDateTime=2026-11-03T12%3A00%3A00Z";
        assert!(
            requests[2].target.contains(window),
            "{}",
            requests[2].target
        );
    }
}

/// OM-3: an event that was moved since is found where it is now, if Graph names it.
#[tokio::test]
async fn a_named_existing_event_is_found_where_it_is_now() {
    let server = Server::start([
        duplicate(Some("A=")),
        answer(200, &page(&[], None)),
        answer(200, &event_json("A=")),
        answer(200, &page(&[listed("A=")], None)),
        answer(200, &event_json("A=")),
    ])
    .await;
    let (client, profile) = (client(&server), profile());
    let created = client
        .session(&profile)
        .create_event(ORGANIZER, &new_event())
        .await
        .unwrap();
    assert_eq!((created.id.as_str(), created.adopted), ("A=", true));
    let requests = server.graph_requests();
    assert!(requests[2].target.contains("/events/A%3D?"));
    let moved = "startDateTime=2026-11-02T08%3A00%3A00Z&endDateTime=2026-11-02T09%3A00%3A00Z";
    assert!(requests[3].target.contains(moved), "{}", requests[3].target);
}

/// OM-3: a named event that is not on the calendar (deleted, or another's) is not taken over.
#[tokio::test]
async fn a_named_event_that_is_not_on_the_calendar_is_not_adopted() {
    let server = Server::start([
        duplicate(Some("B")),
        answer(200, &page(&[], None)),
        answer(200, &event_json("B")),
        answer(200, &page(&[], None)),
    ])
    .await;
    let (client, profile) = (client(&server), profile());
    let error = client
        .session(&profile)
        .create_event(ORGANIZER, &new_event())
        .await
        .unwrap_err();
    let existing_event_id = Some("B".into());
    assert_eq!(
        error.class,
        GraphErrorClass::DuplicateTransaction { existing_event_id }
    );
}

/// XC-8: when the search itself fails, the caller learns that the event may exist.
#[tokio::test]
async fn a_failed_search_leaves_the_outcome_unknown() {
    let server = Server::start([duplicate(None), refusal(403, "ErrorAccessDenied", "no")]).await;
    let error = client(&server)
        .session(&profile())
        .create_event(ORGANIZER, &new_event())
        .await
        .unwrap_err();
    assert!(error.outcome_unknown);
    assert_eq!(error.class.as_str(), "consent_missing");
}

/// XC-8: once a write may have happened, a later refusal does not make that forgotten.
#[tokio::test]
async fn an_open_outcome_survives_a_later_refusal() {
    let throttled = || answer_with(429, &[("Retry-After", "60")], "");
    let server = Server::start([Step::Cut, throttled()]).await;
    let error = client(&server)
        .session(&profile())
        .create_event(ORGANIZER, &new_event())
        .await
        .unwrap_err();
    assert_eq!(
        (error.class.as_str(), error.outcome_unknown),
        ("throttled", true)
    );

    let server = Server::start([throttled()]).await;
    let error = client(&server)
        .session(&profile())
        .create_event(ORGANIZER, &new_event())
        .await
        .unwrap_err();
    assert_eq!(
        (error.class.as_str(), error.outcome_unknown),
        ("throttled", false)
    );
}

/// XC-8: a connection that was never made has written nothing.
#[tokio::test]
async fn a_refused_connection_writes_nothing() {
    let server = Server::start([]).await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let client = client_with(&server, |config| {
        config.graph_base_url = format!("http://{closed}");
    });
    let error = client
        .session(&profile())
        .create_event(ORGANIZER, &new_event())
        .await
        .unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.outcome_unknown),
        ("ConnectFailed", false)
    );
    assert!(error.retryable());
    assert_eq!(error.client_request_id.len(), 36);
}

/// AP-5: an answer that never comes ends in time, and may have taken effect.
#[tokio::test]
async fn a_silent_server_times_out_with_an_open_outcome() {
    let server = Server::start((0..3).map(|_| Step::Hang(Vec::new()))).await;
    let client = client_with(&server, |config| {
        config.attempt_timeout = Duration::from_millis(100);
    });
    let change = EventChange::times(at(11), at(12), "UTC");
    let error = client
        .session(&profile())
        .update_event(ORGANIZER, "A", &change)
        .await
        .unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.class.as_str()),
        ("TimedOut", "transient")
    );
    assert!(error.outcome_unknown);
    assert_eq!(server.graph_requests().len(), 3);
}

/// XC-8: a read leaves nothing open, however it fails.
#[tokio::test]
async fn a_failed_read_leaves_nothing_open() {
    let server = Server::start((0..3).map(|_| Step::Cut)).await;
    let (client, profile) = (client(&server), profile());
    let error = client
        .session(&profile)
        .get_event(ORGANIZER, "A")
        .await
        .unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.outcome_unknown),
        ("ConnectionLost", false)
    );
}

/// AP-7: a delete whose answer was lost is repeated and ends as gone.
#[tokio::test]
async fn a_delete_whose_answer_was_lost_ends_as_gone() {
    let server = Server::start([Step::Cut, refusal(404, "ErrorItemNotFound", "")]).await;
    let deleted = client(&server)
        .session(&profile())
        .delete_event(ORGANIZER, "A")
        .await
        .unwrap();
    assert_eq!(deleted, Deleted::AlreadyGone);
}

/// AP-7: a gateway's 404 page does not make an event "gone".
#[tokio::test]
async fn a_page_of_html_does_not_count_as_gone() {
    let html = || answer(404, "<html><body>Not Found</body></html>");
    let server = Server::start([html(), html(), html()]).await;
    let error = client(&server)
        .session(&profile())
        .delete_event(ORGANIZER, "A")
        .await
        .unwrap_err();
    assert_eq!(
        (error.class.as_str(), error.status),
        ("malformed", Some(404))
    );
}

#[tokio::test]
async fn html_and_empty_errors_fall_back_to_the_status() {
    for (status, body, class) in [
        (502, "<html>Bad Gateway</html>", "transient"),
        (500, "", "transient"),
        (403, "<html>blocked</html>", "consent_missing"),
        (400, "{\"error\":", "invalid_request"),
        (412, "[]", "conflict"),
    ] {
        let server = Server::start((0..3).map(|_| answer(status, body))).await;
        let error = client(&server)
            .session(&profile())
            .get_event(ORGANIZER, "A")
            .await
            .unwrap_err();
        assert_eq!(
            (error.status, error.class.as_str()),
            (Some(status), class),
            "{status}"
        );
        assert_eq!(error.code, format!("Http{status}"));
    }
}

#[tokio::test]
async fn a_huge_error_body_is_read_only_in_part() {
    let huge = "x".repeat(8 * 1024 * 1024);
    let server = Server::start([answer(403, &huge)]).await;
    let error = client(&server)
        .session(&profile())
        .get_event(ORGANIZER, "A")
        .await
        .unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Some(403), "Http403"));
}

#[tokio::test]
async fn an_endless_success_body_is_refused() {
    let endless = Step::Hang([bytes(200, &[("x", "y")], ""), Vec::new()].concat());
    let Step::Hang(mut head) = endless else {
        unreachable!()
    };
    head = String::from_utf8(head)
        .unwrap()
        .replace("content-length: 0", "content-length: 99999999")
        .into_bytes();
    head.extend(std::iter::repeat_n(b' ', 17 * 1024 * 1024));
    let server = Server::start([
        Step::Hang(head.clone()),
        Step::Hang(head.clone()),
        Step::Hang(head),
    ])
    .await;
    let client = client_with(&server, |config| {
        config.attempt_timeout = Duration::from_secs(4);
    });
    let error = client
        .session(&profile())
        .get_event(ORGANIZER, "A")
        .await
        .unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.class.as_str()),
        ("AnswerTooLarge", "malformed")
    );
}

#[tokio::test]
async fn an_error_whose_body_hangs_keeps_its_status() {
    let head = b"HTTP/1.1 403 X\r\ncontent-length: 500\r\n\r\n{\"error\"".to_vec();
    let server = Server::start([Step::Hang(head)]).await;
    let client = client_with(&server, |config| {
        config.attempt_timeout = Duration::from_secs(4);
    });
    let error = client
        .session(&profile())
        .get_event(ORGANIZER, "A")
        .await
        .unwrap_err();
    assert_eq!(
        (error.status, error.class.as_str()),
        (Some(403), "consent_missing")
    );
}

#[tokio::test]
async fn a_chunked_answer_is_put_together() {
    let event = event_json("A");
    let (first, second) = event.split_at(event.len() / 2);
    let chunked = format!(
        "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len()
    );
    let server = Server::start([Step::Answer(chunked.into_bytes())]).await;
    let created = client(&server)
        .session(&profile())
        .create_event(ORGANIZER, &new_event())
        .await
        .unwrap();
    assert_eq!((created.id.as_str(), created.adopted), ("A", false));
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_transient() {
    let server =
        Server::start((0..3).map(|_| Step::AnswerAndClose(b"SSH-2.0-OpenSSH\r\n".to_vec()))).await;
    let error = client(&server)
        .session(&profile())
        .get_event(ORGANIZER, "A")
        .await
        .unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.class.as_str()),
        ("ConnectionLost", "transient")
    );
}

/// An unusable address is an error of the call, not a panic at start.
#[tokio::test]
async fn an_unusable_address_is_reported_by_the_call() {
    let server = Server::start([]).await;
    for address in ["", "graph", "ftp://x"] {
        let client = client_with(&server, |config| config.graph_base_url = address.into());
        let error = client
            .session(&profile())
            .get_event(ORGANIZER, "A")
            .await
            .unwrap_err();
        assert_eq!(error.code, "InvalidAddress");
        let client = client_with(&server, |config| config.login_base_url = address.into());
        let error = client
            .session(&profile())
            .get_event(ORGANIZER, "A")
            .await
            .unwrap_err();
        assert_eq!(error.code, "InvalidAddress");
    }
    assert!(server.received().is_empty());
}
