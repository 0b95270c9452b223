//! Answers of invitees, by the API and by the links in their mails (IV-7).

use futures_util::future::join_all;
use it::api::Answer;
use it::gateway::Event;
use it::practice::{CONTACT, GUEST, HOST, Letter, OTHER_TECHNICIAN, Practice, TECHNICIAN};
use it::requests::violations;
use serde_json::{Value, json};

use super::{place_of, practice};

fn respond(id: &str, place: &str) -> String {
    format!("/api/v1/meetings/{id}/invitations/{place}/respond")
}

async fn answer(practice: &Practice, user: &str, path: &str, word: &str) -> Answer {
    let body = json!({ "response": word });
    let event = practice.colleague(user, "POST", path, Some(&body));
    practice.process.api(event).await
}

/// What the host sees of everybody's answers, by invitation.
async fn responses(practice: &Practice, id: &str) -> Vec<(String, String)> {
    let shown = practice.shown(id).await;
    let all = shown["invitations"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all.map(|one| (text(&one["invitation_id"]), text(&one["response"])))
        .filter(|(_, response)| response != "needs_action")
        .collect()
}

/// IV-7: a colleague and a contact answer their own invitations; the host sees it,
/// hears of each once, and of another mind again.
#[tokio::test]
async fn invitees_answer_and_the_host_hears() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let shown = practice.shown(&id).await;
    let own = place_of(&shown, "user_id", TECHNICIAN);
    let path = respond(&id, &own);
    for word in ["accepted", "accepted", "declined"] {
        let view = answer(&practice, TECHNICIAN, &path, word).await.expect(200);
        assert_eq!(view["response"], word);
        assert_eq!(view["invitation_id"], own);
        assert!(view["responded_at"].is_string(), "{view}");
    }
    let theirs = place_of(&shown, "contact_id", CONTACT);
    let body = json!({ "response": "tentative" });
    let event = practice.contact("POST", &respond(&id, &theirs), Some(&body));
    practice.process.api(event).await.expect(200);
    let mut expected = [
        (own, "declined".to_owned()),
        (theirs, "tentative".to_owned()),
    ];
    expected.sort();
    let mut seen = responses(&practice, &id).await;
    seen.sort();
    assert_eq!(seen, expected);
    practice.work().await;
    let told = practice.notifications(HOST).await;
    assert_eq!(practice.notified(HOST).await, ["meeting_response"; 3]);
    let mut words: Vec<_> = told
        .iter()
        .map(|one| {
            one["message"]
                .as_str()
                .unwrap()
                .split(" \"")
                .next()
                .unwrap()
        })
        .collect();
    words.sort_unstable();
    assert_eq!(
        words,
        [
            "Ada Client tentatively accepted",
            "Tess Technician accepted",
            "Tess Technician declined"
        ]
    );
    assert_eq!(practice.letters(5), [], "nobody else hears of an answer");
    assert_eq!(practice.shown(&id).await["sequence"], 0);
}

/// IV-7, XC-1: another's invitation does not exist, for invitees, host and
/// strangers; nothing but an answer is one.
#[tokio::test]
async fn only_ones_own_invitation_is_answered() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let shown = practice.shown(&id).await;
    let own = respond(&id, &place_of(&shown, "user_id", TECHNICIAN));
    let guests = respond(&id, &place_of(&shown, "email", GUEST));
    for (user, path) in [
        (OTHER_TECHNICIAN, &own),
        (HOST, &own),
        ("stranger", &own),
        (TECHNICIAN, &guests),
        (HOST, &guests),
        (
            TECHNICIAN,
            &respond(&id, "00000000-0000-7000-8000-000000000000"),
        ),
        (TECHNICIAN, &respond(&id, "x")),
    ] {
        let refused = answer(&practice, user, path, "accepted").await;
        assert_eq!(refused.problem(404), "not_found", "{user} {path}");
    }
    for word in ["needs_action", "yes", ""] {
        let refused = answer(&practice, TECHNICIAN, &own, word).await;
        assert_eq!(violations(&refused)[0].0, "/response", "{word}");
    }
    assert_eq!(responses(&practice, &id).await, []);
    practice
        .session("POST", &id, "/cancel", None)
        .await
        .expect(200);
    let over = answer(&practice, TECHNICIAN, &own, "accepted").await;
    assert_eq!(over.problem(409), "meeting_cancelled");
}

fn link_of(letters: &[Letter], address: &str) -> String {
    let letter = letters.iter().find(|one| one.to == address);
    letter.expect("a mail").answer_path().expect("a link")
}

async fn look(practice: &Practice, link: &str) -> Answer {
    let event = Event::new("GET", &format!("{link}?response=accepted"));
    practice.process.api(event).await
}

async fn send(practice: &Practice, link: &str, word: &str) -> Answer {
    let event = Event::new("POST", link)
        .header("content-type", "application/x-www-form-urlencoded")
        .text(&format!("response={word}"));
    practice.process.api(event).await
}

