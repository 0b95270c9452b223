//! Lists and their cursors (XC-6).

use std::collections::BTreeSet;

use it::api::{ALL_SCOPES, Api};
use it::deployed::new_org;
use it::gateway::Event;
use it::process::Process;
use serde_json::{Value, json};

use crate::routes::{self, admin, text};

/// Every list, the id of its items, and a filter that it knows.
fn lists(org: &str) -> Vec<(String, &'static str, &'static str)> {
    vec![
        (
            format!("/api/v1/orgs/{org}/meetings"),
            "meeting_id",
            "provider=ics",
        ),
        (format!("/api/v1/orgs/{org}/controls"), "control_id", "q=c"),
        ("/api/v1/users".into(), "user_id", "active=true"),
        (
            "/api/v1/contacts".into(),
            "contact_id",
            "client_id=client-1",
        ),
        ("/api/v1/clients".into(), "client_id", "q=client"),
    ]
}

/// Seven of everything.
async fn filled(process: &Process) -> String {
    let org = new_org();
    for at in 0..7 {
        let mut meeting = routes::meeting();
        meeting["title"] = json!(format!("Review {at}"));
        meeting["provider"] = json!(if at % 2 == 0 { "ics" } else { "mock" });
        let path = format!("/api/v1/orgs/{org}/controls/c{at}/meetings");
        admin(process, &org, "POST", &path, Some(&meeting))
            .await
            .expect(201);
        let user = json!({ "name": format!("User {at}"), "active": at % 2 == 0 });
        admin(
            process,
            &org,
            "PUT",
            &format!("/api/v1/users/u{at}"),
            Some(&user),
        )
        .await
        .expect(201);
        let contact =
            json!({ "name": format!("Contact {at}"), "client_id": format!("client-{}", at % 2) });
        admin(
            process,
            &org,
            "PUT",
            &format!("/api/v1/contacts/k{at}"),
            Some(&contact),
        )
        .await
        .expect(201);
        let client = json!({ "name": format!("Client {at}") });
        admin(
            process,
            &org,
            "PUT",
            &format!("/api/v1/clients/client-{at}"),
            Some(&client),
        )
        .await
        .expect(201);
    }
    org
}

async fn page(process: &Process, org: &str, path: &str) -> Value {
    admin(process, org, "GET", path, None).await.expect(200)
}

/// Walks a list to its end; answers with its ids and the sizes of its pages.
async fn walk(
    process: &Process,
    org: &str,
    path: &str,
    query: &str,
    id: &str,
) -> (Vec<String>, Vec<usize>) {
    let (mut ids, mut sizes) = (vec![], vec![]);
    let mut cursor = String::new();
    loop {
        let page = page(process, org, &format!("{path}?{query}{cursor}")).await;
        let items = page["items"].as_array().unwrap();
        ids.extend(items.iter().map(|item| text(&item[id]).to_owned()));
        sizes.push(items.len());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (ids, sizes),
        }
        assert!(sizes.len() < 50, "{path} does not end");
    }
}

/// XC-6: whatever the page size, walking a list sees each item once.
#[tokio::test]
async fn walking_the_pages_sees_each_item_once() {
    let (process, _) = routes::process();
    let org = filled(&process).await;
    for (path, id, _) in lists(&org) {
        for limit in [1, 2, 3, 6, 7, 8, 100] {
            let (ids, sizes) = walk(&process, &org, &path, &format!("limit={limit}"), id).await;
            assert_eq!(ids.len(), 7, "{path} by {limit}");
            assert_eq!(
                ids.iter().collect::<BTreeSet<_>>().len(),
                7,
                "{path} by {limit}"
            );
            assert!(
                sizes.iter().all(|size| *size <= limit),
                "{path} by {limit}: {sizes:?}"
            );
        }
        assert_eq!(
            page(&process, &org, &path).await["next_cursor"],
            Value::Null,
            "25 is the default"
        );
    }
}

/// XC-6: a filtered page may be short and still have a cursor; all pages
/// together hold exactly what matches.
#[tokio::test]
async fn filtered_pages_may_be_short_but_miss_nothing() {
    let (process, _) = routes::process();
    let org = filled(&process).await;
    for (path, query, expected) in [
        (format!("/api/v1/orgs/{org}/meetings"), "provider=ics", 4),
        (format!("/api/v1/orgs/{org}/meetings"), "provider=graph", 0),
        (format!("/api/v1/orgs/{org}/controls"), "q=C3", 1),
        ("/api/v1/users".into(), "active=false", 3),
        ("/api/v1/users".into(), "q=uSeR%206", 1),
        ("/api/v1/contacts".into(), "client_id=client-1", 3),
        ("/api/v1/clients".into(), "q=Client%205", 1),
    ] {
        let id = if path.ends_with("meetings") {
            "created_at"
        } else {
            "version"
        };
        let mut found = 0;
        let mut cursor = String::new();
        loop {
            let page = page(&process, &org, &format!("{path}?{query}&limit=2{cursor}")).await;
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 2 && items.iter().all(|item| !item[id].is_null()));
            found += items.len();
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found, expected, "{path}?{query}");
    }
    let first = page(&process, &org, "/api/v1/users?q=user%206&limit=2").await;
    assert_eq!(first["items"], json!([]));
    assert!(first["next_cursor"].is_string());
}

