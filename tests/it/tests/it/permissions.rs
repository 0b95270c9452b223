//! Who may call what (XC-2), driven over the permission tables themselves.

mod members;

use std::collections::BTreeSet;

use convoke_platform::http::Access;
use http::Method;
use it::api::{ALL_SCOPES, Api};
use it::deployed::new_org;
use it::described::assert_described;
use it::gateway::Event;
use serde_json::json;

use crate::routes::{self, Estate, Foreign, cases};

/// The routes of `api.md` that exist so far, with their permissions.
const SPECIFIED: &[&str] = &[
    "PUT /api/v1/orgs/{org_id}/controls/{control_id}/schedule controls:write",
    "GET /api/v1/orgs/{org_id}/controls/{control_id}/schedule meetings:read",
    "POST /api/v1/orgs/{org_id}/controls/{control_id}/schedule/complete controls:write",
    "POST /api/v1/orgs/{org_id}/controls/{control_id}/meetings meetings:write",
    "GET /api/v1/orgs/{org_id}/meetings meetings:read",
    "GET /api/v1/orgs/{org_id}/meetings/{meeting_id} meetings:read",
    "PATCH /api/v1/orgs/{org_id}/meetings/{meeting_id} meetings:write",
    "DELETE /api/v1/orgs/{org_id}/meetings/{meeting_id} meetings:write",
    "POST /api/v1/orgs/{org_id}/meetings/{meeting_id}/cancel meetings:write",
    "POST /api/v1/orgs/{org_id}/meetings/{meeting_id}/schedule meetings:write",
    "GET /api/v1/orgs/{org_id}/meetings/{meeting_id}/occurrences meetings:read",
    "GET /api/v1/orgs/{org_id}/meetings/{meeting_id}/slots meetings:read",
    "GET /api/v1/orgs/{org_id}/controls meetings:read",
    "PUT /api/v1/orgs/{org_id}/controls/{control_id} controls:write",
    "GET /api/v1/orgs/{org_id}/controls/{control_id} meetings:read",
    "GET /api/v1/orgs/{org_id}/meeting-providers meetings:read",
    "PUT /api/v1/users/{user_id} directory:write",
    "PUT /api/v1/contacts/{contact_id} directory:write",
    "POST /api/v1/directory/import directory:write",
    "GET /api/v1/users/{user_id} directory:read",
    "GET /api/v1/users directory:read",
    "GET /api/v1/contacts/{contact_id} directory:read",
    "GET /api/v1/contacts directory:read",
    "PUT /api/v1/clients/{client_id} directory:write",
    "GET /api/v1/clients/{client_id} directory:read",
    "GET /api/v1/clients directory:read",
    "GET /api/v1/orgs/{org_id}/meetings/{meeting_id}/ics meetings:read",
    "GET /ics/{token} signed-link",
    "GET /api/v1/teams-integration tenant_integrations:read",
    "PUT /api/v1/teams-integration tenant_integrations:update",
    "POST /api/v1/teams-integration/verify-organizer tenant_integrations:update",
    "GET /api/v1/teams-integration/capability any-internal",
    "GET /api/v1/teams-integration/diagnostics tenant_integrations:update",
    "GET /api/v1/mail-templates/{key}/{locale} tenant_integrations:update",
    "PUT /api/v1/mail-templates/{key}/{locale} tenant_integrations:update",
    "GET /api/v1/appointment-requests/{appointment_request_id}/ics appointments:read portal",
    "POST /api/v1/appointment-requests appointments:request portal",
    "GET /api/v1/appointment-requests appointments:read portal",
    "POST /api/v1/appointment-requests/import tenant_integrations:update",
    "GET /api/v1/appointment-requests/{appointment_request_id} appointments:read portal",
    "PATCH /api/v1/appointment-requests/{appointment_request_id} user_schedule:update portal",
    "DELETE /api/v1/appointment-requests/{appointment_request_id} user_schedule:update",
    "POST /api/v1/appointment-requests/{appointment_request_id}/approve user_schedule:update",
    "POST /api/v1/appointment-requests/{appointment_request_id}/generate-meeting user_schedule:update",
    "POST /api/v1/appointment-requests/{appointment_request_id}/reschedule user_schedule:update",
    "POST /api/v1/appointment-requests/{appointment_request_id}/decline user_schedule:update",
    "POST /api/v1/appointment-requests/{appointment_request_id}/cancel user_schedule:update portal",
    "GET /api/v1/schedule-entries user_schedule:read",
    "GET /api/v1/schedule-entries/{schedule_entry_id} user_schedule:read",
    "PATCH /api/v1/schedule-entries/{schedule_entry_id} user_schedule:update",
    "DELETE /api/v1/schedule-entries/{schedule_entry_id} user_schedule:update",
    "POST /api/v1/online-meetings user_schedule:update",
    "GET /api/v1/online-meetings/{online_meeting_id} interaction:read portal",
    "POST /api/v1/online-meetings/{online_meeting_id}/reschedule user_schedule:update",
    "POST /api/v1/online-meetings/{online_meeting_id}/cancel user_schedule:update",
    "POST /api/v1/online-meetings/{online_meeting_id}/refresh-recordings interaction:update",
    "GET /api/v1/interactions interaction:read",
    "POST /api/v1/interactions interaction:update",
    "GET /api/v1/interactions/{interaction_id} interaction:read",
    "PATCH /api/v1/interactions/{interaction_id} interaction:update",
    "DELETE /api/v1/interactions/{interaction_id} interaction:delete",
    "GET /api/v1/interaction-types interaction:read",
    "POST /api/v1/online-meetings/recordings/{artifact_id}/ticket interaction:read portal",
    "GET /api/v1/online-meetings/recordings/{artifact_id} interaction:read portal",
    "GET /api/v1/documents/{document_id} interaction:read",
    "PATCH /api/v1/documents/{document_id} interaction:update",
    "GET /api/v1/documents/{document_id}/download interaction:read portal",
    "POST /api/v1/meetings meetings:write",
    "GET /api/v1/meetings member",
    "GET /api/v1/meetings/{meeting_id} member",
    "PATCH /api/v1/meetings/{meeting_id} any-internal",
    "POST /api/v1/meetings/{meeting_id}/cancel any-internal",
    "POST /api/v1/meetings/{meeting_id}/end any-internal",
    "POST /api/v1/meetings/{meeting_id}/invitations/{invitation_id}/respond member",
    "POST /api/v1/meetings/{meeting_id}/join member",
    "GET /api/v1/meetings/{meeting_id}/invitation member",
    "GET /api/v1/conversations/{conversation_id}/messages member",
    "POST /api/v1/conversations/{conversation_id}/messages member",
    "GET /rsvp/{token} signed-link",
    "POST /rsvp/{token} signed-link",
    "GET /api/v1/notifications any-internal",
    "POST /api/v1/notifications/{notification_id}/read any-internal",
    "POST /api/v1/notifications/read-all any-internal",
    "PUT /api/v1/calendar-connections/{provider} any-internal",
    "GET /api/v1/calendar-connections/{provider} any-internal",
    "DELETE /api/v1/calendar-connections/{provider} any-internal",
    "POST /webhooks/graph/notifications webhook",
    "POST /webhooks/graph/lifecycle webhook",
];

