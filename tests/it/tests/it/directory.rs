//! The directory of people, its copies on meetings, its pickers (XC-14).

use std::sync::Arc;
use std::time::Duration;

use convoke_domain::error::Error;
use convoke_platform::http::{Access, Call, ClaimNames, Edge, EdgeParts, Portal, Reply, Route};
use convoke_services::callers::KeepFresh;
use http::Method;
use it::api::{ALL_SCOPES, Answer, Api};
use it::deployed::new_org;
use it::gateway::{Event, answer_of};
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
    assert_eq!(office.send("GET", "/api/v1/users/auth0%7Cann", None).await.expect(200), made);
    let replaced = office.put_user("auth0|ann", &json!({})).await.expect(200);
    assert_eq!((&replaced["email"], &replaced["active"], &replaced["locale"], &replaced["version"]),
        (&Value::Null, &json!(true), &json!("en"), &json!(2)), "a PUT sets the whole entry");
    let contact = office.put_contact("k", &json!({ "client_id": "globex", "email": "k@example.org" })).await.expect(201);
    assert_eq!(office.send("GET", "/api/v1/contacts/k", None).await.expect(200), contact);
    office.send("PUT", "/api/v1/clients/globex", Some(&json!({ "name": "Globex" }))).await.expect(201);
    assert_eq!(office.send("GET", "/api/v1/clients/globex", None).await.expect(200)["name"], "Globex");
    for missing in ["/api/v1/users/x", "/api/v1/contacts/x", "/api/v1/clients/x"] {
        assert_eq!(office.send("GET", missing, None).await.problem(404), "not_found");
    }
    let bad = office.put_user("x", &json!({ "email": "x", "name": "", "timezone": "Mars", "locale": "xx" })).await;
    assert_eq!(violations(&bad).len(), 4);
    let stale = office.event("PUT", "/api/v1/users/auth0|ann", Some(&ann)).header("if-match", "\"1\"");
    assert_eq!(office.process.api(stale).await.problem(412), "version_mismatch");
}

