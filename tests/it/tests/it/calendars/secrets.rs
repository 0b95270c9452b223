//! Tokens: sealed at rest, never in an answer, a message, an event or a log.

use std::sync::LazyLock;
use std::time::Duration;

use convoke_local::TokenClaims;
use convoke_services::calendars::REFRESH_TOKEN;
use google_simulator::{Fault, demo};
use http::Method;
use it::api::{ALL_SCOPES, Api};
use it::deployed::{self, new_org};
use it::practice::{HOST, TECHNICIAN};
use serde_json::json;

use super::diary::{Diary, TESS, TESS_TOKEN};
use super::foreign::tenant;
use crate::mail::LOG;

/// XC-10: the table holds ciphertext, which opens for its own tenant and purpose
/// alone.
#[tokio::test]
async fn the_refresh_token_is_stored_sealed() {
    let diary = Diary::open().await;
    let answer = diary.connect(TECHNICIAN, TESS_TOKEN).await;
    let stored = diary.stored(TECHNICIAN, "google").await;
    for shown in [&answer, &stored, &diary.read(TECHNICIAN, "google").await] {
        assert!(!shown.to_string().contains("canary"), "{shown}");
    }
    let sealed = stored["sealed_refresh_token"].as_str().unwrap();
    assert!(!answer.to_string().contains(sealed));
    let vault = diary.practice.process.microsoft.vault();
    let (us, them) = (tenant(&diary.practice.org), tenant(&new_org()));
    assert_eq!(
        vault.open(&us, REFRESH_TOKEN, sealed).await.unwrap(),
        TESS_TOKEN
    );
    for (who, purpose) in [(&them, REFRESH_TOKEN), (&us, "microsoft_client_secret")] {
        let error = vault.open(who, purpose, sealed).await.unwrap_err();
        assert_eq!(error.code(), "internal_error");
        assert!(!format!("{error:?}").contains("canary"));
    }
}

/// XC-9, XC-10: neither the outbox nor rows nor refusals hold tokens, texts,
/// addresses or links.
#[tokio::test]
async fn messages_rows_and_refusals_say_nothing_secret() {
    let diary = Diary::open().await;
    diary.connect(TECHNICIAN, TESS_TOKEN).await;
    let wish = json!({ "service_name": "kanarie-service", "description": "kanarie-text" });
    let id = diary.practice.booked(&wish).await;
    let jobs = diary.practice.relay().await;
    let own: Vec<_> = jobs
        .iter()
        .filter(|(_, job)| job["job"] == "sync_calendars")
        .collect();
    assert_eq!(own.len(), 1, "{jobs:?}");
    for secret in ["kanarie", "canary", "http", "@"] {
        assert!(!format!("{own:?}").contains(secret), "{own:?}");
    }
    assert!(diary.sync("schedule_entry", &id).await);
    assert_eq!(diary.count(TESS), 1);
    let rows = diary.rows("schedule_entry", &id).await;
    for secret in ["kanarie", "canary", "http", "@"] {
        assert!(!format!("{rows:?}").contains(secret), "{rows:?}");
    }
    diary.google.revoke(TESS);
    let body = json!({ "refresh_token": TESS_TOKEN });
    let refused = diary.call(TECHNICIAN, "PUT", "google", Some(&body)).await;
    assert_eq!(refused.status, 422);
    assert!(!refused.json().to_string().contains("canary"));
    let unread = json!({ "refresh_token": ["1//0-canary"] });
    let refused = diary.call(HOST, "PUT", "google", Some(&unread)).await;
    assert!(
        !refused.json().to_string().contains("canary"),
        "{}",
        refused.json()
    );
    assert_ne!(demo::REFRESH_TOKEN, TESS_TOKEN);
}

/// XC-9: neither tokens nor codes reach a log line of the deployed function,
/// whatever becomes of them.
#[tokio::test]
async fn a_token_reaches_no_log_of_the_deployed_function() {
    let org = deployed::new_org();
    let claims = TokenClaims::internal(&org, "u-connects", ALL_SCOPES);
    let token = deployed::stack().issuer.token(&claims).expect("a token");
    let bearer = format!("Bearer {token}");
    let api = Api::anonymous(deployed::stack(), &org);
    for body in [
        json!({ "refresh_token": "1//0-planted-token" }),
        json!({ "authorization_code": "4/0-planted-code", "redirect_uri": "https://console.example/planted",
            "code_verifier": "planted-verifier" }),
        json!({ "refresh_token": "planted token" }),
        json!({ "refresh_token": ["planted"], "calendar_id": "planted@group.example" }),
    ] {
        let path = "/api/v1/calendar-connections/google";
        let headers = [("authorization", bearer.as_str())];
        let answer = api.call(Method::PUT, path, &headers, Some(&body)).await;
        assert!((400..=503).contains(&answer.status), "{}", answer.json());
        assert!(
            !answer.json().to_string().contains("planted"),
            "{}",
            answer.json()
        );
    }
    let seen = async {
        let logged = || {
            let lines = deployed::logs().lines();
            let own = lines.iter().filter(|line| line.text.contains(&org));
            own.filter(|line| line.text.contains("put_calendar_connection"))
                .count()
        };
        while logged() < 4 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), seen)
        .await
        .expect("the function logs its work");
    for line in deployed::logs().lines() {
        assert!(!line.text.contains("planted"), "{}", line.text);
    }
}

/// XC-9, IV-6: syncing, failing, and losing the consent: a line for each call, with
/// what it was about, and no token, text, address or link.
#[tokio::test]
async fn what_is_synced_is_logged_without_what_it_says() {
    LazyLock::force(&LOG);
    let diary = Diary::open().await;
    diary.connect(HOST, TESS_TOKEN).await;
    let fields = json!({ "title": "vogel-title", "description": "vogel-text", "location": "vogel-place",
        "join_url": "https://vogel.example/j", "invitees": { "emails": ["vogel@guests.example"] } });
    let id = diary.planned(&fields).await;
    let refusal = Fault::on("PATCH", "/calendar/v3/calendars/*/events/*");
    diary
        .google
        .inject(refusal.error(400, "invalid", "vogel-message of vogel@guests.example"));
    diary.changed(&id, &json!({ "title": "vogel-other" })).await;
    diary.google.revoke(TESS);
    diary.changed(&id, &json!({ "title": "vogel-last" })).await;
    let log = LOG.text();
    let own = |line: &&str| line.contains(&id) || line.contains("\"target\":\"google\"");
    for said in [
        "insert_event",
        "refresh_token",
        "sync_calendar",
        "was revoked",
    ] {
        assert!(
            log.lines().filter(own).any(|line| line.contains(said)),
            "{said} in {log}"
        );
    }
    for secret in ["vogel", "canary-tess", "tess@", "ya29", demo::CLIENT_SECRET] {
        let found = log.lines().find(|line| line.contains(secret));
        assert_eq!(found, None, "{secret}");
    }
}
