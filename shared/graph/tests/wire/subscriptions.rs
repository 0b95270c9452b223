//! Subscriptions: what is asked, what is made of each answer, and what stays hidden.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use convoke_graph::{
    ArtifactKind, GraphError, GraphErrorClass, GraphSubscription, HANDSHAKE_PATIENCE, Secret,
    SubscriptionCertificate, SubscriptionRequest, subscription_resource,
};
use serde_json::{Value, json};

use GraphErrorClass as C;

use crate::fixtures::{at, client, client_with, page, profile};
use crate::server::{Server, Step, answer, bytes, refusal};

pub(crate) const ID: &str = "7a62d59e-0000-4000-8000-000000000001";
/// 43 letters, so that only knowing it hides it.
pub(crate) const STATE: &str = "canarystateabcdefghijklmnopqrstuvwxyzabcdef";
const HOOK: &str = "https://hooks.example.com/webhooks/graph/notifications";
const LIFECYCLE: &str = "https://hooks.example.com/webhooks/graph/lifecycle";

fn expiry() -> DateTime<Utc> {
    at(20).and_utc() + TimeDelta::milliseconds(250)
}

pub(crate) fn request() -> SubscriptionRequest {
    SubscriptionRequest {
        organizer_object_id: "2b0c-1".into(),
        kind: ArtifactKind::Recording,
        notification_url: HOOK.into(),
        lifecycle_notification_url: LIFECYCLE.into(),
        client_state: Secret::new(STATE),
        expires_at: expiry(),
        certificate: None,
    }
}

fn certificate() -> SubscriptionCertificate {
    SubscriptionCertificate {
        id: "key-2026-11".into(),
        der_base64: "MIIC+/A=".into(),
    }
}

fn stored(id: &str) -> Value {
    json!({ "@odata.context": "c", "id": id, "applicationId": "6f1d", "changeType": "created",
        "resource": "users/2b0c-1/onlineMeetings/getAllRecordings", "clientState": STATE,
        "notificationUrl": HOOK, "lifecycleNotificationUrl": LIFECYCLE,
        "expirationDateTime": "2026-11-02T20:00:00.25Z", "creatorId": "8c", "includeResourceData": true,
        "encryptionCertificateId": "key-2026-11", "latestSupportedTlsVersion": "v1_2" })
}

pub(crate) fn made(id: &str) -> Step {
    answer(201, &stored(id).to_string())
}

async fn create(
    server: &Server,
    request: &SubscriptionRequest,
) -> Result<GraphSubscription, GraphError> {
    client(server)
        .session(&profile())
        .create_subscription(request)
        .await
}

/// NT-1: the request as documented, without and with a certificate.
#[tokio::test]
async fn a_subscription_is_asked_for_as_documented() {
    let server = Server::start([made(ID), made(ID)]).await;
    create(&server, &request()).await.unwrap();
    let encrypted = SubscriptionRequest {
        kind: ArtifactKind::Transcript,
        certificate: Some(certificate()),
        ..request()
    };
    create(&server, &encrypted).await.unwrap();

    let plain = json!({
        "changeType": "created",
        "notificationUrl": HOOK,
        "lifecycleNotificationUrl": LIFECYCLE,
        "resource": "users/2b0c-1/onlineMeetings/getAllRecordings",
        "expirationDateTime": "2026-11-02T20:00:00.2500000Z",
        "clientState": STATE,
        "latestSupportedTlsVersion": "v1_2",
    });
    let mut rich = plain.clone();
    rich["resource"] = "users/2b0c-1/onlineMeetings/getAllTranscripts".into();
    rich["includeResourceData"] = true.into();
    rich["encryptionCertificate"] = "MIIC+/A=".into();
    rich["encryptionCertificateId"] = "key-2026-11".into();
    let requests = server.graph_requests();
    for (sent, expected) in requests.iter().zip([plain, rich]) {
        assert_eq!(sent.method, "POST");
        assert_eq!(sent.target, "/v1.0/subscriptions");
        assert_eq!(sent.all("prefer"), ["IdType=\"ImmutableId\""]);
        assert_eq!(sent.header("content-type"), Some("application/json"));
        assert_eq!(sent.json(), expected);
    }
    assert_eq!(requests.len(), 2);
}