/// XC-14: an address is one entry's per kind, in any case, until it is given free.
#[tokio::test]
async fn an_address_is_unique_per_kind_in_any_case() {
    let office = Office::open().await;
    office.put_user("a", &json!({ "email": "Ann@Example.org" })).await.expect(201);
    let taken = office.put_user("b", &json!({ "email": "aNN@example.ORG" })).await;
    assert_eq!(taken.problem(409), "address_taken");
    assert_eq!(office.send("GET", "/api/v1/users/b", None).await.problem(404), "not_found");
    office.put_user("a", &json!({ "email": "ANN@example.org" })).await.expect(200);
    let contact = |client: &str| json!({ "client_id": client, "email": "ann@example.org" });
    office.put_contact("k", &contact("c1")).await.expect(201);
    assert_eq!(office.put_contact("l", &contact("c2")).await.problem(409), "address_taken");
    office.put_user("a", &json!({ "email": "new@example.org" })).await.expect(200);
    office.put_user("b", &json!({ "email": "ann@example.org" })).await.expect(201);
    let other = Office::open().await;
    other.put_user("a", &json!({ "email": "ann@example.org" })).await.expect(201);
    // Of two who ask for one address at once, one gets it.
    let body = json!({ "email": "race@example.org" });
    let answers = futures_util::future::join_all(["r1", "r2", "r3", "r4"].map(|id| office.put_user(id, &body))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
}

async fn calls_as(office: &Office, sub: &str, claims: &Value) {
    let mut all = json!({ "org_id": office.org, "sub": sub, "scope": ALL_SCOPES, "user_type": "internal" });
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    let path = format!("/api/v1/orgs/{}/meeting-providers", office.org);
    office.process.api(Event::new("GET", &path).claims(&all)).await.expect(200);
}

async fn user(office: &Office, id: &str) -> Answer {
    office.send("GET", &format!("/api/v1/users/{id}"), None).await
}

/// XC-14: a caller's token keeps their own name and verified e-mail fresh.
#[tokio::test]
async fn a_token_keeps_its_callers_entry_fresh() {
    let office = Office::open().await;
    let token = |name: &str, email: &str, verified: &str| json!({ "name": name, "email": email, "email_verified": verified });
    calls_as(&office, "ann", &token("Ann", "ann@example.org", "true")).await;
    let read = user(&office, "ann").await.expect(200);
    assert_eq!((&read["name"], &read["email"], &read["active"]), (&json!("Ann"), &json!("ann@example.org"), &json!(true)));
    // The same again writes nothing.
    calls_as(&office, "ann", &token("Ann", "ann@example.org", "true")).await;
    assert_eq!(user(&office, "ann").await.expect(200), read);
    calls_as(&office, "ann", &token("Ann Archer", "archer@example.org", "true")).await;
    let read = user(&office, "ann").await.expect(200);
    assert_eq!((&read["name"], &read["email"]), (&json!("Ann Archer"), &json!("archer@example.org")));
    // Its old address is free, its new one is not.
    office.put_user("x", &json!({ "email": "ann@example.org" })).await.expect(201);
    assert_eq!(office.put_user("y", &json!({ "email": "archer@example.org" })).await.problem(409), "address_taken");
}

/// XC-14: an unverified address is not taken, nor one that another entry holds;
/// what the directory says otherwise stays.
#[tokio::test]
async fn a_token_takes_no_unverified_and_nobody_elses_address() {
    let office = Office::open().await;
    let own = json!({ "email": "own@example.org", "name": "Old", "timezone": "Europe/Berlin", "active": false });
    office.put_user("ann", &own).await.expect(201);
    office.put_user("boss", &json!({ "email": "boss@example.org" })).await.expect(201);
    for (n, (email, verified)) in [("new@example.org", "false"), ("new@example.org", ""), ("BOSS@example.org", "true"),
        ("not an address", "true")].into_iter().enumerate() {
        let name = format!("Ann {n}");
        calls_as(&office, "ann", &json!({ "name": name, "email": email, "email_verified": verified })).await;
        let read = user(&office, "ann").await.expect(200);
        assert_eq!((&read["email"], &read["name"]), (&json!("own@example.org"), &json!(name)), "{email}");
        assert_eq!((&read["timezone"], &read["active"]), (&own["timezone"], &own["active"]));
    }
    assert_eq!(user(&office, "boss").await.expect(200)["email"], "boss@example.org");
    calls_as(&office, "nobody", &json!({ "email": "n@example.org" })).await;
    assert_eq!(user(&office, "nobody").await.problem(404), "not_found", "nothing verified, nothing noted");
}

static PORTAL: &[Route<()>] = &[Route {
    method: Method::GET,
    path: "/portal",
    operation: "visit",
    access: Access::Permission("portal:visit", Portal::Own),
    handler: |(), call| Box::pin(visit(call)),
}];

async fn visit(_: Call) -> Result<Reply, Error> {
    Ok(Reply::ok(&json!({})))
}

/// XC-14: a portal user's token freshens a contact that exists, never makes one
/// and never sets its client.
#[tokio::test]
async fn a_portal_token_freshens_its_contact_only_where_it_exists() {
    let office = Office::open().await;
    office.put_contact("cleo", &json!({ "client_id": "globex", "name": "C", "email": "c@example.org" })).await.expect(201);
    office.put_contact("dave", &json!({ "client_id": "globex", "email": "dave@example.org" })).await.expect(201);
    let parts = EdgeParts {
        store: office.process.store.clone(),
        ports: office.process.ports.clone(),
        claims: ClaimNames::default(),
        timeout: Duration::from_secs(29),
        hook: Some(Arc::new(KeepFresh::new(office.process.core.clone()))),
    };
    let edge = Edge::new(parts, Arc::new(()), PORTAL).unwrap();
    for (contact, email) in [("cleo", "cleo@example.org"), ("cleo", "DAVE@example.org"), ("stranger", "s@example.org")] {
        let claims = json!({ "org_id": office.org, "sub": contact, "scope": "portal:visit", "user_type": "portal",
            "portal_client_id": "another-client", "portal_contact_id": contact, "name": "Fresh", "email": email,
            "email_verified": "true" });
        let event = Event::new("GET", "/portal").claims(&claims);
        answer_of(edge.handle(event.into_request()).await).expect(200);
    }
    let read = office.send("GET", "/api/v1/contacts/cleo", None).await.expect(200);
    assert_eq!((&read["name"], &read["email"], &read["client_id"]),
        (&json!("Fresh"), &json!("cleo@example.org"), &json!("globex")));
    assert_eq!(office.send("GET", "/api/v1/contacts/stranger", None).await.problem(404), "not_found");
    assert_eq!(user(&office, "cleo").await.problem(404), "not_found", "a contact is no user");
}

/// XC-14: names and addresses are copied onto meetings, and follow the
/// directory: reachable, renamed, unreachable again.
#[tokio::test]
async fn copies_on_meetings_follow_the_directory() {
    let office = Office::open().await;
    let stranger = json!({ "user_id": "ann", "role": "required" });
    let made = office.plan("c", &json!({ "attendees": [stranger, { "email": "x@example.org", "name": "X" }] })).await;
    assert_eq!(made["unreachable_attendees"], json!([stranger]));
    assert_eq!(made["attendees"].as_array().map(Vec::len), Some(2), "the unknown one stays on the meeting");
    let id = id_of(&made, "meeting_id");
    let other = id_of(&office.plan("d", &json!({ "attendees": [stranger] })).await, "meeting_id");
    let gone = id_of(&office.plan("d", &json!({ "attendees": [stranger] })).await, "meeting_id");
    office.delete(&gone).await.expect(200);
    office.work().await;

    for (entry, email, name) in [
        (json!({ "email": "ann@example.org", "name": "Ann" }), json!("ann@example.org"), json!("Ann")),
        (json!({ "email": "ann@example.org", "name": "Ann Archer" }), json!("ann@example.org"), json!("Ann Archer")),
        (json!({ "name": "Ann Archer" }), Value::Null, json!("Ann Archer")),
        (json!({ "email": "back@example.org", "name": "Ann Archer" }), json!("back@example.org"), json!("Ann Archer")),
    ] {
        let status = office.put_user("ann", &entry).await.status;
        assert!(status == 200 || status == 201);
        let events = office.work().await;
        assert_eq!(events.iter().filter(|event| event["detail_type"] == "meeting.updated").count(), 2);
        for id in [&id, &other] {
            let read = office.meeting(id).await;
            assert_eq!((&read["attendees"][0]["email"], &read["attendees"][0]["name"]), (&email, &name));
            let unreachable = read["unreachable_attendees"].as_array().map(Vec::len);
            assert_eq!(unreachable, Some(usize::from(email.is_null())));
        }
    }
    // What no meeting shows changes no meeting.
    let before = office.meeting(&id).await;
    office.put_user("ann", &json!({ "email": "back@example.org", "name": "Ann Archer", "timezone": "Asia/Tokyo" })).await.expect(200);
    assert_eq!(office.work().await, Vec::<Value>::new());
    assert_eq!(office.meeting(&id).await, before);
    // A meeting made now has the copy from the start.
    let late = office.plan("c", &json!({ "attendees": [{ "user_id": "ann", "role": "optional" }] })).await;
    assert_eq!(late["attendees"], json!([{ "user_id": "ann", "email": "back@example.org", "name": "Ann Archer", "role": "optional" }]));
}

/// XC-14: pickers by address in any case, by text, by activity, by client; page by page.
#[tokio::test]
async fn pickers_find_people_and_clients() {
    let office = Office::open().await;
    for n in 0..7 {
        let entry = json!({ "email": format!("User{n}@Example.org"), "name": format!("Person {n}"), "active": n % 2 == 0 });
        office.put_user(&format!("u-{n}"), &entry).await.expect(201);
        let entry = json!({ "client_id": format!("client-{}", n % 2), "email": format!("Contact{n}@Example.org"), "name": format!("ÄRGER {n}") });
        office.put_contact(&format!("k-{n}"), &entry).await.expect(201);
        office.send("PUT", &format!("/api/v1/clients/client-{n}"), Some(&json!({ "name": format!("Globex {n}") }))).await.expect(201);
    }
    for (query, id, expected) in [
        ("users?email=uSER3@example.ORG", "user_id", vec!["u-3"]),
        ("users?email=user3@example.org&active=true", "user_id", vec![]),
        ("users?email=contact3@example.org", "user_id", vec![]),
        ("users?email=nonsense", "user_id", vec![]),
        ("users?q=PERSON%205", "user_id", vec!["u-5"]),
        ("users?q=user6@ex", "user_id", vec!["u-6"]),
        ("users?q=u-1", "user_id", vec!["u-1"]),
        ("users?active=false", "user_id", vec!["u-1", "u-3", "u-5"]),
        ("users?active=true&q=person", "user_id", vec!["u-0", "u-2", "u-4", "u-6"]),
        ("users?q=nobody", "user_id", vec![]),
        ("contacts?email=CONTACT4@example.org", "contact_id", vec!["k-4"]),
        ("contacts?email=contact4@example.org&client_id=client-1", "contact_id", vec![]),
        ("contacts?client_id=client-1", "contact_id", vec!["k-1", "k-3", "k-5"]),
        ("contacts?client_id=client-0&q=%C3%A4rger%202", "contact_id", vec!["k-2"]),
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

/// XC-14: an import answers entry by entry; a bad one is refused alone.
#[tokio::test]
async fn an_import_answers_entry_by_entry() {
    let office = Office::open().await;
    office.put_user("held", &json!({ "email": "held@example.org" })).await.expect(201);
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
    let done = office.send("POST", "/api/v1/directory/import", Some(&body)).await.expect(200);
    let results = |kind: &str| -> Vec<(String, String)> {
        let entries = done[kind].as_array().unwrap().iter();
        entries.map(|entry| (id_of(entry, "id"), id_of(entry, "result"))).collect()
    };
    let pair = |id: &str, result: &str| (id.to_owned(), result.to_owned());
    assert_eq!(results("users"), [pair("a", "created"), pair("b", "refused"), pair("held", "updated"), pair("c", "refused"),
        pair("d", "refused"), pair("", "refused"), pair("has space", "refused"), pair("e", "created")]);
    assert_eq!(results("contacts"), [pair("k", "created"), pair("l", "refused"), pair("m", "refused")]);
    assert_eq!(done["users"][1]["errors"][0]["pointer"], "/email");
    assert_eq!(done["users"][3]["code"], "address_taken");
    assert_eq!(done["users"][4]["errors"][0]["pointer"], "/colour");
    assert_eq!(done["users"][5]["errors"][0]["pointer"], "/user_id");
    assert_eq!(user(&office, "held").await.expect(200)["active"], false);
    let many = |count: usize| json!({ "users": (0..count).map(|n| json!({ "user_id": format!("u{n}") })).collect::<Vec<_>>() });
    let refused = office.send("POST", "/api/v1/directory/import", Some(&many(1_001))).await;
    assert_eq!(violations(&refused), [("/users".into(), "too_many".into())]);
}

/// XC-14: 1,000 users and 1,000 contacts in one call, through the gateway and
/// within the function's time.
#[tokio::test]
async fn a_full_import_goes_through_in_one_call() {
    let api = Api::admin(&new_org());
    let person = |n: usize| json!({ "email": format!("p{n}@example.org"), "name": format!("Person {n}"), "timezone": "Europe/Berlin" });
    let with = |n: usize, fields: Value| {
        let mut entry = person(n);
        entry.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        entry
    };
    let body = json!({
        "users": (0..1_000).map(|n| with(n, json!({ "user_id": format!("u-{n}") }))).collect::<Vec<_>>(),
        "contacts": (0..1_000).map(|n| with(n, json!({ "contact_id": format!("k-{n}"), "client_id": "globex" }))).collect::<Vec<_>>(),
    });
    let began = std::time::Instant::now();
    let answer = api.post("/api/v1/directory/import", &body).await;
    println!("2,000 entries imported in {:?}: {}", began.elapsed(), answer.status);
    let done = answer.expect(200);
    for kind in ["users", "contacts"] {
        let entries = done[kind].as_array().unwrap();
        assert_eq!(entries.len(), 1_000);
        assert!(entries.iter().all(|entry| entry["result"] == "created"), "{kind}");
    }
    assert_eq!(api.get("/api/v1/users?email=P999@example.org").await.expect(200)["items"][0]["user_id"], "u-999");
}
