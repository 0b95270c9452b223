//! What the deployed functions print of a whole walk with a meeting: planned with
//! Teams and a connected calendar, told of, answered by a link, talked about, moved,
//! called off; and nothing that anybody wrote, is reached or vouched for by (XC-9).

use std::time::Duration;

use convoke_local::TokenClaims;
use google_simulator::demo as google_demo;
use google_simulator::{GoogleSimulator, Seed, User};
use graph_simulator::demo;
use http::Method;
use it::api::{ALL_SCOPES, Answer, Api};
use it::deployed::{self, new_org};
use serde_json::{Value, json};

/// In every text that must not be logged.
const CANARY: &str = "kanarie";
const ROOT: &str = "/api/v1/meetings";
const CALENDAR: &str = "/api/v1/calendar-connections/google";
/// The longest that anything may take, on a machine with much to do.
const PATIENCE: Duration = Duration::from_mins(3);

/// A host whose token is known, to be looked for, and what was planted.
struct Planter {
    api: Api,
    token: String,
    /// An account that no other test has.
    account: String,
    secrets: Vec<String>,
}

impl Planter {
    fn new() -> Self {
        let org = new_org();
        let account = format!("kanarie-host-{org}@example.org");
        let claims = TokenClaims {
            name: Some("kanarie-hanna".to_owned()),
            email: Some(account.clone()),
            ..TokenClaims::internal(&org, "u-host", ALL_SCOPES)
        };
        let token = deployed::stack().issuer.token(&claims).expect("a token");
        Self {
            api: Api::anonymous(deployed::stack(), &org),
            secrets: vec![CANARY.to_owned(), token.clone()],
            token,
            account,
        }
    }

    fn address(&self, name: &str) -> String {
        format!("kanarie-{name}-{}@example.org", self.api.org)
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str())];
        self.api.call(method, path, &headers, body).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let answer = self.call(method, path, body).await;
        assert!(answer.status < 300, "{path}: {answer:?}");
        answer.json()
    }

    async fn people(&self) {
        let contact =
            json!({ "client_id": "c-1", "email": self.address("contact"), "name": "kanarie-ada" });
        self.send(Method::PUT, "/api/v1/contacts/contact-1", Some(&contact))
            .await;
        let user = json!({ "email": self.address("user"), "name": "kanarie-tess" });
        self.send(Method::PUT, "/api/v1/users/tech-1", Some(&user))
            .await;
        if !cfg!(feature = "enterprise") {
            return;
        }
        let integration = json!({ "install_status": "active", "default_meeting_organizer_upn": demo::ORGANIZER_UPN,
            "profile": { "tenant_id": demo::TENANT_ID, "client_id": demo::CLIENT_ID, "client_secret": demo::CLIENT_SECRET } });
        self.send(Method::PUT, "/api/v1/teams-integration", Some(&integration))
            .await;
    }

    /// A consent that works, and attempts that do not.
    async fn connect(&mut self, google: &GoogleSimulator) {
        let refresh = format!("kanarie-refresh-{}", self.api.org);
        let seed = Seed {
            clients: vec![],
            users: vec![User::new(&self.account, &refresh, google_demo::CLIENT_ID)],
        };
        google.seed(seed).expect("an account");
        for wrong in [
            json!({ "refresh_token": "kanarie-refused" }),
            json!({ "authorization_code": "kanarie-code", "redirect_uri": "https://example.org/kanarie" }),
            json!({ "refresh_token": refresh, "calendar_id": "kanarie-calendar" }),
            json!({ "kanarie-field": 1 }),
        ] {
            let refused = self.call(Method::PUT, CALENDAR, Some(&wrong)).await;
            assert_eq!(refused.problem(422), "invalid_input");
        }
        let token = json!({ "refresh_token": refresh });
        let connected = self.send(Method::PUT, CALENDAR, Some(&token)).await;
        assert_eq!(connected["status"], "connected", "{connected}");
        self.secrets.push(google_demo::CLIENT_SECRET.to_owned());
    }

    /// Plans it; its link is a secret from now on. Answers with its path.
    async fn plan(&mut self) -> String {
        let plan = json!({ "title": "kanarie-title", "description": "kanarie-words\r\n{\"level\":\"kanarie\"}",
            "location": "kanarie-place", "start": "2037-03-16T09:00", "duration_minutes": 30,
            "timezone": "Europe/Berlin", "generate_teams_meeting": true,
            "invitees": { "contact_ids": ["contact-1"], "user_ids": ["tech-1"], "emails": [self.address("guest")] } });
        let planned = self.send(Method::POST, ROOT, Some(&plan)).await;
        let link = planned["join_url"].as_str().unwrap();
        if cfg!(feature = "enterprise") {
            assert!(planned["teams_meeting_warning"].is_null(), "{planned}");
            self.secrets.push(link.to_owned());
        }
        format!("{ROOT}/{}", planned["meeting_id"].as_str().unwrap())
    }

    /// The guest's mails so far, the newest last.
    async fn mails(&self) -> Vec<String> {
        let mails = deployed::stack().mails().await.expect("mails");
        let guest = self.address("guest");
        let own = mails.into_iter().filter(|mail| mail.to.contains(&guest));
        own.map(|mail| mail.text).collect()
    }

    /// Answers by the link of the newest mail, in all the ways that go wrong as well.
    async fn answer(&mut self) {
        let mails = self.mails().await;
        let (_, rest) = mails.last().unwrap().split_once("/rsvp/").unwrap();
        let is_of_token = |c: &char| c.is_ascii_alphanumeric() || "-_".contains(*c);
        let token: String = rest.chars().take_while(is_of_token).collect();
        self.secrets.push(token[..40].to_owned());
        let api = deployed::stack().api_url.as_deref().expect("an API");
        let url = format!("{api}/rsvp/{token}");
        let http = reqwest::Client::builder().timeout(PATIENCE).build();
        let http = http.expect("a client");
        for (form, status) in [
            ("response=kanarie-word", 422),
            ("response=accepted", 200),
            ("response=declined", 409),
        ] {
            let looked = http.get(&url).send().await.expect("a page");
            assert_eq!(looked.status(), 200);
            let post = http.post(&url).body(form);
            let post = post.header("content-type", "application/x-www-form-urlencoded");
            assert_eq!(
                post.send().await.expect("a page").status(),
                status,
                "{form}"
            );
        }
        let forged = format!("{url}kanarie");
        assert_eq!(http.get(forged).send().await.expect("a page").status(), 404);
    }
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(in_time.is_ok(), "{what}");
}