/// XC-2: what the contract lists is what exists, with the permission it names.
#[test]
fn the_tables_hold_exactly_the_specified_routes_and_permissions() {
    let routes = cases();
    let built: BTreeSet<String> = routes
        .iter()
        .map(|case| {
            let portal = if case.is_for_portal() { " portal" } else { "" };
            format!("{} {} {}{portal}", case.method, case.template, case.who())
        })
        .collect();
    assert_eq!(
        built,
        SPECIFIED.iter().map(|&line| line.to_owned()).collect()
    );
    assert_eq!(built.len(), routes.len(), "a route is in a table twice");
    let scopes: BTreeSet<_> = ALL_SCOPES.split(' ').collect();
    assert_eq!(
        scopes,
        routes.iter().filter_map(routes::Case::permission).collect()
    );
}

/// XC-2: without a token the gateway answers, for every route; a signed link
/// reaches the function, which knows no such link, and what Microsoft posts is kept.
#[tokio::test]
async fn without_a_token_the_gateway_lets_nobody_through() {
    let api = Api::anonymous(routes::stack(), "acme");
    for case in cases() {
        let path = case
            .template
            .replace("{org_id}", "acme")
            .replace(['{', '}'], "");
        let answer = api
            .call(case.method.clone(), &path, &[], case.body.as_ref())
            .await;
        if case.has_caller() {
            assert_eq!(answer.status, 401, "{}", case.operation);
            assert!(answer.json()["message"].is_string(), "{}", case.operation);
        } else if case.access == Access::Webhook {
            assert_eq!(answer.status, case.status, "{}", case.operation);
        } else if case.template.starts_with("/rsvp/") {
            // A person looks at it.
            assert_eq!(answer.status, 404, "{}", case.operation);
            let kind = answer.header("content-type");
            assert_eq!(kind, Some("text/html; charset=utf-8"));
        } else {
            assert_eq!(answer.problem(404), "not_found", "{}", case.operation);
        }
    }
}

