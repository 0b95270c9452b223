//! Conversations of sessions (IV-2, IV-5), as their members read and write them.

mod room;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use convoke_domain::conversation::Message;
use convoke_domain::error::Error;
use convoke_domain::id::SessionId;
use convoke_platform::http::{Access, Call, ClaimNames, Edge, EdgeParts, Reply, Route};
use convoke_services::conversations;
use futures_util::future::join_all;
use http::Method;
use it::deployed::new_org;
use it::gateway::{Event, answer_of};
use it::requests::violations;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use self::room::{CLIENT, CONTACT, HOST, INVITEE, Room, Who, bodies};
use crate::routes::{NOW, admin, text};

/// IV-2, IV-5: host, colleague and contact write to each other; each message
/// names who wrote it, and the newest is last.
#[tokio::test]
async fn members_read_what_members_wrote() {
    let room = Room::open().await;
    let nothing = room.list(Who::User(HOST), "").await.expect(200);
    assert_eq!(nothing, json!({ "items": [], "next_cursor": null }));
    let first = room.say(Who::User(HOST), "Here is the agenda.").await;
    assert_eq!(first.header("location"), Some(&*room.path()));
    let first = first.expect(201);
    assert_eq!(
        first,
        json!({ "message_id": first["message_id"], "body": "Here is the agenda.", "created_at": NOW,
            "author": { "user_id": HOST, "name": "Hana Host" } })
    );
    let second = room.say(Who::User(INVITEE), "Thanks!").await.expect(201);
    assert_eq!(
        second["author"],
        json!({ "user_id": INVITEE, "name": "Ivy Invitee" })
    );
    let third = room
        .say(Who::Portal(CLIENT, CONTACT), "I am late.")
        .await
        .expect(201);
    assert_eq!(
        third["author"],
        json!({ "contact_id": CONTACT, "name": "Cleo Contact" })
    );
    for who in [
        Who::User(HOST),
        Who::User(INVITEE),
        Who::Portal(CLIENT, CONTACT),
    ] {
        let list = room.list(who, "").await.expect(200);
        assert_eq!(list["items"], json!([first, second, third]));
    }
}

/// IV-5: a message keeps the name that its author had.
#[tokio::test]
async fn a_message_keeps_its_authors_name() {
    let room = Room::open().await;
    room.say(Who::User(INVITEE), "before").await.expect(201);
    let path = format!("/api/v1/users/{INVITEE}");
    let renamed = json!({ "name": "Ivy Other", "email": "ivy@acme.example" });
    let answer = admin(&room.process, &room.org, "PUT", &path, Some(&renamed)).await;
    answer.expect(200);
    let list = room.list(Who::User(HOST), "").await.expect(200);
    assert_eq!(list["items"][0]["author"]["name"], "Ivy Invitee");
}

/// IV-5, XC-1: for whoever does not belong to the session there is no
/// conversation, and nothing of theirs gets in.
#[tokio::test]
async fn strangers_find_no_conversation() {
    let room = Room::open().await;
    room.say(Who::User(HOST), "between us").await.expect(201);
    for stranger in [
        Who::User("u-stranger"),
        // A user whose id is the contact's.
        Who::User(CONTACT),
        Who::Portal(CLIENT, "k-other"),
        Who::Portal("client-2", CONTACT),
        Who::Portal(CLIENT, INVITEE),
    ] {
        let read = room.list(stranger, "").await;
        assert_eq!(read.problem(404), "not_found");
        let said = room.say(stranger, "hello").await;
        assert_eq!(said.problem(404), "not_found");
        assert_eq!(read.json()["detail"], "no such conversation");
    }
    let elsewhere = new_org();
    for method in ["GET", "POST"] {
        let event = Event::new(method, &room.path()).internal(&elsewhere, HOST, "meetings:admin");
        let event = match method {
            "POST" => event.json(&json!({ "body": "hello" })),
            _ => event,
        };
        assert_eq!(room.process.api(event).await.problem(404), "not_found");
    }
    for unknown in ["01a1e000-0000-7000-8000-000000000009", "x"] {
        let path = format!("/api/v1/conversations/{unknown}/messages");
        let event = room.event(Who::User(HOST), "GET", &path);
        assert_eq!(room.process.api(event).await.problem(404), "not_found");
    }
    assert_eq!(room.said().await, ["between us"]);
}

/// IV-5: who may manage all meetings is no member for that.
#[tokio::test]
async fn administrators_read_and_write_only_where_they_are_members() {
    let room = Room::open().await;
    room.say(Who::User(HOST), "hello").await.expect(201);
    let list = room.list(Who::Admin("u-boss"), "").await;
    assert_eq!(list.problem(404), "not_found");
    let refused = room.say(Who::Admin("u-boss"), "me too").await;
    assert_eq!(refused.problem(404), "not_found");
    room.say(Who::Admin(INVITEE), "I am invited")
        .await
        .expect(201);
    room.say(Who::Admin(HOST), "I host").await.expect(201);
    assert_eq!(room.said().await, ["hello", "I am invited", "I host"]);
}

