//! The deployed function dies for good, and the deployed sweep finishes its work.

use std::time::Duration;

use convoke_local::{DEMO_ORG, Stack, StackOptions, TokenClaims};
use graph_simulator::{Fault, Outcome, demo};
use http::Method;
use it::api::{ALL_SCOPES, Api};
use serde_json::{Value, json};

use super::EVENTS;

const ROOT: &str = "/api/v1/appointment-requests";

/// An organisation of the stack that takes appointments.
async fn prepare(api: &Api) {
    let integration = json!({ "install_status": "active", "default_meeting_organizer_upn": demo::ORGANIZER_UPN,
        "profile": { "tenant_id": demo::TENANT_ID, "client_id": demo::CLIENT_ID, "client_secret": demo::CLIENT_SECRET } });
    api.put("/api/v1/teams-integration", &integration)
        .await
        .expect(200);
    let contact = json!({ "client_id": "client-1", "email": "ada@client.example", "name": "Ada" });
    let contact = api.put("/api/v1/contacts/contact-1", &contact).await;
    assert!(matches!(contact.status, 200 | 201), "{contact:?}");
    let user = json!({ "email": "tess@practice.example", "name": "Tess" });
    let user = api.put("/api/v1/users/tech-1", &user).await;
    assert!(matches!(user.status, 200 | 201), "{user:?}");
}

async fn requested(api: &Api, time: &str) -> String {
    let body = json!({ "service_name": "Quarterly review", "requested_date": "2036-12-01",
        "requested_time": time, "requested_duration": 60, "timezone": "Europe/Berlin", "contact_id": "contact-1",
        "preferred_assigned_user_id": "tech-1" });
    let made = api.post(ROOT, &body).await.expect(201);
    made["appointment_request_id"].as_str().unwrap().to_owned()
}

/// XC-8: the deployed `approval` gets a SIGKILL while Microsoft holds the creation
/// back, before and after its effect: one event each, and a link on each request.
#[tokio::test]
async fn a_killed_approval_is_finished_by_the_deployed_sweep() {
    let stack = Stack::start(StackOptions::temporary()).expect("the local stack starts");
    let graph = stack.graph().expect("the bundled simulator");
    let claims = TokenClaims::internal(DEMO_ORG, "u-admin", ALL_SCOPES);
    let api = Api::with_claims(&stack, &claims, DEMO_ORG);
    prepare(&api).await;
    let mut ids = vec![];
    for (time, lands) in [("09:00", false), ("14:00", true)] {
        let id = requested(&api, time).await;
        let post = Fault::on("POST", EVENTS).hang();
        graph.inject(if lands { post.after() } else { post });
        let path = format!("{ROOT}/{id}/approve");
        let body = json!({ "generate_teams_meeting": true });
        let key = [("idempotency-key", id.as_str())];
        let approving = api.call(Method::POST, &path, &key, Some(&body));
        let (answer, ()) = tokio::join!(approving, async {
            let is_hanging = |one: &graph_simulator::Received| one.outcome == Outcome::Hanging;
            while !graph.received().iter().any(is_hanging) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            stack.kill_function("approval").expect("a process to kill");
            graph.clear_faults();
        });
        assert!(answer.status >= 500, "{answer:?}");
        graph.clear_received();
        let again = api.call(Method::POST, &path, &key, Some(&body)).await;
        // The mark of the one that died still stands.
        assert_eq!(again.problem(409), "request_in_progress");
        ids.push(id);
    }
    let links = async {
        loop {
            let mut links = vec![];
            for id in &ids {
                let request = api.get(&format!("{ROOT}/{id}")).await.expect(200);
                links.extend(request["online_meeting_url"].as_str().map(str::to_owned));
            }
            if links.len() == ids.len() {
                return links;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    let links = tokio::time::timeout(Duration::from_mins(5), links).await;
    let mut links = links.expect("the sweep finishes both");
    let events = graph.events(demo::ORGANIZER_UPN);
    assert_eq!(events.len(), 2, "{events:?}");
    let mut there: Vec<_> = events
        .iter()
        .filter_map(|event| event.join_url.clone())
        .collect();
    links.sort();
    there.sort();
    assert_eq!(links, there);
    for id in &ids {
        let request = api.get(&format!("{ROOT}/{id}")).await.expect(200);
        assert_eq!(request["online_meeting"]["remote_state"], "in_step");
        assert_ne!(request["online_meeting"]["interaction_id"], Value::Null);
        let path = format!("{ROOT}/{id}/approve");
        let body = json!({ "generate_teams_meeting": true });
        let key = [("idempotency-key", id.as_str())];
        let replayed = api.call(Method::POST, &path, &key, Some(&body)).await;
        assert_eq!(replayed.expect(200)["request"]["status"], "approved");
    }
}
