//! Creating and reading events (graph-protocol §2).

use graph_simulator::{MailKind, OnlineMeetingSupport, demo};
use reqwest::Method;
use serde_json::{Value, json};

use crate::peer::{Answer, Peer, event, events, invited, online, plain, with};

#[tokio::test]
async fn an_event_comes_back_as_graph_writes_it() {
    let peer = Peer::start().await;
    let created = peer
        .create(&with(
            json!({"attendees": [invited("ann@contoso.example")]}),
        ))
        .await;
    assert_eq!(created.status, 201);
    let body = &created.body;
    assert_eq!(body["subject"], "Quarterly review");
    assert_eq!(body["type"], "singleInstance");
    assert!(
        body["iCalUId"]
            .as_str()
            .unwrap()
            .starts_with("040000008200E00074C5B7101A82E008")
    );
    assert!(body["@odata.etag"].as_str().unwrap().starts_with("W/\""));
    assert_eq!(
        body["organizer"]["emailAddress"]["address"],
        demo::ORGANIZER_UPN
    );
    assert_eq!(body["attendees"][0]["type"], "required");
    assert!(body.get("transactionId").is_none(), "returned only if set");
    assert_eq!(body["originalStartTimeZone"], "Europe/Berlin");
    assert!(created.header("location").ends_with(&created.id()));
    let read = peer.get(&event(&created.id())).await;
    assert_eq!(read.body["iCalUId"], body["iCalUId"]);
}

#[tokio::test]
async fn times_come_back_in_utc_with_seven_digits_and_no_z() {
    let peer = Peer::start().await;
    let created = peer.create(&plain()).await;
    let start = &created.body["start"];
    assert_eq!(
        start,
        &json!({"dateTime": "2026-11-02T08:00:00.0000000", "timeZone": "UTC"})
    );
}

#[tokio::test]
async fn the_preferred_zone_changes_only_how_times_are_returned() {
    let peer = Peer::start().await;
    let id = peer.create(&plain()).await.id();
    let request = peer.request(Method::GET, &event(&id));
    let request = request.header("prefer", "outlook.timezone=\"Pacific Standard Time\"");
    let answer = Answer::of(request).await;
    let expected =
        json!({"dateTime": "2026-11-02T00:00:00.0000000", "timeZone": "Pacific Standard Time"});
    assert_eq!(answer.body["start"], expected);
    assert_eq!(answer.body["originalStartTimeZone"], "Europe/Berlin");
    assert!(answer.header("preference-applied").contains("Pacific"));
    let request = peer.request(Method::GET, &event(&id));
    let answer = Answer::of(request.header("prefer", "outlook.timezone=\"Mars\"")).await;
    assert_eq!(answer.refusal(), (400, "TimeZoneNotSupportedException"));
}

#[tokio::test]
async fn immutable_ids_have_another_form_and_both_find_the_event() {
    let peer = Peer::start().await;
    let default = peer.create(&plain()).await.id();
    let mut immutable = Vec::new();
    for preferences in [
        vec!["IdType=\"ImmutableId\", outlook.timezone=\"UTC\""],
        vec!["outlook.timezone=\"UTC\"", "IdType=\"ImmutableId\""],
    ] {
        let mut request = peer.request(Method::GET, &event(&default));
        for preference in preferences {
            request = request.header("prefer", preference);
        }
        immutable.push(Answer::of(request).await.id());
    }
    assert_eq!(immutable[0], immutable[1]);
    assert_ne!(immutable[0], default);
    assert_eq!(peer.get(&event(&immutable[0])).await.id(), default);
    assert_eq!(peer.sim.events(demo::ORGANIZER_UPN)[0].id, immutable[0]);
}

#[tokio::test]
async fn ids_are_case_sensitive() {
    let peer = Peer::start().await;
    let id = peer.create(&plain()).await.id();
    let answer = peer.get(&event(&id.to_ascii_lowercase())).await;
    assert!(answer.status == 404 || answer.status == 400, "{answer:?}");
}

