//! One tenant's things do not exist for another (XC-1), driven over every
//! route and every kind of job.

mod jobs;
mod sessions;

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use convoke_platform::http::Access;
use http::Method;
use it::api::{ALL_SCOPES, Api};
use it::deployed::new_org;
use it::gateway::Event;
use it::process::{Process, sdk_config};
use serde_json::{Value, json};

use crate::routes::{self, Estate, Foreign, admin, cases};

/// Nothing that a token can say goes further.
const EVERYTHING: &str = "controls:write meetings:read meetings:write meetings:admin directory:read directory:write \
    tenant_integrations:read tenant_integrations:update \
    appointments:request appointments:read user_schedule:read user_schedule:update \
    interaction:read interaction:update interaction:delete";

type Items = BTreeMap<String, HashMap<String, AttributeValue>>;

async fn everything(process: &Process, org: &str, path: &str) -> Value {
    let event = Event::new("GET", path).internal(org, routes::HOST, EVERYTHING);
    process.api(event).await.expect(200)
}

/// Everything that a tenant has stored, but for messages and mails that are on
/// their way: the deployed functions send them meanwhile.
async fn items_of(org: &str) -> Items {
    let stack = routes::stack();
    let client = aws_sdk_dynamodb::Client::new(&sdk_config(&stack.aws_endpoint));
    let mut pages = client
        .scan()
        .table_name(&stack.outputs.table_name)
        .filter_expression("begins_with(pk, :tenant) AND sk <> :outbox AND sk <> :mail")
        .expression_attribute_values(":tenant", AttributeValue::S(format!("T#{org}#")))
        .expression_attribute_values(":outbox", AttributeValue::S("OUTBOX".into()))
        .expression_attribute_values(":mail", AttributeValue::S("MAIL".into()))
        .into_paginator()
        .items()
        .send();
    let mut items = Items::new();
    while let Some(item) = pages.next().await {
        let item = item.unwrap();
        items.insert(
            format!(
                "{} {}",
                item["pk"].as_s().unwrap(),
                item["sk"].as_s().unwrap()
            ),
            item,
        );
    }
    assert!(!items.is_empty(), "{org} has nothing that could be harmed");
    items
}

/// XC-1: an `org_id` in a path must be the token's own, else 404, whatever the
/// route and whatever the permissions.
#[tokio::test]
async fn another_organisations_path_does_not_exist() {
    let (process, _) = routes::process();
    let (ours, theirs) = (new_org(), Estate::of(&process, &new_org()).await);
    let before = items_of(&theirs.org).await;
    let mut driven = 0;
    for case in cases()
        .into_iter()
        .filter(|case| case.template.contains("{org_id}"))
    {
        for scope in [ALL_SCOPES, ""] {
            let answer = case
                .send(&process, case.event(&theirs).internal(&ours, "u1", scope))
                .await;
            assert_eq!(answer.problem(404), "not_found", "{}", case.operation);
        }
        driven += 1;
    }
    assert!(driven > 10);
    assert_eq!(items_of(&theirs.org).await, before);
}

/// XC-1: every id of another tenant answers 404, never 403; where the caller
/// may choose the id, they get one of their own, and the other's stays as it was.
#[tokio::test]
async fn another_tenants_ids_name_nothing_here() {
    let (process, _) = routes::process();
    let ours = new_org();
    let theirs = Estate::of(&process, &new_org()).await;
    let before = items_of(&theirs.org).await;
    for case in cases() {
        // One's own organisation, empty, with all other ids the other tenant's.
        let org = new_org();
        let event = case.event_in(&org, &theirs);
        if case.access == Access::SignedLink {
            continue;
        }
        // Somebody of the same name as who has it there.
        let caller = case.caller(&theirs);
        let answer = case
            .send(&process, event.internal(&org, caller, EVERYTHING))
            .await;
        let shown = String::from_utf8_lossy(&answer.body).into_owned();
        match case.foreign {
            Foreign::NotFound => assert_eq!(
                answer.problem(404),
                "not_found",
                "{}: {shown}",
                case.operation
            ),
            Foreign::Lists => {
                assert_eq!(answer.expect(200)["items"], json!([]), "{}", case.operation);
            }
            Foreign::Makes => assert_eq!(answer.status, 201, "{}: {shown}", case.operation),
            Foreign::Nameless => {
                assert_eq!(answer.status, case.status, "{}: {shown}", case.operation);
            }
            Foreign::Unknown => {
                assert_eq!(
                    answer.problem(422),
                    "invalid_input",
                    "{}: {shown}",
                    case.operation
                );
            }
        }
        // An id that the caller chose may come back, but nothing that is stored under it.
        for theirs in [
            "Ada",
            "Bob",
            "Eve",
            "\"Client\"",
            "\"Control\"",
            theirs.meeting.as_str(),
            theirs.pending.as_str(),
            theirs.approved.as_str(),
            theirs.interaction.as_str(),
            theirs.recorded.online_meeting_id.as_str(),
            theirs.recorded.recording_id.as_str(),
            theirs.recorded.document_id.as_str(),
            theirs.session.as_str(),
            theirs.begun.as_str(),
            theirs.invitation.as_str(),
            theirs.contact_invitation.as_str(),
            theirs.notification.as_str(),
            "Secret",
            "calendar-of",
        ] {
            assert!(!shown.contains(theirs), "{} shows {shown}", case.operation);
        }
    }
    // Ids in bodies and in queries are no way in either.
    let mut body = routes::meeting();
    body["attendees"] = json!([{ "user_id": theirs.user }]);
    let made = admin(
        &process,
        &ours,
        "POST",
        &format!("/api/v1/orgs/{ours}/controls/c1/meetings"),
        Some(&body),
    )
    .await;
    let made = made.expect(201);
    assert_eq!(
        made["unreachable_attendees"].as_array().map(Vec::len),
        Some(1),
        "{made}"
    );
    assert!(!made.to_string().contains("ada@"), "{made}");
    for query in [
        format!("/api/v1/users?email=ada@{}.example", theirs.org),
        format!("/api/v1/contacts?client_id={}", theirs.client),
        format!("/api/v1/interactions?client_id={}", theirs.client),
        format!("/api/v1/interactions?contact_id={}", theirs.contact),
        format!("/api/v1/orgs/{ours}/meetings?control_id={}", theirs.control),
        "/api/v1/meetings?all=true".to_owned(),
    ] {
        assert_eq!(
            everything(&process, &ours, &query).await["items"],
            json!([]),
            "{query}"
        );
    }
    assert_eq!(items_of(&theirs.org).await, before);
}