/// XC-9, IV: every line is one JSON object without anything that was planted; lines of
/// commands, of telling and of calls to Google say whose and which.
#[tokio::test]
async fn logs_of_a_meeting_say_whose_and_which_and_nothing_secret() {
    let google = deployed::stack().google().expect("the bundled simulator");
    let mut planter = Planter::new();
    planter.people().await;
    planter.connect(google).await;
    let path = planter.plan().await;
    let account = planter.account.clone();
    until("it is told", async || planter.mails().await.len() == 1).await;
    until("it is in the host's calendar", async || {
        google.events(&account).len() == 1
    })
    .await;
    planter.answer().await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    let messages = format!("/api/v1/conversations/{id}/messages");
    let said = json!({ "body": "kanarie-message" });
    planter.send(Method::POST, &messages, Some(&said)).await;
    planter.send(Method::GET, &messages, None).await;
    planter.send(Method::GET, &path, None).await;
    planter
        .send(Method::GET, "/api/v1/notifications", None)
        .await;
    let moved = json!({ "title": "kanarie-moved", "start": "2037-03-17T09:00", "join_url": "https://example.org/kanarie-join",
        "invitees": { "user_ids": [], "emails": [planter.address("guest"), planter.address("late")] } });
    planter.send(Method::PATCH, &path, Some(&moved)).await;
    until("it is told again", async || {
        planter.mails().await.len() == 2
    })
    .await;
    // The consent is taken back: that fails, and says so.
    google.revoke(&account);
    google.expire_access_tokens();
    let cancel = format!("{path}/cancel");
    planter.send(Method::POST, &cancel, None).await;
    until("its end is told", async || planter.mails().await.len() == 3).await;
    let refused = planter.call(Method::PATCH, &path, Some(&moved)).await;
    assert_eq!(refused.problem(409), "meeting_cancelled");

    until("the calendar was tried", async || {
        own_lines(&planter)
            .iter()
            .filter(|line| line["job"] == "sync_calendars" && line["meeting_id"] == id)
            .count()
            >= 3
    })
    .await;
    for line in deployed::logs().lines() {
        let read: Result<Value, _> = serde_json::from_str(&line.text);
        let is_object = read.is_ok_and(|value| value.is_object());
        assert!(is_object, "{}: {}", line.function, line.text);
        for secret in &planter.secrets {
            let text = &line.text;
            assert!(!text.contains(secret.as_str()), "{secret} in {text}");
        }
    }
    assert_lines(&own_lines(&planter), &id);
}

/// What was printed of this organisation.
fn own_lines(planter: &Planter) -> Vec<Value> {
    let lines = deployed::logs().lines().into_iter();
    let own = lines.filter(|line| line.text.contains(&planter.api.org));
    own.map(|line| serde_json::from_str(&line.text).unwrap())
        .collect()
}

fn assert_lines(lines: &[Value], id: &str) {
    for operation in ["get_session", "update_session", "cancel_session"] {
        let is_own = |line: &&Value| line["operation"] == operation && line["status"] == 200;
        let line = lines.iter().find(is_own);
        let line = line.unwrap_or_else(|| panic!("{operation}"));
        assert_eq!(line["meeting_id"], id, "{line}");
        assert!(line["duration_ms"].is_u64() && line["request_id"].is_string());
    }
    for job in ["tell_session", "sync_calendars"] {
        let is_own = |line: &Value| line["job"] == job && line["meeting_id"] == id;
        assert!(lines.iter().any(is_own), "{job}");
    }
    let calls: Vec<_> = lines
        .iter()
        .filter(|line| line["target"] == "google")
        .collect();
    for operation in [
        "exchange_code",
        "refresh_token",
        "insert_event",
        "update_event",
    ] {
        let is_of = |line: &&&Value| line["operation"] == operation;
        let line = calls.iter().find(is_of);
        let line = line.unwrap_or_else(|| panic!("{operation} in {calls:?}"));
        assert!(line["google_status"].is_u64() && line["duration_ms"].is_u64());
    }
    let is_refused =
        |line: &&Value| line["google_class"] == "grant_revoked" && line["level"] == "WARN";
    assert!(
        calls.into_iter().any(|line| is_refused(&line)),
        "a consent was refused"
    );
}
