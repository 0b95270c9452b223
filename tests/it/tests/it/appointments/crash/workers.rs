//! Workers that die while they relay, call Microsoft or send mail, and messages
//! that come more than once.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use graph_simulator::Fault;
use it::practice::{Command, Practice};
use it::ses::{Outcome, Ses};
use serde_json::{Value, json};

use super::{EVENT, EVENTS, creation_steps, die_at};

/// Works a batch of messages off, as the queues hand them over.
async fn deliver(practice: &Practice, jobs: &[(String, Value)]) -> Vec<bool> {
    let mut done = vec![];
    for (queue, job) in jobs {
        done.push(
            practice
                .process
                .deliver(&practice.org, job, queue == "graph")
                .await,
        );
    }
    done
}

/// XC-7: a relay that dies after it has sent, before it has noted so, sends again:
/// every message twice changes nothing that anybody sees.
#[tokio::test]
async fn messages_that_come_twice_are_done_once() {
    let practice = Practice::open().await;
    let id = practice.ready_for(Command::Approve).await;
    let mut told = 0;
    for command in [Command::Approve, Command::Reschedule, Command::Cancel] {
        // Microsoft follows by message only.
        practice.graph.inject(
            Fault::on(command.graph_method(), "/v1.0/**")
                .always()
                .unavailable("0"),
        );
        practice.command(command, &id).await.expect(200);
        practice.graph.clear_faults();
        practice.clock.advance(TimeDelta::minutes(2));
        let mut jobs = practice.relay().await;
        jobs.push(("graph".to_owned(), sync_job(&id)));
        deliver(&practice, &jobs).await;
        let later = practice.relay().await;
        for batch in [&jobs, &later, &later, &jobs] {
            deliver(&practice, batch).await;
        }
        practice.settle().await;
        practice.assert_in_step(&id, &format!("{command:?}")).await;
        // Without a link, then with it; after that each change once.
        told += if command == Command::Approve { 4 } else { 2 };
        assert_eq!(
            practice.sent().len(),
            told,
            "{command:?}: {:?}",
            practice.sent()
        );
    }
    assert_eq!(
        practice
            .graph
            .events(graph_simulator::demo::ORGANIZER_UPN)
            .len(),
        1
    );
}

fn sync_job(id: &str) -> Value {
    json!({ "job": "sync_online_meeting", "online_meeting_id": id, "mailbox": "m" })
}

/// XC-8: a worker that dies at any step of what it took over is followed by another.
#[tokio::test]
async fn a_worker_that_dies_is_followed_by_another() {
    for (step, fault) in creation_steps() {
        for (kind, first) in [
            ("unknown", Fault::on("POST", EVENTS).after().cut()),
            ("nothing", Fault::on("POST", EVENTS).cut()),
        ] {
            let case = format!("{kind}, {step}");
            let practice = Practice::open().await;
            let id = practice.ready_for(Command::Approve).await;
            practice.graph.inject(first.always());
            practice.command(Command::Approve, &id).await.expect(200);
            practice.graph.clear_faults();
            practice.graph.clear_received();
            practice.graph.expire_tokens();
            practice.graph.inject(fault.clone());
            practice.clock.advance(TimeDelta::minutes(2));
            let job = sync_job(&id);
            tokio::select! {
                _ = practice.process.deliver(&practice.org, &job, true) => {}
                () = practice.until_hanging() => {}
            }
            practice.graph.clear_faults();
            practice.settle().await;
            practice.assert_in_step(&id, &case).await;
            let events = practice.graph.events(graph_simulator::demo::ORGANIZER_UPN);
            assert_eq!(events.len(), 1, "{case}");
            assert_eq!(practice.sent().len(), 4, "{case}: {:?}", practice.sent());
        }
    }
}

