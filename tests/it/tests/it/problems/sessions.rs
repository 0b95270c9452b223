//! What meetings with invitees, their conversations, notifications and connected
//! calendars refuse: which status, which code, where; and that `docs/errors.md` says
//! what each means (XC-3).

mod plans;

use std::collections::BTreeSet;
use std::path::Path;

use it::api::Answer;
use it::gateway::Event;
use it::practice::{HOST, Practice, TECHNICIAN};
use serde_json::{Value, json};

use super::{pointers, problem};
use crate::routes::text;

const ROOT: &str = "/api/v1/meetings";

/// A practice whose refusals are checked, and the codes that they had.
struct Bench {
    practice: Practice,
    codes: BTreeSet<String>,
}

impl Bench {
    async fn open() -> Self {
        Self::of(Practice::without_teams().await).await
    }

    async fn of(practice: Practice) -> Self {
        Self {
            practice: practice.with_host().await,
            codes: BTreeSet::new(),
        }
    }

    async fn send(&self, event: Event) -> Answer {
        Box::pin(self.practice.process.api(event)).await
    }

    async fn host(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let event = self.practice.host(method, path, body);
        self.send(event).await
    }

    fn refused(&mut self, answer: &Answer, status: u16, code: &str) -> Value {
        self.codes.insert(code.to_owned());
        problem(answer, status, code)
    }

    /// One rule is broken, at one place.
    fn broken(&mut self, answer: &Answer, pointer: &str, code: &str) {
        let refused = problem(answer, 422, "invalid_input");
        assert_eq!(pointers(&refused), [pointer], "{refused}");
        assert_eq!(refused["errors"][0]["code"], code, "{refused}");
        self.codes.insert(code.to_owned());
    }

    /// Calls everything that changes a meeting, as whom it is for.
    async fn attempts(&self, id: &str) -> Vec<(&'static str, Answer)> {
        let path = format!("{ROOT}/{id}");
        let read = self.host("GET", &path, None).await.expect(200);
        let mut invitations = read["invitations"].as_array().unwrap().iter();
        let own = invitations.find(|one| one["user_id"] == TECHNICIAN);
        let own = text(&own.unwrap()["invitation_id"]);
        let respond = format!("{path}/invitations/{own}/respond");
        let accepted = json!({ "response": "accepted" });
        let title = json!({ "title": "Another" });
        let process = &self.practice.process;
        let of_invitee = |method: &str, path: &str, body: Option<&Value>| {
            self.practice.colleague(TECHNICIAN, method, path, body)
        };
        let file = self
            .practice
            .host("GET", &format!("{path}/invitation"), None);
        vec![
            ("change", self.host("PATCH", &path, Some(&title)).await),
            (
                "cancel",
                self.host("POST", &format!("{path}/cancel"), None).await,
            ),
            ("end", self.host("POST", &format!("{path}/end"), None).await),
            (
                "join",
                self.send(of_invitee("POST", &format!("{path}/join"), None))
                    .await,
            ),
            (
                "answer",
                self.send(of_invitee("POST", &respond, Some(&accepted)))
                    .await,
            ),
            ("file", process.ics(file).await),
        ]
    }

    /// Every code that was met has its row.
    fn assert_documented(&self) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
        let document = std::fs::read_to_string(path).unwrap();
        for code in &self.codes {
            let rows = document.lines().filter(|line| line.starts_with('|'));
            let mut first_cells = rows.filter_map(|row| row.split('|').nth(1));
            let is_there = first_cells.any(|cell| cell.contains(&format!("`{code}`")));
            assert!(is_there, "docs/errors.md does not say what {code} means");
        }
    }
}