/// IV-5: membership follows the invitee list.
#[tokio::test]
async fn whoever_is_removed_neither_reads_nor_writes() {
    let room = Room::open().await;
    room.say(Who::User(INVITEE), "hello").await.expect(201);
    room.change(&json!({ "invitees": { "user_ids": [] } }))
        .await;
    let read = room.list(Who::User(INVITEE), "").await;
    assert_eq!(read.problem(404), "not_found");
    let said = room.say(Who::User(INVITEE), "one more thing").await;
    assert_eq!(said.problem(404), "not_found");
    assert_eq!(room.said().await, ["hello"]);
    room.change(&json!({ "invitees": { "user_ids": [INVITEE] } }))
        .await;
    room.say(Who::User(INVITEE), "back").await.expect(201);
    assert_eq!(room.said().await, ["hello", "back"]);
}

/// IV-5, XC-5: once a removal is through, no message of whoever was removed gets
/// in, however many are on their way.
#[tokio::test]
async fn no_message_slips_in_after_a_removal() {
    for _ in 0..4 {
        let room = Room::open().await;
        let room = &room;
        let writers = join_all((0..4).map(|_| async move {
            let mut taken = 0;
            loop {
                let answer = room.say(Who::User(INVITEE), "still here").await;
                if answer.status == 404 {
                    return taken;
                }
                answer.expect(201);
                taken += 1;
            }
        }));
        let removal = async {
            while room.said().await.is_empty() {}
            room.change(&json!({ "invitees": { "user_ids": [] } }))
                .await;
            room.said().await
        };
        let (taken, said_by_then) = futures_util::join!(writers, removal);
        let taken: usize = taken.into_iter().sum();
        assert!(taken > 0);
        assert_eq!(said_by_then.len(), taken);
        assert_eq!(room.said().await.len(), taken);
    }
}

/// A message that is held up between the look at the invitees and the write.
struct HeldUp {
    room: Room,
    is_removed: AtomicBool,
}

static HELD_UP: &[Route<HeldUp>] = &[Route {
    method: Method::POST,
    path: "/held-up",
    operation: "say_held_up",
    access: Access::Member,
    handler: |held_up, call| Box::pin(say_held_up(held_up, call)),
}];

/// The answer is rendered just before it is written with the message: by then
/// the host removes the caller.
async fn say_held_up(held_up: Arc<HeldUp>, call: Call) -> Result<Reply, Error> {
    let (room, core) = (&held_up.room, &held_up.room.process.core);
    let render = |message: &Message| {
        if !held_up.is_removed.swap(true, Ordering::SeqCst) {
            let nobody = json!({ "invitees": { "user_ids": [] } });
            let removal = room.change(&nobody);
            tokio::task::block_in_place(|| Handle::current().block_on(removal));
        }
        Reply::ok(&message.body)
    };
    let (store, seal) = (core.store(call.tenant()?), call.seal(&render));
    let (id, caller) = (SessionId::parse(&room.id).unwrap(), call.caller()?);
    let message = conversations::post(core, &store, caller, id, "late", &seal).await?;
    Ok(seal.reply(&message))
}

/// IV-5, XC-5: a message stands on the membership that it was let in by.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_on_its_way_is_refused_when_its_author_is_removed() {
    let room = Room::open().await;
    room.say(Who::User(INVITEE), "hello").await.expect(201);
    let parts = EdgeParts {
        store: room.process.store.clone(),
        ports: room.process.ports.clone(),
        claims: ClaimNames::default(),
        timeout: std::time::Duration::from_secs(29),
        hook: None,
    };
    let event = room.event(Who::User(INVITEE), "POST", "/held-up");
    let held_up = Arc::new(HeldUp {
        room,
        is_removed: AtomicBool::new(false),
    });
    let edge = Edge::new(parts, held_up.clone(), HELD_UP).unwrap();
    let event = event.header("idempotency-key", "k1").json(&json!({}));
    let answer = answer_of(edge.handle(event.into_request()).await);
    assert_eq!(answer.problem(404), "not_found");
    assert!(held_up.is_removed.load(Ordering::SeqCst));
    assert_eq!(held_up.room.said().await, ["hello"]);
}

/// IV-5: a conversation goes on after the meeting, and stops where the meeting
/// does not take place; it can be read all the same.
#[tokio::test]
async fn a_cancelled_meeting_takes_no_messages_an_ended_one_does() {
    let room = Room::of(&json!({ "instant": true })).await;
    room.say(Who::User(HOST), "hello").await.expect(201);
    room.clock.advance(chrono::TimeDelta::minutes(30));
    room.command("end").await;
    room.say(Who::User(INVITEE), "that was good")
        .await
        .expect(201);
    assert_eq!(room.said().await, ["hello", "that was good"]);

    let room = Room::open().await;
    room.say(Who::User(INVITEE), "hello").await.expect(201);
    room.command("cancel").await;
    for who in [Who::User(HOST), Who::User(INVITEE)] {
        let refused = room.say(who, "why?").await;
        assert_eq!(refused.problem(409), "meeting_cancelled");
        let list = room.list(who, "").await.expect(200);
        assert_eq!(bodies(&list), ["hello"]);
    }
    let stranger = room.say(Who::User("u-stranger"), "why?").await;
    assert_eq!(stranger.problem(404), "not_found");
}

