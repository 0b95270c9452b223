//! Each mail goes out once, whatever happens around it.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};

use chrono::TimeDelta;
use it::ses::{Outcome, Ses, mailer, read_mail};

use super::*;

/// One letter is written and delivered once; answers whether that was done.
async fn first_delivery(script: &[Outcome]) -> (Ses, Post, Value, bool) {
    let ses = Ses::start(script).await;
    let post = Post::with(ses.mailer());
    let job = post
        .written(post.letter(MailKey::AppointmentAssigned))
        .await;
    let done = post.deliver(&job).await;
    (ses, post, job, done)
}

/// XC-7: mails and jobs are written together, one job for each.
#[tokio::test]
async fn a_mail_for_each_letter_is_sent_once_however_often_its_job_comes() {
    let ses = Ses::start(&[]).await;
    let post = Post::with(ses.mailer());
    let letters = vec![
        post.letter(MailKey::AppointmentRequestApprovedClient),
        post.letter(MailKey::AppointmentAssigned),
    ];
    let ids: Vec<_> = letters
        .iter()
        .map(|letter| json!(letter.mail_id.to_string()))
        .collect();
    let jobs = post.write(letters).await;
    assert_eq!(
        jobs.iter()
            .map(|job| job["mail_id"].clone())
            .collect::<Vec<_>>(),
        ids
    );
    for job in jobs.iter().chain(&jobs).chain(&jobs) {
        assert!(post.deliver(job).await);
    }
    assert_eq!(ses.received().len(), 2);
    let mail = post.mail(&jobs[0]).await;
    assert_eq!((mail.state, mail.attempts), (MailState::Sent, 1));
    assert_eq!(mail.ses_message_id.as_deref(), Some("ses-1"));
}

/// XC-7: of workers at once, one sends; the others leave it alone.
#[tokio::test]
async fn two_workers_at_once_send_one_mail() {
    let ses = Ses::start(&[Outcome::TakenAfter(400)]).await;
    let post = Post::with(ses.mailer());
    let job = post
        .written(post.letter(MailKey::AppointmentAssigned))
        .await;
    let deliveries = (0..5).map(|_| post.deliver(&job));
    let done = futures_util::future::join_all(deliveries).await;
    assert_eq!(done, [true; 5], "nobody's message comes again");
    assert_eq!(ses.received().len(), 1);
    assert_eq!(post.state(&job).await, MailState::Sent);
}

/// XC-7: a worker that dies within the call leaves its claim; when that ends
/// the mail goes out again, known by the same id.
#[tokio::test]
async fn a_crash_within_the_call_repeats_the_mail_with_the_same_id() {
    let ses = Ses::start(&[Outcome::Hanging]).await;
    let post = Arc::new(Post::with(ses.mailer()));
    let job = post
        .written(post.letter(MailKey::AppointmentAssigned))
        .await;
    let worker = tokio::spawn({
        let (post, job) = (Arc::clone(&post), job.clone());
        async move { post.deliver(&job).await }
    });
    ses.until_received(1).await;
    worker.abort();
    assert_eq!(post.state(&job).await, MailState::Claimed);
    assert!(post.deliver(&job).await);
    assert_eq!(ses.received().len(), 1, "the claim holds");
    post.clock.advance(TimeDelta::seconds(89));
    assert!(post.deliver(&job).await);
    assert_eq!(post.sweep().await, 0, "the claim still holds");
    assert_eq!(ses.received().len(), 1);
    post.clock.advance(TimeDelta::seconds(2));
    assert_eq!(post.sweep().await, 1);
    let mails: Vec<_> = ses.received().iter().map(read_mail).collect();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0]["mail_id"], mails[1]["mail_id"]);
    assert_eq!(mails[0]["body"], mails[1]["body"]);
    assert_eq!(post.state(&job).await, MailState::Sent);
}

/// XC-7: what may pass is tried again, after a while: a message that comes again
/// does not shorten it.
#[tokio::test]
async fn a_passing_failure_puts_the_mail_back() {
    for outcome in [
        Outcome::Refused(503, "ServiceUnavailable"),
        Outcome::Refused(500, "MessageRejected"),
        Outcome::Refused(400, "SendingPausedException"),
        Outcome::Refused(400, "MailFromDomainNotVerifiedException"),
        Outcome::Refused(403, "AccessDeniedException"),
        Outcome::Closed,
    ] {
        let (ses, post, job, done) = first_delivery(&[outcome]).await;
        assert!(done, "{outcome:?}: the mail waits, not the message");
        assert_eq!(
            ses.received().len(),
            1,
            "{outcome:?}: no try of the SDK's own"
        );
        assert_eq!(post.state(&job).await, MailState::Queued, "{outcome:?}");
        post.clock.advance(TimeDelta::seconds(59));
        assert!(post.deliver(&job).await, "{outcome:?}");
        assert_eq!(post.sweep().await, 0, "{outcome:?}");
        assert_eq!(ses.received().len(), 1, "{outcome:?}");
        post.clock.advance(TimeDelta::seconds(2));
        assert_eq!(post.sweep().await, 1, "{outcome:?}");
        assert_eq!(ses.received().len(), 2, "{outcome:?}");
        let mail = post.mail(&job).await;
        assert_eq!(
            (mail.state, mail.attempts),
            (MailState::Sent, 2),
            "{outcome:?}"
        );
    }
}

