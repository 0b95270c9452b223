//! Mails about sessions (IV-3 to IV-5, IV-7): what they say, the file that goes
//! with them, and the links by which their readers answer.

mod answer_links;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::ics::{self, JoinLink, OnlineService};
use convoke_domain::id::{InvitationId, SessionId, UserId};
use convoke_domain::session::{
    Field, Host, Invitee, LinkSource, Readers, Response, Session, SessionStatus, Told, Who,
    calendar_event, withdrawal_event,
};
use convoke_platform::answer_link::{self, AnswerLink};
use convoke_platform::link::{self, Target};
use convoke_platform::mail::clean_line;
use convoke_services::mail::{SessionLetter, post_session};
use it::api::Answer;
use it::practice::read_file;
use it::ses::{Outcome, Ses, read_mail};

use super::sending::LOG;
use super::*;

const KEYS: [MailKey; 4] = [
    MailKey::ScheduledMeetingInvitation,
    MailKey::InstantMeetingInvitation,
    MailKey::MeetingUpdated,
    MailKey::MeetingCancelled,
];

/// Texts that have broken somebody's mail, page or template before.
const HOSTILE: [&str; 5] = [
    "Review\r\nBcc: eve@example.org\r\n\r\n<script>alert(\"x\")</script>",
    "{{recipientName}} {{{title}}} {{#each this}}x{{/each}} {{> parts}}",
    "\" <eve@example.org>, \"' onload=x",
    "=?utf-8?Q?x=0D=0ABcc:_eve@example.org?=",
    "Review\u{2028}Bcc: eve@example.org\0\u{202e}",
];

impl Post {
    /// A letter about a meeting in New York to a reader in Berlin.
    fn session_letter(&self, key: MailKey, locale: Locale) -> SessionLetter {
        let mint = || self.process.ports.mint();
        let session_id = SessionId::new(mint());
        let is_off = key == MailKey::MeetingCancelled;
        SessionLetter {
            key,
            mail_id: MailId::new(mint()),
            after: None,
            recipient: Recipient {
                email: EmailAddress::parse("ada@example.org").unwrap(),
                name: Some("Ada".to_owned()),
                locale,
                zone: Zone::parse("Europe/Berlin").unwrap(),
            },
            session_id,
            invitation_id: InvitationId::new(mint()),
            title: "Quarterly review".to_owned(),
            host_name: Some("Hugo".to_owned()),
            start: "2026-12-01T09:00:00Z".parse().unwrap(),
            previous_start: Some("2026-11-30T09:00:00Z".parse().unwrap()),
            duration_minutes: 45,
            zone: Zone::parse("America/New_York").unwrap(),
            location: Some("Room 4".to_owned()),
            description: Some("Bring numbers.".to_owned()),
            join: Some(JoinLink {
                url: WebLink::parse(LINK).unwrap(),
                service: OnlineService::Teams,
            }),
            changes: vec![Field::Time, Field::Location],
            is_withdrawn: false,
            asks_for_answer: !is_off,
            calendar: Some(file_of(session_id, is_off)),
        }
    }

    /// Writes a session's letter down with its outbox item; answers its job.
    async fn written_session(&self, letter: SessionLetter) -> Value {
        let store = self.store();
        let mut transaction = store.transaction();
        let jobs = post_session(&self.process.core, &mut transaction, vec![letter]).unwrap();
        transaction.create(&self.process.core.outbox(&jobs).unwrap());
        transaction.commit().await.unwrap();
        self.outbox().await.remove(0)
    }
}

/// The file that a reader gets of a meeting of Hugo's with Ada and Bob.
fn file_of(session_id: SessionId, is_off: bool) -> (Method, String) {
    let invitee = |at: u128, address: &str| Invitee {
        invitation_id: InvitationId::new(Uuid::from_u128(at)),
        who: Who::External,
        email: Some(EmailAddress::parse(address).unwrap()),
        name: None,
        response: Response::NeedsAction,
        responded_at: None,
        joined_at: None,
    };
    let session = Session {
        session_id,
        title: "Quarterly review".to_owned(),
        description: Some("Bring numbers.".to_owned()),
        start: "2026-12-01T09:00:00Z".parse().unwrap(),
        duration_minutes: 45,
        zone: Zone::parse("America/New_York").unwrap(),
        location: None,
        join_url: Some(WebLink::parse(LINK).unwrap()),
        link_source: LinkSource::Teams,
        is_instant: false,
        skips_invitation_mails: false,
        status: if is_off {
            SessionStatus::Cancelled
        } else {
            SessionStatus::Scheduled
        },
        host: Host {
            user_id: UserId::parse("hugo").unwrap(),
            name: Some("Hugo".to_owned()),
            email: Some(EmailAddress::parse("hugo@example.org").unwrap()),
        },
        client_id: None,
        roster: vec![invitee(1, "ada@example.org"), invitee(2, "bob@example.org")],
        organizer: Some(EmailAddress::parse("mail@convoke.example").unwrap()),
        sequence: 3,
        changed_at: BTreeMap::new(),
        version: 4,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: "2026-11-21T04:00:00Z".parse().unwrap(),
    };
    let (method, event) = if is_off {
        let told = told_of(&session);
        (
            Method::Cancel,
            withdrawal_event(&session, "convoke.example", &told),
        )
    } else {
        let event = calendar_event(&session, "convoke.example", Readers::Everyone);
        (Method::Request, event)
    };
    (method, ics::write_calendar(Some(method), &[event]).unwrap())
}