/// IV-5, XC-3: what a message may be, with every refusal's field; what is taken
/// is kept to the octet.
#[tokio::test]
async fn a_message_is_kept_as_it_was_sent_or_refused() {
    let room = Room::open().await;
    let longest = "👍".repeat(4000);
    let good = [
        "<script>alert(1)</script> & \"quotes\" {{name}}",
        "bell\u{7} nul\0 escape\u{1b}[31m",
        "👩\u{200d}👩\u{200d}👧 e\u{301} \u{202e}olleh\u{202c}",
        "  lines\r\n\r\n\tand tabs  ",
        &longest,
    ];
    for body in good {
        let message = room.say(Who::User(INVITEE), body).await.expect(201);
        assert_eq!(message["body"], *body);
    }
    assert_eq!(room.said().await, good);
    let too_long = "é".repeat(4001);
    for (body, code) in [
        ("", "empty"),
        (" \n\t\u{2003}", "empty"),
        ("\0\u{7}", "empty"),
        (&*too_long, "too_long"),
    ] {
        let refused = room.say(Who::User(INVITEE), body).await;
        assert_eq!(
            violations(&refused),
            [("/body".to_owned(), code.to_owned())]
        );
    }
    for (body, pointer) in [
        (json!({}), ""),
        (json!({ "body": null }), "/body"),
        (json!({ "body": 7 }), "/body"),
        (
            json!({ "body": "x", "author": { "user_id": HOST } }),
            "/author",
        ),
    ] {
        let event = room.event(Who::User(INVITEE), "POST", &room.path());
        let refused = room.process.api(event.json(&body)).await;
        assert_eq!(violations(&refused)[0].0, pointer, "{body}");
    }
    let half = room
        .event(Who::User(INVITEE), "POST", &room.path())
        .header("content-type", "application/json")
        .text(r#"{"body":"\ud83d"}"#);
    assert!([400, 422].contains(&room.process.api(half).await.status));
    assert_eq!(room.said().await.len(), good.len());
}

/// XC-4: a message that is sent again with its key is there once.
#[tokio::test]
async fn a_repeated_message_is_there_once() {
    let room = Room::open().await;
    let event = |body: &str| {
        room.event(Who::Portal(CLIENT, CONTACT), "POST", &room.path())
            .header("idempotency-key", "k1")
            .json(&json!({ "body": body }))
    };
    let first = room.process.api(event("hello")).await;
    first.expect(201);
    let again = room.process.api(event("hello")).await;
    assert_eq!(again.expect(201), first.json());
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let other = room.process.api(event("goodbye")).await;
    assert_eq!(violations(&other)[0].1, "idempotency_key_reused");
    assert_eq!(room.said().await, ["hello"]);
}

/// IV-5, XC-6: the first page holds the newest, and going on leads back in time;
/// a cursor leads on in its own conversation only.
#[tokio::test]
async fn pages_lead_from_the_newest_back() {
    let room = Room::open().await;
    for at in 1..=7 {
        room.clock.advance(chrono::TimeDelta::seconds(1));
        room.say(Who::User(HOST), &at.to_string()).await.expect(201);
    }
    let mut next = String::new();
    for page in [vec!["5", "6", "7"], vec!["2", "3", "4"], vec!["1"]] {
        let query = format!("?limit=3{next}");
        let list = room.list(Who::User(INVITEE), &query).await.expect(200);
        assert_eq!(bodies(&list), page);
        if page.len() == 3 {
            next = format!("&cursor={}", text(&list["next_cursor"]));
        } else {
            assert_eq!(list["next_cursor"], Value::Null);
        }
    }
    let other = Room {
        id: room.plan(&json!({ "start": "2050-01-15T09:00" })).await,
        ..room
    };
    let foreign = other
        .list(Who::User(INVITEE), &format!("?limit=3{next}"))
        .await;
    assert_eq!(foreign.problem(400), "invalid_cursor");
}

/// IV-5, XC-5: members who write at once are all heard, while the session changes.
#[tokio::test]
async fn members_who_write_at_once_are_all_heard() {
    let room = Room::open().await;
    let posts = join_all((0..20).map(|at| {
        let who = [
            Who::User(HOST),
            Who::User(INVITEE),
            Who::Portal(CLIENT, CONTACT),
        ][at % 3];
        let (room, body) = (&room, format!("message {at:02}"));
        async move { room.say(who, &body).await }
    }));
    let changes = async {
        for at in 0..3 {
            room.change(&json!({ "location": format!("Room {at}") }))
                .await;
        }
    };
    let (answers, ()) = futures_util::join!(posts, changes);
    for answer in &answers {
        answer.expect(201);
    }
    let mut said = room.said().await;
    said.sort();
    let all: Vec<_> = (0..20).map(|at| format!("message {at:02}")).collect();
    assert_eq!(said, all);
}