/// NT-1: what Graph says of a subscription is read; of the rest only the id must be there.
#[tokio::test]
async fn an_answer_is_read_as_far_as_it_goes() {
    let bare = json!({ "id": ID, "resource": null, "includeResourceData": null,
        "encryptionCertificateId": "", "expirationDateTime": "soon", "notificationUrl": "" });
    let server = Server::start([made(ID), answer(200, &bare.to_string())]).await;
    let found = create(&server, &request()).await.unwrap();
    assert_eq!(
        found,
        GraphSubscription {
            id: ID.into(),
            resource: subscription_resource("2b0c-1", ArtifactKind::Recording),
            notification_url: Some(HOOK.into()),
            lifecycle_notification_url: Some(LIFECYCLE.into()),
            expires_at: Some(expiry()),
            certificate_id: Some("key-2026-11".into()),
            includes_resource_data: true,
        }
    );
    let (client, profile) = (client(&server), profile());
    let found = client.session(&profile).subscription(ID).await.unwrap();
    assert_eq!((found.id.as_str(), found.resource.as_str()), (ID, ""));
    assert_eq!((found.expires_at, found.certificate_id), (None, None));
    assert!(found.notification_url.is_none() && !found.includes_resource_data);
}

/// NT-1, NT-4: what is wrong in itself is not sent.
#[tokio::test]
async fn a_senseless_request_is_not_sent() {
    let server = Server::start([]).await;
    let state = |text: String| SubscriptionRequest {
        client_state: Secret::new(text),
        ..request()
    };
    let organizer = |id: &str| SubscriptionRequest {
        organizer_object_id: id.into(),
        ..request()
    };
    let named = |id: String| SubscriptionRequest {
        certificate: Some(SubscriptionCertificate {
            id,
            ..certificate()
        }),
        ..request()
    };
    for wrong in [
        state(String::new()),
        state("s".repeat(129)),
        organizer(""),
        organizer("a/onlineMeetings/../b"),
        organizer("ann@example.com"),
        named(String::new()),
        named("k".repeat(129)),
    ] {
        let error = create(&server, &wrong).await.unwrap_err();
        assert_eq!(error.code, "InvalidSubscription", "{wrong:?}");
        assert!(!error.outcome_unknown);
    }
    let (client, profile) = (client(&server), profile());
    let error = client.session(&profile).delete_subscription("").await;
    assert_eq!(error.unwrap_err().code, "InvalidId");
    assert!(server.received().is_empty());
}

/// NT-4: whatever was lost, the repeated POST shows the subscription that the first
/// one made, and says that it may be our own.
#[tokio::test]
async fn a_create_whose_answer_was_lost_shows_as_a_duplicate() {
    let taken = format!("Subscription Id {ID} already exists for the requested combination");
    let mut cut = bytes(201, &[], &stored(ID).to_string());
    cut.truncate(cut.len() - 9);
    for lost in [
        Step::Cut,
        Step::AnswerAndClose(cut),
        answer(201, "{}"),
        answer(504, "<html>gateway</html>"),
    ] {
        let server = Server::start([lost, refusal(409, "ObjectIdentifierInUse", &taken)]).await;
        let error = create(&server, &request()).await.unwrap_err();
        assert_eq!(
            error.class,
            GraphErrorClass::DuplicateSubscription(Some(ID.into()))
        );
        assert!(error.outcome_unknown);
        let requests = server.graph_requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].json(), requests[1].json());
    }
}

