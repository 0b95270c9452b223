//! Routes where what somebody is to a meeting decides (XC-2, IV-5): its host, who is
//! invited, who manages all; for anybody else it does not exist.

use it::api::{ALL_SCOPES, Answer};
use it::deployed::new_org;
use it::described::assert_described;
use it::gateway::Event;
use it::process::Process;
use serde_json::{Value, json};

use crate::routes::{self, Case, Estate, Foreign, HOST, cases};

const ADMIN: &str = "meetings:admin";
const HOSTS: [&str; 3] = ["update_session", "cancel_session", "end_session"];

/// Routes of meetings with invitees, their conversations, and notifications.
fn personal() -> impl Iterator<Item = Case> {
    let prefixes = [
        "/api/v1/meetings",
        "/api/v1/conversations/",
        "/api/v1/notifications",
    ];
    let is_personal = move |case: &Case| {
        let is_below = prefixes.iter().any(|one| case.template.starts_with(one));
        is_below && case.operation != "create_session"
    };
    cases().into_iter().filter(is_personal)
}

/// The contact's own request, without any scope.
fn of_contact(case: &Case, estate: &Estate) -> Event {
    let own = &estate.contact_invitation;
    let template = case.template.replace("{invitation_id}", own);
    let event = Event::new(case.method.as_str(), &estate.fill(&template));
    let event = case.body.iter().fold(event, Event::json);
    event.portal(&estate.org, "p1", "", &estate.client, &estate.contact)
}

async fn session(process: &Process, estate: &Estate) -> Value {
    let path = format!("/api/v1/meetings/{}", estate.session);
    let event = Event::new("GET", &path).internal(&estate.org, HOST, "");
    let mut read = process.api(event).await.expect(200);
    // The deployed functions send them meanwhile.
    for invitation in read["invitations"].as_array_mut().unwrap() {
        invitation["mail_status"] = Value::Null;
    }
    read
}

fn assert_taken(case: &Case, answer: &Answer) {
    let shown = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, case.status, "{}: {shown}", case.operation);
    assert_described(case.operation, answer);
}

fn assert_strange(case: &Case, answer: &Answer) {
    let operation = case.operation;
    match case.foreign {
        Foreign::NotFound => assert_eq!(answer.problem(404), "not_found", "{operation}"),
        Foreign::Lists => assert_eq!(answer.expect(200)["items"], json!([]), "{operation}"),
        Foreign::Nameless => assert_eq!(answer.status, case.status, "{operation}"),
        Foreign::Makes | Foreign::Unknown => panic!("{operation} is nobody's own"),
    }
}

/// XC-2, IV-5: for strangers of the same organisation nothing of a meeting, its
/// conversation and others' notifications exists, whatever their scopes; contacts who
/// are not invited are strangers, as is who has an invited contact's id at another client.
#[tokio::test]
async fn strangers_of_the_same_organisation_find_nothing() {
    let (process, _) = routes::process();
    let estate = Estate::of(&process, &new_org()).await;
    let before = session(&process, &estate).await;
    let mut driven = 0;
    for case in personal() {
        let event = case.event(&estate);
        let stranger = event
            .clone()
            .internal(&estate.org, "u-stranger", ALL_SCOPES);
        assert_strange(&case, &case.send(&process, stranger).await);
        for (client, contact) in [
            (estate.client.as_str(), "uninvited"),
            ("another-client", estate.contact.as_str()),
            ("another-client", "uninvited"),
        ] {
            let portal = event
                .clone()
                .portal(&estate.org, "p1", ALL_SCOPES, client, contact);
            let answer = case.send(&process, portal).await;
            if case.is_for_members() {
                assert_strange(&case, &answer);
            } else {
                assert_eq!(answer.problem(403), "internal_only", "{}", case.operation);
            }
        }
        driven += 1;
    }
    assert_eq!(driven, 13);
    assert_eq!(session(&process, &estate).await, before);
}

/// XC-2, IV-5: to be invited is all that it takes, on either side, without any scope;
/// what only the host does is refused by name.
#[tokio::test]
async fn who_is_invited_needs_no_scope() {
    let (process, _) = routes::process();
    let estate = Estate::of(&process, &new_org()).await;
    for case in personal().filter(|case| case.template.starts_with("/api/v1/meetings")) {
        let event = case.event(&estate);
        let event = event.internal(&estate.org, &estate.user, "");
        let answer = case.send(&process, event).await;
        if case.operation == "end_session" {
            // That one has no invitees.
            assert_eq!(answer.problem(404), "not_found");
        } else if HOSTS.contains(&case.operation) {
            assert_eq!(answer.problem(403), "not_the_host", "{}", case.operation);
        } else {
            assert_taken(&case, &answer);
        }
    }
    for case in personal().filter(Case::is_for_members) {
        let event = of_contact(&case, &estate);
        assert_taken(&case, &case.send(&process, event).await);
    }
}

/// XC-2, IV-7: an invitation is answered by whose it is: for the host, and for others
/// who are invited, it does not exist.
#[tokio::test]
async fn nobody_answers_for_somebody_else() {
    let (process, _) = routes::process();
    let estate = Estate::of(&process, &new_org()).await;
    let before = session(&process, &estate).await;
    let path = format!(
        "/api/v1/meetings/{}/invitations/{}/respond",
        estate.session, estate.contact_invitation
    );
    for user in [HOST, estate.user.as_str()] {
        let event = Event::new("POST", &path).internal(&estate.org, user, ALL_SCOPES);
        let event = event.json(&json!({ "response": "declined" }));
        assert_eq!(process.api(event).await.problem(404), "not_found", "{user}");
    }
    assert_eq!(session(&process, &estate).await, before);
}

/// XC-2: who manages all meetings stands in for their hosts, and belongs to none: no
/// .ics, no word in a conversation, no joining.
#[tokio::test]
async fn who_manages_all_meetings_stands_in_for_hosts() {
    let (process, _) = routes::process();
    for case in personal().filter(|case| case.template.contains("_id}")) {
        let estate = Estate::of(&process, &new_org()).await;
        let event = case.event(&estate);
        let event = event.internal(&estate.org, "u-manager", ADMIN);
        let answer = case.send(&process, event).await;
        match case.operation {
            "get_session" | "update_session" | "cancel_session" | "end_session" => {
                assert_taken(&case, &answer);
            }
            other => assert_eq!(answer.problem(404), "not_found", "{other}"),
        }
    }
}

/// XC-2: all meetings of the organisation are listed for who manages them; without
/// that permission, and on the portal with it, nobody lists them.
#[tokio::test]
async fn all_meetings_are_listed_for_who_manages_them() {
    let (process, _) = routes::process();
    let estate = Estate::of(&process, &new_org()).await;
    let list = || Event::new("GET", "/api/v1/meetings?all=true");
    let manager = list().internal(&estate.org, "u-manager", ADMIN);
    let all = process.api(manager).await.expect(200);
    assert_eq!(all["items"].as_array().map(Vec::len), Some(2), "{all}");
    for event in [
        list().internal(&estate.org, HOST, ALL_SCOPES),
        list().portal(&estate.org, "p1", ADMIN, &estate.client, &estate.contact),
    ] {
        assert_eq!(process.api(event).await.problem(403), "permission_missing");
    }
}