/// XC-2: nor does the function itself, should a gateway ever let one through.
#[tokio::test]
async fn without_verified_claims_no_handler_runs() {
    let (process, _) = routes::process();
    let estate = Estate::of(&process, &new_org()).await;
    for case in cases().into_iter().filter(routes::Case::has_caller) {
        let answer = case.send(&process, case.event(&estate)).await;
        assert_eq!(answer.problem(401), "unauthenticated", "{}", case.operation);
        let claims = json!({ "sub": "", "org_id": estate.org, "user_type": "internal", "scope": ALL_SCOPES });
        let answer = case
            .send(&process, case.event(&estate).claims(&claims))
            .await;
        assert_eq!(answer.problem(403), "claim_missing", "{}", case.operation);
    }
}

/// XC-2: all other permissions together do not make up for the one that is
/// missing, and no header or query parameter does.
#[tokio::test]
async fn a_token_without_the_permission_is_refused_whatever_else_is_sent() {
    let (process, _) = routes::process();
    let estate = Estate::of(&process, &new_org()).await;
    for case in cases() {
        let Some(permission) = case.permission() else {
            continue;
        };
        let others: Vec<_> = ALL_SCOPES
            .split(' ')
            .filter(|scope| *scope != permission)
            .collect();
        let near = [
            others.join(" "),
            String::new(),
            "*".into(),
            format!("{permission}x"),
            permission.to_uppercase(),
        ];
        for scope in &near {
            let event = case.event(&estate).internal(&estate.org, "u1", scope);
            let answer = case.send(&process, event).await;
            assert_eq!(
                answer.problem(403),
                "permission_missing",
                "{} with {scope:?}",
                case.operation
            );
        }
        let path = format!(
            "{}?scope={permission}&user_type=internal&org_id={}",
            estate.fill(case.template),
            estate.org
        );
        let mut event = Event::new(case.method.as_str(), &path).internal(&estate.org, "u1", "");
        for name in [
            "scope",
            "x-scope",
            "x-permissions",
            "x-user-type",
            "x-org-id",
            "x-amzn-oidc-data",
            "authorization",
        ] {
            event = event.header(name, permission);
        }
        assert_eq!(
            case.send(&process, event).await.problem(403),
            "permission_missing",
            "{}",
            case.operation
        );
    }
}

/// XC-2: routes without a portal note refuse portal users whatever their scopes.
#[tokio::test]
async fn a_portal_user_with_every_scope_is_refused() {
    let (process, _) = routes::process();
    let estate = Estate::of(&process, &new_org()).await;
    for case in cases()
        .into_iter()
        .filter(|case| case.has_caller() && !case.is_for_portal() && !case.is_for_members())
    {
        let event = case.event(&estate).portal(
            &estate.org,
            "p1",
            ALL_SCOPES,
            &estate.client,
            &estate.contact,
        );
        let answer = case
            .send(&process, event.header("x-user-type", "internal"))
            .await;
        assert_eq!(answer.problem(403), "internal_only", "{}", case.operation);
    }
}