/// Presses a button of the page, which sends what its form holds.
async fn press(practice: &Practice, link: &str, word: &str) -> Answer {
    let page = look(practice, link).await;
    let page = String::from_utf8(page.body).unwrap();
    let hidden = "name=\"sequence\" value=\"";
    let value = page.split_once(hidden).map(|(_, rest)| rest);
    let value = value.and_then(|rest| rest.split('"').next());
    let sequence = value.unwrap_or_else(|| panic!("no form: {page}"));
    send(practice, link, &format!("{word}&sequence={sequence}")).await
}

/// IV-7: looking a hundred times changes nothing; one answer is taken, and the
/// host hears of it; the next mail has a link of its own.
#[tokio::test]
async fn a_link_answers_once_and_looking_changes_nothing() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let link = link_of(&practice.letters(0), GUEST);
    let before = practice.shown(&id).await;
    for _ in 0..25 {
        let looks = (0..4).map(|_| look(&practice, &link));
        for page in join_all(looks).await {
            assert_eq!(page.status, 200);
            assert!(
                page.header("content-type")
                    .unwrap()
                    .starts_with("text/html")
            );
        }
    }
    assert_eq!(practice.shown(&id).await, before);
    assert_eq!(practice.notified(HOST).await, [""; 0]);
    assert_eq!(send(&practice, &link, "perhaps").await.status, 422);
    assert_eq!(press(&practice, &link, "accepted").await.status, 200);
    let place = place_of(&before, "email", GUEST);
    let yes = [(place.clone(), "accepted".to_owned())];
    assert_eq!(responses(&practice, &id).await, yes);
    assert_eq!(send(&practice, &link, "declined").await.status, 409);
    assert_eq!(responses(&practice, &id).await, yes);
    let told = practice.notifications(HOST).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let message = told[0]["message"].as_str().unwrap();
    assert!(
        message.starts_with(&format!("{GUEST} accepted")),
        "{message}"
    );
    practice
        .changed(&id, &json!({ "location": "Room 4" }))
        .await;
    let next = link_of(&practice.letters(5), GUEST);
    assert_ne!(next, link);
    assert_eq!(send(&practice, &next, "declined").await.status, 200);
    let no = [(place, "declined".to_owned())];
    assert_eq!(responses(&practice, &id).await, no);
}

/// IV-7: used by twenty at once, one answer is taken; whoever sent another is told
/// so, and the host hears once.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_at_once_answer_once() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let link = link_of(&practice.letters(0), GUEST);
    let words = ["accepted", "declined", "tentative"];
    let sends = (0..20).map(|at| send(&practice, &link, words[at % 3]));
    let answers = join_all(sends).await;
    let seen = responses(&practice, &id).await;
    assert_eq!(seen.len(), 1);
    for (at, answer) in answers.iter().enumerate() {
        // Pressing the button twice is the same answer.
        let expected = if words[at % 3] == seen[0].1 { 200 } else { 409 };
        assert_eq!(answer.status, expected, "{at}: {answer:?}");
    }
    assert_eq!(practice.notified(HOST).await, ["meeting_response"]);
    assert_eq!(practice.shown(&id).await["version"], 2);
}

/// IV-7: a page that was opened before the meeting was moved answers nothing: its
/// reader is asked for the new time, by the same link.
#[tokio::test]
async fn an_answer_to_another_time_is_asked_for_again() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let link = link_of(&practice.letters(0), GUEST);
    let moved = json!({ "start": "2026-12-02T10:30" });
    practice.changed(&id, &moved).await;
    let stale = send(&practice, &link, "accepted&sequence=0").await;
    assert_eq!(stale.status, 409);
    assert_eq!(responses(&practice, &id).await, []);
    let fresh = press(&practice, &link, "accepted").await;
    assert_eq!(fresh.status, 200);
    assert_eq!(responses(&practice, &id).await.len(), 1);
}

/// IV-7: a link that leads nowhere any more: its reader was removed, it was
/// altered, the meeting is over.
#[tokio::test]
async fn links_that_lead_nowhere_change_nothing() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let letters = practice.letters(0);
    let link = link_of(&letters, GUEST);
    let mut altered = link.clone();
    altered.replace_range(altered.len() - 6..altered.len() - 5, "-");
    if altered == link {
        altered.replace_range(altered.len() - 6..altered.len() - 5, "_");
    }
    assert_eq!(look(&practice, &altered).await.status, 404);
    assert_eq!(send(&practice, &altered, "accepted").await.status, 404);
    practice
        .changed(&id, &json!({ "invitees": { "emails": [] } }))
        .await;
    assert_eq!(look(&practice, &link).await.status, 404);
    assert_eq!(send(&practice, &link, "accepted").await.status, 404);
    let still = link_of(&letters, it::practice::CONTACT_EMAIL);
    practice
        .session("POST", &id, "/cancel", None)
        .await
        .expect(200);
    assert_eq!(
        look(&practice, &still).await.status,
        200,
        "a page that says so"
    );
    assert_eq!(send(&practice, &still, "accepted").await.status, 409);
    assert_eq!(responses(&practice, &id).await, []);
}