/// A throttled call certainly had no effect: it is repeated within the claim,
/// and left for later after a few times.
#[tokio::test]
async fn throttled_calls_are_repeated_at_once() {
    let throttled = Outcome::Refused(429, "TooManyRequestsException");
    let (ses, post, job, done) = first_delivery(&[throttled; 2]).await;
    assert!(done);
    assert_eq!(ses.received().len(), 3);
    assert_eq!(post.mail(&job).await.attempts, 1);
    let (ses, post, job, done) = first_delivery(&[throttled; 4]).await;
    assert!(done);
    assert_eq!(ses.received().len(), 4);
    assert_eq!(post.state(&job).await, MailState::Queued);
}

/// XC-13: what SES will never take ends there, without a second call.
#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_not_tried_again() {
    for kind in ["MessageRejected", "BadRequestException"] {
        let (ses, post, job, done) = first_delivery(&[Outcome::Refused(400, kind)]).await;
        assert!(done && post.deliver(&job).await, "{kind}");
        assert_eq!(ses.received().len(), 1, "{kind}");
        assert_eq!(post.state(&job).await, MailState::Failed, "{kind}");
    }
}

/// XC-13: no sender configured: skipped, never an error, and not made up for
/// when a sender is configured later.
#[tokio::test]
async fn without_a_sender_a_mail_is_skipped() {
    let ses = Ses::start(&[]).await;
    let mut post = Post::with(mailer("http://127.0.0.1:9", None));
    let job = post
        .written(post.letter(MailKey::AppointmentAssigned))
        .await;
    assert!(post.deliver(&job).await);
    assert_eq!(post.state(&job).await, MailState::Skipped);
    post.process.delivery.mailer = ses.mailer();
    assert!(post.deliver(&job).await);
    assert_eq!(ses.received().len(), 0);
}

/// XC-13: a mail without template is skipped and no error; so is one that is
/// gone, or past its thirty days.
#[tokio::test]
async fn a_mail_without_template_or_time_is_skipped() {
    let ses = Ses::start(&[]).await;
    let post = Post::with(ses.mailer());
    let job = post
        .written(post.letter(MailKey::AppointmentAssigned))
        .await;
    let mut mail = post.mail(&job).await;
    for (template, locale) in [("no-such-mail", "en"), ("appointment-assigned", "fr")] {
        (mail.template, mail.locale) = (template.to_owned(), locale.to_owned());
        mail.state = MailState::Queued;
        post.store().put(&mail).await.unwrap();
        assert!(post.deliver(&job).await, "{template} {locale}");
        assert_eq!(
            post.state(&job).await,
            MailState::Skipped,
            "{template} {locale}"
        );
    }
    let late = post
        .written(post.letter(MailKey::AppointmentAssigned))
        .await;
    post.clock.advance(TimeDelta::days(30));
    assert!(post.deliver(&late).await);
    let absent = json!({ "job": "send_mail", "mail_id": post.process.ports.mint() });
    assert!(post.deliver(&absent).await);
    assert_eq!(ses.received().len(), 0);
}

/// XC-1: another tenant's mail does not exist.
#[tokio::test]
async fn another_tenants_mail_is_not_sent() {
    let ses = Ses::start(&[]).await;
    let post = Post::with(ses.mailer());
    let job = post
        .written(post.letter(MailKey::AppointmentAssigned))
        .await;
    assert!(
        post.process
            .deliver(&deployed::new_org(), &job, false)
            .await
    );
    assert_eq!(ses.received().len(), 0);
    assert_eq!(post.state(&job).await, MailState::Queued);
}

/// What this process logs, from its first use on.
pub(crate) static LOG: LazyLock<Captured> = LazyLock::new(|| {
    let captured = Captured::default();
    let writer = captured.clone();
    // For the whole process: a subscriber of one thread misses what other
    // threads have come across before.
    tracing_subscriber::fmt()
        .json()
        .with_writer(move || writer.clone())
        .init();
    captured
});

#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// All of it so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// XC-9: whatever becomes of a mail, no address, name, text or link of it is
/// logged, nor what SES says about them; its ids are.
#[tokio::test]
async fn log_lines_of_mails_hold_ids_and_codes_only() {
    LazyLock::force(&LOG);
    let script = [
        Outcome::Refused(400, "MessageRejected"),
        Outcome::Refused(503, "ServiceUnavailable"),
        Outcome::Closed,
        Outcome::Taken,
    ];
    let ses = Ses::start(&script).await;
    let mut post = Post::with(ses.mailer());
    let mut ids = vec![];
    for _ in script {
        ids.push(canary(&post).await);
    }
    post.process.delivery.mailer = mailer("http://127.0.0.1:9", None);
    ids.push(canary(&post).await);
    let log = LOG.text();
    for id in ids {
        assert!(log.contains(&id), "nothing of {id} in {log}");
    }
    assert!(!log.to_lowercase().contains("mailcanary"), "{log}");
}

/// Writes and delivers a mail that is all canary; answers its id.
async fn canary(post: &Post) -> String {
    let mut letter = post.letter(MailKey::AppointmentCancelled);
    letter.recipient.email = EmailAddress::parse("mailcanary@example.org").unwrap();
    letter.recipient.name = Some("Mailcanary".to_owned());
    letter.service_name.push_str(" mailcanary");
    letter.description = Some("mailcanary text".to_owned());
    letter.online_meeting_url = Some(WebLink::parse("https://mailcanary.example/join").unwrap());
    let id = letter.mail_id.to_string();
    let job = post.written(letter).await;
    post.deliver(&job).await;
    id
}
