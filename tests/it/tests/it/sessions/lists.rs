//! Whose sessions are listed to whom (IV-1, XC-6).

use it::gateway::Event;
use it::practice::{CLIENT, CONTACT, GUEST, HOST, OTHER_TECHNICIAN, Practice, TECHNICIAN};
use serde_json::{Value, json};

use super::practice;

const LIST: &str = "/api/v1/meetings";

/// A week of sessions: the host's own with nobody, with Tess, with the contact,
/// and one that Tess hosts for Tom.
async fn week() -> Practice {
    let practice = practice().await;
    for (day, title, invitees) in [
        (1, "alone", json!({})),
        (2, "with Tess", json!({ "user_ids": [TECHNICIAN] })),
        (
            3,
            "with Ada",
            json!({ "contact_ids": [CONTACT], "emails": [GUEST] }),
        ),
    ] {
        let start = format!("2026-12-0{day}T09:00");
        practice
            .planned(&json!({ "title": title, "start": start, "invitees": invitees }))
            .await;
    }
    let body = Practice::session_plan(&json!({ "title": "of Tess", "start": "2026-12-04T09:00",
        "invitees": { "user_ids": [OTHER_TECHNICIAN] } }));
    let event = practice.colleague(TECHNICIAN, "POST", LIST, Some(&body));
    practice.process.api(event).await.expect(201);
    practice.work().await;
    practice
}

fn titles(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|one| one["title"].as_str().unwrap()).collect()
}

async fn listed(practice: &Practice, user: &str, query: &str) -> Value {
    let event = practice.colleague(user, "GET", &format!("{LIST}{query}"), None);
    practice.process.api(event).await.expect(200)
}

/// IV-1: everybody sees what they host or are invited to, by start.
#[tokio::test]
async fn everybody_lists_what_they_are_part_of() {
    let practice = week().await;
    for (user, expected) in [
        (HOST, &["alone", "with Tess", "with Ada"][..]),
        (TECHNICIAN, &["with Tess", "of Tess"]),
        (OTHER_TECHNICIAN, &["of Tess"]),
        ("stranger", &[]),
        (CONTACT, &[]),
    ] {
        let list = listed(&practice, user, "").await;
        assert_eq!(titles(&list), expected, "{user}");
    }
    let list = practice
        .process
        .api(practice.contact("GET", LIST, None))
        .await;
    assert_eq!(titles(&list.expect(200)), ["with Ada"]);
    for (client, contact) in [(CLIENT, "contact-2"), ("client-2", CONTACT)] {
        let event =
            Event::new("GET", LIST).portal(&practice.org, "p", "meetings:admin", client, contact);
        let list = practice.process.api(event).await.expect(200);
        assert_eq!(titles(&list), [""; 0], "{client} {contact}");
    }
}

/// IV-1, XC-2: all of the organisation are for who manages all.
#[tokio::test]
async fn only_who_manages_all_lists_all() {
    let practice = week().await;
    let path = format!("{LIST}?all=true");
    let refused = practice
        .process
        .api(practice.host("GET", &path, None))
        .await;
    assert_eq!(refused.problem(403), "permission_missing");
    let portal =
        Event::new("GET", &path).portal(&practice.org, "p", "meetings:admin", CLIENT, CONTACT);
    assert_eq!(
        practice.process.api(portal).await.problem(403),
        "permission_missing"
    );
    let admin = |query: &str| {
        let path = format!("{LIST}{query}");
        Event::new("GET", &path).internal(&practice.org, "boss", "meetings:admin")
    };
    let list = practice.process.api(admin("?all=true")).await.expect(200);
    assert_eq!(titles(&list), ["alone", "with Tess", "with Ada", "of Tess"]);
    let own = practice.process.api(admin("")).await.expect(200);
    assert_eq!(titles(&own), [""; 0]);
}

/// XC-6: filters by status and time.
#[tokio::test]
async fn lists_are_filtered() {
    let practice = week().await;
    let list = listed(&practice, HOST, "").await;
    let id = list["items"][1]["meeting_id"].as_str().unwrap();
    practice
        .session("POST", id, "/cancel", None)
        .await
        .expect(200);
    for (query, expected) in [
        ("?status=cancelled", &["with Tess"][..]),
        ("?status=scheduled", &["alone", "with Ada"]),
        ("?status=ended", &[]),
        ("?from=2026-12-02", &["with Tess", "with Ada"]),
        ("?to=2026-12-02", &["alone"]),
        ("?from=2026-12-01T08:00:01Z&to=2026-12-03", &["with Tess"]),
        (
            "?from=2026-12-01T08:00:00Z&to=2026-12-02T08:00:00Z",
            &["alone"],
        ),
        ("?from=2026-12-03&to=2026-12-01", &[]),
        ("?from=2026-12-01&to=2026-12-01", &[]),
        ("?from=9999-12-31", &[]),
    ] {
        assert_eq!(
            titles(&listed(&practice, HOST, query).await),
            expected,
            "{query}"
        );
    }
    for query in [
        "?status=gone",
        "?from=soon",
        "?all=maybe",
        "?limit=0",
        "?limit=101",
    ] {
        let event = practice.host("GET", &format!("{LIST}{query}"), None);
        assert_eq!(practice.process.api(event).await.status, 400, "{query}");
    }
}

/// XC-6: page by page everything comes once, in order; another's cursor, another
/// list's and a forged one are refused.
#[tokio::test]
async fn lists_are_read_page_by_page() {
    let practice = week().await;
    let (mut seen, mut query) = (vec![], "?limit=1".to_owned());
    let mut cursors = vec![];
    loop {
        let page = listed(&practice, HOST, &query).await;
        seen.extend(titles(&page).into_iter().map(str::to_owned));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        query = format!("?limit=1&cursor={cursor}");
        cursors.push(cursor.to_owned());
        assert!(cursors.len() < 10, "without end");
    }
    assert_eq!(seen, ["alone", "with Tess", "with Ada"]);
    let cursor = &cursors[0];
    for (user, query) in [
        (TECHNICIAN, format!("?limit=1&cursor={cursor}")),
        (HOST, format!("?limit=1&status=scheduled&cursor={cursor}")),
        (HOST, "?limit=1&cursor=forged".to_owned()),
    ] {
        let event = practice.colleague(user, "GET", &format!("{LIST}{query}"), None);
        let refused = practice.process.api(event).await;
        assert_eq!(refused.problem(400), "invalid_cursor", "{user} {query}");
    }
    let other = practice.contact("GET", &format!("{LIST}?limit=1&cursor={cursor}"), None);
    assert_eq!(
        practice.process.api(other).await.problem(400),
        "invalid_cursor"
    );
}