/// NT-1, NT-4: each refusal has its class, is not repeated, and leaves nothing open.
#[tokio::test]
async fn refusals_of_a_create_are_told_apart() {
    let taken = format!("Subscription Id {ID} already exists for the requested combination");
    let full = "Operation: Create; Exception: [Status Code: Forbidden; Reason: Maximum number of subscriptions has been reached]";
    let late = "Operation: Create; Exception: [Status Code: BadRequest; Reason: Expiration time '2026-11-09' is beyond allowed max '3.00:00:00'.]";
    let refused =
        "Subscription validation request failed. HTTP status code is 'InternalServerError'.";
    for (status, code, message, class) in [
        (
            409,
            "",
            taken.as_str(),
            C::DuplicateSubscription(Some(ID.into())),
        ),
        (
            409,
            "Conflict",
            "A subscripton already exists. It must be deleted before a another can be made.",
            C::DuplicateSubscription(None),
        ),
        (403, "ExtensionError", full, C::Quota),
        (
            403,
            "Forbidden",
            "Missing role permissions on the request.",
            C::ConsentMissing,
        ),
        (400, "ValidationError", refused, C::SubscriptionValidation),
        (
            400,
            "InvalidRequest",
            "Subscription validation request timed out.",
            C::SubscriptionValidation,
        ),
        (400, "ExtensionError", late, C::InvalidRequest),
        (404, "ResourceNotFound", "no such user", C::MailboxNotFound),
    ] {
        let server = Server::start([refusal(status, code, message)]).await;
        let error = create(&server, &request()).await.unwrap_err();
        assert_eq!(error.class, class, "{status} {message}");
        assert!(!error.outcome_unknown);
        assert_eq!(server.graph_requests().len(), 1, "{message}");
    }
}

/// NT-1: Graph does the handshakes while we wait: a create may be silent for longer
/// than any other call, and longer than a recording may pause.
#[tokio::test]
async fn a_create_waits_for_the_handshakes() {
    let pause = Duration::from_millis(8_600);
    let stored = bytes(201, &[], &stored(ID).to_string());
    let server = Server::start([Step::Slowly(pause, vec![Vec::new(), stored])]).await;
    let profile = profile();
    let client = client_with(&server, |config| config.budget = HANDSHAKE_PATIENCE);
    let begun = Instant::now();
    let found = client
        .session(&profile)
        .create_subscription(&request())
        .await
        .unwrap();
    assert!(begun.elapsed() >= pause);
    assert_eq!(found.id, ID);
    assert_eq!(server.graph_requests().len(), 1);
}

/// NT-4: the budget bounds the patience, and an unanswered create stays open.
#[tokio::test]
async fn a_silent_create_ends_with_the_budget_and_is_open() {
    let server = Server::start([Step::Hang(Vec::new())]).await;
    let (client, profile) = (client(&server), profile());
    let session = client
        .session(&profile)
        .with_budget(Duration::from_millis(1_200));
    let begun = Instant::now();
    let error = session.create_subscription(&request()).await.unwrap_err();
    let waited = begun.elapsed();
    assert!(waited > Duration::from_secs(1) && waited < Duration::from_secs(3));
    assert!(error.outcome_unknown && error.retryable());
    assert_eq!(server.graph_requests().len(), 1, "one patient attempt");
}

/// NT-4: one PATCH, with the new end and, if asked, the new key.
#[tokio::test]
async fn a_renewal_is_one_patch() {
    let renewed = || answer(200, &stored(ID).to_string());
    let server = Server::start([renewed(), renewed()]).await;
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    let plain = session.renew_subscription(ID, expiry(), None).await;
    assert_eq!(plain.unwrap().expires_at, Some(expiry()));
    let key = certificate();
    session
        .renew_subscription(ID, expiry(), Some(&key))
        .await
        .unwrap();

    let requests = server.graph_requests();
    let end = "2026-11-02T20:00:00.2500000Z";
    assert_eq!(requests[0].json(), json!({ "expirationDateTime": end }));
    assert_eq!(
        requests[1].json(),
        json!({ "expirationDateTime": end, "encryptionCertificate": "MIIC+/A=", "encryptionCertificateId": "key-2026-11" })
    );
    for sent in &requests {
        assert_eq!(sent.method, "PATCH");
        assert_eq!(sent.target, format!("/v1.0/subscriptions/{ID}"));
    }
    assert_eq!(requests.len(), 2);
}

