//! Sessions and events that the tests share.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use convoke_graph::{
    AttendeeKind, EventAttendee, GraphClient, GraphConfig, GraphProfile, NewEvent, Secret,
    http_client,
};

use crate::server::Server;

pub(crate) const ORGANIZER: &str = "organiser@example.com";
pub(crate) const JOIN_URL: &str = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_AbC%40thread.v2/0?context=%7b%22Tid%22%3a%2277aa%22%7d";
/// Needs form encoding in five places.
pub(crate) const SECRET: &str = "canary+sec/ret~1&x=%";

pub(crate) fn client(server: &Server) -> GraphClient {
    client_with(server, |_| {})
}

/// Short limits, so that a test of a time-out takes as long as the time-out.
pub(crate) fn client_with(server: &Server, change: impl FnOnce(&mut GraphConfig)) -> GraphClient {
    let mut config = GraphConfig {
        graph_base_url: server.url.clone(),
        login_base_url: server.url.clone(),
        api_version: "v1.0".into(),
        attempt_timeout: Duration::from_millis(800),
        budget: Duration::from_secs(5),
        max_attempts: 3,
    };
    change(&mut config);
    GraphClient::new(http_client().unwrap(), config)
}

pub(crate) fn profile() -> GraphProfile {
    GraphProfile {
        tenant_id: "77aa".into(),
        client_id: "6f1d".into(),
        client_secret: Secret::new(SECRET),
    }
}

pub(crate) fn at(hour: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 11, 2)
        .unwrap()
        .and_hms_opt(hour, 0, 0)
        .unwrap()
}

pub(crate) fn window() -> (DateTime<Utc>, DateTime<Utc>) {
    (at(8).and_utc(), at(18).and_utc())
}

pub(crate) fn new_event() -> NewEvent {
    let attendee = |address: &str, name: Option<&str>, kind| EventAttendee {
        address: address.into(),
        name: name.map(str::to_owned),
        kind,
    };
    NewEvent {
        subject: "Quarterly review".into(),
        body_html: Some("<p>Agenda</p>".into()),
        start_local: at(9),
        end_local: at(10),
        time_zone: "Europe/Berlin".into(),
        location: None,
        attendees: vec![
            attendee("ann@example.com", Some("Ann"), AttendeeKind::Required),
            attendee("bob@example.com", None, AttendeeKind::Optional),
            attendee("room1@example.com", None, AttendeeKind::Resource),
        ],
        is_online_meeting: true,
        recurrence: None,
        transaction_id: "mtg-1".into(),
        allow_new_time_proposals: false,
    }
}

/// Graph's answer to a created or read event.
pub(crate) fn event_json(id: &str) -> String {
    serde_json::json!({
        "@odata.etag": "W/\"1\"", "id": id, "iCalUId": "0400", "transactionId": "mtg-1",
        "type": "singleInstance", "seriesMasterId": null, "isOnlineMeeting": true,
        "onlineMeetingProvider": "teamsForBusiness", "onlineMeetingUrl": null,
        "onlineMeeting": { "joinUrl": JOIN_URL },
        "start": { "dateTime": "2026-11-02T08:00:00.0000000", "timeZone": "UTC" },
        "end": { "dateTime": "2026-11-02T09:00:00.0000000", "timeZone": "UTC" }
    })
    .to_string()
}

pub(crate) fn page(events: &[serde_json::Value], next: Option<&str>) -> String {
    let mut page = serde_json::json!({ "value": events });
    if let Some(next) = next {
        page["@odata.nextLink"] = next.into();
    }
    page.to_string()
}