/// XC-8: the same for what is to be moved or removed, while somebody ends it.
#[tokio::test]
async fn a_worker_that_dies_while_the_appointment_ends_orphans_nothing() {
    for (method, first, path) in [
        ("PATCH", Command::Reschedule, EVENT),
        ("DELETE", Command::Cancel, EVENT),
        ("GET", Command::Approve, super::RESOLUTION),
    ] {
        for lands in [false, true] {
            let case = format!("{method}, lands: {lands}");
            let practice = Practice::open().await;
            let id = match first {
                Command::Approve => practice.ready_for(first).await,
                _ => practice.approved().await,
            };
            practice
                .graph
                .inject(Fault::on(method, path).always().unavailable("0"));
            practice.command(first, &id).await.expect(200);
            practice.graph.clear_faults();
            practice.graph.clear_received();
            practice.clock.advance(TimeDelta::minutes(2));
            let hang = Fault::on(method, path).hang();
            practice
                .graph
                .inject(if lands { hang.after() } else { hang });
            let job = sync_job(&id);
            let worker = practice.process.deliver(&practice.org, &job, true);
            let ending = async {
                practice.until_hanging().await;
                practice.command(Command::Delete, &id).await.expect(200);
                practice.graph.clear_faults();
            };
            // The worker lives on, and finds that something else is wanted by now.
            tokio::join!(worker, ending);
            practice.settle().await;
            practice.assert_in_step(&id, &case).await;
        }
    }
}

/// XC-7: a sender that dies within the call to SES repeats that one mail at most,
/// with the same message id; the others go once.
#[tokio::test]
async fn a_sender_that_dies_repeats_its_own_mail_at_most() {
    let mut practice = Practice::open().await;
    practice.ses = Ses::start(&[Outcome::Hanging]).await;
    practice.process.delivery.mailer = practice.ses.mailer();
    let id = practice.ready_for(Command::Approve).await;
    practice.command(Command::Approve, &id).await.expect(200);
    let jobs = practice.relay().await;
    let (mails, others): (Vec<_>, Vec<_>) = jobs
        .into_iter()
        .partition(|(_, job)| job["job"] == "send_mail");
    assert_eq!(mails.len(), 2);
    deliver(&practice, &others).await;
    let (queue, job) = &mails[0];
    tokio::select! {
        _ = practice.process.deliver(&practice.org, job, queue == "graph") => panic!("nothing hung"),
        () = practice.ses.until_received(1) => {}
    }
    // While somebody may be at it, it is left alone; then it is sent.
    assert_eq!(deliver(&practice, &mails).await, [true, true]);
    practice.clock.advance(TimeDelta::seconds(91));
    assert_eq!(deliver(&practice, &mails).await, [true, true]);
    assert_eq!(deliver(&practice, &mails).await, [true, true]);
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for mail in practice.mails() {
        *times.entry(mail["mail_id"].to_string()).or_default() += 1;
    }
    let mut counts: Vec<_> = times.into_values().collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2]);
}

/// XC-7: a command that dies before its outcome is written has told nobody too much:
/// what the relay finds by then is what happened.
#[tokio::test]
async fn what_is_relayed_in_the_middle_is_true() {
    let practice = Practice::open().await;
    let id = practice.ready_for(Command::Approve).await;
    let fault = Fault::on("POST", EVENTS).after().hang();
    die_at(&practice, fault, practice.order(Command::Approve, &id)).await;
    let published = practice.work().await;
    let kinds: Vec<_> = published
        .iter()
        .map(|event| event["detail_type"].as_str().unwrap())
        .collect();
    assert!(kinds.contains(&"appointment.approved"), "{kinds:?}");
    assert!(!kinds.contains(&"online_meeting.scheduled"), "{kinds:?}");
    assert_eq!(
        practice.sent(),
        [],
        "nobody is told before the link is known, or known not to come"
    );
    practice.settle().await;
    assert_eq!(practice.sent().len(), 2);
    practice.assert_in_step(&id, "relayed in the middle").await;
}