/// NT-4: a subscription that is gone is told from one that cannot be asked about,
/// whichever word Graph has for it; to remove it is no error.
#[tokio::test]
async fn a_subscription_that_is_gone_is_known() {
    for code in ["ResourceNotFound", "ExtensionError", "itemNotFound"] {
        let gone = || refusal(404, code, "The object was not found.");
        let server = Server::start([gone(), gone(), gone()]).await;
        let (client, profile) = (client(&server), profile());
        let session = client.session(&profile);
        let read = session.subscription(ID).await.unwrap_err();
        let renewed = session.renew_subscription(ID, expiry(), None).await;
        assert_eq!(read.class, GraphErrorClass::NotFoundOrGone, "{code}");
        assert_eq!(renewed.unwrap_err().class, GraphErrorClass::NotFoundOrGone);
        session.delete_subscription(ID).await.unwrap();
    }
    let gateway = || answer(404, "<html>not here</html>");
    let server = Server::start([gateway(), gateway(), gateway()]).await;
    let (client, profile) = (client(&server), profile());
    let error = client.session(&profile).delete_subscription(ID).await;
    assert_eq!(error.unwrap_err().class, GraphErrorClass::Malformed);
}

/// NT-6: a removal is one DELETE; lost answers are asked for again, refusals are told.
#[tokio::test]
async fn a_subscription_is_removed() {
    let done = || Step::Answer(b"HTTP/1.1 204 X\r\ncontent-length: 0\r\n\r\n".to_vec());
    let forbidden = refusal(403, "Forbidden", "missing role");
    let server = Server::start([done(), Step::Cut, done(), forbidden]).await;
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    session.delete_subscription("a/b").await.unwrap();
    session.delete_subscription(ID).await.unwrap();
    let error = session.delete_subscription(ID).await.unwrap_err();
    assert_eq!(error.class, GraphErrorClass::ConsentMissing);
    let requests = server.graph_requests();
    assert_eq!(requests.len(), 4);
    assert!(requests.iter().all(|sent| sent.method == "DELETE"));
    assert_eq!(requests[0].target, "/v1.0/subscriptions/a%2Fb");
}

/// NT-4: all pages are listed, each subscription once, and one that does not read hides no other.
#[tokio::test]
async fn all_subscriptions_are_listed() {
    let server = Server::start([]).await;
    let link = |skip: u32| format!("{}/v1.0/subscriptions?$skiptoken={skip}", server.url);
    let first = [stored("a"), json!({ "id": "" }), json!("x"), stored("b")];
    server.then([
        answer(200, &page(&first, Some(&link(1)))),
        answer(200, &page(&[], Some(&link(2)))),
        answer(200, &page(&[stored("b"), json!({ "id": "c" })], None)),
    ]);
    let (client, profile) = (client(&server), profile());
    let listed = client.session(&profile).list_subscriptions().await.unwrap();
    let ids: Vec<_> = listed.iter().map(|found| found.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    let targets: Vec<_> = server
        .graph_requests()
        .iter()
        .map(|sent| sent.target.clone())
        .collect();
    assert_eq!(
        targets,
        [
            "/v1.0/subscriptions",
            "/v1.0/subscriptions?$skiptoken=1",
            "/v1.0/subscriptions?$skiptoken=2"
        ]
    );
}

/// NT-4: a list that goes on elsewhere or for ever ends, and the token stays here.
#[tokio::test]
async fn a_list_neither_leaves_nor_circles() {
    let elsewhere = Server::start([answer(200, &page(&[], None))]).await;
    let away = format!("{}/v1.0/subscriptions?$skiptoken=1", elsewhere.url);
    let server = Server::start([answer(200, &page(&[stored("a")], Some(&away)))]).await;
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    let error = session.list_subscriptions().await.unwrap_err();
    assert_eq!(error.code, "ForeignNextLink");
    assert!(elsewhere.received().is_empty());

    let round = format!("{}/v1.0/subscriptions?$skiptoken=1", server.url);
    let again = answer(200, &page(&[stored("a")], Some(&round)));
    server.then(std::iter::repeat_n(again, 300));
    let error = session.list_subscriptions().await.unwrap_err();
    assert_eq!(error.code, "ListTooLong");
    assert_eq!(server.graph_requests().len(), 201);
}
