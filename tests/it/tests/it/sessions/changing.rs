//! Changing a session: only those whom a change concerns hear of it (IV-4).

use it::practice::{
    CONTACT, CONTACT_EMAIL, GUEST, HOST, OTHER_TECHNICIAN, TECHNICIAN, TECHNICIAN_EMAIL,
};
use serde_json::json;

use super::{GIL, TOM_EMAIL, news, place_of, practice};

/// IV-4: a title for internal eyes only: no mail, a word in the app for each.
#[tokio::test]
async fn a_title_for_colleagues_is_told_in_the_app_only() {
    let practice = practice().await;
    let invitees = json!({ "user_ids": [TECHNICIAN, OTHER_TECHNICIAN] });
    let id = practice.announced(&json!({ "invitees": invitees })).await;
    assert_eq!(practice.letters(0).len(), 2);
    let answer = practice.changed(&id, &json!({ "title": "Other" })).await;
    assert_eq!(answer["changes"], json!(["title"]));
    assert_eq!(answer["notified"], json!({ "emails": 0, "in_app": 2 }));
    assert_eq!(answer["meeting"]["sequence"], 1);
    assert_eq!(practice.letters(2), []);
    for user in [TECHNICIAN, OTHER_TECHNICIAN] {
        let told = practice.notifications(user).await;
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0]["type"], "meeting_updated");
        assert_eq!(told[0]["title"], "Other");
        let message = told[0]["message"].as_str().unwrap();
        assert!(message.ends_with("was changed: title."), "{message}");
    }
    assert_eq!(practice.notified(HOST).await, [""; 0]);
}

/// IV-4: a title that contacts and guests see: a mail to each of them with the
/// same UID and the next SEQUENCE, and to colleagues a word in the app.
#[tokio::test]
async fn a_title_is_mailed_to_contacts_and_guests() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let invited = practice.letters(0);
    let answer = practice.changed(&id, &json!({ "title": "Other" })).await;
    assert_eq!(answer["notified"], json!({ "emails": 3, "in_app": 2 }));
    let letters = practice.letters(invited.len());
    assert_eq!(
        news(&letters),
        [
            (CONTACT_EMAIL, "REQUEST", 1),
            (GIL, "REQUEST", 1),
            (GUEST, "REQUEST", 1)
        ]
    );
    for letter in &letters {
        assert_eq!(letter.uid, format!("{id}@convoke.example"));
        assert_eq!(letter.lines("SUMMARY"), ["SUMMARY:Other"]);
        assert_eq!(letter.lines("ATTENDEE").len(), 6, "{}", letter.file);
    }
    assert_eq!(invited[0].uid, letters[0].uid);
    assert_eq!(
        practice.notified(TECHNICIAN).await,
        ["meeting_updated", "meeting_scheduled"]
    );
}

/// IV-4, IV-7: another time is told, shown in the file, and nobody has said yes to
/// it.
#[tokio::test]
async fn another_time_is_told_and_asks_anew() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let own = place_of(&practice.shown(&id).await, "user_id", TECHNICIAN);
    let path = format!("/api/v1/meetings/{id}/invitations/{own}/respond");
    let yes = json!({ "response": "accepted" });
    let event = practice.colleague(TECHNICIAN, "POST", &path, Some(&yes));
    practice.process.api(event).await.expect(200);
    practice.work().await;
    let moved = json!({ "start": "2026-12-02T10:30", "duration_minutes": 30 });
    let answer = practice.changed(&id, &moved).await;
    assert_eq!(answer["changes"], json!(["start", "duration_minutes"]));
    assert_eq!(answer["meeting"]["start"], "2026-12-02T09:30:00Z");
    assert_eq!(answer["meeting"]["end"], "2026-12-02T10:00:00Z");
    let shown = practice.shown(&id).await;
    for invitation in shown["invitations"].as_array().unwrap() {
        assert_eq!(invitation["response"], "needs_action", "{invitation}");
    }
    for letter in practice.letters(5) {
        let start = letter.lines("DTSTART;");
        assert_eq!(start, ["DTSTART;TZID=Europe/Berlin:20261202T103000"]);
        assert_eq!(letter.lines("SEQUENCE"), ["SEQUENCE:1"]);
    }
    let told = &practice.notifications(TECHNICIAN).await[0];
    let message = told["message"].as_str().unwrap();
    assert!(
        message.contains("was changed: time. It now begins on Wednesday"),
        "{message}"
    );
    assert_eq!(told["start"], "2026-12-02T09:30:00Z");
}

