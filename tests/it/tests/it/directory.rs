//! The directory of people, its copies on meetings, its pickers (XC-14).

mod import;
mod tokens;

use it::office::Office;
use it::requests::{id_of, violations};
use serde_json::{Value, json};

/// XC-14: what was set is read, under the deployment's own ids.
#[tokio::test]
async fn people_and_clients_read_back_as_they_were_set() {
    let office = Office::open().await;
    let ann = json!({ "email": "Ann@Example.org", "name": "Ann", "timezone": "Europe/Berlin", "locale": "en-XA", "active": false });
    let put = office.put_user("auth0|ann", &ann).await;
    let made = put.expect(201);
    for (name, value) in ann.as_object().unwrap() {
        assert_eq!(made[name], *value, "{name}");
    }
    assert_eq!(
        office
            .send("GET", "/api/v1/users/auth0%7Cann", None)
            .await
            .expect(200),
        made
    );
    let replaced = office.put_user("auth0|ann", &json!({})).await.expect(200);
    assert_eq!(
        (
            &replaced["email"],
            &replaced["active"],
            &replaced["locale"],
            &replaced["version"]
        ),
        (&Value::Null, &json!(true), &json!("en"), &json!(2)),
        "a PUT sets the whole entry"
    );
    let contact = office
        .put_contact(
            "k",
            &json!({ "client_id": "globex", "email": "k@example.org" }),
        )
        .await
        .expect(201);
    assert_eq!(
        office
            .send("GET", "/api/v1/contacts/k", None)
            .await
            .expect(200),
        contact
    );
    office
        .send(
            "PUT",
            "/api/v1/clients/globex",
            Some(&json!({ "name": "Globex" })),
        )
        .await
        .expect(201);
    assert_eq!(
        office
            .send("GET", "/api/v1/clients/globex", None)
            .await
            .expect(200)["name"],
        "Globex"
    );
    for missing in ["/api/v1/users/x", "/api/v1/contacts/x", "/api/v1/clients/x"] {
        assert_eq!(
            office.send("GET", missing, None).await.problem(404),
            "not_found"
        );
    }
    let bad = office
        .put_user(
            "x",
            &json!({ "email": "x", "name": "", "timezone": "Mars", "locale": "xx" }),
        )
        .await;
    assert_eq!(violations(&bad).len(), 4);
    let stale = office
        .event("PUT", "/api/v1/users/auth0|ann", Some(&ann))
        .header("if-match", "\"1\"");
    assert_eq!(
        office.process.api(stale).await.problem(412),
        "version_mismatch"
    );
}

/// XC-14: an address is one entry's per kind, in any case, until it is given free.
#[tokio::test]
async fn an_address_is_unique_per_kind_in_any_case() {
    let office = Office::open().await;
    office
        .put_user("a", &json!({ "email": "Ann@Example.org" }))
        .await
        .expect(201);
    let taken = office
        .put_user("b", &json!({ "email": "aNN@example.ORG" }))
        .await;
    assert_eq!(taken.problem(409), "address_taken");
    assert_eq!(
        office
            .send("GET", "/api/v1/users/b", None)
            .await
            .problem(404),
        "not_found"
    );
    office
        .put_user("a", &json!({ "email": "ANN@example.org" }))
        .await
        .expect(200);
    let contact = |client: &str| json!({ "client_id": client, "email": "ann@example.org" });
    office.put_contact("k", &contact("c1")).await.expect(201);
    assert_eq!(
        office.put_contact("l", &contact("c2")).await.problem(409),
        "address_taken"
    );
    office
        .put_user("a", &json!({ "email": "new@example.org" }))
        .await
        .expect(200);
    office
        .put_user("b", &json!({ "email": "ann@example.org" }))
        .await
        .expect(201);
    let other = Office::open().await;
    other
        .put_user("a", &json!({ "email": "ann@example.org" }))
        .await
        .expect(201);
    // Of two who ask for one address at once, one gets it.
    let body = json!({ "email": "race@example.org" });
    let answers = futures_util::future::join_all(
        ["r1", "r2", "r3", "r4"].map(|id| office.put_user(id, &body)),
    )
    .await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
}

