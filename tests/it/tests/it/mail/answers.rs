//! IV-7: answering from a mail, by a link that answers once.

use convoke_platform::answer_link::{self, AnswerLink};
use convoke_platform::records::UsedAnswerLinkRecord;
use it::api::Answer;
use it::gateway::Event;
use it::practice::{GUEST, HOST, Practice};

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";

/// A meeting that was announced, and the link in the mail to [`GUEST`].
struct Asked {
    practice: Practice,
    id: String,
    token: String,
}

impl Asked {
    async fn with(fields: &Value) -> Self {
        let practice = Practice::without_teams().await.with_host().await;
        let id = practice.announced(fields).await;
        let token = link_in(&practice);
        Self {
            practice,
            id,
            token,
        }
    }

    async fn call(&self, event: Event) -> Answer {
        Box::pin(self.practice.process.api(event)).await
    }

    /// Opens the link as a browser does.
    async fn look(&self, method: &str, query: &str) -> Answer {
        let path = format!("/rsvp/{}{query}", self.token);
        self.call(Event::new(method, &path)).await
    }

    /// Sends the page's form as a browser does: the gateway encodes it.
    async fn send(&self, token: &str, form: &str) -> Answer {
        let event = Event::new("POST", &format!("/rsvp/{token}"));
        let event = event.header("content-type", FORM).octets(form.as_bytes());
        self.call(event).await
    }

    async fn answer(&self, word: &str) -> Answer {
        self.send(&self.token, &format!("response={word}")).await
    }

    /// What the host sees of the guest's answer.
    async fn response(&self) -> Value {
        let session = self.practice.session("GET", &self.id, "", None).await;
        let session = session.expect(200);
        let invitations = session["invitations"].as_array().unwrap();
        let guest = invitations.iter().find(|one| one["email"] == GUEST);
        guest.expect("the guest's invitation")["response"].clone()
    }

    async fn version(&self) -> Value {
        let session = self.practice.session("GET", &self.id, "", None).await;
        session.expect(200)["version"].clone()
    }

    async fn link(&self) -> AnswerLink {
        let secrets = &self.practice.process.delivery.links.secrets;
        let now = self.practice.process.ports.now();
        let opened = answer_link::open(secrets, &self.token, now).await;
        opened.unwrap().1
    }
}

/// The token of the newest mail's link to the guest.
fn link_in(practice: &Practice) -> String {
    let mails = practice.mails();
    let mail = mails.iter().rev().find(|mail| mail["to"][0][1] == GUEST);
    let text = mail.expect("a mail to the guest")["body"].to_string();
    let (_, rest) = text.split_once("/rsvp/").expect("a link to answer with");
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    rest.chars().take_while(|c| is_of_token(*c)).collect()
}

/// A page: with its status, for nobody else to keep, frame or hear of.
fn page(answer: &Answer, status: u16) -> String {
    let text = String::from_utf8(answer.body.clone()).unwrap();
    assert_eq!(answer.status, status, "{text}");
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "private, no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let policy = answer.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(policy.contains("form-action 'self'"), "{policy}");
    text
}

/// IV-7: looking changes nothing, however often and whatever the link names; the
/// form answers, the host sees it and hears of it, and the link is used up.
#[tokio::test(flavor = "multi_thread")]
async fn looking_changes_nothing_and_the_form_answers_once() {
    let asked = Box::pin(Asked::with(&json!({}))).await;
    let before = asked.version().await;
    for (method, query) in [
        ("GET", "?response=accepted"),
        ("HEAD", "?response=declined"),
        ("GET", ""),
        ("GET", "?response=accepted&response=declined"),
        ("GET", "?response=needs_action"),
    ] {
        let text = page(&asked.look(method, query).await, 200);
        assert!(text.contains("<h1>Quarterly review</h1>"), "{text}");
        let marked = text.contains("value=\"accepted\" class=\"marked\"");
        assert_eq!(marked, query == "?response=accepted", "{query}: {text}");
    }
    assert_eq!(asked.response().await, "needs_action");
    assert_eq!(asked.version().await, before);

    let text = page(&asked.answer("tentative").await, 200);
    assert!(
        text.contains("Your answer: <strong>maybe</strong>"),
        "{text}"
    );
    assert_eq!(asked.response().await, "tentative");
    let after = asked.version().await;
    let notes = asked.practice.notifications(HOST).await;
    assert_eq!(notes[0]["type"], "meeting_response");

    // The button pressed twice says what is recorded; another one does not count.
    let text = page(&asked.answer("tentative").await, 200);
    assert!(
        text.contains("Your answer: <strong>maybe</strong>"),
        "{text}"
    );
    let text = page(&asked.answer("accepted").await, 409);
    assert!(text.contains("used already"), "{text}");
    let text = page(&asked.look("GET", "").await, 200);
    assert!(
        text.contains("used already") && !text.contains("<form"),
        "{text}"
    );
    assert_eq!(asked.response().await, "tentative");
    assert_eq!(asked.version().await, after);
}