/// XC-3, IV-5: what state and standing forbid is said by code.
#[tokio::test(flavor = "multi_thread")]
async fn states_and_standings_say_what_they_forbid() {
    let mut bench = Bench::open().await;
    let id = bench.practice.announced(&json!({})).await;
    let path = format!("{ROOT}/{id}");
    let early = bench.host("POST", &format!("{path}/end"), None).await;
    bench.refused(&early, 409, "meeting_not_begun");
    for (method, rest) in [("PATCH", ""), ("POST", "/cancel"), ("POST", "/end")] {
        let path = format!("{path}{rest}");
        let body = (method == "PATCH").then(|| json!({ "title": "T" }));
        let event = bench.practice.host(method, &path, body.as_ref());
        let answer = bench.send(event.header("if-match", "\"99\"")).await;
        bench.refused(&answer, 412, "version_mismatch");
        let event = bench
            .practice
            .colleague(TECHNICIAN, method, &path, body.as_ref());
        let answer = bench.send(event).await;
        bench.refused(&answer, 403, "not_the_host");
    }
    let messages = format!("/api/v1/conversations/{id}/messages");
    let said = json!({ "body": "Good morning." });
    let org = &bench.practice.org;
    let manager = Event::new("POST", &messages).internal(org, "u-m", "meetings:admin");
    let answer = bench.send(manager.json(&said)).await;
    bench.refused(&answer, 404, "not_found");
    let all = bench.host("GET", &format!("{ROOT}?all=true"), None).await;
    bench.refused(&all, 403, "permission_missing");

    bench
        .host("POST", &format!("{path}/cancel"), None)
        .await
        .expect(200);
    for (attempt, answer) in bench.attempts(&id).await {
        assert_eq!(answer.status, 409, "{attempt}");
        bench.refused(&answer, 409, "meeting_cancelled");
    }
    let answer = bench.host("POST", &messages, Some(&said)).await;
    bench.refused(&answer, 409, "meeting_cancelled");
    bench.host("GET", &messages, None).await.expect(200);

    let instant = json!({ "instant": true, "start": null });
    let id = bench.practice.announced(&instant).await;
    let path = format!("{ROOT}/{id}");
    bench
        .host("POST", &format!("{path}/end"), None)
        .await
        .expect(200);
    for (attempt, answer) in bench.attempts(&id).await {
        assert_eq!(answer.status, 409, "{attempt}");
        bench.refused(&answer, 409, "meeting_ended");
    }
    let messages = format!("/api/v1/conversations/{id}/messages");
    bench.host("POST", &messages, Some(&said)).await.expect(201);
    bench.assert_documented();
}

/// XC-3, IV-1: each rule that a plan or a change breaks is named, with its place, and
/// nothing was written.
#[tokio::test(flavor = "multi_thread")]
async fn broken_rules_are_named_with_their_place() {
    let mut bench = Bench::open().await;
    let other = json!({ "client_id": "client-9", "email": "cy@other.example", "name": "Cy" });
    let put = bench
        .practice
        .staff("PUT", "/api/v1/contacts/contact-9", Some(&other));
    bench.send(put).await.expect(201);
    let id = bench.practice.announced(&json!({})).await;
    let path = format!("{ROOT}/{id}");
    let before = bench.host("GET", &path, None).await.expect(200);
    for (fields, pointer, code) in plans::broken() {
        let body = Practice::session_plan(&fields);
        let answer = bench.host("POST", ROOT, Some(&body)).await;
        bench.broken(&answer, pointer, code);
        let only_plans = ["instant", "generate_teams_meeting"];
        let is_of_plan = only_plans.iter().any(|name| fields.get(name).is_some());
        if is_of_plan || code == "required" {
            continue;
        }
        let answer = bench.host("PATCH", &path, Some(&fields)).await;
        bench.broken(&answer, pointer, code);
    }
    let several = json!({ "title": "", "duration_minutes": -1, "timezone": "x", "start": "2027-01-01T09:00",
        "invitees": { "emails": ["x"] } });
    let answer = bench.host("POST", ROOT, Some(&several)).await;
    let refused = problem(&answer, 422, "invalid_input");
    let places = [
        "/duration_minutes",
        "/invitees/emails/0",
        "/timezone",
        "/title",
    ];
    let mut found = pointers(&refused);
    found.sort_unstable();
    assert_eq!(found, places);
    let invitations = before["invitations"].as_array().unwrap();
    let own = invitations.iter().find(|one| one["user_id"] == TECHNICIAN);
    let own = text(&own.unwrap()["invitation_id"]);
    let respond = format!("{path}/invitations/{own}/respond");
    for word in ["needs_action", "perhaps", ""] {
        let body = json!({ "response": word });
        let event = bench
            .practice
            .colleague(TECHNICIAN, "POST", &respond, Some(&body));
        let answer = bench.send(event).await;
        bench.broken(&answer, "/response", "unknown_response");
    }
    let messages = format!("/api/v1/conversations/{id}/messages");
    for (body, code) in [(" ".to_owned(), "empty"), ("x".repeat(4001), "too_long")] {
        let answer = bench
            .host("POST", &messages, Some(&json!({ "body": body })))
            .await;
        bench.broken(&answer, "/body", code);
    }
    assert_eq!(bench.host("GET", &path, None).await.expect(200), before);
    let list = bench.host("GET", ROOT, None).await.expect(200);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    bench.assert_documented();
}

