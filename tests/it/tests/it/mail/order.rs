//! AP-6 to AP-8: to one reader, an appointment's mails go out in the order in
//! which they were written, whatever happens around them: a calendar that gets
//! a cancellation first adds the cancelled appointment afterwards.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use it::practice::{CONTACT_EMAIL, Practice, TECHNICIAN_EMAIL};
use it::ses::{Outcome, Ses, read_mail};

use super::*;

/// Some letters to one reader, each after the one before; answers their jobs.
async fn chain(post: &Post, length: usize) -> Vec<Value> {
    let (mut letters, mut before) = (vec![], None);
    for _ in 0..length {
        let mut letter = post.letter(MailKey::AppointmentRescheduled);
        letter.after = before.replace(letter.mail_id);
        letters.push(letter);
    }
    let mut jobs = vec![];
    // A transaction takes so many.
    while !letters.is_empty() {
        let rest = letters.split_off(letters.len().min(8));
        jobs.extend(post.write(letters).await);
        letters = rest;
    }
    jobs
}

/// The ids of what arrived, in its order.
fn arrived(ses: &Ses) -> Vec<Value> {
    let mails = ses.received();
    mails
        .iter()
        .map(|mail| read_mail(mail)["mail_id"].clone())
        .collect()
}

fn ids(jobs: &[Value]) -> Vec<Value> {
    jobs.iter().map(|job| job["mail_id"].clone()).collect()
}

/// Jobs that come in reverse, as after a redrive, send in order, each mail once.
#[tokio::test]
async fn whoever_comes_for_a_later_mail_sends_the_earlier_ones_first() {
    let ses = Ses::start(&[]).await;
    let post = Post::with(ses.mailer());
    let jobs = chain(&post, 4).await;
    for job in jobs.iter().rev().chain(&jobs) {
        assert!(post.deliver(job).await);
    }
    assert_eq!(arrived(&ses), ids(&jobs));
}

/// Workers that come at once for all of them send in order, each mail once.
#[tokio::test]
async fn workers_at_once_keep_the_order() {
    for _ in 0..5 {
        let ses = Ses::start(&[Outcome::TakenAfter(120); 4]).await;
        let post = Post::with(ses.mailer());
        let jobs = chain(&post, 4).await;
        let twice = jobs.iter().rev().chain(&jobs);
        let deliveries = twice.map(|job| post.deliver(job));
        let done = futures_util::future::join_all(deliveries).await;
        assert_eq!(done, [true; 8], "nobody's message comes again");
        assert_eq!(arrived(&ses), ids(&jobs), "none is left waiting");
    }
}

/// A mail that SES does not take for now holds back what follows, and nothing
/// is left out.
#[tokio::test]
async fn a_mail_that_is_tried_again_holds_back_the_next() {
    let ses = Ses::start(&[Outcome::Refused(503, "ServiceUnavailable"); 2]).await;
    let post = Post::with(ses.mailer());
    let jobs = chain(&post, 2).await;
    let first = jobs[0]["mail_id"].clone();
    for job in [&jobs[1], &jobs[0], &jobs[1]] {
        assert!(post.deliver(job).await);
    }
    assert_eq!(arrived(&ses), std::slice::from_ref(&first));
    let waiting = post.mail(&jobs[1]).await;
    assert_eq!((waiting.state, waiting.attempts), (MailState::Queued, 0));
    assert_eq!(waiting.due_at, post.mail(&jobs[0]).await.due_at);
    post.clock.advance(TimeDelta::seconds(61));
    assert_eq!(post.sweep().await, 2);
    assert_eq!(arrived(&ses), [first.clone(), first.clone()]);
    post.clock.advance(TimeDelta::seconds(121));
    assert_eq!(post.sweep().await, 2);
    let last = jobs[1]["mail_id"].clone();
    assert_eq!(arrived(&ses), [first.clone(), first.clone(), first, last]);
    assert_eq!(post.sweep().await, 0);
}

