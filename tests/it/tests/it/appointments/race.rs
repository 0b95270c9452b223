//! Callers who come at once: one decides, and both sides end up saying the same
//! (XC-5, XC-8).

use std::sync::Arc;
use std::time::Duration;

use graph_simulator::Fault;
use it::api::Answer;
use it::gateway::Event;
use it::practice::{
    CLIENT, CONTACT, CONTACT_EMAIL, Command, Practice, TECHNICIAN, TECHNICIAN_EMAIL,
};
use serde_json::json;

/// Sends requests at once, each from a task of its own.
async fn at_once(practice: &Arc<Practice>, events: Vec<Event>) -> Vec<Answer> {
    let mut callers = tokio::task::JoinSet::new();
    for event in events {
        let practice = Arc::clone(practice);
        callers.spawn(async move { practice.process.approval(event).await });
    }
    callers.join_all().await
}

/// AP-3, XC-5: twenty approvers at once: one wins, nineteen hear that it is done;
/// one event, one mail to each.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_approvers_one_wins() {
    for latency in [0, 50] {
        let practice = Arc::new(Practice::open().await);
        practice
            .graph
            .configure(|behaviour| behaviour.latency_ms = latency);
        let id = practice.ready_for(Command::Approve).await;
        let order = practice.order(Command::Approve, &id);
        let answers = at_once(&practice, vec![order; 20]).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 19), "{answers:?}");
        for answer in lost {
            assert_eq!(answer.problem(409), "already_approved");
        }
        let published = practice.settle().await;
        let approved = published
            .iter()
            .filter(|event| event["detail_type"] == "appointment.approved");
        assert_eq!(approved.count(), 1);
        assert_one_meeting(&practice, &id, "twenty approvers").await;
    }
}

/// XC-4: the same with one key: whoever is answered is answered the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_calls_with_one_key_are_one_call() {
    let practice = Arc::new(Practice::open().await);
    practice
        .graph
        .configure(|behaviour| behaviour.latency_ms = 30);
    let id = practice.ready_for(Command::Approve).await;
    let order = practice
        .order(Command::Approve, &id)
        .header("idempotency-key", "one");
    let answers = at_once(&practice, vec![order.clone(); 20]).await;
    assert!(
        answers.iter().any(|answer| answer.status == 200),
        "{answers:?}"
    );
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(answer.status, 409, "{answer:?}");
        assert_ne!(answer.problem(409), "already_approved", "{answer:?}");
    }
    practice.settle().await;
    assert_one_meeting(&practice, &id, "one key").await;
    let replayed = practice.process.approval(order).await.expect(200);
    let first = answers.iter().find(|answer| answer.status == 200).unwrap();
    let link = |answer: &serde_json::Value| answer["request"]["online_meeting_url"].clone();
    assert!(link(&replayed).is_string(), "{replayed}");
    // Who came while it went on may have heard of the approval before its link.
    let request = practice.read(&id).await;
    assert_eq!(link(&replayed), request["online_meeting_url"]);
    assert_eq!(first.json()["request"]["status"], "approved");
}

/// AP-5: twenty who ask for the meeting at once get one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_who_generate_at_once_get_one_meeting() {
    let practice = Arc::new(Practice::open().await);
    practice
        .graph
        .configure(|behaviour| behaviour.latency_ms = 20);
    let id = practice.ready_for(Command::Generate).await;
    let order = practice.order(Command::Generate, &id);
    let answers = at_once(&practice, vec![order; 20]).await;
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(answer.problem(409), "meeting_in_progress");
    }
    practice.settle().await;
    practice.assert_in_step(&id, "twenty generators").await;
    assert_eq!(practice.requests("POST", "/events").len(), 1);
    assert_eq!(practice.on_calendar().len(), 1);
    assert_eq!(practice.sent().len(), 4, "{:?}", practice.sent());
}

async fn assert_one_meeting(practice: &Practice, id: &str, case: &str) {
    practice.assert_in_step(id, case).await;
    assert_eq!(practice.requests("POST", "/events").len(), 1, "{case}");
    let mut readers: Vec<_> = practice.sent().into_iter().map(|mail| mail.to).collect();
    readers.sort();
    assert_eq!(readers, [CONTACT_EMAIL, TECHNICIAN_EMAIL], "{case}");
}

/// What may come while an appointment is approved or moved.
#[derive(Debug, Clone, Copy)]
enum Other {
    Order(Command),
    Edit,
    Directory,
}

