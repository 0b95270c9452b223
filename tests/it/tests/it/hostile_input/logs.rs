//! Log lines stay lines, and say nothing secret (XC-9).

use std::time::Duration;

use convoke_local::TokenClaims;
use http::Method;
use it::api::{ALL_SCOPES, Answer, Api};
use it::deployed::{self, new_org};
use it::requests::{id_of, meeting_body};
use serde_json::{Value, json};

use super::hostile_texts;

/// In everything that must not be logged.
const CANARY: &str = "canary";

/// A caller whose token is known, to be looked for.
struct Planter {
    api: Api,
    token: String,
}

impl Planter {
    fn new() -> Self {
        let org = new_org();
        let claims = TokenClaims {
            name: Some("canary-own-name".to_owned()),
            email: Some("canary-own@example.org".to_owned()),
            ..TokenClaims::internal(&org, "u-admin", ALL_SCOPES)
        };
        let token = deployed::stack().issuer.token(&claims).expect("a token");
        Self {
            api: Api::anonymous(deployed::stack(), &org),
            token,
        }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let body = Some(&body).filter(|body| !body.is_null());
        self.api
            .call(method, path, &[("authorization", &bearer)], body)
            .await
    }

    fn path_of(&self, meeting: &Value) -> String {
        self.api
            .org_path(&format!("/meetings/{}", id_of(meeting, "meeting_id")))
    }

    /// Canaries in the directory: taken, refused, imported, looked for.
    async fn plant_people(&self) {
        let one = person(1);
        self.call(Method::PUT, "/api/v1/users/u-1", one.clone())
            .await
            .expect(201);
        self.call(Method::PUT, "/api/v1/users/u-2", one)
            .await
            .problem(409);
        let import = json!({ "users": [{ "user_id": "u-3", "email": "canary-3@example.org" },
            { "user_id": "u-4", "email": "canary bad" }] });
        self.call(Method::POST, "/api/v1/directory/import", import)
            .await
            .expect(200);
        let query = "/api/v1/users?email=canary-1@example.org&q=canary-query";
        self.call(Method::GET, query, Value::Null).await.expect(200);
    }

    /// A meeting full of canaries, scheduled, downloaded by its link, refused changes.
    async fn plant_meeting(&self, text: &str) -> Value {
        let body = meeting_body(
            &json!({ "title": text, "description": text, "location": text, "provider": "ics",
            "join_url": "https://example.org/canary-join", "attendees": [{ "user_id": "u-1" },
                { "email": "canary-guest@example.org", "name": text }] }),
        );
        let made = self
            .call(
                Method::POST,
                &self.api.org_path("/controls/c/meetings"),
                body,
            )
            .await
            .expect(201);
        let path = self.path_of(&made);
        self.call(Method::POST, &format!("{path}/schedule"), Value::Null)
            .await
            .expect(200);
        assert_eq!(self.api.get(&id_of(&made, "ics_url")).await.status, 200);
        let unknown = json!({ "canary-field": 1 });
        self.call(Method::PATCH, &path, unknown).await.problem(422);
        let nobody = json!({ "attendees": [{ "email": "canary-guest", "name": "x" }] });
        self.call(Method::PATCH, &path, nobody).await.problem(422);
        made
    }

    /// Returns once the background has copied a person's new address.
    async fn until_refreshed(&self, meeting: &Value) {
        let path = self.path_of(meeting);
        let refreshed = async {
            loop {
                let read = self.call(Method::GET, &path, Value::Null).await.expect(200);
                if read["attendees"][0]["email"] == "canary-11@example.org" {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), refreshed)
            .await
            .expect("the copy follows");
    }
}

fn person(n: u32) -> Value {
    json!({ "email": format!("canary-{n}@example.org"), "name": "canary-name\r\n{\"x\":1}" })
}

/// XC-9: every line that a function printed is one JSON object, and none says
/// what was planted in addresses, links, texts and tokens.
#[tokio::test]
async fn logs_are_json_lines_without_what_was_planted() {
    let planter = Planter::new();
    planter.plant_people().await;
    let mut made = vec![];
    for text in hostile_texts() {
        let text: String = format!("canary-text {text}").chars().take(255).collect();
        made.push(planter.plant_meeting(&text).await);
    }
    let create = planter.api.org_path("/controls/c/meetings");
    assert_eq!(
        planter
            .call(Method::POST, &create, json!("canary-body"))
            .await
            .status,
        422
    );
    planter
        .call(Method::PUT, "/api/v1/users/u-1", person(11))
        .await
        .expect(200);
    for meeting in &made {
        planter.until_refreshed(meeting).await;
        let cancel = format!("{}/cancel", planter.path_of(meeting));
        planter
            .call(Method::POST, &cancel, Value::Null)
            .await
            .expect(200);
    }
    let mut secrets = vec![CANARY.to_owned(), planter.token.clone()];
    secrets.extend(planter.token.rsplit('.').next().map(str::to_owned));
    secrets.push(graph_simulator::demo::CLIENT_SECRET.to_owned());
    secrets.extend(
        made.iter()
            .filter_map(|one| id_of(one, "ics_url").rsplit('/').next().map(str::to_owned)),
    );
    #[cfg(feature = "enterprise")]
    secrets.push(schedule_on_graph().await);
    check_logs(&planter.api.org, &secrets);
}

fn check_logs(org: &str, secrets: &[String]) {
    let lines = deployed::logs().lines();
    for function in ["meeting-api", "ics-download", "delivery", "outbox-relay"] {
        assert!(
            lines.iter().any(|line| line.function == function),
            "{function} has logged nothing"
        );
    }
    let names_tenant = |operation: &str| {
        let operation = format!("\"operation\":\"{operation}\"");
        lines
            .iter()
            .any(|line| line.text.contains(org) && line.text.contains(&operation))
    };
    assert!(
        names_tenant("create_meeting") && names_tenant("import_directory"),
        "a line per unit of work"
    );
    for line in &lines {
        let read: Result<Value, _> = serde_json::from_str(&line.text);
        assert!(
            read.is_ok_and(|value| value.is_object()),
            "{}: no JSON object: {}",
            line.function,
            line.text
        );
        for secret in secrets {
            assert!(
                !line.text.contains(secret.as_str()),
                "{}: {secret} in {}",
                line.function,
                line.text
            );
        }
    }
}

/// The demo organisation's Graph gets a meeting with canaries; answers with its
/// join link, which is as secret.
#[cfg(feature = "enterprise")]
async fn schedule_on_graph() -> String {
    let api = Api::admin(convoke_local::DEMO_ORG);
    let body = meeting_body(
        &json!({ "title": "canary-subject", "description": "canary-agenda", "provider": "graph",
        "is_online": true, "attendees": [{ "email": "canary-outside@example.org", "name": "canary-outsider" }] }),
    );
    let made = api
        .post(&api.org_path("/controls/canaries/meetings"), &body)
        .await
        .expect(201);
    let path = api.org_path(&format!("/meetings/{}", id_of(&made, "meeting_id")));
    let scheduled = api
        .call(Method::POST, &format!("{path}/schedule"), &[], None)
        .await
        .expect(200);
    api.delete(&path).await.expect(200);
    id_of(&scheduled, "join_url")
}
