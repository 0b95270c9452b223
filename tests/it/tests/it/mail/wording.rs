//! What a mail says, and how it is packed, as another program reads it.

use convoke_domain::error::Error;
use convoke_platform::mail::clean_line;
use convoke_platform::records::MailTemplateRecord;
use convoke_services::mail::templates::{self, TemplateInput};
use it::ses::{SENDER, Ses, local_mails, mailer, read_mail, verify_sender};

use super::*;

const HEADERS: [&str; 9] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "X-Convoke-Message-Id",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
];

/// What Python reads of the one mail that this letter becomes.
async fn as_read(letter: AppointmentLetter) -> Value {
    let ses = Ses::start(&[]).await;
    let post = Post::with(ses.mailer());
    let job = post.written(letter).await;
    assert!(post.deliver(&job).await);
    let request = ses.received().remove(0);
    let reader = letter_reader(&request);
    assert_eq!(reader, json!(["ada@example.org"]), "SES is told the reader");
    read_mail(&request)
}

fn letter_reader(request: &Value) -> Value {
    request["Destination"]["ToAddresses"].clone()
}

fn any() -> Post {
    Post::with(mailer("http://127.0.0.1:9", None))
}

/// XC-13, icalendar.md "Mail": the structure, the file's octets the same twice,
/// METHOD equal in header and body, base64 in short lines.
#[tokio::test]
async fn another_parser_finds_the_parts_and_the_file_twice() {
    for method in [Method::Request, Method::Cancel] {
        let mut letter = any().letter(MailKey::AppointmentRescheduled);
        letter.calendar = Some(invitation(method));
        let file = invitation(method).1;
        let mail = as_read(letter).await;
        assert_eq!(mail["defects"], json!([]));
        assert_eq!(mail["names"], json!(HEADERS));
        assert_eq!(mail["bare_breaks"], 0);
        assert!(
            mail["longest_line"].as_u64() <= Some(100),
            "{}",
            mail["longest_line"]
        );
        let mixed = &mail["body"];
        assert_eq!(mixed["type"], "multipart/mixed");
        let (alternative, attachment) = (&mixed["parts"][0], &mixed["parts"][1]);
        assert_eq!(alternative["type"], "multipart/alternative");
        let kinds: Vec<_> = alternative["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| &part["type"])
            .collect();
        assert_eq!(kinds, ["text/plain", "text/html", "text/calendar"]);
        let calendar = &alternative["parts"][2];
        assert_eq!(
            calendar["parameters"],
            json!({ "charset": "UTF-8", "method": method.as_str() })
        );
        assert_eq!(calendar["text"], file);
        assert!(file.contains(&format!("\r\nMETHOD:{}\r\n", method.as_str())));
        assert_eq!(attachment["type"], "application/ics");
        assert_eq!(attachment["parameters"], json!({ "name": "invite.ics" }));
        assert_eq!(attachment["disposition"], "attachment");
        assert_eq!(attachment["file_name"], "invite.ics");
        assert_eq!(attachment["sha256"], calendar["sha256"]);
        for part in [&alternative["parts"][0], calendar, attachment] {
            assert_eq!(part["encoding"], "base64");
        }
    }
}

/// Without a file there is only the alternative.
#[tokio::test]
async fn a_mail_without_a_file_has_no_attachment() {
    let mut letter = any().letter(MailKey::AppointmentCancelled);
    letter.calendar = None;
    let mail = as_read(letter).await;
    assert_eq!(mail["body"]["type"], "multipart/alternative");
    assert_eq!(mail["body"]["parts"].as_array().unwrap().len(), 2);
}

/// AP-8: button and line with the link, the reader's time with its zone, the
/// id by which a repeated mail is known.
#[tokio::test]
async fn the_client_reads_time_and_link() {
    let letter = any().letter(MailKey::AppointmentRequestApprovedClient);
    let mail_id = letter.mail_id.to_string();
    let mail = as_read(letter).await;
    let starts = "Tuesday, 1 December 2026, 10:00 (Europe/Berlin)";
    assert_eq!(
        mail["subject"],
        format!("Appointment confirmed: Boiler check, {starts}")
    );
    assert_eq!(
        mail["from"],
        json!([["Convoke, Test", "mail@convoke.example"]])
    );
    assert_eq!(mail["to"], json!([["Ada", "ada@example.org"]]));
    assert_eq!(mail["date"], "2026-11-21T04:00:00+00:00");
    assert_eq!(
        (&mail["mail_id"], &mail["auto_submitted"]),
        (&json!(mail_id), &json!("auto-generated"))
    );
    let part = |at: usize| {
        mail["body"]["parts"][0]["parts"][at]["text"]
            .as_str()
            .unwrap()
    };
    let (text, html) = (part(0), part(1));
    assert!(text.contains(&format!("\r\nTime: {starts}\r\n")), "{text}");
    let there =
        "\r\nAt the appointment's place: Tuesday, 1 December 2026, 04:00 (America/New_York)\r\n";
    assert!(text.contains(there), "{text}");
    assert!(
        text.contains(&format!("\r\nJoin Teams Meeting: {LINK}\r\n")),
        "{text}"
    );
    assert!(
        html.contains(">Join Teams Meeting</a>") && html.contains(starts),
        "{html}"
    );
    assert!(text.contains("\r\nTechnician: Tom\r\n"), "{text}");
}

/// The reader's language is their own.
#[tokio::test]
async fn the_pseudo_locale_is_written_in_its_letters() {
    let mut letter = any().letter(MailKey::AppointmentAssigned);
    letter.recipient.locale = Locale::Pseudo;
    letter.reader = Reader::Technician;
    let mail = as_read(letter).await;
    let subject = mail["subject"].as_str().unwrap();
    assert!(
        subject.contains("Boiler check, [Tuesday, 1 December 2026, 10:00]"),
        "{subject}"
    );
    assert!(!subject.is_ascii());
}

/// XC-13: headers cannot be injected, and values are escaped, whatever names
/// and texts hold.
#[tokio::test]
async fn hostile_names_and_texts_stay_text() {
    let long = "Äpfel & Birnen ".repeat(20);
    for hostile in [
        "Ada\r\nBcc: eve@example.org\r\n\r\n<script>",
        "\" <eve@example.org>, \"",
        "=?utf-8?Q?x=0D=0ABcc:_eve@example.org?=",
        "Ada\u{2028}Bcc: eve@example.org\0",
        "<script>alert(\"x\")</script>",
        long.as_str(),
    ] {
        let mut letter = any().letter(MailKey::AppointmentCancelled);
        letter.recipient.name = Some(hostile.to_owned());
        letter.service_name = hostile.to_owned();
        letter.counterpart = Some(hostile.to_owned());
        letter.reason = Some(hostile.to_owned());
        letter.calendar = None;
        let mail = as_read(letter).await;
        assert_eq!(mail["names"], json!(HEADERS), "{hostile:?}");
        assert_eq!(mail["defects"], json!([]), "{hostile:?}");
        let to = mail["to"].as_array().unwrap();
        assert_eq!(
            (to.len(), &to[0][1]),
            (1, &json!("ada@example.org")),
            "{to:?}"
        );
        let line = clean_line(hostile);
        // Python keeps the break between two encoded words of a name, which RFC 2047, section 6.2 drops.
        let read = to[0][0].as_str().unwrap().replace(' ', "");
        assert_eq!(read, line.replace(' ', ""), "a name reads as it was meant");
        let subject = format!("Appointment cancelled: {}", line.replace("=?", "= ?"));
        let subject: String = subject.chars().take(249).collect();
        assert!(
            mail["subject"].as_str().unwrap().starts_with(&subject),
            "{}",
            mail["subject"]
        );
        assert!(mail["longest_line"].as_u64() <= Some(100));
        let html = mail["body"]["parts"][1]["text"].as_str().unwrap();
        assert!(!html.contains("<script"), "{html}");
    }
}

/// XC-13: a tenant's own wording goes out, section by section, until it is
/// restored; with a stale version nothing is written.
#[tokio::test]
async fn a_tenant_overrides_sections_and_restores_them() {
    let ses = Ses::start(&[]).await;
    let post = Post::with(ses.mailer());
    let (core, tenant) = (&post.process.core, &post.tenant());
    let key = MailKey::AppointmentAssigned;
    let before = templates::get(core, tenant, key, Locale::En).await.unwrap();
    assert_eq!((before.overridden, before.version), (false, 0));
    assert!(
        before
            .variables
            .iter()
            .any(|one| one.name == "onlineMeetingUrl")
    );
    let own = TemplateInput {
        subject: Some("Job: {{serviceName}}".to_owned()),
        html: Some("<p>{{counterpartName}}</p>{{#if onlineMeetingUrl}}<a href=\"{{onlineMeetingUrl}}\">Go</a>{{/if}}".to_owned()),
        text: None,
    };
    let put = |input: TemplateInput, version| async move {
        templates::put(core, tenant, key, Locale::En, &input, version).await
    };
    let stored = put(own.clone(), Some(0)).await.unwrap();
    assert_eq!((stored.overridden, stored.version), (true, 1));
    assert_eq!(stored.source.text, before.source.text, "the product's own");
    assert_eq!(put(own, Some(0)).await.unwrap_err(), Error::VersionMismatch);

    let mut letter = post.letter(key);
    letter.counterpart = Some("<b>Eve</b>".to_owned());
    let job = post.written(letter).await;
    assert!(post.deliver(&job).await);
    let mail = read_mail(&ses.received()[0]);
    assert_eq!(mail["subject"], "Job: Boiler check");
    let html = &mail["body"]["parts"][0]["parts"][1]["text"];
    let link = LINK.replace('&', "&amp;").replace('=', "&#x3D;");
    assert_eq!(
        *html,
        format!("<p>&lt;b&gt;Eve&lt;/b&gt;</p><a href=\"{link}\">Go</a>")
    );

    let restored = put(TemplateInput::default(), Some(1)).await.unwrap();
    assert_eq!((restored.overridden, restored.version), (false, 2));
    assert_eq!(restored.source, before.source);
    let job = post.written(post.letter(key)).await;
    assert!(post.deliver(&job).await);
    let subject = read_mail(&ses.received()[1])["subject"].clone();
    assert!(
        subject.as_str().unwrap().starts_with("New appointment: "),
        "{subject}"
    );
}

/// XC-13: what could go out unescaped, run long or say nothing is refused, with
/// the place of each; nothing is stored.
#[tokio::test]
async fn a_dangerous_override_is_refused() {
    let post = any();
    let (core, tenant, key) = (
        &post.process.core,
        post.tenant(),
        MailKey::AppointmentAssigned,
    );
    let bad = TemplateInput {
        subject: Some("{{nobody}}".to_owned()),
        text: Some("{{#each description}}x{{/each}}".to_owned()),
        html: Some("{{{description}}}".to_owned()),
    };
    let refused = templates::put(core, &tenant, key, Locale::En, &bad, None).await;
    let Err(Error::Invalid { violations }) = refused else {
        panic!("{refused:?}");
    };
    let found: Vec<_> = violations
        .iter()
        .map(|one| (one.pointer.as_str(), one.code))
        .collect();
    let expected = [
        ("/subject", "unknown_variable"),
        ("/text", "not_allowed"),
        ("/html", "unescaped_output"),
    ];
    assert_eq!(found, expected);
    assert_eq!(
        templates::get(core, &tenant, key, Locale::En)
            .await
            .unwrap()
            .version,
        0
    );
}

/// XC-13: an override that cannot be used any more does not hold a mail up.
#[tokio::test]
async fn an_override_that_no_longer_works_falls_back_to_the_product() {
    let ses = Ses::start(&[]).await;
    let post = Post::with(ses.mailer());
    let record = MailTemplateRecord {
        template: MailKey::AppointmentAssigned.as_str().to_owned(),
        locale: "en".to_owned(),
        subject: Some("{{aVariableOfAnOlderRelease}}".to_owned()),
        text: None,
        html: None,
        version: 1,
        updated_at: post.process.ports.now(),
    };
    post.store().put(&record).await.unwrap();
    let job = post
        .written(post.letter(MailKey::AppointmentAssigned))
        .await;
    assert!(post.deliver(&job).await);
    let subject = read_mail(&ses.received()[0])["subject"].clone();
    assert!(
        subject.as_str().unwrap().starts_with("New appointment: "),
        "{subject}"
    );
}

/// XC-13: sent through the local AWS's SES, which knows the sender.
#[tokio::test]
async fn the_local_ses_takes_the_mail() {
    let endpoint = &deployed::resources().aws_endpoint;
    let post = Post::with(mailer(endpoint, Some(SENDER)));
    verify_sender(endpoint).await;
    let mut letter = post.letter(MailKey::AppointmentUpdated);
    letter.service_name = format!("Boiler {}", post.org);
    let job = post.written(letter).await;
    assert!(post.deliver(&job).await);
    let mail = post.mail(&job).await;
    assert_eq!(mail.state, MailState::Sent);
    let mut found = local_mails(endpoint).await;
    found.retain(|one| one["Subject"].to_string().contains(&post.org));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(json!(mail.ses_message_id), found[0]["MessageId"]);
    assert_eq!(found[0]["To"], json!(["ada@example.org"]));
    assert!(
        found[0]["BodyText"]
            .to_string()
            .contains("now takes place as a Teams meeting")
    );
}
