//! Nobody else's connection is ever used (XC-1).

use convoke_platform::queue::Incoming;
use convoke_platform::tenant::Tenant;
use it::deployed;
use it::practice::{HOST, TECHNICIAN};
use serde_json::json;

use super::diary::{ANN, Diary, TESS, TESS_TOKEN};

/// Vouched for the way a queue's message is.
pub(super) fn tenant(org: &str) -> Tenant {
    let body = json!({ "id": "00000000-0000-7000-8000-000000000000", "tenant": org, "job": null });
    Incoming::parse(&body.to_string()).unwrap().tenant
}

/// XC-1, IV-6: a user of the same id in another organisation has another calendar,
/// and their jobs reach nothing here.
#[tokio::test]
async fn another_organisations_connection_is_never_used() {
    let mut diary = Diary::connected().await;
    let id = diary.planned(&json!({})).await;
    assert_eq!(diary.count(ANN), 1);
    let before = diary.event(ANN);
    let own = std::mem::replace(&mut diary.practice.org, deployed::new_org());
    diary.practice = diary.practice.with_host().await;
    diary.google.clear_received();
    diary
        .planned(&json!({ "title": "Somebody else's", "invitees": {} }))
        .await;
    assert_eq!(diary.read(HOST, "google").await["status"], "not_connected");
    // The other organisation's session, named by this one's job.
    assert!(diary.sync("session", &id).await);
    diary.call(HOST, "DELETE", "google", None).await.expect(204);
    assert_eq!(diary.google.received().len(), 0);
    assert_eq!(diary.event(ANN), before);
    diary.practice.org = own;
    assert_eq!(diary.read(HOST, "google").await["status"], "connected");
}

/// IV-6: invitees' calendars are their own business; only the host's is written.
#[tokio::test]
async fn an_invitees_connection_is_not_used() {
    let diary = Diary::connected().await;
    diary.connect(TECHNICIAN, TESS_TOKEN).await;
    diary.planned(&json!({})).await;
    assert_eq!((diary.count(ANN), diary.count(TESS)), (1, 0));
    assert_eq!(
        diary.read(TECHNICIAN, "google").await["calendar_id"],
        "primary"
    );
    diary
        .call(TECHNICIAN, "DELETE", "google", None)
        .await
        .expect(204);
    assert_eq!(diary.read(HOST, "google").await["status"], "connected");
    diary.google.revoke(TESS);
    diary.planned(&json!({})).await;
    assert_eq!(diary.count(ANN), 2);
}
