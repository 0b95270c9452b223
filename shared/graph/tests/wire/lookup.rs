//! Finding the event of a transaction id.

use convoke_graph::{EventKind, GraphErrorClass};
use serde_json::{Value, json};

use crate::fixtures::{ORGANIZER, client, page, profile, window};
use crate::server::{Server, answer, refusal};

fn event(id: &str, transaction: Option<&str>, master: Option<&str>) -> Value {
    let kind = if master.is_some() {
        "occurrence"
    } else {
        "singleInstance"
    };
    let mut event =
        json!({ "id": id, "iCalUId": format!("uid-{id}"), "seriesMasterId": master, "type": kind });
    if let Some(transaction) = transaction {
        event["transactionId"] = transaction.into();
    }
    event
}

fn master(id: &str, transaction: &str) -> String {
    json!({ "id": id, "iCalUId": format!("uid-{id}"), "transactionId": transaction, "type": "seriesMaster" }).to_string()
}

/// OM-3: all pages are read and the transaction id compared here, exactly.
#[tokio::test]
async fn every_page_is_searched() {
    let server = Server::start([]).await;
    let link = format!(
        "{}/v1.0/users/organiser%40example.com/calendarView?$skip=100",
        server.url
    );
    let near_misses = [
        event("A", Some("MTG-1"), None),
        event("B", Some("mtg-10"), None),
        event("C", None, None),
    ];
    server.then([
        answer(200, &page(&near_misses, Some(&link))),
        answer(200, &page(&[], Some(&link))),
        answer(200, &page(&[event("D", Some("mtg-1"), None)], None)),
    ]);
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    let found = session
        .find_event_by_transaction(ORGANIZER, "mtg-1", window())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.id.as_str(), found.kind),
        ("D", EventKind::SingleInstance)
    );
    assert_eq!(found.ical_uid.as_deref(), Some("uid-D"));

    let requests = server.graph_requests();
    assert_eq!(
        requests[0].target,
        "/v1.0/users/organiser%40example.com/calendarView?startDateTime=2026-11-02T08%3A00%3A00Z\
         &endDateTime=2026-11-02T18%3A00%3A00Z&$select=id%2CtransactionId%2CiCalUId%2CseriesMasterId%2Ctype&$top=100"
    );
    assert_eq!(
        requests[1].target,
        "/v1.0/users/organiser%40example.com/calendarView?$skip=100"
    );
    assert!(
        requests
            .iter()
            .all(|request| request.all("prefer").contains(&"IdType=\"ImmutableId\""))
    );
}

#[tokio::test]
async fn an_event_that_is_not_there_is_none() {
    let server = Server::start([answer(200, &page(&[event("A", Some("x"), None)], None))]).await;
    let (client, profile) = (client(&server), profile());
    let found = client
        .session(&profile)
        .find_event_by_transaction(ORGANIZER, "mtg-1", window())
        .await;
    assert_eq!(found.unwrap(), None);
}

/// OM-3: an occurrence is answered by its series, whose UID differs.
#[tokio::test]
async fn an_occurrence_leads_to_its_series() {
    let occurrence = event("O1", Some("mtg-1"), Some("M"));
    let server = Server::start([
        answer(200, &page(&[occurrence], None)),
        answer(200, &master("M", "mtg-1")),
    ])
    .await;
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    let found = session
        .find_event_by_transaction(ORGANIZER, "mtg-1", window())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.id.as_str(), found.kind),
        ("M", EventKind::SeriesMaster)
    );
    assert_eq!(found.ical_uid.as_deref(), Some("uid-M"));
}

/// OM-3: occurrences without a transaction id: each series is looked at once.
#[tokio::test]
async fn each_series_is_looked_at_once() {
    let occurrences: Vec<_> = ["M1", "M2", "M1", "M3", "M2"]
        .iter()
        .enumerate()
        .map(|(number, master)| event(&number.to_string(), None, Some(master)))
        .collect();
    let server = Server::start([
        answer(200, &page(&occurrences, None)),
        answer(200, &master("M1", "other")),
        refusal(404, "ErrorItemNotFound", ""),
        answer(200, &master("M3", "mtg-1")),
    ])
    .await;
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    let found = session
        .find_event_by_transaction(ORGANIZER, "mtg-1", window())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id, "M3");
    let asked: Vec<_> = server.graph_requests()[1..]
        .iter()
        .map(|request| request.target.split(['/', '?']).nth(5).unwrap().to_owned())
        .collect();
    assert_eq!(asked, ["M1", "M2", "M3"]);
}

/// OM-3: a window that cannot be searched to its end is an error, never "none".
#[tokio::test]
async fn endless_pages_are_an_error() {
    let server = Server::start([]).await;
    let link = format!("{}/v1.0/users/x/calendarView?$skip=1", server.url);
    server.then((0..60).map(|_| answer(200, &page(&[], Some(&link)))));
    let (client, profile) = (client(&server), profile());
    let found = client
        .session(&profile)
        .find_event_by_transaction(ORGANIZER, "mtg-1", window())
        .await;
    let error = found.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.class),
        ("WindowTooFull", GraphErrorClass::InvalidRequest)
    );
    assert_eq!(server.graph_requests().len(), 50);
}
