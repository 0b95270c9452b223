//! The timeline of a client or contact (OM-5).

use it::practice::{CLIENT, CONTACT, Practice, TECHNICIAN};
use it::requests::violations;
use serde_json::{Value, json};

/// Another contact of the same client.
const COLLEAGUE: &str = "contact-2";

/// OM-5: a lone contact brings its client, the default status applies, now is
/// the time where none is named, and whoever calls is the user.
#[tokio::test]
async fn what_is_left_out_is_filled_in() {
    let practice = Practice::without_teams().await;
    let body = json!({ "title": "A note", "contact_id": CONTACT });
    let answer = practice.interactions("POST", "", Some(&body)).await;
    let made = answer.expect(201);
    let id = made["interaction_id"].as_str().unwrap();
    assert_eq!(
        answer.header("location"),
        Some(&*format!("/api/v1/interactions/{id}"))
    );
    let now = practice
        .now()
        .to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    for (name, value) in [
        ("type", json!({ "name": "Note", "icon": "file-text" })),
        ("title", json!("A note")),
        ("notes", json!("")),
        ("client_id", json!(CLIENT)),
        ("contact_id", json!(CONTACT)),
        ("user_id", json!("u-approver")),
        ("interaction_date", json!(now)),
        ("start_time", json!(now)),
        ("end_time", json!(now)),
        ("duration_minutes", json!(0)),
        ("status", json!("planned")),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    assert_eq!(made.get("online_meeting"), None);
    let read = practice.interactions("GET", &format!("/{id}"), None).await;
    assert_eq!(read.header("etag"), answer.header("etag"));
    assert_eq!(read.expect(200), made);
    let events = practice.work().await;
    for kind in ["interaction.created", "interaction.logged"] {
        assert_eq!(it::practice::told(&events, kind).len(), 1, "{kind}");
    }
}

/// OM-5, XC-3: user, client and contact are checked, and each refusal names its field.
#[tokio::test]
async fn what_cannot_be_logged_is_refused_by_its_field() {
    let practice = Practice::without_teams().await;
    for (fields, pointer, code) in [
        (json!({ "title": "" }), "/title", "empty"),
        (json!({ "type": "Seance" }), "/type", "unknown_type"),
        (json!({ "type": "Online Meeting" }), "/type", "system_type"),
        (json!({ "contact_id": null }), "/client_id", "missing"),
        (
            json!({ "contact_id": "nobody" }),
            "/contact_id",
            "unknown_contact",
        ),
        (
            json!({ "client_id": "client-9" }),
            "/client_id",
            "not_the_contacts_client",
        ),
        (json!({ "user_id": "nobody" }), "/user_id", "unknown_user"),
        (json!({ "status": "done" }), "/status", "unknown_status"),
        (
            json!({ "start_time": "2026-12-01T10:00:00Z", "end_time": "2026-12-01T09:00:00Z" }),
            "/end_time",
            "out_of_range",
        ),
        (
            json!({ "end_time": "2026-12-01T09:00:00Z", "duration_minutes": 5 }),
            "/duration_minutes",
            "contradiction",
        ),
        (
            json!({ "duration_minutes": -5 }),
            "/duration_minutes",
            "invalid_value",
        ),
        (
            json!({ "start_time": "+262142-12-31T00:00:00Z", "duration_minutes": u32::MAX }),
            "/start_time",
            "invalid_value",
        ),
        (
            json!({ "online_meeting": {} }),
            "/online_meeting",
            "unknown_field",
        ),
    ] {
        let mut body = json!({ "title": "A note", "contact_id": CONTACT });
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = practice.interactions("POST", "", Some(&body)).await;
        let refused = violations(&answer);
        assert_eq!(
            refused[0],
            (pointer.to_owned(), code.to_owned()),
            "{fields}"
        );
    }
    let list = format!("?contact_id={CONTACT}");
    let list = practice.interactions("GET", &list, None).await.expect(200);
    assert_eq!(list["items"], json!([]));
}

/// OM-5, XC-6: a timeline shows the latest first, page by page; a client's shows
/// all contacts', a contact's only theirs. Exactly one of both is asked for.
#[tokio::test]
async fn a_timeline_shows_the_latest_first() {
    let practice = Practice::without_teams().await;
    let colleague = json!({ "client_id": CLIENT, "name": "Cora" });
    practice
        .put(&format!("/api/v1/contacts/{COLLEAGUE}"), &colleague)
        .await;
    let mut ids = vec![];
    for (day, contact) in [(3, CONTACT), (1, COLLEAGUE), (5, CONTACT), (2, CONTACT)] {
        let date = format!("2026-12-0{day}T09:00:00Z");
        let fields = json!({ "interaction_date": date, "contact_id": contact });
        ids.push((day, practice.logged(&fields).await));
    }
    ids.sort();
    ids.reverse();
    let listed = async |query: &str| {
        let mut found: Vec<String> = vec![];
        let mut cursor = String::new();
        loop {
            let rest = format!("?{query}&limit=2{cursor}");
            let page = practice.interactions("GET", &rest, None).await.expect(200);
            for item in page["items"].as_array().unwrap() {
                assert_eq!(item.get("online_meeting"), None);
                found.push(item["interaction_id"].as_str().unwrap().to_owned());
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    };
    let all: Vec<_> = ids.iter().map(|(_, id)| id.clone()).collect();
    assert_eq!(listed(&format!("client_id={CLIENT}")).await, all);
    assert_eq!(listed(&format!("contact_id={CONTACT}")).await, all[..3]);
    assert_eq!(listed(&format!("contact_id={COLLEAGUE}")).await, all[3..]);
    assert_eq!(listed("client_id=nobodys").await, Vec::<String>::new());
    for query in [
        "",
        "?client_id=",
        "?client_id=client-1&contact_id=contact-1",
        "?client_id=a%20b",
        "?client_id=client-1&client_id=client-2",
    ] {
        let answer = practice.interactions("GET", query, None).await;
        assert_eq!(answer.problem(400), "invalid_query", "{query}");
    }
}

/// OM-5: what an interaction says can be changed; whose it is cannot.
#[tokio::test]
async fn a_change_keeps_what_it_does_not_name() {
    let practice = Practice::without_teams().await;
    let id = practice.logged(&json!({ "notes": "As it was" })).await;
    let rest = format!("/{id}");
    let before = practice.interactions("GET", &rest, None).await.expect(200);
    let change = json!({ "type": "meeting", "notes": null, "status": "completed",
        "interaction_date": "2026-12-04T09:00:00Z", "duration_minutes": 20 });
    let changed = practice.interactions("PATCH", &rest, Some(&change)).await;
    let changed = changed.expect(200);
    for (name, value) in [
        ("type", json!({ "name": "Meeting", "icon": "users" })),
        ("title", before["title"].clone()),
        ("notes", json!("")),
        ("status", json!("completed")),
        ("interaction_date", json!("2026-12-04T09:00:00Z")),
        ("end_time", json!("2026-12-04T09:20:00Z")),
        ("client_id", json!(CLIENT)),
    ] {
        assert_eq!(changed[name], value, "{name}");
    }
    for body in [
        json!({ "client_id": "client-2" }),
        json!({ "user_id": "u" }),
    ] {
        let answer = practice.interactions("PATCH", &rest, Some(&body)).await;
        assert_eq!(violations(&answer)[0].1, "unknown_field", "{body}");
    }
    let event = practice.staff(
        "PATCH",
        &format!("/api/v1/interactions{rest}"),
        Some(&change),
    );
    let stale = format!("\"{}\"", before["version"]);
    let refused = practice.process.api(event.header("if-match", &stale)).await;
    assert_eq!(refused.problem(412), "version_mismatch");
    let read = practice.interactions("GET", &rest, None).await.expect(200);
    assert_eq!(read, changed);
}

/// OM-5: what was deleted is gone, from the timeline too.
#[tokio::test]
async fn what_was_deleted_is_gone() {
    let practice = Practice::without_teams().await;
    let id = practice.logged(&json!({ "user_id": TECHNICIAN })).await;
    let rest = format!("/{id}");
    let answer = practice.interactions("DELETE", &rest, None).await;
    assert_eq!(answer.expect(200), json!({}));
    for method in ["GET", "DELETE"] {
        let answer = practice.interactions(method, &rest, None).await;
        assert_eq!(answer.problem(404), "not_found", "{method}");
    }
    let list = format!("?client_id={CLIENT}");
    let list = practice.interactions("GET", &list, None).await.expect(200);
    assert_eq!(list["items"], json!([]));
}

/// OM-5: an online meeting's interaction ends with its join line once, whatever
/// staff write; its kind and times are its meeting's. Deleting it cancels the
/// meeting first.
#[cfg(feature = "enterprise")]
#[tokio::test]
async fn an_online_meetings_interaction_stays_one() {
    let practice = Practice::open().await;
    let meeting = practice.met(&json!({})).await;
    let rest = format!("/{}", meeting.id);
    let read = practice.interaction(meeting.id).await;
    assert_eq!(
        read["type"],
        json!({ "name": "Online Meeting", "icon": "video" })
    );
    assert_eq!(
        read["online_meeting"],
        practice.read_meeting(&meeting).await
    );
    let line = format!("Join Teams Meeting: {}", meeting.join_url);
    assert!(read["notes"].as_str().unwrap().ends_with(&line), "{read}");
    for notes in [
        json!("Other words"),
        Value::Null,
        json!(format!("x\n{line}")),
    ] {
        let change = json!({ "notes": notes });
        let answer = practice.interactions("PATCH", &rest, Some(&change)).await;
        let changed = answer.expect(200);
        let text = changed["notes"].as_str().unwrap();
        assert!(text.ends_with(&line), "{text}");
        assert_eq!(text.matches("Join Teams Meeting").count(), 1, "{text}");
    }
    for (change, pointer) in [
        (json!({ "type": "Call" }), "/type"),
        (json!({ "duration_minutes": 5 }), "/start_time"),
    ] {
        let answer = practice.interactions("PATCH", &rest, Some(&change)).await;
        let refused = violations(&answer);
        assert_eq!(refused[0], (pointer.to_owned(), "not_allowed".to_owned()));
    }
    let answer = practice.interactions("DELETE", &rest, None).await;
    assert_eq!(answer.expect(200), json!({}));
    assert!(practice.on_calendar().is_empty());
    let answer = practice.interactions("GET", &rest, None).await;
    assert_eq!(answer.problem(404), "not_found");
    assert_eq!(practice.read_meeting(&meeting).await["status"], "cancelled");
}

/// OM-5: the types, the system's own first.
#[tokio::test]
async fn the_types_are_listed() {
    let practice = Practice::without_teams().await;
    let event = practice.staff("GET", "/api/v1/interaction-types", None);
    let types = practice.process.api(event).await.expect(200);
    assert_eq!(types["next_cursor"], Value::Null);
    let items = types["items"].as_array().unwrap();
    assert_eq!(
        items[0],
        json!({ "name": "Online Meeting", "icon": "video", "is_system": true })
    );
    assert!(items[1..].iter().all(|one| one["is_system"] == false));
    for one in &items[1..] {
        practice.logged(&json!({ "type": one["name"] })).await;
    }
}