/// XC-2: routes with a portal note take a portal user with the scope, for what is
/// their client's; without the scope nobody.
#[tokio::test]
async fn a_portal_user_reaches_what_is_their_clients() {
    let (process, _) = routes::process();
    for case in cases().into_iter().filter(routes::Case::is_for_portal) {
        let estate = Estate::of(&process, &new_org()).await;
        let permission = case.permission().unwrap();
        let event = |scope: &str, client: &str, contact: &str| {
            case.event(&estate)
                .portal(&estate.org, "p1", scope, client, contact)
        };
        let others: Vec<_> = ALL_SCOPES
            .split(' ')
            .filter(|scope| *scope != permission)
            .collect();
        let refused = event(&others.join(" "), &estate.client, &estate.contact);
        let answer = case.send(&process, refused).await;
        assert_eq!(
            answer.problem(403),
            "permission_missing",
            "{}",
            case.operation
        );
        let strange = event(ALL_SCOPES, "another-client", &estate.contact);
        let answer = case.send(&process, strange).await;
        match case.foreign {
            Foreign::NotFound => assert_eq!(answer.problem(404), "not_found", "{}", case.operation),
            Foreign::Lists => assert_eq!(answer.expect(200)["items"], json!([])),
            Foreign::Makes => assert_eq!(answer.expect(201)["client_id"], "another-client"),
            Foreign::Nameless | Foreign::Unknown => {
                panic!("{} is for nobody's portal", case.operation)
            }
        }
        let own = event(permission, &estate.client, &estate.contact);
        let answer = case.send(&process, own).await;
        let shown = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, case.status, "{}: {shown}", case.operation);
    }
}

/// XC-2: no `user_type`, or one that nobody knows, is no internal user.
#[tokio::test]
async fn a_token_that_does_not_say_which_side_it_is_on_is_refused() {
    let (process, _) = routes::process();
    let estate = Estate::of(&process, &new_org()).await;
    for case in cases().into_iter().filter(routes::Case::has_caller) {
        for claims in [
            json!({ "sub": "u1", "org_id": estate.org, "scope": ALL_SCOPES }),
            json!({ "sub": "u1", "org_id": estate.org, "scope": ALL_SCOPES, "user_type": "Internal" }),
            json!({ "sub": "u1", "org_id": estate.org, "scope": ALL_SCOPES, "user_type": "admin" }),
        ] {
            let answer = case
                .send(&process, case.event(&estate).claims(&claims))
                .await;
            assert_eq!(answer.problem(403), "claim_missing", "{}", case.operation);
        }
    }
}

/// XC-2: the one permission of the table is enough, on an estate of its own
/// for each route, since some of them take things away; the answer is what the
/// API's document says.
#[tokio::test]
async fn the_permission_of_the_table_is_enough() {
    let (process, _) = routes::process();
    for case in cases() {
        let estate = Estate::of(&process, &new_org()).await;
        let (caller, scope) = (case.caller(&estate), case.permission().unwrap_or_default());
        let event = case.event(&estate).internal(&estate.org, caller, scope);
        let answer = case.send(&process, event).await;
        assert_eq!(
            answer.status,
            case.status,
            "{}: {}",
            case.operation,
            String::from_utf8_lossy(&answer.body)
        );
        assert_described(case.operation, &answer);
    }
}

/// XC-2: the gateway verifies tokens, and the deployed functions go by the same table.
#[tokio::test]
async fn the_deployed_api_goes_by_the_table() {
    let org = new_org();
    let reader = Api::with_scopes(&org, "u1", "meetings:read");
    reader.get(&reader.org_path("/meetings")).await.expect(200);
    let refused = reader
        .post(
            &reader.org_path("/controls/c1/meetings"),
            &routes::meeting(),
        )
        .await;
    assert_eq!(refused.problem(403), "permission_missing");
    let forged = [(
        "authorization",
        "Bearer eyJhbGciOiJub25lIn0.eyJvcmdfaWQiOiJhIn0.",
    )];
    let anonymous = Api::anonymous(routes::stack(), &org);
    let answer = anonymous
        .call(Method::GET, &anonymous.org_path("/meetings"), &forged, None)
        .await;
    assert_eq!(answer.status, 401);
}
