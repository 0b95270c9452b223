//! Changing an event's body without losing its meeting.

use convoke_graph::EventChange;
use serde_json::json;

use crate::fixtures::{JOIN_URL, ORGANIZER, client, event_json, profile};
use crate::server::{Server, Step, answer, refusal};

fn present(etag: &str, online: bool, body: &str) -> Step {
    let meeting = online.then(|| json!({ "joinUrl": JOIN_URL }));
    let event = json!({ "@odata.etag": etag, "id": "A", "isOnlineMeeting": online, "onlineMeeting": meeting,
        "body": { "contentType": "html", "content": body } });
    answer(200, &event.to_string())
}

fn new_body() -> EventChange {
    EventChange {
        body_html: Some("<p>New</p>".into()),
        ..EventChange::default()
    }
}

/// CM-12: the Teams block is read first and sent back with the new agenda, under `If-Match`.
#[tokio::test]
async fn a_new_agenda_keeps_the_teams_block() {
    let block = format!("<div class=\"me-email-text\"><a href=\"{JOIN_URL}\">Join</a></div>");
    let old = format!("<html><body><p>Old</p>{block}</body></html>");
    let server = Server::start([
        present("W/\"7\"", true, &old),
        answer(200, &event_json("A")),
    ])
    .await;
    client(&server)
        .session(&profile())
        .update_event(ORGANIZER, "A", &new_body())
        .await
        .unwrap();
    let requests = server.graph_requests();
    assert_eq!(requests[0].method, "GET");
    assert!(
        requests[0]
            .all("prefer")
            .contains(&"outlook.body-content-type=\"html\"")
    );
    assert_eq!(
        (requests[1].method.as_str(), requests[1].header("if-match")),
        ("PATCH", Some("W/\"7\""))
    );
    let expected = format!("<html><body><p>New</p>{block}</body></html>");
    assert_eq!(
        requests[1].json(),
        json!({ "body": { "contentType": "HTML", "content": expected } })
    );
}

#[tokio::test]
async fn an_event_without_a_meeting_gets_the_body_as_it_is() {
    let server = Server::start([
        present("W/\"7\"", false, "<p>Old</p>"),
        answer(200, &event_json("A")),
    ])
    .await;
    client(&server)
        .session(&profile())
        .update_event(ORGANIZER, "A", &new_body())
        .await
        .unwrap();
    assert_eq!(
        server.graph_requests()[1].json()["body"]["content"],
        "<p>New</p>"
    );
}

/// CM-12: a body that changed meanwhile is read again, and not for ever.
#[tokio::test]
async fn a_concurrent_change_is_merged_again() {
    let stale = || refusal(412, "ErrorIrresolvableConflict", "");
    let server = Server::start([
        present("W/\"1\"", true, &format!("<p>Old</p><div>{JOIN_URL}</div>")),
        stale(),
        present(
            "W/\"2\"",
            true,
            &format!("<p>Old</p><div>{JOIN_URL} edited</div>"),
        ),
        answer(200, &event_json("A")),
    ])
    .await;
    client(&server)
        .session(&profile())
        .update_event(ORGANIZER, "A", &new_body())
        .await
        .unwrap();
    let last = &server.graph_requests()[3];
    assert_eq!(last.header("if-match"), Some("W/\"2\""));
    assert!(last.body.contains("edited"));

    let again = || present("W/\"1\"", true, JOIN_URL);
    let server = Server::start([again(), stale(), again(), stale(), again(), stale()]).await;
    let error = client(&server)
        .session(&profile())
        .update_event(ORGANIZER, "A", &new_body())
        .await
        .unwrap_err();
    assert_eq!(error.class.as_str(), "conflict");
    assert_eq!(server.graph_requests().len(), 6);
}

/// CM-12: without a new body nothing is read and only the set fields are sent.
#[tokio::test]
async fn other_changes_send_only_what_is_set() {
    let server = Server::start([answer(200, &event_json("A"))]).await;
    let change = EventChange {
        subject: Some("New".into()),
        location: Some(String::new()),
        attendees: Some(vec![]),
        allow_new_time_proposals: Some(true),
        ..EventChange::default()
    };
    client(&server)
        .session(&profile())
        .update_event(ORGANIZER, "A", &change)
        .await
        .unwrap();
    let requests = server.graph_requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(
        requests[0].json(),
        json!({ "subject": "New", "location": { "displayName": "" }, "attendees": [], "allowNewTimeProposals": true })
    );
}