/// XC-1, XC-6, XC-4: cursors and idempotency keys of one tenant are worthless
/// to another.
#[tokio::test]
async fn cursors_and_idempotency_keys_do_not_cross() {
    let (process, _) = routes::process();
    let (ours, theirs) = (new_org(), new_org());
    for org in [&ours, &theirs] {
        for user in ["u1", "u2"] {
            let path = format!("/api/v1/users/{user}");
            admin(&process, org, "PUT", &path, Some(&json!({ "name": user })))
                .await
                .expect(201);
        }
    }
    let page = admin(&process, &theirs, "GET", "/api/v1/users?limit=1", None)
        .await
        .expect(200);
    let path = format!(
        "/api/v1/users?limit=1&cursor={}",
        routes::text(&page["next_cursor"])
    );
    admin(&process, &theirs, "GET", &path, None)
        .await
        .expect(200);
    assert_eq!(
        admin(&process, &ours, "GET", &path, None)
            .await
            .problem(400),
        "invalid_cursor"
    );

    let import = |org: &str| {
        let body = json!({ "users": [{ "user_id": "u9", "name": org }], "contacts": [] });
        Event::new("POST", "/api/v1/directory/import")
            .internal(org, "u-admin", ALL_SCOPES)
            .header("idempotency-key", "the same")
            .json(&body)
    };
    process.api(import(&theirs)).await.expect(200);
    let answer = process.api(import(&ours)).await;
    assert_eq!(answer.expect(200)["users"][0]["result"], "created");
    assert_eq!(answer.header("idempotency-replayed"), None);
}

/// XC-1, XC-10: a signed link opens its own tenant's file; a link whose tenant
/// or meeting was changed opens none.
#[tokio::test]
async fn a_link_opens_its_own_tenants_file_only() {
    let (process, clock) = routes::process();
    let (org, other) = (new_org(), new_org());
    let ours = Estate::of(&process, &org).await;
    let theirs = Estate::of(&process, &other).await;
    let open = async |token: &str| {
        process
            .ics(Event::new("GET", &format!("/ics/{token}")))
            .await
    };
    let file = open(&ours.token).await;
    assert_eq!(file.status, 200);
    assert!(String::from_utf8_lossy(&file.body).contains(&ours.meeting));
    assert_ne!(ours.token, theirs.token);
    for (at, _) in ours.token.char_indices() {
        let mut forged = ours.token.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        // The last character's unused bits make it another spelling, which is refused too.
        assert_eq!(
            open(std::str::from_utf8(&forged).unwrap())
                .await
                .problem(404),
            "not_found",
            "character {at}"
        );
    }
    let spliced = format!("{}{}", &theirs.token[..60], &ours.token[60..]);
    assert_eq!(open(&spliced).await.problem(404), "not_found");
    clock.advance(TimeDelta::days(9));
    assert_eq!(open(&ours.token).await.problem(404), "not_found");
}

/// XC-1: the deployed API, too, knows no other tenant's meeting.
#[tokio::test]
async fn the_deployed_api_knows_no_other_tenants_meeting() {
    let (ours, theirs) = (Api::admin(&new_org()), Api::admin(&new_org()));
    let made = theirs
        .post(
            &theirs.org_path("/controls/c1/meetings"),
            &routes::meeting(),
        )
        .await
        .expect(201);
    let rest = format!("/meetings/{}", routes::text(&made["meeting_id"]));
    theirs.get(&theirs.org_path(&rest)).await.expect(200);
    for path in [
        ours.org_path(&rest),
        theirs.org_path(&rest),
        format!("{}/ics", theirs.org_path(&rest)),
    ] {
        assert_eq!(ours.get(&path).await.problem(404), "not_found", "{path}");
    }
    let claimed = [("x-org-id", theirs.org.as_str())];
    assert_eq!(
        ours.call(Method::GET, &theirs.org_path(&rest), &claimed, None)
            .await
            .problem(404),
        "not_found"
    );
}
