//! What cannot be asked just now, and a worker that dies: the delivery comes again,
//! and then all is there, once (NT-3, NT-8, XC-7).

use chrono::TimeDelta;
use convoke_platform::config::Environment;
use convoke_platform::raw::RawNotification;
use convoke_platform::vault::Vault;
use convoke_services::core::Core;
use convoke_services::notifications::{Inbox, Tally, Verdict};
use graph_simulator::Fault;
use it::death::Moment;
use it::deployed;
use it::practice::{Meeting, Watched};
use it::process::{Process, sdk_config};
use it::throttle::Throttle;

use super::{both_by, ways};

const KEYS: &str = "/common/**";

/// A meeting that was held, and Microsoft's one post of both artifacts in the queue.
async fn told() -> (Watched, Meeting, String) {
    let watched = Watched::open(true).await;
    let (meeting, _) = watched.held().await;
    let [message] = watched.queued().await.try_into().expect("one post");
    (watched, meeting, message)
}

/// Another process takes the message on, and its work leads to the end.
async fn assert_recovers(watched: &Watched, meeting: &Meeting, message: &str, case: &str) {
    assert!(watched.process.take_in(message).await, "{case}");
    watched.work().await;
    watched.assert_kept_once(meeting, case).await;
    let seen = watched.read_meeting(meeting).await;
    assert_eq!(ways(&seen), both_by(&["notification"]), "{case}");
    assert!(watched.process.take_in(message).await, "{case}");
    assert!(watched.relay().await.is_empty(), "{case}: done twice");
}

async fn assert_untouched(watched: &Watched, process: &Process, message: &str, case: &str) {
    let before = watched.items().await;
    assert!(!process.take_in(message).await, "{case}: it comes again");
    assert!(watched.items().await == before, "{case}");
}

/// An inbox with another table or another key service.
fn inbox(watched: &Watched, core: Core, kms_endpoint: &str) -> Inbox {
    let login = watched.graph.base_url().to_owned();
    let environment = Environment::of([("LOGIN_BASE_URL".to_owned(), login)]);
    let kms = aws_sdk_kms::Client::new(&sdk_config(kms_endpoint));
    let vault = Vault::new(kms, &deployed::resources().outputs.key_arn);
    Inbox::of_environment(&environment, core, vault).expect("a whole environment")
}

/// NT-3: Microsoft's signing keys cannot be read: nothing is judged, nothing is lost.
#[tokio::test]
async fn signing_keys_that_cannot_be_read_lose_nothing() {
    let (watched, meeting, message) = told().await;
    for (case, fault) in [
        ("503", Fault::on("GET", KEYS).always().unavailable("1")),
        ("cut", Fault::on("GET", KEYS).always().cut()),
        ("no JSON", Fault::on("GET", KEYS).always().html(502)),
    ] {
        watched.graph.inject(fault);
        let process = watched.fresh_process();
        assert_untouched(&watched, &process, &message, case).await;
        watched.graph.clear_faults();
    }
    assert_recovers(&watched, &meeting, &message, "the keys are back").await;
}

/// NT-3: KMS cannot be asked or refuses: nothing is taken for tampered with.
#[tokio::test]
async fn a_key_service_that_refuses_loses_nothing() {
    let (watched, meeting, message) = told().await;
    let mut process = watched.fresh_process();
    let nobody = "http://127.0.0.1:1";
    process.artifact_capture.inbox = inbox(&watched, process.core.clone(), nobody);
    assert_untouched(&watched, &process, &message, "away").await;
    let refusing = crate::webhook::outages::refusing_aws(400, "AccessDeniedException").await;
    process.artifact_capture.inbox = inbox(&watched, process.core.clone(), &refusing);
    assert_untouched(&watched, &process, &message, "refused").await;
    assert_recovers(&watched, &meeting, &message, "it is back").await;
}

