//! What telling depends on is away, or dies: the session stands, the gap is seen,
//! and everybody hears once (IV-3, XC-7, XC-13).

use std::sync::LazyLock;

use convoke_platform::records::MailRecord;
use futures_util::future::join_all;
use it::death::Moment;
use it::practice::{CONTACT_EMAIL, GUEST, Letter, Practice, TECHNICIAN, TECHNICIAN_EMAIL};
use it::process::Process;
use it::ses::{SENDER, mailer};
use serde_json::{Value, json};

use super::{news, practice};
use crate::mail::LOG;

const NOWHERE: &str = "http://127.0.0.1:9";

/// What became of everybody's mail, as the host sees it.
async fn mail_states(practice: &Practice, id: &str) -> Vec<String> {
    let shown = practice.shown(id).await;
    let all = shown["invitations"].as_array().unwrap().iter();
    let states = all.map(|one| one["mail_status"].as_str().unwrap().to_owned());
    states.collect()
}

/// Another process takes the place of one that died.
fn replace(practice: &mut Practice) {
    let ports = practice.clock.ports();
    practice.process = Process::with_graph(
        &practice.process.site,
        ports,
        None,
        practice.graph.base_url(),
    );
    practice.process.delivery.mailer = practice.ses.mailer();
}

/// A session with so many guests, told to nobody yet.
async fn crowd(practice: &Practice, guests: usize) -> String {
    let emails: Vec<_> = (0..guests)
        .map(|at| format!("guest-{at:03}@guests.example"))
        .collect();
    let invitees = json!({ "emails": emails });
    let session = practice.planned(&json!({ "invitees": invitees })).await;
    session["meeting_id"].as_str().unwrap().to_owned()
}

/// Everybody was told once, and nobody else.
fn assert_told_once(letters: &[Letter], guests: usize, case: &str) {
    let mut told: Vec<_> = letters.iter().map(|one| &one.to).collect();
    told.sort();
    told.dedup();
    assert_eq!((letters.len(), told.len()), (guests, guests), "{case}");
}

/// Log lines about a session with this code.
fn logged(id: &str, code: &str) -> usize {
    let log = LOG.text();
    let lines = log.lines();
    let about = lines.filter(|line| line.contains(id) && line.contains(&format!("\"{code}\"")));
    about.count()
}

/// XC-13: without a sender no mail goes, which is seen and logged; the rest is as
/// ever.
#[tokio::test]
async fn without_a_sender_the_session_stands() {
    LazyLock::force(&LOG);
    let mut practice = practice().await;
    practice.process.delivery.mailer = mailer(NOWHERE, None);
    let id = practice.announced(&json!({})).await;
    assert_eq!(mail_states(&practice, &id).await, ["skipped"; 5]);
    assert_eq!(logged(&id, "no_sender_configured"), 5);
    assert_eq!(practice.notified(TECHNICIAN).await, ["meeting_scheduled"]);
    assert!(practice.unsent().await.is_empty());
    practice.changed(&id, &json!({ "title": "Other" })).await;
    assert_eq!(practice.shown(&id).await["title"], "Other");
}

/// XC-13: a mail whose template is gone is skipped, which is seen; the others go.
#[tokio::test]
async fn a_mail_without_template_is_skipped() {
    LazyLock::force(&LOG);
    let practice = practice().await;
    let session = practice.planned(&json!({})).await;
    let id = session["meeting_id"].as_str().unwrap();
    let jobs = practice.relay().await;
    let tell = jobs.iter().find(|(_, job)| job["job"] == "tell_session");
    assert!(tell.is_some(), "{jobs:?}");
    assert!(practice.tell_session(id).await);
    let mails = practice.unsent().await;
    assert_eq!(mails.len(), 5);
    let tenant = crate::routes::tenant(&practice.org);
    let store = practice.process.store.tenant(&tenant);
    let record = store.get::<MailRecord>(&MailRecord::key_of(mails[0])).await;
    let mut record = record.unwrap().unwrap();
    let expected = record.version;
    record.template = "gone".to_owned();
    record.version += 1;
    let mut transaction = store.transaction();
    transaction.replace(&record, expected);
    transaction.commit().await.unwrap();
    practice.settle().await;
    assert_eq!(practice.letters(0).len(), 4);
    let mut states = mail_states(&practice, id).await;
    states.sort();
    assert_eq!(states, ["sent", "sent", "sent", "sent", "skipped"]);
    assert_eq!(logged(id, "missing_template"), 1);
}