/// What will never go out, and what is not there, holds nothing back.
#[tokio::test]
async fn a_mail_that_never_goes_out_holds_nothing_back() {
    let ses = Ses::start(&[Outcome::Refused(400, "MessageRejected")]).await;
    let post = Post::with(ses.mailer());
    let jobs = chain(&post, 2).await;
    assert!(post.deliver(&jobs[1]).await);
    assert_eq!(post.state(&jobs[0]).await, MailState::Failed);
    assert_eq!(arrived(&ses), ids(&jobs));
    let mut alone = post.letter(MailKey::AppointmentRescheduled);
    alone.after = Some(MailId::new(post.process.ports.mint()));
    let alone = post.written(alone).await;
    assert!(post.deliver(&alone).await);
    assert_eq!(post.state(&alone).await, MailState::Sent);
}

/// A worker that dies within the call holds the next one back until its claim
/// ends; nobody waits for it for long.
#[tokio::test]
async fn a_dead_workers_mail_goes_out_again_before_the_next() {
    let ses = Ses::start(&[Outcome::Hanging]).await;
    let post = Arc::new(Post::with(ses.mailer()));
    let jobs = chain(&post, 2).await;
    let worker = tokio::spawn({
        let (post, job) = (Arc::clone(&post), jobs[0].clone());
        async move { post.deliver(&job).await }
    });
    ses.until_received(1).await;
    worker.abort();
    let waiting = tokio::time::timeout(Duration::from_secs(9), post.deliver(&jobs[1]));
    assert!(waiting.await.expect("nobody waits for the dead"));
    assert_eq!(ses.received().len(), 1);
    post.clock.advance(TimeDelta::seconds(89));
    assert_eq!(post.sweep().await, 0, "the claim holds");
    post.clock.advance(TimeDelta::seconds(2));
    post.sweep().await;
    let [first, second] = [0, 1].map(|at| jobs[at]["mail_id"].clone());
    assert_eq!(arrived(&ses), [first.clone(), first, second]);
}

/// A line that is longer than one worker takes on is worked off by several, in
/// order.
#[tokio::test]
async fn a_long_line_is_worked_off_in_order() {
    let ses = Ses::start(&[]).await;
    let post = Post::with(ses.mailer());
    let jobs = chain(&post, 40).await;
    assert!(post.deliver(&jobs[39]).await);
    assert_eq!(ses.received().len(), 0);
    for job in jobs.iter().rev() {
        assert!(post.deliver(job).await);
    }
    assert_eq!(ses.received().len(), 32, "from the head on");
    post.clock.advance(TimeDelta::seconds(61));
    assert_eq!(post.sweep().await, 8);
    assert_eq!(arrived(&ses), ids(&jobs));
}

/// AP-6, AP-7, XC-7: what use cases write about one appointment is such a line
/// for each of its readers, and neither waits for the other's.
#[tokio::test]
async fn a_cancellation_follows_the_invitation_that_ses_refused() {
    let mut practice = Practice::without_teams().await;
    practice.ses = Ses::start(&[Outcome::Refused(503, "ServiceUnavailable")]).await;
    practice.process.delivery.mailer = practice.ses.mailer();
    let id = practice.booked(&json!({})).await;
    let moved = json!({ "new_date": "2026-12-02", "new_time": "10:30" });
    practice.tell(&id, "reschedule", &moved).await.expect(200);
    practice.tell(&id, "cancel", &json!({})).await.expect(200);
    let jobs = practice.relay().await;
    let mails = jobs.iter().filter(|(_, job)| job["job"] == "send_mail");
    for (_, job) in mails.rev() {
        assert!(practice.process.deliver(&practice.org, job, false).await);
    }
    assert!(!practice.unsent().await.is_empty());
    practice.settle().await;
    // The one that SES refused at first came twice.
    let mut sent = practice.sent();
    sent.remove(0);
    for reader in [CONTACT_EMAIL, TECHNICIAN_EMAIL] {
        let of_reader = sent.iter().filter(|mail| mail.to == reader);
        let files: Vec<_> = of_reader
            .map(|mail| (mail.method.as_str(), mail.sequence.as_str()))
            .collect();
        let expected = [("REQUEST", "0"), ("REQUEST", "1"), ("CANCEL", "2")];
        assert_eq!(files, expected, "{reader}");
    }
}
