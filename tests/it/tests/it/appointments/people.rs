//! Names and addresses that are copied onto appointments stay fresh (XC-14),
//! and one tenant's background work touches nobody else's.

use it::practice::{CLIENT, CONTACT, Practice, TECHNICIAN, read_file, unfolded};
use serde_json::{Value, json};

async fn rename_both(practice: &Practice) {
    let contact =
        json!({ "client_id": CLIENT, "email": "ada.new@client.example", "name": "Ada New" });
    practice
        .put(&format!("/api/v1/contacts/{CONTACT}"), &contact)
        .await;
    let technician = json!({ "email": "tess.new@practice.example", "name": "Tess New" });
    practice
        .put(&format!("/api/v1/users/{TECHNICIAN}"), &technician)
        .await;
}

fn receivers(practice: &Practice, after: usize) -> Vec<String> {
    let mut to: Vec<_> = practice.sent()[after..]
        .iter()
        .map(|mail| mail.to.clone())
        .collect();
    to.sort();
    to
}

/// XC-14: a change in the directory reaches what is pending and what is approved,
/// tells nobody, and the next mail goes to the new addresses.
#[tokio::test]
async fn a_change_in_the_directory_reaches_every_copy() {
    let practice = Practice::without_teams().await;
    let approved = practice.booked(&json!({})).await;
    let pending = practice
        .requested(&json!({ "requested_date": "2026-12-02" }))
        .await;
    practice.work().await;
    let told = practice.sent().len();
    rename_both(&practice).await;
    let events = practice.work().await;
    assert_eq!(events, Vec::<Value>::new());
    assert_eq!(practice.sent().len(), told, "nobody is told");
    for id in [&approved, &pending] {
        let requester = practice.read(id).await["requester"].clone();
        assert_eq!(
            requester,
            json!({ "name": "Ada New", "email": "ada.new@client.example" })
        );
    }
    let read = read_file(&practice.file(&approved).await);
    let people = read["events"][0]["attendees"].as_array().unwrap().iter();
    let people: Vec<_> = people.map(|one| json!([one["uri"], one["cn"]])).collect();
    assert_eq!(
        json!(people),
        json!([
            ["mailto:ada.new@client.example", "Ada New"],
            ["mailto:tess.new@practice.example", "Tess New"]
        ])
    );
    practice
        .tell(
            &approved,
            "reschedule",
            &json!({ "new_date": "2026-12-05", "new_time": "09:00" }),
        )
        .await
        .expect(200);
    practice.work().await;
    assert_eq!(
        receivers(&practice, told),
        ["ada.new@client.example", "tess.new@practice.example"]
    );
}

/// XC-14: a mail that is written before the copies are fresh goes to the new address already.
#[tokio::test]
async fn a_mail_goes_where_the_directory_says_by_then() {
    let practice = Practice::without_teams().await;
    let id = practice.booked(&json!({})).await;
    practice.work().await;
    let told = practice.sent().len();
    rename_both(&practice).await;
    practice.tell(&id, "cancel", &json!({})).await.expect(200);
    practice.work().await;
    assert_eq!(
        receivers(&practice, told),
        ["ada.new@client.example", "tess.new@practice.example"]
    );
}

/// XC-14: whoever is in no directory, or has no address there, is left out of mails and files.
#[tokio::test]
async fn whoever_has_no_address_is_left_out() {
    let practice = Practice::without_teams().await;
    practice
        .put("/api/v1/users/silent", &json!({ "name": "Sil Ent" }))
        .await;
    for (day, technician) in [(3, "nobody-knows"), (4, "silent")] {
        let id = practice
            .requested(&json!({ "requested_date": format!("2026-12-{day:02}") }))
            .await;
        let before = practice.sent().len();
        practice
            .tell(&id, "approve", &json!({ "assigned_user_id": technician }))
            .await
            .expect(200);
        practice.work().await;
        assert_eq!(
            receivers(&practice, before),
            ["ada@client.example"],
            "{technician}"
        );
        let ics = unfolded(&practice.file(&id).await);
        assert_eq!(
            ics.lines()
                .filter(|line| line.starts_with("ATTENDEE"))
                .count(),
            1,
            "{ics}"
        );
        // An address that comes later reaches the copy.
        let user = json!({ "name": "Sil Ent", "email": format!("{technician}@practice.example") });
        practice
            .put(&format!("/api/v1/users/{technician}"), &user)
            .await;
        practice.work().await;
        let ics = unfolded(&practice.file(&id).await);
        assert_eq!(
            ics.lines()
                .filter(|line| line.starts_with("ATTENDEE"))
                .count(),
            2,
            "{ics}"
        );
    }
}

/// XC-1: messages that name another tenant's people, mails and meetings do
/// nothing there; the tenant's own do.
#[tokio::test]
async fn another_tenants_messages_reach_nothing() {
    let (ours, theirs) = (
        Practice::without_teams().await,
        Practice::without_teams().await,
    );
    let id = theirs.booked(&json!({})).await;
    rename_both(&theirs).await;
    let before = theirs.read(&id).await;
    let jobs = theirs.relay().await;
    let kinds: Vec<_> = jobs
        .iter()
        .map(|(_, job)| job["job"].as_str().unwrap().to_owned())
        .collect();
    for kind in ["send_mail", "refresh_contact", "refresh_user"] {
        assert!(kinds.contains(&kind.to_owned()), "{kinds:?}");
    }
    let sync = json!({ "job": "sync_online_meeting", "online_meeting_id": id, "mailbox": "m" });
    for (queue, job) in jobs.iter().chain([&("graph".to_owned(), sync)]) {
        ours.process.deliver(&ours.org, job, queue == "graph").await;
    }
    assert_eq!(theirs.read(&id).await, before);
    assert_eq!((ours.sent().len(), theirs.sent().len()), (0, 0));
    for (queue, job) in &jobs {
        assert!(
            theirs
                .process
                .deliver(&theirs.org, job, queue == "graph")
                .await,
            "{job}"
        );
    }
    assert_eq!(theirs.read(&id).await["requester"]["name"], "Ada New");
    assert_eq!(theirs.sent().len(), 2);
}
