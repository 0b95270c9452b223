//! Asking for an appointment, as its client and as staff for them.

use it::practice::{CLIENT, CONTACT, CONTACT_EMAIL, Practice, TECHNICIAN, request_id};
use it::requests::violations;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/appointment-requests";

/// A wish without whom it is for; `fields` replace or add, `null` takes away.
fn wish(fields: &Value) -> Value {
    let mut body = Practice::wish(fields);
    body.as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    body
}

/// AP-1, XC-2: what a portal user says of themselves counts for nothing: token
/// and directory say who asks, whatever the body names.
#[tokio::test]
async fn a_portal_users_client_contact_and_name_come_from_token_and_directory() {
    let practice = Practice::without_teams().await;
    let theirs = json!({ "client_id": "client-2", "email": "eve@other.example", "name": "Eve" });
    practice.put("/api/v1/contacts/contact-2", &theirs).await;
    for said in [
        json!({}),
        json!({ "client_id": "client-2", "contact_id": "contact-2",
            "requester": { "name": "Eve", "email": "eve@other.example" } }),
        json!({ "client_id": "nobody", "contact_id": "nobody", "requester": { "email": "x@y.example" } }),
    ] {
        let answer = practice
            .process
            .approval(practice.portal("POST", PATH, Some(&wish(&said))))
            .await;
        let made = answer.expect(201);
        let id = request_id(&made);
        assert_eq!(
            answer.header("location"),
            Some(format!("{PATH}/{id}").as_str())
        );
        assert_eq!(answer.header("etag"), Some("\"1\""));
        assert_eq!(
            (&made["client_id"], &made["contact_id"]),
            (&json!(CLIENT), &json!(CONTACT))
        );
        assert_eq!(
            made["requester"],
            json!({ "name": "Ada Client", "email": CONTACT_EMAIL })
        );
        assert_eq!(made["status"], "pending");
        assert_eq!(made["preferred_assigned_user_id"], TECHNICIAN);
        assert_eq!(
            (&made["start"], &made["end"]),
            (
                &json!("2026-12-01T08:00:00Z"),
                &json!("2026-12-01T09:00:00Z")
            )
        );
        let mut read = practice.read(&id).await;
        // Staff see more; of the rest each column reads back.
        for (name, value) in made.as_object().unwrap() {
            assert_eq!(read[name].take(), *value, "{name}");
        }
    }
}

/// XC-2: a contact whom no directory knows is who their token says they are, and
/// an address that the token does not vouch for is nobody's.
#[tokio::test]
async fn an_unknown_portal_user_is_who_the_token_says() {
    let practice = Practice::without_teams().await;
    for (verified, email) in [
        ("true", json!("zoe@client.example")),
        ("false", Value::Null),
    ] {
        let claims = json!({ "org_id": practice.org, "sub": format!("portal-{verified}"), "scope": "appointments:request",
            "user_type": "portal", "portal_client_id": "client-9", "portal_contact_id": format!("contact-{verified}"),
            "name": "Zoe", "email": "zoe@client.example", "email_verified": verified });
        let said = wish(&json!({ "requester": { "name": "Eve", "email": "eve@other.example" } }));
        let event = practice.portal("POST", PATH, Some(&said)).claims(&claims);
        let made = practice.process.approval(event).await.expect(201);
        assert_eq!(made["client_id"], "client-9");
        assert_eq!(
            made["requester"],
            json!({ "name": "Zoe", "email": email }),
            "{verified}"
        );
    }
}

/// AP-1, OM-5: for staff a lone contact brings its client, and the directory's
/// name and address go before what was typed.
#[tokio::test]
async fn staff_name_a_contact_and_its_client_comes_with_it() {
    let practice = Practice::without_teams().await;
    let typed = json!({ "contact_id": CONTACT, "requester": { "name": "Typed", "email": "typed@x.example" } });
    for fields in [typed, json!({ "contact_id": CONTACT, "client_id": CLIENT })] {
        let made = practice.ask(&wish(&fields)).await.expect(201);
        assert_eq!(
            (&made["client_id"], &made["contact_id"]),
            (&json!(CLIENT), &json!(CONTACT))
        );
        assert_eq!(
            made["requester"],
            json!({ "name": "Ada Client", "email": CONTACT_EMAIL })
        );
    }
    let nobody = json!({ "client_id": "client-7", "requester": { "name": "Ida", "email": "ida@x.example" } });
    let made = practice.ask(&wish(&nobody)).await.expect(201);
    assert_eq!(made["contact_id"], Value::Null);
    assert_eq!(made["requester"], nobody["requester"]);
}