impl Other {
    const ALL: [Self; 9] = [
        Self::Order(Command::Approve),
        Self::Order(Command::Generate),
        Self::Order(Command::Reschedule),
        Self::Order(Command::MoveEntry),
        Self::Order(Command::Cancel),
        Self::Order(Command::Decline),
        Self::Order(Command::Delete),
        Self::Edit,
        Self::Directory,
    ];

    async fn come(self, practice: &Practice, id: &str) -> Vec<Answer> {
        match self {
            Self::Order(command) => vec![practice.command(command, id).await],
            Self::Edit => {
                let body = json!({ "description": "Figures of the fourth quarter" });
                vec![practice.call("PATCH", &format!("/{id}"), Some(&body)).await]
            }
            Self::Directory => {
                let contact = json!({ "client_id": CLIENT, "email": "ada.new@client.example", "name": "Ada New" });
                let user = json!({ "email": "tess.new@practice.example", "name": "Tess New" });
                let mut answers = vec![];
                for (path, body) in [
                    (format!("contacts/{CONTACT}"), contact),
                    (format!("users/{TECHNICIAN}"), user),
                ] {
                    let event = practice.staff("PUT", &format!("/api/v1/{path}"), Some(&body));
                    answers.push(practice.process.api(event).await);
                }
                practice.work().await;
                answers
            }
        }
    }
}

/// XC-5, XC-8: each command against each other, with the other a little later each
/// time: never an orphan, never a link on what is dead.
#[tokio::test]
async fn commands_that_race_end_in_step() {
    let firsts = [
        Command::Approve,
        Command::Generate,
        Command::Reschedule,
        Command::Cancel,
    ];
    for first in firsts {
        for other in Other::ALL {
            for head_start in [0, 15, 40, 90] {
                let case = format!("{first:?} and {other:?} after {head_start} ms");
                let practice = Practice::open().await;
                let id = practice.ready_for(first).await;
                practice
                    .graph
                    .configure(|behaviour| behaviour.latency_ms = 20);
                let late = async {
                    tokio::time::sleep(Duration::from_millis(head_start)).await;
                    other.come(&practice, &id).await
                };
                let (answer, others) = tokio::join!(practice.command(first, &id), late);
                for answer in others.iter().chain([&answer]) {
                    assert!(answer.status < 500, "{case}: {answer:?}");
                }
                practice.settle().await;
                practice.assert_in_step(&id, &case).await;
                let request = practice.call("GET", &format!("/{id}"), None).await;
                // What has ended stays as it was.
                if matches!(other, Other::Directory) && request.json()["status"] == "approved" {
                    let requester = &request.json()["requester"];
                    assert_eq!(requester["email"], "ada.new@client.example", "{case}");
                }
            }
        }
    }
}

/// AP-6, AP-7, XC-8: commands that come while Microsoft holds the creation, the move
/// or the resolution back are done at once, and followed afterwards.
#[tokio::test]
async fn what_comes_while_microsoft_is_slow_is_followed_afterwards() {
    let slow = [
        (Command::Approve, "POST", "/v1.0/users/*/events"),
        (Command::Approve, "GET", "/v1.0/users/*/onlineMeetings"),
        (Command::Reschedule, "PATCH", "/v1.0/users/*/events/*"),
    ];
    for (first, method, path) in slow {
        for then in [
            Command::MoveEntry,
            Command::Cancel,
            Command::Decline,
            Command::Delete,
            Command::DeleteEntry,
        ] {
            for cut in [false, true] {
                let case = format!("{first:?} at {method} {path}, then {then:?}, cut: {cut}");
                let practice = Practice::open().await;
                let id = practice.ready_for(first).await;
                let fault = Fault::on(method, path).after().delay_ms(400);
                practice
                    .graph
                    .inject(if cut { fault.always().cut() } else { fault });
                practice.graph.clear_received();
                let second = async {
                    while practice.requests(method, "/users/").is_empty() {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    let answer = practice.command(then, &id).await.expect(200);
                    practice.graph.clear_faults();
                    answer
                };
                let (answer, second) = tokio::join!(practice.command(first, &id), second);
                answer.expect(200);
                let reason = &second["teams_meeting_warning"]["reason"];
                assert_eq!(reason, "meeting_in_progress", "{case}: {second}");
                practice.settle().await;
                practice.assert_in_step(&id, &case).await;
                let live = practice.on_calendar().len();
                assert_eq!(live, usize::from(!then.ends()), "{case}");
            }
        }
    }
}