/// XC-3, XC-6: queries of the lists that cannot be read, and cursors of others.
#[tokio::test(flavor = "multi_thread")]
async fn queries_that_cannot_be_read_are_malformed() {
    let mut bench = Bench::open().await;
    let id = bench.practice.announced(&json!({})).await;
    let messages = format!("/api/v1/conversations/{id}/messages");
    for query in [
        "/api/v1/meetings?status=perhaps",
        "/api/v1/meetings?from=yesterday",
        "/api/v1/meetings?to=2027-01-01&to=2027-01-02",
        "/api/v1/meetings?all=perhaps",
        "/api/v1/notifications?unread=2",
    ] {
        let answer = bench.host("GET", query, None).await;
        bench.refused(&answer, 400, "invalid_query");
    }
    for list in [ROOT, "/api/v1/notifications", &messages] {
        let answer = bench.host("GET", &format!("{list}?limit=101"), None).await;
        bench.refused(&answer, 400, "invalid_limit");
        let answer = bench
            .host("GET", &format!("{list}?cursor=forged"), None)
            .await;
        bench.refused(&answer, 400, "invalid_cursor");
    }
    let jobs = Practice::session_plan(&json!({ "title": "Second" }));
    bench.host("POST", ROOT, Some(&jobs)).await.expect(201);
    Box::pin(bench.practice.work()).await;
    let list = "/api/v1/notifications?limit=1";
    let of = |user: &str, path: &str| bench.practice.colleague(user, "GET", path, None);
    let page = bench.send(of(TECHNICIAN, list)).await.expect(200);
    let next = format!("{list}&cursor={}", text(&page["next_cursor"]));
    bench.send(of(TECHNICIAN, &next)).await.expect(200);
    let crossed = bench.send(of(HOST, &next)).await;
    bench.refused(&crossed, 400, "invalid_cursor");
    bench.assert_documented();
}

/// XC-3, IV-6: a provider that is not set up says what is missing; what cannot be a
/// consent is refused before anybody is asked.
#[tokio::test(flavor = "multi_thread")]
async fn calendars_that_are_not_set_up_say_so() {
    let mut bench = Bench::open().await;
    let path = "/api/v1/calendar-connections/google";
    let body = json!({ "refresh_token": "1//token" });
    let answer = bench.host("PUT", path, Some(&body)).await;
    let refused = bench.refused(&answer, 503, "calendar_not_configured");
    let missing = [
        "CONVOKE_GOOGLE_CLIENT_ID",
        "CONVOKE_GOOGLE_CLIENT_SECRET_ARN",
    ];
    assert_eq!(refused["missing_keys"], json!(missing));
    for (body, pointer, code) in [
        (json!({}), "/authorization_code", "required"),
        (
            json!({ "refresh_token": "a b" }),
            "/refresh_token",
            "invalid_token",
        ),
        (
            json!({ "refresh_token": "x".repeat(4097) }),
            "/refresh_token",
            "too_long",
        ),
        (
            json!({ "refresh_token": "a", "authorization_code": "b" }),
            "/authorization_code",
            "not_allowed",
        ),
        (
            json!({ "authorization_code": "b" }),
            "/redirect_uri",
            "required",
        ),
        (
            json!({ "authorization_code": "b", "redirect_uri": "x" }),
            "/redirect_uri",
            "invalid_link",
        ),
        (
            json!({ "refresh_token": "a", "calendar_id": ".." }),
            "/calendar_id",
            "invalid_id",
        ),
    ] {
        let answer = bench.host("PUT", path, Some(&body)).await;
        bench.broken(&answer, pointer, code);
        assert!(!String::from_utf8_lossy(&answer.body).contains("xxxx"));
    }
    let answer = bench
        .host("GET", "/api/v1/calendar-connections/apple", None)
        .await;
    bench.refused(&answer, 404, "not_found");
    let path = "/api/v1/calendar-connections/microsoft";
    let answer = bench.host("PUT", path, Some(&body)).await;
    if cfg!(feature = "enterprise") {
        bench.refused(&answer, 503, "calendar_not_configured");
    } else {
        bench.refused(&answer, 501, "ee_disabled");
    }
    bench.assert_documented();
}

/// XC-3, IV-2: the Teams meeting of a meeting with invitees follows that, and is not
/// moved or cancelled by itself.
#[cfg(feature = "enterprise")]
#[tokio::test(flavor = "multi_thread")]
async fn the_teams_meeting_of_a_meeting_is_not_moved_by_itself() {
    let mut bench = Bench::of(Practice::open().await).await;
    let plan = json!({ "generate_teams_meeting": true });
    let id = bench.practice.announced(&plan).await;
    let path = format!("/api/v1/online-meetings/{id}");
    let span = json!({ "start": "2026-12-02T09:00:00Z", "end": "2026-12-02T10:00:00Z" });
    for (rest, body) in [("reschedule", Some(&span)), ("cancel", None)] {
        let path = format!("{path}/{rest}");
        let event = bench.practice.staff("POST", &path, body);
        let answer = bench.send(event).await;
        bench.refused(&answer, 409, "belongs_to_meeting");
    }
    bench.assert_documented();
}