#[tokio::test]
async fn a_local_time_has_no_offset() {
    let peer = Peer::start().await;
    for wrong in [
        "2026-11-02T09:00:00Z",
        "2026-11-02T09:00:00+01:00",
        "2026-11-02",
        "soon",
    ] {
        let start = json!({"dateTime": wrong, "timeZone": "UTC"});
        let answer = peer.create(&with(json!({"start": start}))).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
    let answer = peer
        .create(&with(json!({"start": {"dateTime": "2026-11-02T09:00:00"}})))
        .await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn windows_and_listed_iana_zones_are_known_and_others_refused() {
    let peer = Peer::start().await;
    let at = |zone: &str| {
        with(json!({
            "start": {"dateTime": "2026-11-02T09:00:00", "timeZone": zone},
            "end": {"dateTime": "2026-11-02T10:00:00", "timeZone": zone},
        }))
    };
    for zone in ["UTC", "W. Europe Standard Time", "Asia/Kolkata"] {
        assert_eq!(peer.create(&at(zone)).await.status, 201, "{zone}");
    }
    for zone in ["Europe/Madrid", "CET+1", ""] {
        let answer = peer.create(&at(zone)).await;
        assert_eq!(
            answer.refusal(),
            (400, "TimeZoneNotSupportedException"),
            "{zone}"
        );
    }
    peer.sim.configure(|b| b.any_iana_zone = true);
    assert_eq!(peer.create(&at("Europe/Madrid")).await.status, 201);
}

#[tokio::test]
async fn attendees_have_three_types_and_addresses() {
    let peer = Peer::start().await;
    let attend = |attendee: Value| with(json!({"attendees": [attendee]}));
    for kind in ["required", "optional", "resource"] {
        let attendee = json!({"emailAddress": {"address": "ann@contoso.example", "name": "Ann"}, "type": kind});
        assert_eq!(peer.create(&attend(attendee)).await.status, 201);
    }
    let chair = json!({"emailAddress": {"address": "ann@contoso.example"}, "type": "chair"});
    assert_eq!(
        peer.create(&attend(chair)).await.refusal(),
        (400, "RequestBodyRead")
    );
    for wrong in [json!({}), invited(""), invited("ann"), invited("a b@c")] {
        let answer = peer.create(&attend(wrong)).await;
        assert_eq!(answer.refusal(), (400, "ErrorInvalidRecipients"));
    }
}

#[tokio::test]
async fn properties_must_exist_and_have_the_right_type() {
    let peer = Peer::start().await;
    for wrong in [
        json!({"title": "x"}),
        json!({"subject": 5}),
        json!({"isOnlineMeeting": "true"}),
        json!({"showAs": "gone"}),
        json!({"onlineMeetingProvider": "zoom"}),
        json!({"body": "text"}),
        json!({"body": {"contentType": "markdown", "content": ""}}),
        json!({"attendees": {}}),
        json!({"start": "2026-11-02T09:00:00"}),
    ] {
        let answer = peer.create(&with(wrong.clone())).await;
        assert_eq!(answer.refusal(), (400, "RequestBodyRead"), "{wrong}");
    }
    let answer = peer.create(&json!({"subject": "no times"})).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn an_event_does_not_end_before_it_starts() {
    let peer = Peer::start().await;
    let end = json!({"dateTime": "2026-11-02T07:59:00", "timeZone": "UTC"});
    let answer = peer.create(&with(json!({"end": end}))).await;
    assert_eq!(answer.refusal(), (400, "ErrorPropertyValidationFailure"));
}

#[tokio::test]
async fn an_all_day_event_runs_from_midnight_to_midnight() {
    let peer = Peer::start().await;
    let answer = peer.create(&with(json!({"isAllDay": true}))).await;
    assert_eq!(answer.refusal(), (400, "ErrorPropertyValidationFailure"));
    let answer = peer
        .create(&json!({
            "isAllDay": true,
            "start": {"dateTime": "2026-11-02T00:00:00", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": "2026-11-03T00:00:00", "timeZone": "Europe/Berlin"},
        }))
        .await;
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn a_teams_event_has_a_join_link_but_no_meeting_id() {
    let peer = Peer::start().await;
    let created = peer.create(&online()).await;
    let body = &created.body;
    assert_eq!(body["isOnlineMeeting"], true);
    assert_eq!(body["onlineMeetingProvider"], "teamsForBusiness");
    assert_eq!(body["onlineMeetingUrl"], Value::Null);
    let url = body["onlineMeeting"]["joinUrl"].as_str().unwrap();
    assert!(url.starts_with("https://teams.microsoft.com/l/meetup-join/19%3ameeting_"));
    assert!(url.contains("%40thread.v2/0?context=%7b%22Tid%22%3a%22"));
    assert!(body["onlineMeeting"].get("id").is_none());
    assert!(
        body["body"]["content"]
            .as_str()
            .unwrap()
            .contains("Join the meeting")
    );
}

#[tokio::test]
async fn join_links_come_in_two_shapes() {
    let peer = Peer::start().await;
    peer.sim
        .configure(|b| b.join_url_shape = graph_simulator::JoinUrlShape::Meet);
    let created = peer.create(&online()).await;
    let url = created.body["onlineMeeting"]["joinUrl"].as_str().unwrap();
    let (code, passcode) = url
        .strip_prefix("https://teams.microsoft.com/meet/")
        .and_then(|rest| rest.split_once("?p="))
        .unwrap();
    assert!(code.len() == 13 && code.bytes().all(|b| b.is_ascii_digit()));
    assert!(!passcode.is_empty());
}

#[tokio::test]
async fn a_mailbox_without_teams_silently_gives_an_event_without_a_meeting() {
    let peer = Peer::start().await;
    let off = |user: &mut graph_simulator::User| {
        user.mailbox.online_meetings = OnlineMeetingSupport::Unavailable;
    };
    peer.sim.update_user(demo::ORGANIZER_UPN, off).unwrap();
    let created = peer.create(&online()).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.body["isOnlineMeeting"], false);
    assert_eq!(created.body["onlineMeetingProvider"], "unknown");
    assert_eq!(created.body["onlineMeeting"], Value::Null);
    let path = format!(
        "/users/{}/calendar?$select=allowedOnlineMeetingProviders",
        demo::ORGANIZER_ID
    );
    assert_eq!(
        peer.get(&path).await.body["allowedOnlineMeetingProviders"],
        json!([])
    );
}

#[tokio::test]
async fn the_calendar_says_which_meetings_it_allows() {
    let peer = Peer::start().await;
    let path = format!(
        "/users/{}/calendar?$select=allowedOnlineMeetingProviders,defaultOnlineMeetingProvider",
        demo::ORGANIZER_ID
    );
    let answer = peer.get(&path).await;
    assert_eq!(
        answer.body["allowedOnlineMeetingProviders"],
        json!(["teamsForBusiness"])
    );
    assert_eq!(
        answer.body["defaultOnlineMeetingProvider"],
        "teamsForBusiness"
    );
    assert!(answer.body.get("owner").is_none());
}

#[tokio::test]
async fn those_invited_get_mail_and_a_copy_with_the_same_uid() {
    let peer = Peer::start().await;
    let body =
        with(json!({"attendees": [invited(demo::ANN_UPN), invited("guest@elsewhere.example")]}));
    let created = peer.create(&body).await;
    let mails = peer.sim.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].kind, MailKind::Invitation);
    assert_eq!(mails[0].to, [demo::ANN_UPN, "guest@elsewhere.example"]);
    let copies = peer.get(&format!("/users/{}/events", demo::ANN_ID)).await;
    let copy = &copies.values()[0];
    assert_eq!(copy["iCalUId"], created.body["iCalUId"]);
    assert_ne!(copy["id"], created.body["id"]);
    assert_eq!(copy["isOrganizer"], false);
    // An id belongs to one mailbox.
    let foreign = peer.get(&event(copy["id"].as_str().unwrap())).await;
    assert_eq!(foreign.refusal(), (404, "ErrorItemNotFound"));
}

#[tokio::test]
async fn select_keeps_what_it_names_and_refuses_what_does_not_exist() {
    let peer = Peer::start().await;
    let id = peer
        .create(&with(json!({"transactionId": "t-1"})))
        .await
        .id();
    let answer = peer
        .get(&format!("{}?$select=subject,transactionId", event(&id)))
        .await;
    let names: Vec<&String> = answer.body.as_object().unwrap().keys().collect();
    assert!(names.iter().all(|n| n.starts_with('@') || ["id", "subject", "transactionId"].contains(&n.as_str())));
    assert_eq!(answer.body["transactionId"], "t-1");
    let answer = peer.get(&format!("{}?$select=title", event(&id))).await;
    assert_eq!(answer.status, 400);
    let path = format!("{}?$select=title", events());
    assert_eq!(peer.post(&path, &online()).await.status, 400);
    assert_eq!(peer.sim.events(demo::ORGANIZER_ID).len(), 1);
    assert!(peer.sim.online_meetings(demo::ORGANIZER_ID).is_empty());
}

#[tokio::test]
async fn a_marker_in_an_extended_property_is_found_again() {
    let peer = Peer::start().await;
    let property = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name booking";
    let marked = |value: &str| {
        with(json!({"singleValueExtendedProperties": [{"id": property, "value": value}]}))
    };
    let id = peer.create(&marked("b-1")).await.id();
    peer.create(&marked("b-2")).await;
    let filter = format!(
        "singleValueExtendedProperties/Any(ep: ep/id eq '{property}' and ep/value eq 'b-1')"
    );
    let expand = format!("singleValueExtendedProperties($filter=id eq '{property}')");
    let request = peer.request(Method::GET, &events());
    let request = request.query(&[("$filter", filter.as_str()), ("$expand", expand.as_str())]);
    let found = Answer::of(request).await;
    assert_eq!(found.values().len(), 1);
    assert_eq!(found.values()[0]["id"], id);
    assert_eq!(
        found.values()[0]["singleValueExtendedProperties"][0]["value"],
        "b-1"
    );
    let plain = peer.get(&event(&id)).await;
    assert!(
        plain.body.get("singleValueExtendedProperties").is_none(),
        "only when expanded"
    );
    let wrong = with(json!({"singleValueExtendedProperties": [{"id": "booking", "value": "x"}]}));
    assert_eq!(
        peer.create(&wrong).await.refusal(),
        (400, "ErrorInvalidProperty")
    );
}

#[tokio::test]
async fn open_extensions_are_kept() {
    let peer = Peer::start().await;
    let extension = json!({"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "com.example.booking", "bookingId": "b-1"});
    let id = peer
        .create(&with(json!({"extensions": [extension]})))
        .await
        .id();
    let path = format!("{}?$expand=extensions", event(&id));
    assert_eq!(
        peer.get(&path).await.body["extensions"][0]["bookingId"],
        "b-1"
    );
    let path = format!("{}/extensions/com.example.booking", event(&id));
    assert_eq!(peer.get(&path).await.body["bookingId"], "b-1");
    assert_eq!(peer.delete(&path).await.status, 204);
    assert_eq!(peer.get(&path).await.status, 404);
    let path = format!("{}/extensions", event(&id));
    assert_eq!(
        peer.post(&path, &json!({"extensionName": "n", "a": 1}))
            .await
            .status,
        201
    );
}
