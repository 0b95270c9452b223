//! Names and addresses on sessions are copies that follow the directory (XC-14).

use it::practice::{
    CLIENT, CONTACT, CONTACT_EMAIL, GUEST, HOST, OTHER_TECHNICIAN, TECHNICIAN, TECHNICIAN_EMAIL,
};
use serde_json::{Value, json};

use super::{news, practice};

/// XC-14: a colleague and a contact who are called otherwise, or reached
/// elsewhere, are so on the session, and the next mail goes there; it is no news to
/// anybody. What was mailed is taken back from where it was sent.
#[tokio::test]
async fn the_next_mail_goes_to_the_new_address() {
    let practice = practice().await;
    let invitees = json!({ "user_ids": [TECHNICIAN], "contact_ids": [CONTACT] });
    let id = practice.announced(&json!({ "invitees": invitees })).await;
    assert_eq!(practice.letters(0).len(), 2);
    let user = json!({ "email": "tess@new.example", "name": "Tess Newname" });
    practice
        .put(&format!("/api/v1/users/{TECHNICIAN}"), &user)
        .await;
    let contact = json!({ "client_id": CLIENT, "email": "ada@new.example", "name": "Ada Newname" });
    practice
        .put(&format!("/api/v1/contacts/{CONTACT}"), &contact)
        .await;
    practice.work().await;
    assert_eq!(practice.letters(2), []);
    assert_eq!(practice.notified(TECHNICIAN).await, ["meeting_scheduled"]);
    let shown = practice.shown(&id).await;
    assert_eq!(shown["sequence"], 0);
    for (name, address) in [
        ("Tess Newname", "tess@new.example"),
        ("Ada Newname", "ada@new.example"),
    ] {
        let mut all = shown["invitations"].as_array().unwrap().iter();
        assert!(all.any(|one| one["name"] == name && one["email"] == address));
    }
    practice.changed(&id, &json!({ "title": "Other" })).await;
    let updated = practice.letters(2);
    assert_eq!(
        news(&updated),
        [
            (CONTACT_EMAIL, "CANCEL", 1),
            ("ada@new.example", "REQUEST", 1)
        ]
    );
    let invitation = updated.iter().find(|one| one.method == "REQUEST").unwrap();
    let attendees = invitation.lines("ATTENDEE").join("\n");
    assert!(attendees.contains("tess@new.example"), "{attendees}");
    assert!(!attendees.contains(TECHNICIAN_EMAIL), "{attendees}");
    let cancelled = practice.session("POST", &id, "/cancel", None).await;
    cancelled.expect(200);
    practice.work().await;
    assert_eq!(
        news(&practice.letters(4)),
        [
            ("ada@new.example", "CANCEL", 2),
            (TECHNICIAN_EMAIL, "CANCEL", 2)
        ]
    );
}

/// XC-14: the host, too, is who they are now.
#[tokio::test]
async fn the_host_is_who_they_are_now() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let renamed = json!({ "email": "hanna@new.example", "name": "Hanna Newname" });
    practice
        .put(&format!("/api/v1/users/{HOST}"), &renamed)
        .await;
    practice.work().await;
    assert_eq!(practice.shown(&id).await["host_name"], "Hanna Newname");
    practice.changed(&id, &json!({ "title": "Other" })).await;
    for letter in practice.letters(5) {
        let attendees = letter.lines("ATTENDEE").join("\n");
        assert!(attendees.contains("hanna@new.example"), "{attendees}");
        let organizer = letter.lines("ORGANIZER");
        assert!(organizer[0].contains("mail@convoke.example"), "as ever");
    }
}

/// XC-14: whom nothing reaches stays on the session, is left out of mails and
/// files, and the answer names them; with an address they are reached.
#[tokio::test]
async fn whom_nothing_reaches_stays() {
    let practice = practice().await;
    let silent = json!({ "client_id": CLIENT, "name": "Silent" });
    practice.put("/api/v1/contacts/silent", &silent).await;
    let invitees = json!({ "user_ids": ["nobody-knows", TECHNICIAN],
        "contact_ids": ["silent"], "emails": [GUEST] });
    let session = practice.planned(&json!({ "invitees": invitees })).await;
    let unreachable = |session: &Value| {
        let mut all: Vec<String> =
            serde_json::from_value(session["unreachable_attendees"].clone()).unwrap();
        all.sort();
        all
    };
    assert_eq!(unreachable(&session), ["nobody-knows", "silent"]);
    practice.work().await;
    let letters = practice.letters(0);
    assert_eq!(
        news(&letters),
        [(GUEST, "REQUEST", 0), (TECHNICIAN_EMAIL, "REQUEST", 0)]
    );
    assert_eq!(letters[0].lines("ATTENDEE").len(), 3, "{}", letters[0].file);
    let id = session["meeting_id"].as_str().unwrap();
    let shown = practice.shown(id).await;
    assert_eq!(unreachable(&shown), ["nobody-knows", "silent"]);
    for invitation in shown["invitations"].as_array().unwrap() {
        let expected = if invitation["email"].is_string() {
            "sent"
        } else {
            "unreachable"
        };
        assert_eq!(invitation["mail_status"], expected, "{invitation}");
    }
    let found = json!({ "client_id": CLIENT, "name": "Silent", "email": "silent@client.example" });
    practice.put("/api/v1/contacts/silent", &found).await;
    practice.work().await;
    assert_eq!(unreachable(&practice.shown(id).await), ["nobody-knows"]);
    assert_eq!(
        news(&practice.letters(2)),
        [("silent@client.example", "REQUEST", 0)]
    );
    practice.changed(id, &json!({ "location": "Room 4" })).await;
    assert_eq!(
        news(&practice.letters(3)),
        [
            (GUEST, "REQUEST", 1),
            ("silent@client.example", "REQUEST", 1)
        ]
    );
}

/// XC-14, IV-1: a user who has left is a stranger like any other where their
/// address is invited.
#[tokio::test]
async fn the_address_of_somebody_who_left_is_a_strangers() {
    let practice = practice().await;
    let left = json!({ "email": TECHNICIAN_EMAIL, "name": "Tess", "active": false });
    practice
        .put(&format!("/api/v1/users/{TECHNICIAN}"), &left)
        .await;
    let invitees = json!({ "emails": [TECHNICIAN_EMAIL], "user_ids": [OTHER_TECHNICIAN] });
    let session = practice.planned(&json!({ "invitees": invitees })).await;
    let kinds: Vec<_> = session["invitations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["internal", "external"]);
}
