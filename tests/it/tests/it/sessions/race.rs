//! Many change one session at once, while it is told all the time (IV-4, XC-5,
//! XC-7).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use it::practice::{CONTACT, CONTACT_EMAIL, GUEST, Letter, OTHER_TECHNICIAN, Practice, TECHNICIAN};
use serde_json::{Value, json};

use super::{GIL, practice};

/// Changes at once.
const CHANGES: usize = 100;

/// A title, a time, or other invitees: some come and go all the time.
fn change(at: usize) -> Value {
    match at % 3 {
        0 => json!({ "title": format!("Title {at}") }),
        1 => json!({ "start": format!("2026-12-{:02}T{:02}:00", 1 + at % 20, 8 + at % 10) }),
        _ => {
            let guests = [GUEST, GIL, "eve@guests.example", "max@guests.example"];
            let emails = &guests[..=at % 4];
            let users = &[TECHNICIAN, OTHER_TECHNICIAN][..=at % 2];
            json!({ "invitees": { "emails": emails, "user_ids": users } })
        }
    }
}

/// Sends a change until the session is not too busy for it.
async fn send(practice: &Practice, id: &str, body: &Value) {
    for _ in 0..50 {
        let answer = practice.session("PATCH", id, "", Some(body)).await;
        if answer.status == 200 {
            return;
        }
        assert_eq!(answer.status, 429, "{answer:?}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    panic!("busy without end");
}

/// Does background work until it is told to stop.
async fn work(practice: &Practice, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        for (queue, job) in practice.relay().await {
            // As queues do: some messages come twice.
            for _ in 0..2 {
                practice
                    .process
                    .deliver(&practice.org, &job, queue == "graph")
                    .await;
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// To one reader, in the order in which they came: sequences rise, no mail twice.
fn assert_rising(letters: &[Letter]) {
    let mut ids = BTreeSet::new();
    let mut last: BTreeMap<&str, u32> = BTreeMap::new();
    for letter in letters {
        assert!(ids.insert(&letter.mail_id), "twice: {:?}", letter.news());
        let before = last.insert(&letter.to, letter.sequence);
        let rises = before.is_none_or(|before| before < letter.sequence);
        assert!(rises, "{:?} after {before:?}", letter.news());
    }
}

/// Everybody's last word is the session as it is.
async fn assert_up_to_date(practice: &Practice, id: &str) {
    let session = practice.shown(id).await;
    let letters = practice.letters(0);
    assert_rising(&letters);
    let mut last: BTreeMap<&str, &Letter> = BTreeMap::new();
    for letter in &letters {
        last.insert(&letter.to, letter);
    }
    let mut invited = BTreeSet::new();
    for invitation in session["invitations"].as_array().unwrap() {
        let email = invitation["email"].as_str().unwrap();
        invited.insert(email);
        let letter = last[email];
        assert_eq!(letter.method, "REQUEST", "{email}");
        if invitation["kind"] == "internal" {
            continue;
        }
        let title = session["title"].as_str().unwrap();
        assert_eq!(
            letter.lines("SUMMARY"),
            [format!("SUMMARY:{title}")],
            "{email}"
        );
        let start: chrono::DateTime<chrono::Utc> =
            session["start"].as_str().unwrap().parse().unwrap();
        // Berlin in December.
        let local = (start + chrono::TimeDelta::hours(1)).format("%Y%m%dT%H%M%S");
        let expected = format!("DTSTART;TZID=Europe/Berlin:{local}");
        assert_eq!(letter.lines("DTSTART;"), [expected], "{email}");
    }
    for (email, letter) in last {
        let expected = if invited.contains(email) {
            "REQUEST"
        } else {
            "CANCEL"
        };
        assert_eq!(letter.method, expected, "{email}");
        assert!(letter.sequence <= u32::try_from(session["sequence"].as_u64().unwrap()).unwrap());
    }
}

/// IV-4, XC-5, XC-7: a hundred changes at once, told by two workers all the while,
/// each message twice: no change is lost, everybody ends with the last state, to
/// each the sequence only rises, and nobody gets a mail twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_changes_at_once_reach_everybody_in_order() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let is_over = AtomicBool::new(false);
    let changes: Vec<_> = (0..CHANGES).map(change).collect();
    let sending = async {
        join_all(changes.iter().map(|body| send(&practice, &id, body))).await;
        is_over.store(true, Ordering::Relaxed);
    };
    tokio::join!(
        sending,
        work(&practice, &is_over),
        work(&practice, &is_over)
    );
    practice.settle().await;
    let session = practice.shown(&id).await;
    let titles: Vec<_> = changes.iter().map(|one| &one["title"]).collect();
    assert!(titles.contains(&&session["title"]), "{session}");
    assert!(session["sequence"].as_u64().unwrap() > 50, "{session}");
    assert_up_to_date(&practice, &id).await;
    let to_contact = practice.letters(0);
    let to_contact = to_contact.iter().filter(|one| one.to == CONTACT_EMAIL);
    assert!(to_contact.clone().all(|one| one.method == "REQUEST"));
    for user in [TECHNICIAN, OTHER_TECHNICIAN] {
        assert_notified_in_step(&practice, user, &session).await;
    }
    // And then it is called off, by several at once.
    let path = format!("/api/v1/meetings/{id}/cancel");
    let calls = (0..10).map(|_| practice.process.api(practice.host("POST", &path, None)));
    let answers = join_all(calls).await;
    let done = answers.iter().filter(|one| one.status == 200).count();
    assert_eq!(done, 1, "{answers:?}");
    let before = practice.letters(0).len();
    practice.settle().await;
    let letters = practice.letters(0);
    assert_rising(&letters);
    let cancels = &letters[before..];
    assert_eq!(
        cancels.len(),
        session["invitations"].as_array().unwrap().len()
    );
    assert!(cancels.iter().all(|one| one.method == "CANCEL"));
}

/// A colleague's notifications: invited and uninvited by turns, and of updates only
/// while they are invited.
async fn assert_notified_in_step(practice: &Practice, user: &str, session: &Value) {
    let mut kinds = practice.notified(user).await;
    kinds.reverse();
    let turns = |kind: &str| kinds.iter().filter(|one| *one == kind).count();
    let invited = turns("meeting_scheduled") - turns("meeting_uninvited");
    let invitations = session["invitations"].as_array().unwrap();
    let is_in = invitations.iter().any(|one| one["user_id"] == user);
    assert_eq!(invited, usize::from(is_in), "{user}: {kinds:?}");
}

/// IV-7, XC-5: answers, joining and changes at once lose nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn answers_and_changes_at_once_lose_nothing() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let shown = practice.shown(&id).await;
    let path = |rest: &str| format!("/api/v1/meetings/{id}{rest}");
    let yes = json!({ "response": "accepted" });
    let respond = |place: String| path(&format!("/invitations/{place}/respond"));
    let own = respond(super::place_of(&shown, "user_id", TECHNICIAN));
    let theirs = respond(super::place_of(&shown, "contact_id", CONTACT));
    let mut events = vec![
        practice.colleague(TECHNICIAN, "POST", &own, Some(&yes)),
        practice.contact("POST", &theirs, Some(&yes)),
        practice.colleague(TECHNICIAN, "POST", &path("/join"), None),
        practice.contact("POST", &path("/join"), None),
    ];
    for at in 0..8 {
        let body = json!({ "title": format!("Title {at}") });
        events.push(practice.host("PATCH", &path(""), Some(&body)));
    }
    let calls = events.into_iter().map(|event| practice.process.api(event));
    for answer in join_all(calls).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let after = practice.shown(&id).await;
    for (name, value) in [("user_id", TECHNICIAN), ("contact_id", CONTACT)] {
        let mut all = after["invitations"].as_array().unwrap().iter();
        let one = all.find(|one| one[name] == value).unwrap();
        assert_eq!(one["response"], "accepted", "{one}");
        assert!(one["joined_at"].is_string(), "{one}");
    }
    assert_eq!(after["sequence"], 8);
    assert_eq!(after["version"], 13);
}
