//! The bulk import (XC-14).

use it::api::Api;
use it::deployed::new_org;
use it::office::Office;
use it::requests::{id_of, violations};
use serde_json::{Value, json};

/// XC-14: an import answers entry by entry; a bad one is refused alone.
#[tokio::test]
async fn an_import_answers_entry_by_entry() {
    let office = Office::open().await;
    office
        .put_user("held", &json!({ "email": "held@example.org" }))
        .await
        .expect(201);
    let body = json!({
        "users": [
            { "user_id": "a", "email": "a@example.org", "name": "A" },
            { "user_id": "b", "email": "nonsense" },
            { "user_id": "held", "email": "held@example.org", "active": false },
            { "user_id": "c", "email": "HELD@example.org" },
            { "user_id": "d", "colour": "red" },
            { "email": "nobody@example.org" },
            { "user_id": "has space" },
            { "user_id": "e" },
        ],
        "contacts": [{ "contact_id": "k", "client_id": "globex", "email": "k@example.org" }, { "contact_id": "l" },
            { "contact_id": "m", "client_id": "bad client" }],
    });
    let done = office
        .send("POST", "/api/v1/directory/import", Some(&body))
        .await
        .expect(200);
    let results = |kind: &str| -> Vec<(String, String)> {
        let entries = done[kind].as_array().unwrap().iter();
        entries
            .map(|entry| (id_of(entry, "id"), id_of(entry, "result")))
            .collect()
    };
    let pair = |id: &str, result: &str| (id.to_owned(), result.to_owned());
    assert_eq!(
        results("users"),
        [
            pair("a", "created"),
            pair("b", "refused"),
            pair("held", "updated"),
            pair("c", "refused"),
            pair("d", "refused"),
            pair("", "refused"),
            pair("has space", "refused"),
            pair("e", "created")
        ]
    );
    assert_eq!(
        results("contacts"),
        [
            pair("k", "created"),
            pair("l", "refused"),
            pair("m", "refused")
        ]
    );
    assert_eq!(done["users"][1]["errors"][0]["pointer"], "/email");
    assert_eq!(done["users"][3]["code"], "address_taken");
    assert_eq!(done["users"][4]["errors"][0]["pointer"], "/colour");
    assert_eq!(done["users"][5]["errors"][0]["pointer"], "/user_id");
    assert_eq!(
        office
            .send("GET", "/api/v1/users/held", None)
            .await
            .expect(200)["active"],
        false
    );
    let many = |count: usize| json!({ "users": (0..count).map(|n| json!({ "user_id": format!("u{n}") })).collect::<Vec<_>>() });
    let refused = office
        .send("POST", "/api/v1/directory/import", Some(&many(1_001)))
        .await;
    assert_eq!(violations(&refused), [("/users".into(), "too_many".into())]);
}

fn import_body(count: usize) -> Value {
    let entry = |n: usize, kind: &str| {
        json!({ kind: format!("{kind}-{n}"), "email": format!("p{n}@example.org"),
        "name": format!("Person {n}"), "timezone": "Europe/Berlin" })
    };
    let contact = |n: usize| {
        let mut contact = entry(n, "contact_id");
        contact["client_id"] = json!("globex");
        contact
    };
    json!({ "users": (0..count).map(|n| entry(n, "user_id")).collect::<Vec<_>>(),
        "contacts": (0..count).map(contact).collect::<Vec<_>>() })
}

fn check_import(done: &Value, count: usize, result: &str) {
    for kind in ["users", "contacts"] {
        let entries = done[kind].as_array().unwrap();
        assert_eq!(entries.len(), count);
        assert!(
            entries.iter().all(|entry| entry["result"] == result),
            "{kind}"
        );
    }
}

/// XC-14: 1,000 users and 1,000 contacts go in with one call.
#[tokio::test]
async fn a_full_import_goes_through_in_one_call() {
    let office = Office::open().await;
    let began = std::time::Instant::now();
    let done = office
        .send(
            "POST",
            "/api/v1/directory/import",
            Some(&import_body(1_000)),
        )
        .await
        .expect(200);
    println!("2,000 entries imported in {:?}", began.elapsed());
    check_import(&done, 1_000, "created");
    assert_eq!(
        office.list_all("/api/v1/users?q=person", 100).await.len(),
        1_000
    );
    assert_eq!(
        office
            .list_all("/api/v1/contacts?client_id=globex", 100)
            .await
            .len(),
        1_000
    );
    let found = office
        .list_all("/api/v1/users?email=P999@example.org", 1)
        .await;
    assert_eq!(found[0]["user_id"], "user_id-999");
}

/// XC-14: an import through the gateway, done twice, changes what is there.
#[tokio::test]
async fn a_deployed_import_can_be_repeated() {
    let api = Api::admin(&new_org());
    for result in ["created", "updated"] {
        let done = api
            .post("/api/v1/directory/import", &import_body(50))
            .await
            .expect(200);
        check_import(&done, 50, result);
    }
}
