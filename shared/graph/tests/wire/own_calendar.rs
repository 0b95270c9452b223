//! A user's own calendar on the wire: exact requests, odd answers, and what is
//! never logged. `logs.rs` has the canaries of the app-only client.

use std::time::Duration;

use convoke_graph::{
    DelegatedClient, DelegatedConfig, GraphErrorClass, OwnEvent, Secret, http_client,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixtures::{SECRET, at, page};
use crate::logs::Captured;
use crate::server::{Server, Step, answer, answer_with, refusal};

const TRANSACTION: &str = "00000000-0000-0000-0000-000000000007";

fn client(server: &Server) -> DelegatedClient {
    let config = DelegatedConfig {
        client_id: "6f1d".into(),
        client_secret: Secret::new(SECRET),
        graph_base_url: server.url.clone(),
        login_base_url: server.url.clone(),
    };
    let client = DelegatedClient::over(http_client().unwrap(), config).unwrap();
    client.with_limits(Duration::from_millis(800), Duration::from_secs(5))
}

fn event() -> OwnEvent {
    OwnEvent {
        transaction_id: Uuid::from_u128(7),
        subject: "Kick-off".into(),
        body_text: "With: bob@example.com".into(),
        location: None,
        start: at(9),
        end: at(10),
        time_zone: "Europe/Berlin".into(),
    }
}

fn access() -> Secret {
    Secret::new("opaque+access/token=")
}

fn tokens(more: &Value) -> Step {
    let mut body = json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "a"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    answer(200, &body.to_string())
}

fn fields(form: &str) -> Vec<&str> {
    let mut fields: Vec<&str> = form.split('&').collect();
    fields.sort_unstable();
    fields
}

/// IV-6: a refresh asks `common` for the calendar and for another refresh token.
#[tokio::test]
async fn a_refresh_is_sent_form_encoded_to_common() {
    let server = Server::start([]).await;
    server.tokens([
        tokens(&json!({"refresh_token": "next"})),
        tokens(&json!({"expires_in": "60"})),
        tokens(&json!({"refresh_token": ""})),
    ]);
    let client = client(&server);
    let old = Secret::new("old+refresh/token=&x");
    let first = client.refresh(&old).await.unwrap();
    assert_eq!(first.access_token.expose(), "a");
    assert_eq!(first.refresh_token.unwrap().expose(), "next");
    let second = client.refresh(&old).await.unwrap();
    assert_eq!(second.expires_in, Duration::from_mins(1));
    assert!(second.refresh_token.is_none());
    assert!(client.refresh(&old).await.unwrap().refresh_token.is_none());

    let sent = &server.token_requests()[0];
    assert_eq!(sent.method, "POST");
    assert_eq!(sent.target, "/common/oauth2/v2.0/token");
    assert_eq!(
        fields(&sent.body),
        [
            "client_id=6f1d",
            "client_secret=canary%2Bsec%2Fret%7E1%26x%3D%25",
            "grant_type=refresh_token",
            "refresh_token=old%2Brefresh%2Ftoken%3D%26x",
            "scope=offline_access+Calendars.ReadWrite",
        ]
    );
}

/// IV-6: a code travels with its redirect address, and a verifier only if there is one.
#[tokio::test]
async fn a_code_is_sent_with_its_address_and_verifier() {
    let server = Server::start([]).await;
    let client = client(&server);
    let (code, verifier) = (Secret::new("c+1"), Secret::new("v~1"));
    let address = "https://app.example/x?y=1";
    client.exchange(&code, address, None).await.unwrap();
    client
        .exchange(&code, address, Some(&verifier))
        .await
        .unwrap();
    let sent = server.token_requests();
    let plain = fields(&sent[0].body);
    assert!(plain.contains(&"code=c%2B1"), "{plain:?}");
    assert!(plain.contains(&"redirect_uri=https%3A%2F%2Fapp.example%2Fx%3Fy%3D1"));
    assert!(plain.contains(&"grant_type=authorization_code"));
    assert!(!sent[0].body.contains("code_verifier"));
    assert!(fields(&sent[1].body).contains(&"code_verifier=v%7E1"));
}

/// IV-6: each of Entra's words for a user's tokens has its class, whatever the status.
#[tokio::test]
async fn refusals_of_users_tokens_are_told_apart() {
    use GraphErrorClass as C;
    for (status, word, number, class) in [
        (400, "invalid_grant", 50_173, C::GrantRevoked),
        (400, "invalid_grant", 700_082, C::GrantRevoked),
        (400, "invalid_grant", 65_001, C::GrantRevoked),
        (401, "invalid_grant", 70_008, C::GrantRevoked),
        (400, "interaction_required", 50_076, C::GrantRevoked),
        (400, "consent_required", 65_001, C::GrantRevoked),
        (400, "login_required", 50_058, C::GrantRevoked),
        (401, "invalid_client", 7_000_215, C::InvalidCredentials),
        (401, "invalid_client", 7_000_222, C::InvalidCredentials),
        (400, "unauthorized_client", 700_016, C::InvalidCredentials),
        (400, "invalid_client", 500_112, C::InvalidRequest),
        (400, "invalid_client", 50_011, C::InvalidRequest),
        (400, "invalid_request", 900_144, C::InvalidRequest),
        (400, "invalid_scope", 70_011, C::InvalidRequest),
    ] {
        let body = json!({
            "error": word, "error_codes": [number], "error_description": format!("AADSTS{number}: x"),
        });
        let server = Server::start([]).await;
        server.tokens([answer(status, &body.to_string())]);
        let error = client(&server).refresh(&access()).await.unwrap_err();
        assert_eq!(error.class, class, "{word} {number}");
        assert_eq!(error.inner_code, Some(number.to_string()));
        assert!(!error.outcome_unknown && !error.retryable());
        assert_eq!(server.token_requests().len(), 1);
    }
}

/// IV-6: answers that carry no usable token are not taken for one.
#[tokio::test]
async fn unusable_tokens_are_refused() {
    for body in [
        "",
        "<html>",
        r#"{"access_token":"","expires_in":1}"#,
        r#"{"access_token":"a"}"#,
        r#"{"access_token":"a\nX: y","expires_in":1}"#,
    ] {
        let server = Server::start([]).await;
        server.tokens(std::iter::repeat_n(answer(200, body), 4));
        let error = client(&server).refresh(&access()).await.unwrap_err();
        assert_eq!(error.class, GraphErrorClass::Malformed, "{body}");
    }
    let server = Server::start([]).await;
    server.tokens([answer(200, "<html>")]);
    let exchange = client(&server).exchange(&access(), "https://x", None).await;
    assert!(exchange.unwrap_err().outcome_unknown);
    assert_eq!(server.token_requests().len(), 1, "a code is spent by then");
}

/// IV-6: the exact create, on the caller's token and without attendees.
#[tokio::test]
async fn a_create_is_sent_as_documented() {
    let server = Server::start([answer(201, r#"{"id":"AA="}"#)]).await;
    let id = client(&server).create_event(&access(), &event()).await;
    assert_eq!(id.unwrap(), "AA=");
    assert!(server.token_requests().is_empty());
    let sent = &server.graph_requests()[0];
    assert_eq!(
        (sent.method.as_str(), sent.target.as_str()),
        ("POST", "/v1.0/me/events")
    );
    assert_eq!(
        sent.header("authorization"),
        Some("Bearer opaque+access/token=")
    );
    assert!(sent.all("prefer").contains(&"IdType=\"ImmutableId\""));
    assert_eq!(
        sent.json(),
        json!({
            "subject": "Kick-off",
            "body": {"contentType": "text", "content": "With: bob@example.com"},
            "location": {"displayName": ""},
            "start": {"dateTime": "2026-11-02T09:00:00", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": "2026-11-02T10:00:00", "timeZone": "Europe/Berlin"},
            "transactionId": TRANSACTION,
            "singleValueExtendedProperties": [{
                "id": "String {5f0cb1f5-9ed7-4f57-a2b3-6f5a3c1d8e42} Name ConvokeTransaction",
                "value": TRANSACTION,
            }],
        })
    );
}

/// IV-6: a change says everything but what is set on creation only.
#[tokio::test]
async fn a_change_leaves_the_transaction_alone() {
    let server = Server::start([answer(200, "{}"), answer(204, "")]).await;
    let client = client(&server);
    client
        .update_event(&access(), "A/=", &event())
        .await
        .unwrap();
    client.delete_event(&access(), "A/=").await.unwrap();
    let sent = server.graph_requests();
    let targets: Vec<_> = sent.iter().map(|r| r.target.as_str()).collect();
    assert_eq!(targets, ["/v1.0/me/events/A%2F%3D"; 2]);
    let body = sent[0].json();
    let members: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["body", "end", "location", "start", "subject"]);
}

/// XC-8: a duplicate is found by its marker over pages; a user's copy is not it.
#[tokio::test]
async fn a_duplicate_is_found_among_copies_and_empty_pages() {
    let server = Server::start([]).await;
    let next = format!("{}/v1.0/me/events?$skip=1", server.url);
    let copy = json!({"id": "COPY", "transactionId": null});
    let own = json!({"id": "OWN", "transactionId": TRANSACTION});
    server.then([
        refusal(409, "ErrorDuplicateTransactionId", "used"),
        answer(200, &page(&[copy], Some(&next))),
        answer(200, &page(&[], Some(&next))),
        answer(200, &page(&[own], None)),
        answer(200, "{}"),
    ]);
    let id = client(&server).create_event(&access(), &event()).await;
    assert_eq!(id.unwrap(), "OWN");
    let sent = server.graph_requests();
    assert!(sent[1].target.starts_with(
        "/v1.0/me/events?$filter=singleValueExtendedProperties%2FAny%28ep%3A%20ep%2Fid%20eq%20%27String%20%7B"
    ));
    assert_eq!(
        (sent[4].method.as_str(), sent[4].target.as_str()),
        ("PATCH", "/v1.0/me/events/OWN")
    );
}

/// XC-8: a list without end, or one that leads elsewhere, is an error and never "none".
#[tokio::test]
async fn a_list_that_cannot_be_followed_is_not_none() {
    let server = Server::start([]).await;
    let next = format!("{}/v1.0/me/events?$skip=1", server.url);
    server.then(std::iter::repeat_n(
        answer(200, &page(&[], Some(&next))),
        20,
    ));
    let find = client(&server)
        .find_event(&access(), Uuid::from_u128(7))
        .await;
    assert_eq!(find.unwrap_err().class, GraphErrorClass::Malformed);
    let foreign = page(&[], Some("https://evil.example/v1.0/me/events"));
    let server = Server::start([answer(200, &foreign)]).await;
    let find = client(&server)
        .find_event(&access(), Uuid::from_u128(7))
        .await;
    assert_eq!(find.unwrap_err().class, GraphErrorClass::Malformed);
}

/// §2: a 404 that a gateway made does not say that an event is gone.
#[tokio::test]
async fn a_gateways_404_is_no_removal() {
    let server = Server::start(std::iter::repeat_n(answer(404, "<html>"), 4)).await;
    let delete = client(&server).delete_event(&access(), "A").await;
    assert_eq!(delete.unwrap_err().class, GraphErrorClass::Malformed);
}

#[tokio::test]
async fn an_event_that_ends_before_it_starts_is_not_sent() {
    let server = Server::start([]).await;
    let backwards = OwnEvent {
        end: at(8),
        ..event()
    };
    let create = client(&server).create_event(&access(), &backwards).await;
    assert_eq!(create.unwrap_err().class, GraphErrorClass::InvalidRequest);
    assert!(server.received().is_empty());
}

/// XC-9: tokens, codes, secrets and texts reach neither a log line nor an error,
/// even where an answer repeats them; each attempt has its line.
#[tokio::test]
async fn nothing_of_a_user_is_logged() {
    let echo =
        |text: &str| json!({"error": {"code": "ErrorInvalidRequest", "message": text}}).to_string();
    let oauth = |sent: &str| {
        json!({
            "error": "invalid_grant", "error_codes": [70_000],
            "error_description": format!("AADSTS70000: {sent} of {SECRET} refused"),
        })
        .to_string()
    };
    let server = Server::start([
        answer_with(
            400,
            &[("request-id", "r-1")],
            &echo("canary-access refused"),
        ),
        answer(201, r#"{"id":"AA="}"#),
    ])
    .await;
    server.tokens([
        answer(400, &oauth("canary-refresh")),
        answer(400, &oauth("canary-code and canary-verifier")),
        tokens(&json!({"access_token": "canary-access", "refresh_token": "canary-next"})),
    ]);
    let client = client(&server);
    let secret_event = OwnEvent {
        subject: "canary-subject".into(),
        body_text: "canary-body".into(),
        ..event()
    };
    let captured = Captured::start();
    let refresh = Secret::new("canary-refresh");
    let refused = client.refresh(&refresh).await.unwrap_err();
    let (code, verifier) = (Secret::new("canary-code"), Secret::new("canary-verifier"));
    let exchange = client.exchange(&code, "https://canary.example", Some(&verifier));
    let unredeemed = exchange.await.unwrap_err();
    let tokens = client.refresh(&refresh).await.unwrap();
    let access = &tokens.access_token;
    let create = client.create_event(access, &secret_event).await;
    let uncreated = create.unwrap_err();
    client.create_event(access, &secret_event).await.unwrap();

    let shown = format!("{refused:?} {unredeemed:?} {tokens:?} {uncreated:?}");
    let logged = captured.text();
    for text in [&shown, &logged] {
        assert!(!text.contains("canary"), "{text}");
    }
    let names: Vec<Value> = captured
        .calls()
        .iter()
        .map(|call| json!([call["operation"], call["graph_class"]]))
        .collect();
    assert_eq!(
        names,
        [
            json!(["user_token", "grant_revoked"]),
            json!(["user_token", "grant_revoked"]),
            json!(["user_token", null]),
            json!(["create_own_event", "invalid_request"]),
            json!(["create_own_event", null]),
        ]
    );
}
