//! What the client sends, to the byte where Graph cares.

use chrono::Datelike;
use convoke_graph::{
    Deleted, EventChange, EventKind, Recurrence, RecurrencePattern, RecurrenceRange,
};
use serde_json::json;

use crate::fixtures::{JOIN_URL, ORGANIZER, SECRET, at, client, event_json, new_event, profile};
use crate::server::{Server, answer, refusal};

/// CM-10: client credentials, form-encoded, with the scope of Graph's host.
#[tokio::test]
async fn the_token_request_is_form_encoded_and_scoped_to_graphs_host() {
    let server = Server::start([answer(200, &event_json("A"))]).await;
    client(&server)
        .session(&profile())
        .get_event(ORGANIZER, "A")
        .await
        .unwrap();
    let requests = server.token_requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(
        (requests[0].method.as_str(), requests[0].target.as_str()),
        ("POST", "/77aa/oauth2/v2.0/token")
    );
    assert_eq!(
        requests[0].header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    let host = server.url.trim_start_matches("http://").replace(':', "%3A");
    assert_eq!(
        requests[0].body,
        format!(
            "client_id=6f1d&scope=http%3A%2F%2F{host}%2F.default\
             &client_secret=canary%2Bsec%2Fret%7E1%26x%3D%25&grant_type=client_credentials"
        )
    );
}

/// CM-10, OM-3: one POST with transaction id, immutable ids, UTC answers and every attendee.
#[tokio::test]
async fn an_event_is_created_as_documented() {
    let server = Server::start([answer(201, &event_json("AAA="))]).await;
    let mut event = new_event();
    event.recurrence = Some(Recurrence {
        pattern: RecurrencePattern::AbsoluteMonthly {
            interval: 3,
            day_of_month: at(9).day(),
        },
        range: RecurrenceRange::NoEnd {
            start_date: at(9).date(),
        },
    });
    let created = client(&server)
        .session(&profile())
        .create_event(ORGANIZER, &event)
        .await
        .unwrap();

    assert_eq!(created.id, "AAA=");
    assert_eq!(created.ical_uid.as_deref(), Some("0400"));
    assert_eq!(created.kind, EventKind::SingleInstance);
    assert_eq!(created.start, Some(at(8).and_utc()));
    assert_eq!(created.end, Some(at(9).and_utc()));
    assert_eq!(created.teams_join_url(), Some(JOIN_URL));
    assert!(!created.adopted);

    let request = &server.graph_requests()[0];
    assert_eq!(request.method, "POST");
    assert_eq!(request.target, "/v1.0/users/organiser%40example.com/events");
    assert_eq!(request.header("authorization"), Some("Bearer token-1"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(
        request.all("prefer"),
        ["IdType=\"ImmutableId\"", "outlook.timezone=\"UTC\""]
    );
    assert_eq!(request.header("client-request-id").map(str::len), Some(36));
    assert_eq!(
        request.json(),
        json!({
            "subject": "Quarterly review",
            "body": { "contentType": "HTML", "content": "<p>Agenda</p>" },
            "start": { "dateTime": "2026-11-02T09:00:00", "timeZone": "Europe/Berlin" },
            "end": { "dateTime": "2026-11-02T10:00:00", "timeZone": "Europe/Berlin" },
            "attendees": [
                { "emailAddress": { "address": "ann@example.com", "name": "Ann" }, "type": "required" },
                { "emailAddress": { "address": "bob@example.com" }, "type": "optional" },
                { "emailAddress": { "address": "room1@example.com" }, "type": "resource" }
            ],
            "isOnlineMeeting": true, "onlineMeetingProvider": "teamsForBusiness",
            "allowNewTimeProposals": false, "transactionId": "mtg-1",
            "recurrence": { "pattern": { "type": "absoluteMonthly", "interval": 3, "dayOfMonth": 2 },
                            "range": { "type": "noEnd", "startDate": "2026-11-02" } }
        })
    );
}

/// OM-3: a 201 does not mean a Teams meeting.
#[tokio::test]
async fn an_event_without_a_meeting_gives_no_join_link() {
    for (online, provider, meeting) in [
        (false, "unknown", json!(null)),
        (true, "unknown", json!({ "joinUrl": JOIN_URL })),
        (true, "skypeForBusiness", json!({ "joinUrl": JOIN_URL })),
        (true, "teamsForBusiness", json!({ "joinUrl": "" })),
        (true, "teamsForBusiness", json!(null)),
    ] {
        let body = json!({
            "id": "A", "isOnlineMeeting": online, "onlineMeetingProvider": provider, "onlineMeeting": meeting
        });
        let server = Server::start([answer(201, &body.to_string())]).await;
        let created = client(&server)
            .session(&profile())
            .create_event(ORGANIZER, &new_event())
            .await
            .unwrap();
        assert_eq!(created.teams_join_url(), None, "{body}");
    }
}

#[tokio::test]
async fn an_impossible_event_is_refused_before_anything_is_sent() {
    let server = Server::start([]).await;
    let (client, profile) = (client(&server), profile());
    let mut without_transaction = new_event();
    without_transaction.transaction_id.clear();
    let mut backwards = new_event();
    backwards.end_local = at(8);
    let mut misdated = new_event();
    misdated.recurrence = Some(Recurrence {
        pattern: RecurrencePattern::Daily,
        range: RecurrenceRange::NoEnd {
            start_date: at(9).date().succ_opt().unwrap(),
        },
    });
    for event in [without_transaction, backwards, misdated] {
        let error = client
            .session(&profile)
            .create_event(ORGANIZER, &event)
            .await
            .unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.outcome_unknown),
            ("InvalidEvent", false)
        );
    }
    let error = client
        .session(&profile)
        .delete_event(ORGANIZER, "..")
        .await
        .unwrap_err();
    assert_eq!(error.code, "InvalidId");
    assert!(server.received().is_empty());
}

/// AP-6: a reschedule sends the times and nothing else.
#[tokio::test]
async fn a_change_of_times_sends_start_and_end_only() {
    let server = Server::start([answer(200, &event_json("A+/="))]).await;
    let change = EventChange::times(at(11), at(12), "Europe/Berlin");
    client(&server)
        .session(&profile())
        .update_event(ORGANIZER, "A+/=", &change)
        .await
        .unwrap();
    let requests = server.graph_requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].method, "PATCH");
    assert_eq!(
        requests[0].target,
        "/v1.0/users/organiser%40example.com/events/A%2B%2F%3D"
    );
    assert_eq!(requests[0].all("prefer").len(), 2);
    assert_eq!(
        requests[0].json(),
        json!({ "start": { "dateTime": "2026-11-02T11:00:00", "timeZone": "Europe/Berlin" },
                "end": { "dateTime": "2026-11-02T12:00:00", "timeZone": "Europe/Berlin" } })
    );
}