/// XC-13: an organisation words its mails; wording that fails at the last moment is
/// not what its readers suffer from.
#[tokio::test]
async fn an_organisation_words_its_mails() {
    let practice = practice().await;
    let path = "/api/v1/mail-templates/scheduled_meeting_invitation/en";
    let own = json!({ "subject": "Ours: {{title}}" });
    let event = practice.staff("PUT", path, Some(&own));
    practice.process.settings(event).await.expect(200);
    practice.announced(&json!({})).await;
    let letters = practice.letters(0);
    assert_eq!(letters.len(), 5);
    for letter in letters {
        assert!(
            letter.head.contains("Subject: Ours: Quarterly review"),
            "{}",
            letter.head
        );
    }
}

/// XC-7: while SES is away sessions are planned, changed and called off; then every
/// mail goes, once and in order.
#[tokio::test]
async fn what_ses_did_not_take_goes_later_once() {
    let mut practice = practice().await;
    practice.process.delivery.mailer = mailer(NOWHERE, Some(SENDER));
    let invitees = json!({ "user_ids": [TECHNICIAN], "emails": [GUEST] });
    let id = practice.announced(&json!({ "invitees": invitees })).await;
    assert_eq!(mail_states(&practice, &id).await, ["queued", "queued"]);
    practice.changed(&id, &json!({ "title": "Other" })).await;
    let answer = practice.session("POST", &id, "/cancel", None).await;
    answer.expect(200);
    practice.work().await;
    assert_eq!(practice.letters(0), []);
    assert_eq!(practice.unsent().await.len(), 5);
    practice.process.delivery.mailer = practice.ses.mailer();
    practice.settle().await;
    let letters = practice.letters(0);
    let of = |address: &str| -> Vec<_> {
        let of = letters.iter().filter(|one| one.to == address);
        of.map(|one| (&*one.method, one.sequence)).collect()
    };
    assert_eq!(of(GUEST), [("REQUEST", 0), ("REQUEST", 1), ("CANCEL", 2)]);
    assert_eq!(of(TECHNICIAN_EMAIL), [("REQUEST", 0), ("CANCEL", 2)]);
    assert_eq!(mail_states(&practice, &id).await, ["sent", "sent"]);
}

/// XC-7: the same job at once and again tells nobody twice.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_at_once_tell_nobody_twice() {
    let practice = practice().await;
    let id = crowd(&practice, 60).await;
    for _ in 0..2 {
        let tells = (0..6).map(|_| practice.tell_session(&id));
        assert_eq!(join_all(tells).await, [true; 6]);
    }
    practice.settle().await;
    assert_told_once(&practice.letters(0), 60, "six workers");
    let answer = practice.session("POST", &id, "/cancel", None).await;
    answer.expect(200);
    let tells = (0..6).map(|_| practice.tell_session(&id));
    join_all(tells).await;
    practice.settle().await;
    let cancels = practice.letters(60);
    assert_told_once(&cancels, 60, "six workers again");
    assert!(cancels.iter().all(|one| one.method == "CANCEL"));
}

/// XC-7: a worker that dies at any write of telling is followed by another:
/// everybody hears, nobody twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_while_telling_is_followed() {
    for moment in [Moment::Before, Moment::After] {
        for write in 1..=3 {
            let case = format!("{moment:?} write {write}");
            let mut practice = practice().await;
            let id = crowd(&practice, 60).await;
            practice
                .process
                .death
                .at("TransactWriteItems", write, moment);
            let done = practice.tell_session(&id).await;
            assert!(practice.process.death.has_come(), "{case}");
            assert!(!done, "{case}: the message comes again");
            replace(&mut practice);
            practice.tell_session(&id).await;
            practice.settle().await;
            assert_told_once(&practice.letters(0), 60, &case);
        }
    }
}

/// XC-4, XC-7: whoever plans and dies at the write has planned or not: with the
/// same key there is one session in the end, and everybody hears of that one.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_dies_is_whole_or_not_there() {
    for moment in [Moment::Before, Moment::After] {
        let mut practice = practice().await;
        let body = Practice::session_plan(&json!({}));
        let event = practice.host("POST", "/api/v1/meetings", Some(&body));
        let event = event.header("idempotency-key", "the-key");
        practice.process.death.at("TransactWriteItems", 1, moment);
        let answer = practice.process.api(event.clone()).await;
        assert!(answer.status >= 500, "{moment:?}: {answer:?}");
        replace(&mut practice);
        // The mark of the one that died holds until its function's time is over.
        practice.clock.advance(chrono::TimeDelta::minutes(5));
        practice.process.api(event).await.expect(201);
        practice.settle().await;
        let letters = practice.letters(0);
        assert_eq!(news(&letters).len(), 5, "{moment:?}: {letters:?}");
        assert_eq!(news(&letters)[0], (CONTACT_EMAIL, "REQUEST", 0));
        let list = practice.host("GET", "/api/v1/meetings", None);
        let list: Value = practice.process.api(list).await.expect(200);
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{moment:?}");
    }
}