/// AP-1: staff are told which of the people they named does not fit.
#[tokio::test]
async fn staff_are_refused_people_who_do_not_fit() {
    let practice = Practice::without_teams().await;
    for (fields, expected) in [
        (
            json!({ "contact_id": "nobody" }),
            ("/contact_id", "unknown_contact"),
        ),
        (
            json!({ "contact_id": CONTACT, "client_id": "client-2" }),
            ("/client_id", "not_the_contacts_client"),
        ),
        (json!({}), ("/requester/email", "missing")),
        (
            json!({ "requester": { "name": "Ida" } }),
            ("/requester/email", "missing"),
        ),
        (
            json!({ "requester": { "email": "no address" } }),
            ("/requester/email", "invalid_email"),
        ),
        (
            json!({ "contact_id": "a b" }),
            ("/contact_id", "invalid_id"),
        ),
    ] {
        let refused = violations(&practice.ask(&wish(&fields)).await);
        assert_eq!(
            refused,
            [(expected.0.to_owned(), expected.1.to_owned())],
            "{fields}"
        );
    }
}

/// AP-1: the past, unknown zones, skipped times and lengths out of bounds are
/// refused by their field, from either side.
#[tokio::test]
async fn a_time_that_cannot_be_is_refused_by_its_field() {
    let practice = Practice::without_teams().await;
    for (fields, pointer, code) in [
        (
            json!({ "requested_date": "2026-11-22" }),
            "/requested_date",
            "in_the_past",
        ),
        // Now is 09:00 in Berlin, which has begun.
        (
            json!({ "requested_date": "2026-11-23" }),
            "/requested_date",
            "in_the_past",
        ),
        (
            json!({ "timezone": "Mars/Olympus" }),
            "/timezone",
            "unknown_timezone",
        ),
        (json!({ "timezone": "" }), "/timezone", "unknown_timezone"),
        (
            json!({ "requested_duration": 14 }),
            "/requested_duration",
            "out_of_range",
        ),
        (
            json!({ "requested_duration": 481 }),
            "/requested_duration",
            "out_of_range",
        ),
        (
            json!({ "requested_duration": 1_000_000_000_000_i64 }),
            "/requested_duration",
            "out_of_range",
        ),
        (
            json!({ "requested_date": "2027-02-29" }),
            "/requested_date",
            "invalid_date",
        ),
        (
            json!({ "requested_time": "25:00" }),
            "/requested_time",
            "invalid_time",
        ),
        (
            json!({ "requested_date": "2027-03-28", "requested_time": "02:30" }),
            "/requested_time",
            "skipped_by_dst",
        ),
        (
            json!({ "requested_date": "2027-03-14", "requested_time": "02:30", "timezone": "America/New_York" }),
            "/requested_time",
            "skipped_by_dst",
        ),
        (
            json!({ "service_name": " \u{7}" }),
            "/service_name",
            "empty",
        ),
    ] {
        let expected = [(pointer.to_owned(), code.to_owned())];
        let body = wish(&fields);
        let portal = practice
            .process
            .approval(practice.portal("POST", PATH, Some(&body)))
            .await;
        assert_eq!(violations(&portal), expected, "{fields}");
        let mut body = body;
        body["contact_id"] = json!(CONTACT);
        assert_eq!(violations(&practice.ask(&body).await), expected, "{fields}");
    }
}

/// AP-1: the bounds themselves are fine, and of a time that occurs twice the first counts.
#[tokio::test]
async fn a_time_that_occurs_twice_means_the_first() {
    let practice = Practice::without_teams().await;
    for (fields, start, end) in [
        (
            json!({ "requested_date": "2027-10-31", "requested_time": "02:30" }),
            "2027-10-31T00:30:00Z",
            "2027-10-31T01:30:00Z",
        ),
        (
            json!({ "requested_date": "2027-11-07", "requested_time": "01:30", "timezone": "America/New_York" }),
            "2027-11-07T05:30:00Z",
            "2027-11-07T06:30:00Z",
        ),
        (
            json!({ "requested_duration": 15 }),
            "2026-12-01T08:00:00Z",
            "2026-12-01T08:15:00Z",
        ),
        (
            json!({ "requested_duration": 480 }),
            "2026-12-01T08:00:00Z",
            "2026-12-01T16:00:00Z",
        ),
        (
            json!({ "requested_date": "2026-11-23", "requested_time": "09:01" }),
            "2026-11-23T08:01:00Z",
            "2026-11-23T09:01:00Z",
        ),
    ] {
        let id = practice.requested(&fields).await;
        let made = practice.read(&id).await;
        assert_eq!(
            (&made["start"], &made["end"]),
            (&json!(start), &json!(end)),
            "{fields}"
        );
        for (name, value) in fields.as_object().unwrap() {
            assert_eq!(made[name], *value, "{name}");
        }
    }
}

