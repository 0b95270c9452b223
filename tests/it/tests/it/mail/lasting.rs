//! XC-7: mails outlast an outage of SES without a dead letter, and the links in
//! them last as long as they are of use.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use convoke_local::{Functions, Stack, StackOptions};
use convoke_platform::link::{self, Target};
use it::listener::{receive, sqs};
use it::ses::{Ses, mailer, read_mail};

use super::sending::LOG;
use super::*;

/// A post whose SES cannot be reached, with an invitation and its cancellation.
async fn cut_off() -> (Post, Vec<Value>) {
    LazyLock::force(&LOG);
    let post = Post::with(mailer("http://127.0.0.1:9", Some(it::ses::SENDER)));
    let first = post.letter(MailKey::AppointmentAssigned);
    let mut second = post.letter(MailKey::AppointmentCancelled);
    second.after = Some(first.mail_id);
    second.calendar = Some(invitation(Method::Cancel));
    let jobs = post.write(vec![first, second]).await;
    for job in &jobs {
        assert!(post.deliver(job).await, "the message does not come again");
    }
    (post, jobs)
}

/// Lets time pass with a sweep every few minutes.
async fn pass(post: &Post, time: TimeDelta) {
    let end = post.process.ports.now() + time;
    while post.process.ports.now() < end {
        post.clock.advance(TimeDelta::minutes(10));
        post.sweep().await;
    }
}

/// How often the log has an error about this mail with these words. The span
/// may name another: whoever comes for a later mail sends this one.
fn errors(job: &Value, words: &str) -> usize {
    let log = LOG.text();
    let lines = log.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        let message = line["fields"]["message"].as_str()?;
        let is_it = line["level"] == "ERROR" && line["fields"]["mail_id"] == job["mail_id"];
        (is_it && message.contains(words)).then_some(())
    });
    lines.count()
}

/// A day without SES: no message comes again, tries get rare and loud, and then
/// both mails go out, in order.
#[tokio::test]
async fn a_day_without_ses_loses_nothing() {
    let (mut post, jobs) = cut_off().await;
    pass(&post, TimeDelta::days(1)).await;
    let mails = [post.mail(&jobs[0]).await, post.mail(&jobs[1]).await];
    assert_eq!(mails[0].state, MailState::Queued);
    assert!(
        (20..=35).contains(&mails[0].attempts),
        "{}",
        mails[0].attempts
    );
    assert_eq!((mails[1].state, mails[1].attempts), (MailState::Queued, 0));
    let loud = usize::try_from(mails[0].attempts).unwrap() - 11;
    assert_eq!(errors(&jobs[0], "to be sent again"), loud);
    let ses = Ses::start(&[]).await;
    post.process.delivery.mailer = ses.mailer();
    pass(&post, TimeDelta::hours(1)).await;
    let arrived: Vec<_> = ses.received().iter().map(read_mail).collect();
    let arrived: Vec<_> = arrived.iter().map(|mail| &mail["mail_id"]).collect();
    assert_eq!(arrived, [&jobs[0]["mail_id"], &jobs[1]["mail_id"]]);
    assert_eq!(post.sweep().await, 0);
}

/// After four days a mail is given up, once and aloud, and is not swept again.
#[tokio::test]
async fn a_mail_is_given_up_after_four_days() {
    let (post, jobs) = cut_off().await;
    pass(&post, TimeDelta::hours(95)).await;
    assert_eq!(post.state(&jobs[0]).await, MailState::Queued);
    pass(&post, TimeDelta::hours(3)).await;
    for job in &jobs {
        let mail = post.mail(job).await;
        assert_eq!((mail.state, mail.due_at), (MailState::Failed, None));
        assert_eq!(errors(job, "given up"), 1);
        assert!(post.deliver(job).await);
    }
    assert_eq!(post.sweep().await, 0);
}

/// A mail whose job was lost is found by the sweep, which queues it.
#[tokio::test]
async fn the_sweep_is_a_net_below_a_mails_job() {
    let stack = Stack::start(StackOptions {
        functions: Functions::None,
        ..StackOptions::temporary()
    })
    .expect("the local stack starts");
    let ses = Ses::start(&[]).await;
    let mut post = Post::with(ses.mailer());
    post.process = Process::new(&stack, post.clock.ports(), None);
    post.process.delivery.mailer = ses.mailer();
    let job = post
        .written(post.letter(MailKey::AppointmentAssigned))
        .await;
    let (sqs, queue) = (sqs(&stack), &stack.outputs.delivery_queue_url);
    post.clock.advance(TimeDelta::minutes(4));
    post.process.outbox_relay.sweep().await.unwrap();
    assert_eq!(
        receive(&sqs, queue, 0).await.len(),
        0,
        "not before its time"
    );
    post.clock.advance(TimeDelta::minutes(2));
    post.process.outbox_relay.sweep().await.unwrap();
    let messages = receive(&sqs, queue, 0).await;
    let bodies: Vec<Value> = messages
        .iter()
        .map(|message| serde_json::from_str(message.body().unwrap()).unwrap())
        .collect();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(
        (&bodies[0]["tenant"], &bodies[0]["job"]),
        (&json!(post.org), &job)
    );
    assert!(post.deliver(&bodies[0]["job"]).await);
    assert_eq!(post.state(&job).await, MailState::Sent);
    post.process.outbox_relay.sweep().await.unwrap();
    assert_eq!(receive(&sqs, queue, 0).await.len(), 0, "it is settled");
}

/// CM-12, AP-8: the link to the file opens until a week after the appointment,
/// or after the mail where that went out later; it is not stored.
#[tokio::test]
async fn the_files_link_lasts_beyond_the_appointment() {
    let ses = Ses::start(&[]).await;
    let post = Post::with(ses.mailer());
    let sent_at = post.process.ports.now();
    for start in ["2027-06-01T09:00:00Z", "2026-11-20T09:00:00Z"] {
        let mut letter = post.letter(MailKey::AppointmentAssigned);
        letter.start = start.parse().unwrap();
        let target = Target::Appointment(letter.appointment_request_id);
        let job = post.written(letter).await;
        assert!(post.deliver(&job).await);
        let mail = read_mail(ses.received().last().unwrap()).to_string();
        let token = token_in(&mail);
        let counted_from = sent_at.max(start.parse::<DateTime<Utc>>().unwrap());
        let secrets = &post.process.delivery.links.secrets;
        for (days, opens) in [(0, true), (6, true), (7, true), (8, false)] {
            let at = counted_from + TimeDelta::days(days);
            let opened = link::open(secrets, token, at).await.ok();
            let expected = opens.then(|| (post.tenant(), target));
            assert_eq!(opened, expected, "{start}: {days} days after");
        }
        let stored = serde_json::to_string(&post.mail(&job).await).unwrap();
        assert!(!stored.contains(token), "{stored}");
    }
}

/// The token of the file's link in a mail.
fn token_in(mail: &str) -> &str {
    let (_, rest) = mail
        .split_once("https://api.example.com/ics/")
        .unwrap_or_else(|| panic!("no link in {mail}"));
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let end = rest.find(|c| !is_of_token(c)).unwrap_or(rest.len());
    &rest[..end]
}
