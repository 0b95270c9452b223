//! What a caller's own token does to the directory (XC-14).

use std::sync::Arc;
use std::time::Duration;

use convoke_platform::http::{Access, ClaimNames, Edge, EdgeParts, Portal, Reply, Route};
use convoke_services::callers::KeepFresh;
use http::Method;
use it::api::{ALL_SCOPES, Answer};
use it::gateway::{Event, answer_of};
use it::office::Office;
use serde_json::{Value, json};

async fn calls_as(office: &Office, sub: &str, claims: &Value) {
    let mut all =
        json!({ "org_id": office.org, "sub": sub, "scope": ALL_SCOPES, "user_type": "internal" });
    all.as_object_mut()
        .unwrap()
        .extend(claims.as_object().unwrap().clone());
    let path = format!("/api/v1/orgs/{}/meeting-providers", office.org);
    office
        .process
        .api(Event::new("GET", &path).claims(&all))
        .await
        .expect(200);
}

async fn user(office: &Office, id: &str) -> Answer {
    office
        .send("GET", &format!("/api/v1/users/{id}"), None)
        .await
}

/// XC-14: a caller's token keeps their own name and verified e-mail fresh.
#[tokio::test]
async fn a_token_keeps_its_callers_entry_fresh() {
    let office = Office::open().await;
    let token = |name: &str, email: &str, verified: &str| json!({ "name": name, "email": email, "email_verified": verified });
    calls_as(&office, "ann", &token("Ann", "ann@example.org", "true")).await;
    let read = user(&office, "ann").await.expect(200);
    assert_eq!(
        (&read["name"], &read["email"], &read["active"]),
        (&json!("Ann"), &json!("ann@example.org"), &json!(true))
    );
    // The same again writes nothing.
    calls_as(&office, "ann", &token("Ann", "ann@example.org", "true")).await;
    assert_eq!(user(&office, "ann").await.expect(200), read);
    calls_as(
        &office,
        "ann",
        &token("Ann Archer", "archer@example.org", "true"),
    )
    .await;
    let read = user(&office, "ann").await.expect(200);
    assert_eq!(
        (&read["name"], &read["email"]),
        (&json!("Ann Archer"), &json!("archer@example.org"))
    );
    // Its old address is free, its new one is not.
    office
        .put_user("x", &json!({ "email": "ann@example.org" }))
        .await
        .expect(201);
    assert_eq!(
        office
            .put_user("y", &json!({ "email": "archer@example.org" }))
            .await
            .problem(409),
        "address_taken"
    );
}

/// XC-14: an unverified address is not taken, nor one that another entry holds;
/// what the directory says otherwise stays.
#[tokio::test]
async fn a_token_takes_no_unverified_and_nobody_elses_address() {
    let office = Office::open().await;
    let own = json!({ "email": "own@example.org", "name": "Old", "timezone": "Europe/Berlin", "active": false });
    office.put_user("ann", &own).await.expect(201);
    office
        .put_user("boss", &json!({ "email": "boss@example.org" }))
        .await
        .expect(201);
    for (n, (email, verified)) in [
        ("new@example.org", "false"),
        ("new@example.org", ""),
        ("BOSS@example.org", "true"),
        ("not an address", "true"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("Ann {n}");
        calls_as(
            &office,
            "ann",
            &json!({ "name": name, "email": email, "email_verified": verified }),
        )
        .await;
        let read = user(&office, "ann").await.expect(200);
        assert_eq!(
            (&read["email"], &read["name"]),
            (&json!("own@example.org"), &json!(name)),
            "{email}"
        );
        assert_eq!(
            (&read["timezone"], &read["active"]),
            (&own["timezone"], &own["active"])
        );
    }
    assert_eq!(
        user(&office, "boss").await.expect(200)["email"],
        "boss@example.org"
    );
    calls_as(&office, "nobody", &json!({ "email": "n@example.org" })).await;
    assert_eq!(
        user(&office, "nobody").await.problem(404),
        "not_found",
        "nothing verified, nothing noted"
    );
}

static PORTAL: &[Route<()>] = &[Route {
    method: Method::GET,
    path: "/portal",
    operation: "visit",
    access: Access::Permission("portal:visit", Portal::Own),
    handler: |_, _| Box::pin(std::future::ready(Ok(Reply::ok(&json!({}))))),
}];

/// XC-14: a portal user's token freshens a contact that exists, never makes one
/// and never sets its client.
#[tokio::test]
async fn a_portal_token_freshens_its_contact_only_where_it_exists() {
    let office = Office::open().await;
    office
        .put_contact(
            "cleo",
            &json!({ "client_id": "globex", "name": "C", "email": "c@example.org" }),
        )
        .await
        .expect(201);
    office
        .put_contact(
            "dave",
            &json!({ "client_id": "globex", "email": "dave@example.org" }),
        )
        .await
        .expect(201);
    let parts = EdgeParts {
        store: office.process.store.clone(),
        ports: office.process.ports.clone(),
        claims: ClaimNames::default(),
        timeout: Duration::from_secs(29),
        hook: Some(Arc::new(KeepFresh::new(office.process.core.clone()))),
    };
    let edge = Edge::new(parts, Arc::new(()), PORTAL).unwrap();
    for (contact, email) in [
        ("cleo", "cleo@example.org"),
        ("cleo", "DAVE@example.org"),
        ("stranger", "s@example.org"),
    ] {
        let claims = json!({ "org_id": office.org, "sub": contact, "scope": "portal:visit", "user_type": "portal",
            "portal_client_id": "another-client", "portal_contact_id": contact, "name": "Fresh", "email": email,
            "email_verified": "true" });
        let event = Event::new("GET", "/portal").claims(&claims);
        answer_of(edge.handle(event.into_request()).await).expect(200);
    }
    let read = office
        .send("GET", "/api/v1/contacts/cleo", None)
        .await
        .expect(200);
    assert_eq!(
        (&read["name"], &read["email"], &read["client_id"]),
        (
            &json!("Fresh"),
            &json!("cleo@example.org"),
            &json!("globex")
        )
    );
    assert_eq!(
        office
            .send("GET", "/api/v1/contacts/stranger", None)
            .await
            .problem(404),
        "not_found"
    );
    assert_eq!(
        user(&office, "cleo").await.problem(404),
        "not_found",
        "a contact is no user"
    );
}