/// AP-2: while it is pending client and staff may edit, field by field; the rest
/// of it stays, and a change that changes nothing is none.
#[tokio::test]
async fn a_pending_request_is_edited_field_by_field() {
    let practice = Practice::without_teams().await;
    let id = practice.requested(&json!({})).await;
    let path = format!("{PATH}/{id}");
    let mut expected = practice.read(&id).await;
    for (change, differs) in [
        (
            json!({ "requested_time": "10:30" }),
            json!({ "requested_time": "10:30", "start": "2026-12-01T09:30:00Z", "end": "2026-12-01T10:30:00Z" }),
        ),
        (
            json!({ "timezone": "America/New_York" }),
            json!({ "timezone": "America/New_York", "start": "2026-12-01T15:30:00Z", "end": "2026-12-01T16:30:00Z" }),
        ),
        (
            json!({ "requested_date": "2027-07-01" }),
            json!({ "requested_date": "2027-07-01", "start": "2027-07-01T14:30:00Z", "end": "2027-07-01T15:30:00Z" }),
        ),
        (
            json!({ "requested_duration": 30 }),
            json!({ "requested_duration": 30, "end": "2027-07-01T15:00:00Z" }),
        ),
        (
            json!({ "service_name": "Audit" }),
            json!({ "service_name": "Audit" }),
        ),
        (
            json!({ "description": null }),
            json!({ "description": null }),
        ),
        (
            json!({ "description": "More" }),
            json!({ "description": "More" }),
        ),
        (
            json!({ "preferred_assigned_user_id": null }),
            json!({ "preferred_assigned_user_id": null }),
        ),
        (
            json!({ "preferred_assigned_user_id": "tech-2" }),
            json!({ "preferred_assigned_user_id": "tech-2" }),
        ),
    ] {
        practice
            .process
            .approval(practice.portal("PATCH", &path, Some(&change)))
            .await
            .expect(200);
        for (name, value) in differs.as_object().unwrap() {
            expected[name] = value.clone();
        }
        expected["version"] = json!(expected["version"].as_u64().unwrap() + 1);
        assert_eq!(practice.read(&id).await, expected, "{change}");
    }
    practice
        .call(
            "PATCH",
            &format!("/{id}"),
            Some(&json!({ "service_name": "Audit" })),
        )
        .await
        .expect(200);
    assert_eq!(practice.read(&id).await, expected);
    let skipped = json!({ "requested_date": "2027-03-14", "requested_time": "02:30" });
    let refused = practice
        .call("PATCH", &format!("/{id}"), Some(&skipped))
        .await;
    assert_eq!(violations(&refused)[0].1, "skipped_by_dst");
}

/// XC-2: a portal user reads what is their client's, and writes what they asked for themselves.
#[tokio::test]
async fn a_colleague_may_read_and_not_write() {
    let practice = Practice::without_teams().await;
    let id = practice.requested(&json!({})).await;
    let path = format!("{PATH}/{id}");
    let colleague = (CLIENT, "contact-of-a-colleague");
    let read = practice
        .process
        .approval(practice.visitor(colleague, "GET", &path, None))
        .await;
    assert_eq!(read.expect(200)["appointment_request_id"], json!(id));
    let edit = practice.visitor(
        colleague,
        "PATCH",
        &path,
        Some(&json!({ "service_name": "Mine" })),
    );
    assert_eq!(
        practice.process.approval(edit).await.problem(403),
        "not_your_request"
    );
    let cancel = practice.visitor(
        colleague,
        "POST",
        &format!("{path}/cancel"),
        Some(&json!({})),
    );
    assert_eq!(
        practice.process.approval(cancel).await.problem(403),
        "not_your_request"
    );
    let stranger = ("client-2", CONTACT);
    for (method, rest, body) in [
        ("GET", "", None),
        ("PATCH", "", Some(json!({}))),
        ("POST", "/cancel", Some(json!({}))),
    ] {
        let event = practice.visitor(stranger, method, &format!("{path}{rest}"), body.as_ref());
        assert_eq!(
            practice.process.approval(event).await.problem(404),
            "not_found",
            "{method}"
        );
    }
    assert_eq!(practice.read(&id).await["version"], 1);
}