/// XC-14: names and addresses are copied onto meetings, and follow the
/// directory: reachable, renamed, unreachable again.
#[tokio::test]
async fn copies_on_meetings_follow_the_directory() {
    let office = Office::open().await;
    let stranger = json!({ "user_id": "ann", "role": "required" });
    let made = office
        .plan(
            "c",
            &json!({ "attendees": [stranger, { "email": "x@example.org", "name": "X" }] }),
        )
        .await;
    assert_eq!(made["unreachable_attendees"], json!([stranger]));
    assert_eq!(
        made["attendees"].as_array().map(Vec::len),
        Some(2),
        "the unknown one stays on the meeting"
    );
    let id = id_of(&made, "meeting_id");
    let other = id_of(
        &office.plan("d", &json!({ "attendees": [stranger] })).await,
        "meeting_id",
    );
    let gone = id_of(
        &office.plan("d", &json!({ "attendees": [stranger] })).await,
        "meeting_id",
    );
    office.delete(&gone).await.expect(200);
    office.work().await;

    for (entry, email, name) in [
        (
            json!({ "email": "ann@example.org", "name": "Ann" }),
            json!("ann@example.org"),
            json!("Ann"),
        ),
        (
            json!({ "email": "ann@example.org", "name": "Ann Archer" }),
            json!("ann@example.org"),
            json!("Ann Archer"),
        ),
        (
            json!({ "name": "Ann Archer" }),
            Value::Null,
            json!("Ann Archer"),
        ),
        (
            json!({ "email": "back@example.org", "name": "Ann Archer" }),
            json!("back@example.org"),
            json!("Ann Archer"),
        ),
    ] {
        let status = office.put_user("ann", &entry).await.status;
        assert!(status == 200 || status == 201);
        let events = office.work().await;
        assert_eq!(
            events
                .iter()
                .filter(|event| event["detail_type"] == "meeting.updated")
                .count(),
            2
        );
        for id in [&id, &other] {
            let read = office.meeting(id).await;
            assert_eq!(
                (
                    &read["attendees"][0]["email"],
                    &read["attendees"][0]["name"]
                ),
                (&email, &name)
            );
            let unreachable = read["unreachable_attendees"].as_array().map(Vec::len);
            assert_eq!(unreachable, Some(usize::from(email.is_null())));
        }
    }
    // What no meeting shows changes no meeting.
    let before = office.meeting(&id).await;
    office
        .put_user(
            "ann",
            &json!({ "email": "back@example.org", "name": "Ann Archer", "timezone": "Asia/Tokyo" }),
        )
        .await
        .expect(200);
    assert_eq!(office.work().await, Vec::<Value>::new());
    assert_eq!(office.meeting(&id).await, before);
    // A meeting made now has the copy from the start.
    let late = office
        .plan(
            "c",
            &json!({ "attendees": [{ "user_id": "ann", "role": "optional" }] }),
        )
        .await;
    assert_eq!(
        late["attendees"],
        json!([{ "user_id": "ann", "email": "back@example.org", "name": "Ann Archer", "role": "optional" }])
    );
}

/// XC-14: pickers by address in any case, by text, by activity, by client; page by page.
#[tokio::test]
async fn pickers_find_people_and_clients() {
    let office = Office::open().await;
    for n in 0..7 {
        let entry = json!({ "email": format!("User{n}@Example.org"), "name": format!("Person {n}"), "active": n % 2 == 0 });
        office.put_user(&format!("u-{n}"), &entry).await.expect(201);
        let entry = json!({ "client_id": format!("client-{}", n % 2), "email": format!("Contact{n}@Example.org"), "name": format!("ÄRGER {n}") });
        office
            .put_contact(&format!("k-{n}"), &entry)
            .await
            .expect(201);
        office
            .send(
                "PUT",
                &format!("/api/v1/clients/client-{n}"),
                Some(&json!({ "name": format!("Globex {n}") })),
            )
            .await
            .expect(201);
    }
    for (query, id, expected) in [
        ("users?email=uSER3@example.ORG", "user_id", vec!["u-3"]),
        (
            "users?email=user3@example.org&active=true",
            "user_id",
            vec![],
        ),
        ("users?email=contact3@example.org", "user_id", vec![]),
        ("users?email=nonsense", "user_id", vec![]),
        ("users?q=PERSON%205", "user_id", vec!["u-5"]),
        ("users?q=user6@ex", "user_id", vec!["u-6"]),
        ("users?q=u-1", "user_id", vec!["u-1"]),
        ("users?active=false", "user_id", vec!["u-1", "u-3", "u-5"]),
        (
            "users?active=true&q=person",
            "user_id",
            vec!["u-0", "u-2", "u-4", "u-6"],
        ),
        ("users?q=nobody", "user_id", vec![]),
        (
            "contacts?email=CONTACT4@example.org",
            "contact_id",
            vec!["k-4"],
        ),
        (
            "contacts?email=contact4@example.org&client_id=client-1",
            "contact_id",
            vec![],
        ),
        (
            "contacts?client_id=client-1",
            "contact_id",
            vec!["k-1", "k-3", "k-5"],
        ),
        (
            "contacts?client_id=client-0&q=%C3%A4rger%202",
            "contact_id",
            vec!["k-2"],
        ),
        ("clients?q=globex%206", "client_id", vec!["client-6"]),
    ] {
        for limit in [2, 100] {
            let found = office.list_all(&format!("/api/v1/{query}"), limit).await;
            let mut ids: Vec<_> = found.iter().map(|item| id_of(item, id)).collect();
            ids.sort();
            assert_eq!(ids, expected, "{query} by {limit}");
        }
    }
    assert_eq!(office.list_all("/api/v1/clients?q=", 3).await.len(), 7);
    let bad = office.send("GET", "/api/v1/users?active=maybe", None).await;
    assert_eq!(bad.problem(400), "invalid_query");
}