/// What the first invitee was told of it.
fn told_of(session: &Session) -> Told {
    let ada = &session.roster[0];
    Told {
        invitation_id: ada.invitation_id,
        who: ada.who.clone(),
        email: ada.email.clone(),
        name: None,
        sequence: 2,
        title: session.title.clone(),
        start: session.start,
        duration_minutes: session.duration_minutes,
        is_cancelled: false,
        is_withdrawn: false,
        holds_file: true,
        last_mail: None,
        mail_note: None,
        version: 1,
    }
}

/// The letter as Python reads it after a send.
async fn as_read(post: &Post, ses: &Ses, letter: SessionLetter) -> Value {
    let job = post.written_session(letter).await;
    assert!(post.deliver(&job).await);
    assert_eq!(post.state(&job).await, MailState::Sent);
    read_mail(ses.received().last().unwrap())
}

/// Text and HTML of a mail.
fn bodies(mail: &Value) -> (String, String) {
    let mixed = &mail["body"];
    let alternative = if mixed["type"] == "multipart/mixed" {
        &mixed["parts"][0]
    } else {
        mixed
    };
    let text = |at: usize| alternative["parts"][at]["text"].as_str().unwrap();
    (text(0).replace("\r\n", "\n"), text(1).to_owned())
}

/// IV-3 to IV-5, XC-13, icalendar.md "Mail": each mail in each language, with the
/// parts in order, the same file twice, its METHOD in header and body, and the
/// reader among the ATTENDEEs.
#[tokio::test]
async fn each_mail_carries_its_file_as_a_calendar_program_expects() {
    let ses = Ses::start(&[]).await;
    let post = Post::with(ses.mailer());
    for (key, locale) in KEYS
        .into_iter()
        .flat_map(|key| [Locale::En, Locale::Pseudo].map(|locale| (key, locale)))
    {
        let letter = post.session_letter(key, locale);
        let (method, file) = letter.calendar.clone().unwrap();
        let uid = format!("{}@convoke.example", letter.session_id);
        let mail = as_read(&post, &ses, letter).await;
        assert_eq!(mail["defects"], json!([]), "{key:?}");
        let mixed = &mail["body"];
        assert_eq!(mixed["type"], "multipart/mixed");
        let alternative = &mixed["parts"][0];
        let kinds: Vec<_> = alternative["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part["type"].as_str().unwrap())
            .collect();
        assert_eq!(kinds, ["text/plain", "text/html", "text/calendar"]);
        let (calendar, attachment) = (&alternative["parts"][2], &mixed["parts"][1]);
        assert_eq!(
            calendar["parameters"],
            json!({ "charset": "UTF-8", "method": method.as_str() })
        );
        assert_eq!(calendar["text"], file);
        assert_eq!(attachment["file_name"], "invite.ics");
        assert_eq!(attachment["sha256"], calendar["sha256"]);
        let read = read_file(&Answer {
            status: 200,
            headers: http::HeaderMap::new(),
            body: file.into_bytes(),
        });
        assert_eq!(read["method"], method.as_str());
        let event = &read["events"][0];
        assert_eq!(event["uid"], uid);
        let attendees = event["attendees"].to_string();
        assert!(attendees.contains("ada@example.org"), "{event}");
        assert_eq!(
            attendees.contains("bob@example.org"),
            method == Method::Request,
            "who is called off is told alone: {event}"
        );
        assert_eq!(
            read["occurrences"]["by_file"],
            json!(["2026-12-01T09:00:00Z"])
        );
    }
}

/// IV-3, IV-4: what an invitation and an update say, and the way in.
#[tokio::test]
async fn a_reader_learns_what_when_where_and_what_changed() {
    let ses = Ses::start(&[]).await;
    let post = Post::with(ses.mailer());
    let starts = "Tuesday, 1 December 2026, 10:00 (Europe/Berlin)";
    let letter = post.session_letter(MailKey::ScheduledMeetingInvitation, Locale::En);
    let mail_id = letter.mail_id.to_string();
    let mail = as_read(&post, &ses, letter).await;
    assert_eq!(mail["mail_id"], mail_id);
    assert_eq!(
        mail["subject"],
        format!("Invitation: Quarterly review, {starts}")
    );
    let (text, html) = bodies(&mail);
    for line in [
        "Hugo invites you to a meeting.",
        &format!("Time: {starts}"),
        "By the meeting's own clock: Tuesday, 1 December 2026, 04:00 (America/New_York)",
        "Duration: 45 minutes",
        "Place: Room 4",
        "Bring numbers.",
        &format!("Join Teams Meeting: {LINK}"),
    ] {
        assert!(text.lines().any(|one| one == line), "{line} in {text}");
    }
    assert!(html.contains(">Join Teams Meeting</a>"), "{html}");

    let mut letter = post.session_letter(MailKey::MeetingUpdated, Locale::En);
    letter.join = letter.join.map(|join| JoinLink {
        service: OnlineService::Other,
        ..join
    });
    let (text, html) = bodies(&as_read(&post, &ses, letter).await);
    for line in [
        "Changed: Time, place",
        "Time before: Monday, 30 November 2026, 10:00 (Europe/Berlin)",
        &format!("Join meeting: {LINK}"),
    ] {
        assert!(text.lines().any(|one| one == line), "{line} in {text}");
    }
    assert!(html.contains(">Join meeting</a>"), "{html}");

    let letter = post.session_letter(MailKey::MeetingCancelled, Locale::En);
    let (text, html) = bodies(&as_read(&post, &ses, letter).await);
    for absent in ["https://", "Join", "Will you come?"] {
        assert!(!text.contains(absent), "{text}");
        assert!(!html.contains(absent), "{html}");
    }
}

/// XC-13: whatever people call a meeting, its place or themselves, it stays text,
/// in each mail and language, and no header is added.
#[tokio::test]
async fn hostile_titles_stay_text() {
    let ses = Ses::start(&[]).await;
    let post = Post::with(ses.mailer());
    for (key, hostile) in KEYS
        .into_iter()
        .flat_map(|key| HOSTILE.map(|hostile| (key, hostile)))
    {
        for locale in [Locale::En, Locale::Pseudo] {
            let mut letter = post.session_letter(key, locale);
            letter.recipient.name = Some(hostile.to_owned());
            letter.title = hostile.to_owned();
            letter.host_name = Some(hostile.to_owned());
            letter.location = Some(hostile.to_owned());
            letter.description = Some(hostile.to_owned());
            let mail = as_read(&post, &ses, letter).await;
            assert_eq!(mail["defects"], json!([]), "{key:?} {hostile:?}");
            let names = mail["names"].as_array().unwrap();
            assert_eq!(names.len(), 9, "{names:?}");
            let to = mail["to"].as_array().unwrap();
            assert_eq!((to.len(), &to[0][1]), (1, &json!("ada@example.org")));
            let line = clean_line(hostile);
            let subject = mail["subject"].as_str().unwrap();
            assert!(subject.contains(&line.replace("=?", "= ?")), "{subject}");
            let (text, html) = bodies(&mail);
            assert!(text.contains(&line), "{hostile:?} in {text}");
            assert!(
                !html.contains("<script") && !html.contains("\" <eve"),
                "{html}"
            );
        }
    }
}

/// XC-9: a log line names meeting and mail, and nothing of what the mail says.
#[tokio::test]
async fn log_lines_of_session_mails_name_the_meeting_only() {
    LazyLock::force(&LOG);
    let ses = Ses::start(&[]).await;
    let post = Post::with(ses.mailer());
    let mut letter = post.session_letter(MailKey::MeetingUpdated, Locale::En);
    let meeting_id = letter.session_id.to_string();
    letter.recipient.email = EmailAddress::parse("sessioncanary@example.org").unwrap();
    letter.title = "Sessioncanary".to_owned();
    letter.location = Some("Sessioncanary".to_owned());
    let job = post.written_session(letter).await;
    assert!(post.deliver(&job).await);
    let (text, _) = bodies(&read_mail(ses.received().last().unwrap()));
    let token = token_after(&text, "https://api.example.com/rsvp/");
    let log = LOG.text();
    let sent = log.lines().find(|line| {
        line.contains("a mail was sent") && line.contains(job["mail_id"].as_str().unwrap())
    });
    let line: Value = serde_json::from_str(sent.expect("a line about the mail")).unwrap();
    assert_eq!(line["fields"]["meeting_id"], meeting_id);
    assert!(line["fields"]["appointment_request_id"].is_null(), "{line}");
    assert!(!log.to_lowercase().contains("sessioncanary") && !log.contains(token));
}

/// The token that follows the beginning of a link.
fn token_after<'a>(text: &'a str, start: &str) -> &'a str {
    let (_, rest) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start} in {text}"));
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let end = rest.find(|c| !is_of_token(c)).unwrap_or(rest.len());
    &rest[..end]
}
