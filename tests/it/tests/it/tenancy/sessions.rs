//! Meetings with invitees: another tenant's people, and its links (XC-1).

use it::api::Answer;
use it::deployed::new_org;
use it::gateway::Event;
use it::process::Process;
use serde_json::{Value, json};

use super::items_of;
use crate::routes::{self, Estate, FORM, HOST, admin};

async fn send(process: &Process, method: &str, token: &str) -> Answer {
    let event = Event::new(method, &format!("/rsvp/{token}"));
    let event = event.header("content-type", FORM).text("response=declined");
    process.api(event).await
}

async fn responses(process: &Process, estate: &Estate) -> Vec<Value> {
    let path = format!("/api/v1/meetings/{}", estate.session);
    let read = admin(process, &estate.org, "GET", &path, None)
        .await
        .expect(200);
    let invitations = read["invitations"].as_array().unwrap().iter();
    invitations.map(|one| one["response"].clone()).collect()
}

/// XC-1, IV-7: a link of a mail answers in its own tenant's meeting and nowhere
/// else; one of which a single character was changed, and one joined of two, are none.
#[tokio::test]
async fn an_answer_link_reaches_its_own_tenants_meeting_only() {
    let (process, _) = routes::process();
    let ours = Estate::of(&process, &new_org()).await;
    let theirs = Estate::of(&process, &new_org()).await;
    let before = items_of(&theirs.org).await;
    assert_ne!(ours.answer_token, theirs.answer_token);
    for (at, _) in ours.answer_token.char_indices() {
        let mut forged = ours.answer_token.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = std::str::from_utf8(&forged).unwrap();
        let method = if at % 2 == 0 { "GET" } else { "POST" };
        let answer = send(&process, method, forged).await;
        assert_eq!(answer.status, 404, "character {at}");
    }
    let spliced = format!("{}{}", &theirs.answer_token[..60], &ours.answer_token[60..]);
    assert_eq!(send(&process, "POST", &spliced).await.status, 404);
    // An .ics link is for files, and an answer link for answers.
    assert_eq!(send(&process, "POST", &ours.token).await.status, 404);
    let file = Event::new("GET", &format!("/ics/{}", ours.answer_token));
    assert_eq!(process.ics(file).await.problem(404), "not_found");
    let nothing = json!("needs_action");
    assert_eq!(responses(&process, &ours).await, vec![nothing.clone(); 3]);

    assert_eq!(send(&process, "POST", &ours.answer_token).await.status, 200);
    let mut answered = responses(&process, &ours).await;
    answered.sort_by_key(Value::to_string);
    assert_eq!(answered, [json!("declined"), nothing.clone(), nothing]);
    assert_eq!(items_of(&theirs.org).await, before);
}

/// XC-1: another tenant's users, contacts and clients cannot be invited, not even
/// by the address that they are known by there.
#[tokio::test]
async fn nobody_of_another_tenant_is_invited() {
    let (process, _) = routes::process();
    let (ours, theirs) = (new_org(), Estate::of(&process, &new_org()).await);
    let before = items_of(&theirs.org).await;
    let mut body = routes::session();
    body["invitees"] = json!({ "contact_ids": [theirs.contact] });
    let refused = admin(&process, &ours, "POST", "/api/v1/meetings", Some(&body)).await;
    assert_eq!(refused.problem(422), "invalid_input");
    assert_eq!(refused.json()["errors"][0]["code"], "unknown_contact");
    let address = format!("ada@{}.example", theirs.org);
    body["invitees"] = json!({ "user_ids": [theirs.user], "emails": [address] });
    let made = admin(&process, &ours, "POST", "/api/v1/meetings", Some(&body)).await;
    let made = made.expect(201);
    assert_eq!(made["unreachable_attendees"], json!([theirs.user]));
    let kinds = |kind: &str| {
        let invitations = made["invitations"].as_array().unwrap().iter();
        invitations.filter(|one| one["kind"] == kind).count()
    };
    assert_eq!((kinds("internal"), kinds("external")), (1, 1), "{made}");
    assert!(!made.to_string().contains("Ada"), "{made}");
    // The user of that name over there hears nothing, and is no member here.
    let path = format!("/api/v1/meetings/{}", routes::text(&made["meeting_id"]));
    let event = Event::new("GET", &path).internal(&theirs.org, &theirs.user, "");
    assert_eq!(process.api(event).await.problem(404), "not_found");
    assert_eq!(items_of(&theirs.org).await, before);
}

/// XC-1, XC-6: a page of one user's notifications leads no other user on, and
/// nobody of another tenant.
#[tokio::test]
async fn cursors_of_notifications_and_meetings_do_not_cross() {
    let (process, _) = routes::process();
    let ours = new_org();
    let theirs = Estate::of(&process, &new_org()).await;
    let read = async |org: &str, user: &str, path: &str| {
        let event = Event::new("GET", path).internal(org, user, super::EVERYTHING);
        process.api(event).await
    };
    let list = "/api/v1/meetings?limit=1";
    let page = read(&theirs.org, HOST, list).await.expect(200);
    let next = format!("{list}&cursor={}", routes::text(&page["next_cursor"]));
    read(&theirs.org, HOST, &next).await.expect(200);
    let crossed = read(&ours, HOST, &next).await;
    assert_eq!(crossed.problem(400), "invalid_cursor");
}