/// AP-7: delete and cancel tell "removed" from "already gone" from "no such mailbox".
#[tokio::test]
async fn only_a_missing_item_counts_as_already_gone() {
    let server = Server::start([
        answer(204, ""),
        refusal(
            404,
            "ErrorItemNotFound",
            "The specified object was not found in the store.",
        ),
        refusal(410, "Gone", ""),
        refusal(404, "ResourceNotFound", ""),
        refusal(404, "MailboxNotEnabledForRESTAPI", ""),
        refusal(404, "UnknownError", ""),
        answer(202, ""),
        refusal(404, "ErrorItemNotFound", ""),
    ])
    .await;
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    assert_eq!(
        session.delete_event(ORGANIZER, "A").await.unwrap(),
        Deleted::Removed
    );
    assert_eq!(
        session.delete_event(ORGANIZER, "A").await.unwrap(),
        Deleted::AlreadyGone
    );
    assert_eq!(
        session.delete_event(ORGANIZER, "A").await.unwrap(),
        Deleted::AlreadyGone
    );
    for _ in 0..2 {
        let error = session.delete_event(ORGANIZER, "A").await.unwrap_err();
        assert_eq!(error.class.as_str(), "mailbox_not_found");
    }
    let unsaid = session.delete_event(ORGANIZER, "A").await.unwrap_err();
    assert_eq!(
        (unsaid.class.as_str(), unsaid.status),
        ("not_found_or_gone", Some(404))
    );
    assert_eq!(
        session
            .cancel_event(ORGANIZER, "A", "No time")
            .await
            .unwrap(),
        Deleted::Removed
    );
    assert_eq!(
        session.cancel_event(ORGANIZER, "A", "").await.unwrap(),
        Deleted::AlreadyGone
    );

    let requests = server.graph_requests();
    assert_eq!(
        (requests[0].method.as_str(), requests[0].body.as_str()),
        ("DELETE", "")
    );
    assert_eq!(
        requests[6].target,
        "/v1.0/users/organiser%40example.com/events/A/cancel"
    );
    assert_eq!(requests[6].json(), json!({ "comment": "No time" }));
}

/// CM-12: an event that is gone reads as none; a missing mailbox is an error.
#[tokio::test]
async fn reading_tells_a_gone_event_from_a_missing_mailbox() {
    let server = Server::start([
        answer(200, &event_json("A")),
        refusal(404, "ErrorItemNotFound", ""),
        refusal(404, "ErrorInvalidUser", ""),
    ])
    .await;
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    assert!(session.get_event(ORGANIZER, "A").await.unwrap().is_some());
    assert!(session.get_event(ORGANIZER, "A").await.unwrap().is_none());
    assert!(session.get_event(ORGANIZER, "A").await.is_err());
}