/// XC-6: `limit` is 1 to 100.
#[tokio::test]
async fn a_limit_out_of_bounds_is_refused() {
    let ((process, _), org) = (routes::process(), new_org());
    for (path, ..) in lists(&org) {
        for limit in ["0", "101", "-1", "", "x", "1.5", "70000", "1&limit=2"] {
            let answer = admin(
                &process,
                &org,
                "GET",
                &format!("{path}?limit={limit}"),
                None,
            )
            .await;
            assert_eq!(answer.status, 400, "{path} {limit:?}");
        }
        for limit in ["1", "100"] {
            page(&process, &org, &format!("{path}?limit={limit}")).await;
        }
    }
}

/// XC-6: a cursor is what its own list gave, to the letter.
#[tokio::test]
async fn a_tampered_cursor_is_refused() {
    let (process, _) = routes::process();
    let org = filled(&process).await;
    let cursor =
        text(&page(&process, &org, "/api/v1/users?limit=2").await["next_cursor"]).to_owned();
    let mut forged: Vec<String> = (0..cursor.len())
        .map(|at| {
            let other = if cursor.as_bytes()[at] == b'A' {
                "B"
            } else {
                "A"
            };
            format!("{}{other}{}", &cursor[..at], &cursor[at + 1..])
        })
        .collect();
    forged.extend(
        (0..cursor.len())
            .step_by(7)
            .map(|at| cursor[..at].to_owned()),
    );
    forged.extend([
        "x".into(),
        format!("{cursor}A"),
        cursor.repeat(2),
        "A".repeat(5000),
    ]);
    for cursor in forged {
        let answer = admin(
            &process,
            &org,
            "GET",
            &format!("/api/v1/users?limit=2&cursor={cursor}"),
            None,
        )
        .await;
        assert_eq!(answer.problem(400), "invalid_cursor", "{cursor}");
    }
    // Another page size is no other list.
    page(
        &process,
        &org,
        &format!("/api/v1/users?limit=3&cursor={cursor}"),
    )
    .await;
}

/// XC-6: a cursor is bound to its route, its filters, its tenant and what its
/// caller may see.
#[tokio::test]
async fn a_cursor_belongs_to_its_list_alone() {
    let (process, _) = routes::process();
    let (org, other) = (filled(&process).await, filled(&process).await);
    let lists = lists(&org);
    for (path, _, filter) in &lists {
        let cursor =
            text(&page(&process, &org, &format!("{path}?limit=2")).await["next_cursor"]).to_owned();
        let mut elsewhere: Vec<_> = lists
            .iter()
            .map(|(path, ..)| path.clone())
            .filter(|other| other != path)
            .collect();
        elsewhere.push(format!("{path}?{filter}"));
        for place in elsewhere {
            let joint = if place.contains('?') { '&' } else { '?' };
            let answer = admin(
                &process,
                &org,
                "GET",
                &format!("{place}{joint}cursor={cursor}"),
                None,
            )
            .await;
            assert_eq!(
                answer.problem(400),
                "invalid_cursor",
                "of {path} at {place}"
            );
        }
        let theirs = format!("{}?cursor={cursor}", path.replace(&org, &other));
        let answer = admin(&process, &other, "GET", &theirs, None).await;
        assert_eq!(answer.problem(400), "invalid_cursor", "{theirs}");
        // Another internal user may see the same, and so go on.
        let event = Event::new("GET", &format!("{path}?cursor={cursor}"))
            .internal(&org, "u-other", ALL_SCOPES);
        process.api(event).await.expect(200);
    }
}

/// XC-6: the deployed API pages alike, and a cursor says nothing to its bearer.
#[tokio::test]
async fn the_deployed_api_pages() {
    let api = Api::admin(&new_org());
    for id in ["user-one", "user-three", "user-two"] {
        api.put(&format!("/api/v1/users/{id}"), &json!({ "name": id }))
            .await
            .expect(201);
    }
    let first = api.get("/api/v1/users?limit=2").await.expect(200);
    let cursor = text(&first["next_cursor"]);
    let second = api
        .get(&format!("/api/v1/users?limit=2&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert_eq!(second["next_cursor"], Value::Null);
    assert!(!cursor.contains("user-three") && !cursor.contains(&api.org));
}
