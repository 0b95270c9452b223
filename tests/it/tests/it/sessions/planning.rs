//! Planning a session: who is invited, and who hears of it how.

use it::practice::{
    CONTACT_EMAIL, GUEST, HOST, OTHER_TECHNICIAN, Practice, TECHNICIAN, TECHNICIAN_EMAIL,
};
use serde_json::{Value, json};

fn addressees(mails: &[Value]) -> Vec<String> {
    let mut to: Vec<_> = mails
        .iter()
        .map(|mail| mail["to"][0][1].as_str().unwrap_or_default().to_owned())
        .collect();
    to.sort();
    to
}

/// IV-1, IV-2, IV-3: one contact, two users and three addresses, one of them a
/// user's: five are invited, each hears of it once in the way that suits them.
#[tokio::test(flavor = "multi_thread")]
async fn six_invitations_become_five_and_each_hears_once() {
    let practice = Practice::without_teams().await.with_host().await;
    let session = practice.planned(&json!({})).await;
    let invitations = session["invitations"].as_array().unwrap();
    let kinds: Vec<_> = invitations
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds.iter().filter(|kind| **kind == "internal").count(),
        2,
        "{kinds:?}"
    );
    assert_eq!(
        kinds.iter().filter(|kind| **kind == "contact").count(),
        1,
        "{kinds:?}"
    );
    assert_eq!(
        kinds.iter().filter(|kind| **kind == "external").count(),
        2,
        "{kinds:?}"
    );
    assert_eq!(session["host_id"], HOST);
    assert_eq!(session["status"], "scheduled");
    assert_eq!(session["start"], "2026-12-01T08:00:00Z");
    assert!(
        session["join_url"]
            .as_str()
            .unwrap()
            .ends_with(session["meeting_id"].as_str().unwrap())
    );
    let events = practice.work().await;
    let kinds: Vec<_> = events
        .iter()
        .map(|event| event["detail_type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["session.scheduled"]);
    let mails = practice.mails();
    assert_eq!(
        addressees(&mails),
        [
            CONTACT_EMAIL,
            GUEST,
            "gil@guests.example",
            TECHNICIAN_EMAIL,
            "tom@practice.example"
        ]
        .map(str::to_owned)
        .into_iter()
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect::<Vec<_>>()
    );
    for user in [TECHNICIAN, OTHER_TECHNICIAN] {
        let notifications = practice.notifications(user).await;
        let kinds: Vec<_> = notifications
            .iter()
            .map(|one| one["type"].as_str().unwrap())
            .collect();
        assert_eq!(kinds, ["meeting_scheduled"], "{user}");
    }
    assert_eq!(practice.notifications(HOST).await, Vec::<Value>::new());
    // The same work again tells nobody anything.
    let id = session["meeting_id"].as_str().unwrap();
    let job = json!({ "job": "tell_session", "session_id": id });
    assert!(practice.process.deliver(&practice.org, &job, false).await);
    practice.work().await;
    assert_eq!(practice.mails().len(), 5);
    let read = practice.session("GET", id, "", None).await.expect(200);
    for invitation in read["invitations"].as_array().unwrap() {
        assert_eq!(invitation["mail_status"], "sent", "{read}");
    }
}