/// NT-3, XC-7: a table that throttles at each read and write: what was done counts, and
/// the rest comes again.
#[tokio::test]
async fn a_table_that_throttles_loses_nothing() {
    let (watched, meeting, message) = told().await;
    let site = &watched.process.site;
    let before = watched.items().await;
    // Both notifications of the delivery at once, and then one of them.
    for (operation, calls, most) in [
        ("BatchGetItem", 0, 1),
        ("BatchGetItem", 1, 1),
        ("GetItem", 0, 2),
        ("Query", 0, 2),
        ("TransactWriteItems", 0, 2),
        ("Query", 1, 1),
    ] {
        let case = format!("{operation}, {most} after {calls}");
        let throttle = Throttle::after(operation, calls, most).await;
        let core = Core::new(throttle.store(site), watched.process.ports.clone());
        let mut process = watched.fresh_process();
        process.artifact_capture.inbox = inbox(&watched, core, &site.aws_endpoint);
        assert!(!process.take_in(&message).await, "{case}: it comes again");
        assert!(throttle.is_over(), "{case}");
        let is_untouched = watched.items().await == before;
        assert_eq!(
            is_untouched,
            most == 2 || operation == "BatchGetItem",
            "{case}"
        );
    }
    assert_recovers(&watched, &meeting, &message, "it has room again").await;
}

/// XC-7: a worker that dies at a write of either half, before and after its effect.
#[tokio::test]
async fn a_worker_that_dies_at_any_write_loses_nothing() {
    use Moment::{After, Before};
    // The notices of both; then claim, row, text and outcome, in turns, since each look
    // is made sure of elsewhere.
    for (operation, nth, moment) in [
        ("TransactWriteItems", 1, Before),
        ("TransactWriteItems", 1, After),
        ("TransactWriteItems", 2, Before),
        ("TransactWriteItems", 2, After),
        ("TransactWriteItems", 3, After),
        ("TransactWriteItems", 4, Before),
        ("TransactWriteItems", 5, After),
        ("TransactWriteItems", 6, Before),
        ("TransactWriteItems", 7, After),
        ("PutObject", 1, After),
    ] {
        let case = format!("{operation} {nth}, {moment:?}");
        let has_died = Box::pin(dies(operation, nth, moment, &case)).await;
        assert!(has_died, "{case}");
    }
}

/// Whether the worker died on the way.
async fn dies(operation: &'static str, nth: u32, moment: Moment, case: &str) -> bool {
    let (watched, meeting, message) = told().await;
    let mortal = watched.fresh_process();
    mortal.death.at(operation, nth, moment);
    let is_done = mortal.take_in(&message).await;
    assert_eq!(is_done, !mortal.death.has_come(), "{case}");
    if !is_done {
        assert!(watched.process.take_in(&message).await, "{case}");
    }
    let jobs = watched.relay().await;
    assert_eq!(jobs.len(), 2, "{case}: {jobs:?}");
    let mut again = vec![];
    for (_, job) in jobs {
        if mortal.death.has_come() || !mortal.capture(&watched.org, &job).await {
            again.push(job);
        }
    }
    // Whoever died may still be looking, as far as others can know.
    watched.later(TimeDelta::seconds(91));
    for job in again {
        assert!(watched.process.capture(&watched.org, &job).await, "{case}");
    }
    watched.work().await;
    watched.look_due().await;
    watched.assert_kept_once(&meeting, case).await;
    let seen = watched.read_meeting(&meeting).await;
    assert_eq!(ways(&seen), both_by(&["notification"]), "{case}");
    mortal.death.has_come()
}

/// NT-3: what was counted before something failed was done, and is a duplicate when
/// the delivery comes again.
#[tokio::test]
async fn half_a_delivery_is_not_done_twice() {
    let (watched, _, message) = told().await;
    let site = &watched.process.site;
    let throttle = Throttle::after("TransactWriteItems", 1, 1).await;
    let core = Core::new(throttle.store(site), watched.process.ports.clone());
    let throttled = inbox(&watched, core, &site.aws_endpoint);
    let raw = RawNotification::parse(&message).unwrap();
    let octets = watched.process.raw.read(&raw).await.unwrap();
    let mut tally = Tally::default();
    let failed = throttled.take(raw.received_at, &octets, &mut tally).await;
    assert!(failed.is_err());
    assert_eq!(tally.of(Verdict::Accepted), 1);
    let again = watched.process.judge(&message).await;
    assert_eq!(
        (again.of(Verdict::Accepted), again.of(Verdict::Duplicate)),
        (1, 1)
    );
    assert_eq!(watched.relay().await.len(), 2);
}
