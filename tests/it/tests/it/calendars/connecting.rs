//! Connecting a calendar, and forgetting it.

use google_simulator::{Code, Fault, demo};
use it::api::ALL_SCOPES;
use it::gateway::Event;
use it::practice::{CLIENT, CONTACT, HOST};
use it::requests::violations;
use serde_json::{Value, json};

use super::diary::{ANN, Diary, settings, text};

const REDIRECT: &str = "https://console.example/calendars";

fn one(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

/// IV-6: a console learns whether and where a calendar can be connected, and how
/// the connection is.
#[tokio::test]
async fn a_connection_is_offered_made_read_and_forgotten() {
    let diary = Diary::open().await;
    let offered = diary.read(HOST, "google").await;
    assert_eq!(offered["status"], "not_connected");
    assert_eq!(offered["configured"], true);
    let url = offered["authorization_url"].as_str().unwrap();
    for part in [
        "https://accounts.google.com/o/oauth2/v2/auth?client_id=demo-google-client&",
        "scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcalendar.events&",
        "access_type=offline&prompt=consent",
    ] {
        assert!(url.contains(part), "{url}");
    }
    let body = json!({ "refresh_token": demo::REFRESH_TOKEN });
    let made = diary.call(HOST, "PUT", "google", Some(&body)).await;
    assert_eq!(made.header("etag"), Some("\"1\""));
    let made = made.expect(201);
    let expected = json!({ "provider": "google", "status": "connected", "configured": true,
        "authorization_url": url, "calendar_id": "primary", "connected_at": made["connected_at"] });
    assert_eq!(made, expected);
    assert_eq!(diary.read(HOST, "google").await["status"], "connected");
    let again = diary
        .call(HOST, "PUT", "google", Some(&body))
        .await
        .expect(200);
    assert_eq!(again["status"], "connected");
    diary.call(HOST, "DELETE", "google", None).await.expect(204);
    diary.call(HOST, "DELETE", "google", None).await.expect(204);
    assert_eq!(diary.read(HOST, "google").await["status"], "not_connected");
    assert_eq!(diary.call(HOST, "GET", "apple", None).await.status, 404);
    assert_eq!(
        diary.call(HOST, "PUT", "apple", Some(&body)).await.status,
        404
    );
}

/// IV-6: by the code that a consent brings, with PKCE.
#[tokio::test]
async fn a_code_connects_once() {
    let diary = Diary::open().await;
    let code = |challenge: Option<&str>| {
        let code = Code {
            email: ANN.to_owned(),
            client_id: demo::CLIENT_ID.to_owned(),
            redirect_uri: REDIRECT.to_owned(),
            code_challenge: challenge.map(str::to_owned),
        };
        diary.google.issue_code(code).unwrap()
    };
    // RFC 7636, appendix B.
    let (verifier, challenge) = (
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    );
    let body = json!({ "authorization_code": code(Some(challenge)), "redirect_uri": REDIRECT,
        "code_verifier": verifier });
    diary
        .call(HOST, "PUT", "google", Some(&body))
        .await
        .expect(201);
    diary.planned(&json!({})).await;
    assert_eq!(diary.count(ANN), 1);
    let spent = diary.call(HOST, "PUT", "google", Some(&body)).await;
    assert_eq!(
        violations(&spent),
        one("/authorization_code", "grant_refused")
    );
    let elsewhere =
        json!({ "authorization_code": code(None), "redirect_uri": "https://other.example/" });
    let refused = diary.call(HOST, "PUT", "google", Some(&elsewhere)).await;
    assert!(matches!(refused.status, 422 | 503), "{}", refused.json());
    // What worked goes on working.
    assert_eq!(diary.read(HOST, "google").await["status"], "connected");
}

/// IV-6: what is wrong with a body is named; nothing is asked of the provider.
#[tokio::test]
async fn a_body_that_is_no_consent_is_refused() {
    let diary = Diary::open().await;
    for (body, expected) in [
        (json!({}), one("/authorization_code", "required")),
        (
            json!({ "authorization_code": "c" }),
            one("/redirect_uri", "required"),
        ),
        (
            json!({ "authorization_code": "c", "redirect_uri": "console" }),
            one("/redirect_uri", "invalid_link"),
        ),
        (
            json!({ "refresh_token": "a b" }),
            one("/refresh_token", "invalid_token"),
        ),
        (
            json!({ "refresh_token": "a", "calendar_id": ".." }),
            one("/calendar_id", "invalid_id"),
        ),
    ] {
        let answer = diary.call(HOST, "PUT", "google", Some(&body)).await;
        assert_eq!(violations(&answer), expected, "{body}");
    }
    let unknown = diary
        .call(HOST, "PUT", "google", Some(&json!({ "token": "a" })))
        .await;
    assert_eq!(violations(&unknown), one("/token", "unknown_field"));
    assert_eq!(diary.google.received().len(), 0);
}

/// IV-6: a consent that does not work is not stored.
#[tokio::test]
async fn a_consent_is_tried_before_it_is_stored() {
    let diary = Diary::open().await;
    let put = async |body: Value| diary.call(HOST, "PUT", "google", Some(&body)).await;
    let refused = put(json!({ "refresh_token": "1//0unknown" })).await;
    assert_eq!(violations(&refused), one("/refresh_token", "grant_refused"));
    let calendar = put(
        json!({ "refresh_token": demo::REFRESH_TOKEN, "calendar_id": "nobodys@group.example" }),
    );
    assert_eq!(
        violations(&calendar.await),
        one("/calendar_id", "unknown_calendar")
    );
    let good = json!({ "refresh_token": demo::REFRESH_TOKEN });
    diary
        .google
        .inject(Fault::on("POST", "/token").times(1).respond(503, json!({})));
    assert_eq!(put(good.clone()).await.problem(503), "calendar_unavailable");
    diary
        .google
        .inject(Fault::on("POST", "/token").times(1).cut());
    assert_eq!(put(good.clone()).await.problem(503), "calendar_unavailable");
    diary.google.inject(
        Fault::on("POST", "/token")
            .times(1)
            .token_error(401, "invalid_client"),
    );
    let ours = put(good.clone()).await;
    assert_eq!(ours.problem(503), "calendar_not_configured");
    let missing = &ours.json()["missing_keys"];
    assert_eq!(missing[0], "CONVOKE_GOOGLE_CLIENT_ID", "{}", ours.json());
    assert_eq!(diary.read(HOST, "google").await["status"], "not_connected");
    put(good).await.expect(201);
}

/// IV-6: users may untick what they are asked for.
#[tokio::test]
async fn a_consent_without_the_calendar_is_refused() {
    let diary = Diary::open().await;
    let mut user = google_simulator::User::new("eve@acme.example", "1//0eve", demo::CLIENT_ID);
    user.scope = "https://www.googleapis.com/auth/userinfo.email".to_owned();
    let seed = google_simulator::Seed {
        clients: vec![],
        users: vec![user],
    };
    diary.google.seed(seed).unwrap();
    let body = json!({ "refresh_token": "1//0eve" });
    let answer = diary.call(HOST, "PUT", "google", Some(&body)).await;
    assert_eq!(violations(&answer), one("/refresh_token", "scope_missing"));
}

/// IV-6: without an application the deployment says so, and meetings stand.
#[tokio::test]
async fn a_deployment_without_application_connects_nothing() {
    let mut diary = Diary::connected().await;
    let all = settings(diary.google.base_url());
    let without: Vec<_> = all
        .iter()
        .filter(|(name, _)| !name.contains("CLIENT_"))
        .cloned()
        .collect();
    diary.restart(&without);
    let offered = diary.read(HOST, "google").await;
    assert_eq!(
        (&offered["configured"], &offered["status"]),
        (&json!(false), &json!("connected"))
    );
    assert_eq!(offered.get("authorization_url"), None);
    let body = json!({ "refresh_token": demo::REFRESH_TOKEN });
    let answer = diary.call(HOST, "PUT", "google", Some(&body)).await;
    assert_eq!(answer.problem(503), "calendar_not_configured");
    let keys = json!([
        "CONVOKE_GOOGLE_CLIENT_ID",
        "CONVOKE_GOOGLE_CLIENT_SECRET_ARN"
    ]);
    assert_eq!(answer.json()["missing_keys"], keys);
    let id = diary.planned(&json!({})).await;
    assert_eq!(
        (diary.count(ANN), diary.rows("session", &id).await.len()),
        (0, 0)
    );
    diary
        .practice
        .session("GET", &id, "", None)
        .await
        .expect(200);
    diary.restart(&all);
    diary.changed(&id, &json!({ "title": "Seen again" })).await;
    assert_eq!(text(&diary.event(ANN), "summary"), "Seen again");
}

/// XC-2: connections are users' own business: no scope is needed, portal users
/// have none.
#[tokio::test]
async fn a_portal_user_has_no_connections() {
    let diary = Diary::open().await;
    let org = &diary.practice.org;
    for method in ["GET", "PUT", "DELETE"] {
        let path = "/api/v1/calendar-connections/google";
        let event = Event::new(method, path).portal(org, "portal-1", ALL_SCOPES, CLIENT, CONTACT);
        let body = json!({ "refresh_token": demo::REFRESH_TOKEN });
        let event = if method == "PUT" {
            event.json(&body)
        } else {
            event
        };
        assert_eq!(
            diary.practice.process.api(event).await.status,
            403,
            "{method}"
        );
    }
    assert_eq!(diary.google.received().len(), 0);
}

/// XC-5: a connection that changed meanwhile is neither replaced nor forgotten, and
/// no code is spent on the attempt.
#[tokio::test]
async fn if_match_is_honoured() {
    let diary = Diary::connected().await;
    let path = "/api/v1/calendar-connections/google";
    let body = json!({ "refresh_token": demo::REFRESH_TOKEN });
    diary.google.clear_received();
    let event = |method: &str| {
        let event = Event::new(method, path).internal(&diary.practice.org, HOST, "");
        event.header("if-match", "\"77\"")
    };
    let put = diary.practice.process.api(event("PUT").json(&body)).await;
    assert_eq!(put.problem(412), "version_mismatch");
    let delete = diary.practice.process.api(event("DELETE")).await;
    assert_eq!(delete.problem(412), "version_mismatch");
    assert_eq!(diary.google.received().len(), 0);
}

/// IV-6: what stands in a calendar stays there when it is disconnected, and is
/// found again when it is connected anew.
#[tokio::test]
async fn a_reconnected_calendar_has_each_event_once() {
    let diary = Diary::connected().await;
    let id = diary.planned(&json!({})).await;
    let other = diary.planned(&json!({ "title": "To be cancelled" })).await;
    diary.call(HOST, "DELETE", "google", None).await.expect(204);
    diary.google.clear_received();
    diary.changed(&id, &json!({ "title": "Unseen" })).await;
    diary
        .practice
        .session("POST", &other, "/cancel", Some(&json!({})))
        .await
        .expect(200);
    diary.work().await;
    assert_eq!(diary.google.received().len(), 0, "nobody may touch it");
    assert_eq!(diary.count(ANN), 2);
    diary.connect(HOST, demo::REFRESH_TOKEN).await;
    diary.settle().await;
    assert_eq!(text(&diary.event(ANN), "summary"), "Unseen");
}

/// IV-6: another account gets everything, and the old one keeps what it has.
#[tokio::test]
async fn another_account_gets_everything_anew() {
    let diary = Diary::connected().await;
    let id = diary.planned(&json!({})).await;
    diary.connect(HOST, super::diary::TESS_TOKEN).await;
    diary.work().await;
    assert_eq!((diary.count(ANN), diary.count(super::diary::TESS)), (1, 1));
    diary.changed(&id, &json!({ "title": "Only here" })).await;
    assert_eq!(
        text(&diary.event(super::diary::TESS), "summary"),
        "Only here"
    );
    assert_eq!(text(&diary.event(ANN), "summary"), "Quarterly review");
}

/// IV-6: another calendar of the account.
#[tokio::test]
async fn events_go_to_the_chosen_calendar() {
    let diary = Diary::open().await;
    let mut user = google_simulator::User::new("eve@acme.example", "1//0eve", demo::CLIENT_ID);
    user.calendars = vec!["team@group.example".to_owned()];
    let seed = google_simulator::Seed {
        clients: vec![],
        users: vec![user],
    };
    diary.google.seed(seed).unwrap();
    let body = json!({ "refresh_token": "1//0eve", "calendar_id": "team@group.example" });
    let made = diary
        .call(HOST, "PUT", "google", Some(&body))
        .await
        .expect(201);
    assert_eq!(made["calendar_id"], "team@group.example");
    diary.planned(&json!({})).await;
    assert_eq!(
        (
            diary.count("team@group.example"),
            diary.count("eve@acme.example")
        ),
        (1, 0)
    );
}