/// IV-7: an answer that was meant for another time is none; the page asks again,
/// and the link still answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_left_open_does_not_answer_for_a_new_time() {
    let asked = Box::pin(Asked::with(&json!({}))).await;
    let moved = json!({ "start": "2026-12-02T10:00" });
    asked.practice.changed(&asked.id, &moved).await;
    let text = page(
        &asked
            .send(&asked.token, "response=accepted&sequence=0")
            .await,
        409,
    );
    assert!(text.contains("was moved since"), "{text}");
    assert!(text.contains("name=\"sequence\" value=\"1\""), "{text}");
    assert_eq!(asked.response().await, "needs_action");
    page(
        &asked
            .send(&asked.token, "response=accepted&sequence=x")
            .await,
        422,
    );
    page(
        &asked
            .send(&asked.token, "response=accepted&sequence=1")
            .await,
        200,
    );
    assert_eq!(asked.response().await, "accepted");
}

/// IV-7: a mail answers once, also when both its buttons are pressed at once; a
/// newer mail has a link of its own.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_answers_at_once_one_counts_and_a_fresh_link_answers_anew() {
    let mut asked = Box::pin(Asked::with(&json!({}))).await;
    let (one, other) = tokio::join!(asked.answer("accepted"), asked.answer("declined"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let word = if one.status == 200 {
        "accepted"
    } else {
        "declined"
    };
    assert_eq!(asked.response().await, word);
    let link = asked.link().await;
    let store = asked
        .practice
        .process
        .core
        .store(&tenant_of(&asked.practice));
    let used = UsedAnswerLinkRecord::key_of(link.mail_id);
    assert!(
        store
            .get::<UsedAnswerLinkRecord>(&used)
            .await
            .unwrap()
            .is_some()
    );

    let body = json!({ "title": "Yearly review" });
    asked.practice.changed(&asked.id, &body).await;
    asked.token = link_in(&asked.practice);
    page(&asked.answer("tentative").await, 200);
    assert_eq!(asked.response().await, "tentative");
}

/// IV-7: what is no link, no answer, or comes too late is a page that says so,
/// and records nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_answered_is_said_on_a_page() {
    let asked = Box::pin(Asked::with(&json!({}))).await;
    for form in [
        "response=yes",
        "response=needs_action",
        "",
        "response=accepted&x=1",
    ] {
        let text = page(&asked.send(&asked.token, form).await, 422);
        assert!(text.contains("no answer"), "{text}");
    }
    let mut forged = asked.token.clone();
    forged.replace_range(20..21, if &forged[20..21] == "A" { "B" } else { "A" });
    for token in [forged.as_str(), "x", "%00"] {
        page(&asked.send(token, "response=accepted").await, 404);
    }
    let event = Event::new("POST", &format!("/rsvp/{}", asked.token));
    let refused = asked
        .call(event.json(&json!({ "response": "accepted" })))
        .await;
    assert_eq!(refused.problem(415), "unsupported_media_type");
    let event = Event::new("DELETE", &format!("/rsvp/{}", asked.token));
    assert_eq!(asked.call(event).await.problem(405), "method_not_allowed");
    assert_eq!(asked.response().await, "needs_action");

    asked
        .practice
        .session("POST", &asked.id, "/cancel", None)
        .await
        .expect(200);
    let text = page(&asked.answer("accepted").await, 409);
    assert!(text.contains("was cancelled"), "{text}");
    let text = page(&asked.look("GET", "").await, 200);
    assert!(
        text.contains("was cancelled") && !text.contains("<form"),
        "{text}"
    );
    asked.practice.clock.advance(chrono::TimeDelta::days(30));
    page(&asked.look("GET", "").await, 404);
    page(&asked.answer("accepted").await, 404);
}

/// IV-7: whoever is not invited any more finds nothing, also where they hold a link.
#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_somebody_uninvited_leads_nowhere() {
    let asked = Box::pin(Asked::with(&json!({}))).await;
    let body = json!({ "invitees": { "emails": [] } });
    asked.practice.changed(&asked.id, &body).await;
    page(&asked.look("GET", "?response=accepted").await, 404);
    page(&asked.answer("accepted").await, 404);
}

/// XC-1: a link is worth nothing with another tenant inside: it names no session there.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_of_another_tenant_finds_nothing() {
    let asked = Box::pin(Asked::with(&json!({}))).await;
    let secrets = &asked.practice.process.delivery.links.secrets;
    let ring = secrets.keyring().await.unwrap();
    let body = json!({ "id": Uuid::nil(), "tenant": deployed::new_org(), "job": null });
    let other = Incoming::parse(&body.to_string()).unwrap().tenant;
    let token = answer_link::seal(&ring, &other, &asked.link().await).unwrap();
    page(&asked.send(&token, "response=accepted").await, 404);
    assert_eq!(asked.response().await, "needs_action");
}

/// XC-13: what the host wrote stays text on the page too.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_titles_are_text_on_the_page() {
    let hostile = "</title><script>alert(1)</script>";
    let asked = Box::pin(Asked::with(
        &json!({ "title": hostile, "location": hostile }),
    ))
    .await;
    let text = page(&asked.look("GET", "").await, 200);
    assert!(
        !text.contains("<script") && text.contains("&lt;script&gt;"),
        "{text}"
    );
}

fn tenant_of(practice: &Practice) -> Tenant {
    let body = json!({ "id": Uuid::nil(), "tenant": practice.org, "job": null });
    Incoming::parse(&body.to_string()).unwrap().tenant
}