/// IV-4: who comes is invited, who goes hears that it is off for them, and nobody
/// else hears anything.
#[tokio::test]
async fn who_comes_is_invited_and_who_goes_hears_so() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let invitees = json!({ "contact_ids": [], "user_ids": [TECHNICIAN],
        "emails": [GUEST, "new@guests.example"] });
    let answer = practice
        .changed(&id, &json!({ "invitees": invitees }))
        .await;
    assert_eq!(answer["changes"], json!(["invitees"]));
    assert_eq!(answer["notified"], json!({ "emails": 4, "in_app": 1 }));
    let letters = practice.letters(5);
    assert_eq!(
        news(&letters),
        [
            (CONTACT_EMAIL, "CANCEL", 1),
            (GIL, "CANCEL", 1),
            ("new@guests.example", "REQUEST", 1),
            (TOM_EMAIL, "CANCEL", 1)
        ]
    );
    for letter in letters.iter().filter(|one| one.method == "CANCEL") {
        assert_eq!(letter.lines("STATUS"), ["STATUS:CANCELLED"]);
        let attendees = letter.lines("ATTENDEE");
        assert_eq!(attendees.len(), 1, "the others stay: {}", letter.file);
        assert!(attendees[0].contains(&letter.to));
        assert!(!letter.file.contains(&format!("/{id}")), "no link");
        assert_eq!(letter.answer_path(), None);
    }
    assert_eq!(
        practice.notified(OTHER_TECHNICIAN).await,
        ["meeting_uninvited", "meeting_scheduled"]
    );
    assert_eq!(practice.notified(TECHNICIAN).await, ["meeting_scheduled"]);
    // Once more is nothing more.
    let answer = practice
        .changed(&id, &json!({ "invitees": invitees }))
        .await;
    assert_eq!(answer["changes"], json!([]));
    assert_eq!(practice.letters(9), []);
    // Whoever comes back is invited again, above the cancellation.
    let back = json!({ "invitees": { "contact_ids": [CONTACT] } });
    practice.changed(&id, &back).await;
    assert_eq!(news(&practice.letters(9)), [(CONTACT_EMAIL, "REQUEST", 2)]);
}

/// IV-4: what nobody sees sends nothing, and what is as it was writes nothing.
#[tokio::test]
async fn what_nobody_sees_sends_nothing() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let before = practice.shown(&id).await;
    for same in [
        json!({}),
        json!({ "title": "Quarterly review", "start": "2026-12-01T09:00",
            "description": "Figures of the third quarter", "timezone": "Europe/Berlin",
            "duration_minutes": 60, "location": null, "skip_invitation_emails": false,
            "join_url": before["join_url"] }),
        json!({ "start": "2026-12-01T08:00:00Z", "location": "" }),
        json!({ "invitees": { "emails": [GIL.to_uppercase(), TECHNICIAN_EMAIL, GUEST, GUEST] } }),
    ] {
        let answer = practice.changed(&id, &same).await;
        assert_eq!(answer["changes"], json!([]), "{same}");
        assert_eq!(answer["notified"], json!({ "emails": 0, "in_app": 0 }));
        assert_eq!(answer["meeting"]["sequence"], 0, "{same}");
    }
    let skip = json!({ "skip_invitation_emails": true });
    let answer = practice.changed(&id, &skip).await;
    assert_eq!(answer["changes"], json!(["skip_invitation_emails"]));
    assert_eq!(answer["notified"], json!({ "emails": 0, "in_app": 0 }));
    assert_eq!(answer["meeting"]["sequence"], 0);
    assert_eq!(practice.letters(5), []);
    assert_eq!(practice.notified(TECHNICIAN).await, ["meeting_scheduled"]);
}