/// OM-3: the join link is encoded once more (`%3a` travels as `%253a`) and its quotes are doubled.
#[tokio::test]
async fn a_join_link_is_resolved_with_full_encoding() {
    let server = Server::start([
        answer(200, r#"{"value":[{"id":"MSo="}]}"#),
        answer(200, r#"{"value":[]}"#),
        refusal(
            403,
            "Forbidden",
            "3003: User does not have access to lookup meeting",
        ),
    ])
    .await;
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    let found = session
        .resolve_online_meeting("2b0c", JOIN_URL)
        .await
        .unwrap();
    assert_eq!(found.as_deref(), Some("MSo="));
    assert_eq!(
        session
            .resolve_online_meeting("2b0c", "https://x/o'neil")
            .await
            .unwrap(),
        None
    );
    let error = session
        .resolve_online_meeting("2b0c", JOIN_URL)
        .await
        .unwrap_err();
    assert_eq!(error.class.as_str(), "not_organiser");

    let requests = server.graph_requests();
    assert_eq!(
        requests[0].target,
        "/v1.0/users/2b0c/onlineMeetings?$filter=JoinWebUrl%20eq%20%27https%3A%2F%2Fteams.microsoft.com%2Fl%2F\
         meetup-join%2F19%253ameeting_AbC%2540thread.v2%2F0%3Fcontext%3D%257b%2522Tid%2522%253a%252277aa%2522%257d%27"
    );
    assert!(
        requests[1]
            .target
            .ends_with("%27https%3A%2F%2Fx%2Fo%27%27neil%27")
    );
}

/// AP-6, AP-7: legacy rows move and vanish through `/onlineMeetings/{id}`.
#[tokio::test]
async fn legacy_meetings_are_moved_and_removed_by_their_own_id() {
    let server = Server::start([
        answer(200, r#"{"id":"MSo="}"#),
        answer(204, ""),
        refusal(404, "NotFound", ""),
    ])
    .await;
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    let (start, end) = (at(9).and_utc(), at(10).and_utc());
    session
        .update_online_meeting_times("2b0c", "MSo=", start, end)
        .await
        .unwrap();
    assert_eq!(
        session.delete_online_meeting("2b0c", "MSo=").await.unwrap(),
        Deleted::Removed
    );
    assert_eq!(
        session.delete_online_meeting("2b0c", "MSo=").await.unwrap(),
        Deleted::AlreadyGone
    );

    let requests = server.graph_requests();
    assert_eq!(requests[0].method, "PATCH");
    assert_eq!(requests[0].target, "/v1.0/users/2b0c/onlineMeetings/MSo%3D");
    assert_eq!(
        requests[0].json(),
        json!({ "startDateTime": "2026-11-02T09:00:00Z", "endDateTime": "2026-11-02T10:00:00Z" })
    );
    assert_eq!(requests[1].method, "DELETE");
}

/// TS-2, TS-3: the object id and the calendar's providers.
#[tokio::test]
async fn users_and_calendars_are_read() {
    let server = Server::start([
        answer(200, r#"{"id":"2b0c","displayName":"Ann","userPrincipalName":"ann@example.com","mail":null}"#),
        refusal(404, "Request_ResourceNotFound", "Resource 'x' does not exist"),
        answer(200, r#"{"id":"c","allowedOnlineMeetingProviders":["teamsForBusiness"]}"#),
        answer(200, r#"{"id":"c","allowedOnlineMeetingProviders":null,"defaultOnlineMeetingProvider":"unknown"}"#),
    ])
    .await;
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    let user = session.get_user("ann@example.com").await.unwrap();
    assert_eq!(
        (user.id.as_str(), user.display_name.as_deref()),
        ("2b0c", Some("Ann"))
    );
    let unknown = session.get_user("x").await.unwrap_err();
    assert_eq!(unknown.class.as_str(), "mailbox_not_found");
    assert!(session.get_calendar("2b0c").await.unwrap().allows_teams());
    assert!(!session.get_calendar("2b0c").await.unwrap().allows_teams());
    assert!(
        server.graph_requests()[0]
            .target
            .starts_with("/v1.0/users/ann%40example.com?$select=")
    );
    assert!(
        !server
            .received()
            .iter()
            .any(|request| request.target.contains(SECRET))
    );
}

/// Lambda handlers and spawned tasks need futures that can move between threads.
#[tokio::test]
async fn operations_run_on_any_thread() {
    let server = Server::start([answer(204, "")]).await;
    let client = client(&server);
    let task = tokio::spawn(async move {
        let profile = profile();
        client.session(&profile).delete_event(ORGANIZER, "A").await
    });
    assert_eq!(task.await.unwrap().unwrap(), Deleted::Removed);
}