/// IV-4: changes that come before anybody was told are told as one, and whoever
/// came and went in between never hears of it.
#[tokio::test]
async fn changes_before_anybody_was_told_are_told_as_one() {
    let practice = practice().await;
    let session = practice.planned(&json!({})).await;
    let id = session["meeting_id"].as_str().unwrap();
    for body in [
        json!({ "title": "Second", "invitees": { "emails": [GUEST, "brief@guests.example"] } }),
        json!({ "title": "Third", "invitees": { "emails": [GUEST] } }),
        json!({ "start": "2026-12-03T09:00" }),
    ] {
        practice
            .session("PATCH", id, "", Some(&body))
            .await
            .expect(200);
    }
    practice.work().await;
    let letters = practice.letters(0);
    assert_eq!(
        news(&letters),
        [
            (CONTACT_EMAIL, "REQUEST", 3),
            (GUEST, "REQUEST", 3),
            (TECHNICIAN_EMAIL, "REQUEST", 3),
            (TOM_EMAIL, "REQUEST", 3)
        ]
    );
    assert!(letters.iter().all(|one| one.file.contains("SUMMARY:Third")));
    assert_eq!(practice.notified(TECHNICIAN).await, ["meeting_scheduled"]);
}

/// IV-4: who was removed and put back before they were told of it hears nothing,
/// and has their place and sees what else changed.
#[tokio::test]
async fn removed_and_put_back_in_one_breath_is_nothing() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let place = place_of(&practice.shown(&id).await, "email", GUEST);
    for emails in [json!([]), json!([GUEST.to_uppercase(), GIL])] {
        let body = json!({ "invitees": { "emails": emails } });
        let answer = practice.session("PATCH", &id, "", Some(&body)).await;
        answer.expect(200);
    }
    practice.work().await;
    assert_eq!(practice.letters(5), []);
    let shown = practice.shown(&id).await;
    let address = GUEST.to_uppercase();
    assert_eq!(place_of(&shown, "email", &address), place);
    practice.changed(&id, &json!({ "title": "Other" })).await;
    let told = practice.letters(5);
    let sequences: Vec<_> = told.iter().map(|one| one.sequence).collect();
    assert_eq!(sequences, [3, 3, 3]);
}

/// IV-1: a guest who became a user is an internal invitee from the next change
/// on: the same place, a word in the app, no second invitation, and the meeting is
/// in their list.
#[tokio::test]
async fn a_guest_who_became_a_user_is_known_as_one() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let place = place_of(&practice.shown(&id).await, "email", GUEST);
    let user = json!({ "email": "Gus@guests.example", "name": "Gus" });
    practice.put("/api/v1/users/gus", &user).await;
    practice.work().await;
    let same = json!({ "invitees": { "emails": [GUEST, GIL] } });
    let answer = practice.changed(&id, &same).await;
    assert_eq!(answer["changes"], json!([]));
    let shown = practice.shown(&id).await;
    assert_eq!(place_of(&shown, "user_id", "gus"), place);
    assert_eq!(practice.letters(5), [], "they have the mail");
    assert_eq!(practice.notified("gus").await, ["meeting_scheduled"]);
    let event = practice.colleague("gus", "GET", "/api/v1/meetings", None);
    let list = practice.process.api(event).await.expect(200);
    assert_eq!(list["items"][0]["meeting_id"], json!(id));
    practice.changed(&id, &json!({ "title": "Other" })).await;
    let told = practice.letters(5);
    assert_eq!(
        news(&told),
        [(CONTACT_EMAIL, "REQUEST", 1), (GIL, "REQUEST", 1)]
    );
}

/// IV-1, IV-4: two invitations that meet at one address become one, and nothing is
/// taken back from the mailbox that is still invited before the meeting is off.
#[tokio::test]
async fn invitations_that_meet_at_one_address_take_nothing_back() {
    let practice = practice().await;
    let invitees = json!({ "user_ids": [TECHNICIAN], "emails": [GUEST] });
    let id = practice.announced(&json!({ "invitees": invitees })).await;
    assert_eq!(practice.letters(0).len(), 2);
    let path = format!("/api/v1/users/{TECHNICIAN}");
    let moved = json!({ "email": GUEST, "name": "Tess Technician" });
    practice.put(&path, &moved).await;
    practice.work().await;
    practice
        .changed(&id, &json!({ "invitees": invitees }))
        .await;
    let shown = practice.shown(&id).await;
    assert_eq!(shown["invitations"].as_array().unwrap().len(), 1);
    assert_eq!(practice.letters(2), []);
    practice
        .session("POST", &id, "/cancel", None)
        .await
        .expect(200);
    practice.work().await;
    assert_eq!(
        news(&practice.letters(2)),
        [(GUEST, "CANCEL", 2), (TECHNICIAN_EMAIL, "CANCEL", 2)]
    );
}
