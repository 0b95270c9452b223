//! What people write reaches people as it was written, and nothing else.

use it::practice::{Practice, read_file, request_id, unfolded};
use it::requests::violations;
use serde_json::{Value, json};

/// Texts that break out of where they are put, if anything does.
const HOSTILE: [&str; 9] = [
    "a\r\nATTENDEE:mailto:eve@evil.example\r\nb",
    "\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:evil",
    "=HYPERLINK(\"http://evil.example\",\"x\")",
    "+1;-2,@cmd|' /C calc'!A0 \\n \\, \\;",
    "\u{202e}live\u{202c} \u{2066}x\u{2069} \u{200b}",
    "👩‍👩‍👧‍👦 ñandú 日本語 \u{1d11e}",
    "<script>alert(1)</script> {{{serviceName}}} {{#each}} ${x} %s",
    "' OR 1=1; -- \" \t",
    "line\u{2028}para\u{2029}end\u{85}next\u{b}tab",
];

/// XC-3, AP-1: whatever is written survives into the view, letter by letter.
#[tokio::test]
async fn what_was_written_reads_back() {
    let practice = Practice::without_teams().await;
    for (at, text) in HOSTILE.iter().enumerate() {
        let fields = json!({ "service_name": text, "description": text, "requested_date": format!("2027-01-{:02}", at + 1) });
        let id = practice.requested(&fields).await;
        let notes = json!({ "internal_notes": text });
        practice.tell(&id, "approve", &notes).await.expect(200);
        let read = practice.read(&id).await;
        assert_eq!(
            [
                &read["service_name"],
                &read["description"],
                &read["internal_notes"]
            ],
            [text, text, text]
        );
        let entry = practice
            .entries("GET", &format!("/{id}"), None)
            .await
            .expect(200);
        assert_eq!(
            (&entry["title"], &entry["notes"]),
            (&json!(text), &json!(text))
        );
        let ended = practice
            .tell(&id, "decline", &json!({ "reason": text }))
            .await
            .expect(200);
        assert_eq!(ended["request"]["declined_reason"], *text);
    }
}

/// AP-8: in the file it is text, and never another event, person or property.
#[tokio::test]
async fn what_was_written_is_text_in_the_file() {
    let practice = Practice::without_teams().await;
    for (at, text) in HOSTILE.iter().enumerate() {
        let contact =
            json!({ "client_id": "client-1", "email": "ada@client.example", "name": text });
        practice.put("/api/v1/contacts/contact-1", &contact).await;
        let fields = json!({ "service_name": format!("x{text}"), "description": format!("x{text}"),
            "requested_date": format!("2027-01-{:02}", at + 1) });
        let id = practice.booked(&fields).await;
        let file = practice.file(&id).await;
        let ics = unfolded(&file);
        let lines: Vec<_> = ics.split("\r\n").collect();
        assert_eq!(
            lines
                .iter()
                .filter(|line| line.starts_with("BEGIN:VEVENT"))
                .count(),
            1,
            "{ics}"
        );
        assert_eq!(
            lines
                .iter()
                .filter(|line| line.starts_with("ATTENDEE"))
                .count(),
            2,
            "{ics}"
        );
        assert_eq!(
            lines.iter().filter(|line| line.starts_with("UID:")).count(),
            1,
            "{ics}"
        );
        assert!(
            !ics.replace("\r\n", "").contains(['\r', '\n']),
            "a bare break in {ics}"
        );
        let folded = String::from_utf8(file.body.clone()).unwrap();
        assert!(
            folded.split("\r\n").all(|line| line.len() <= 75),
            "{folded}"
        );
        let read = read_file(&file);
        assert_eq!(read["events"].as_array().map(Vec::len), Some(1));
        let event = &read["events"][0];
        assert_eq!(
            (&event["url"], &event["location"]),
            (&Value::Null, &Value::Null)
        );
        // Letters are kept; breaks are one kind, other controls are none.
        let letters = |text: &str| {
            text.chars()
                .filter(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}'))
                .collect::<String>()
        };
        let expected = letters(&format!("x{text}"));
        assert_eq!(letters(event["summary"].as_str().unwrap()), expected);
        assert_eq!(letters(event["description"].as_str().unwrap()), expected);
    }
}

fn html_of(part: &Value) -> Option<&str> {
    match part["type"].as_str() {
        Some("text/html") => part["text"].as_str(),
        _ => part["parts"].as_array()?.iter().find_map(html_of),
    }
}

/// XC-13: nor does it get into a mail's headers, and it does reach the mail.
#[tokio::test]
async fn what_was_written_stays_out_of_headers() {
    let practice = Practice::without_teams().await;
    for (at, text) in HOSTILE.iter().enumerate() {
        let fields = json!({ "service_name": format!("x{text}"), "description": text, "requested_date": format!("2027-01-{:02}", at + 1) });
        practice.booked(&fields).await;
    }
    practice.work().await;
    let mails = practice.mails();
    assert_eq!(mails.len(), 2 * HOSTILE.len());
    for mail in &mails {
        assert_eq!(
            (&mail["defects"], &mail["bare_breaks"]),
            (&json!([]), &json!(0)),
            "{mail}"
        );
        assert_eq!(mail["to"].as_array().map(Vec::len), Some(1));
        assert!(!mail["subject"].as_str().unwrap().contains(['\r', '\n']));
        let html = html_of(&mail["body"]).expect("an HTML part");
        assert!(!html.contains("<script>alert"), "{html}");
    }
}

/// AP-1: texts have their length, in octets, and at it they go all the way to the mail.
#[tokio::test]
async fn the_longest_texts_go_all_the_way() {
    let practice = Practice::without_teams().await;
    for (at, (letter, times)) in [
        ("x", 8192),
        ("\"", 8192),
        ("\n", 8192),
        ("é", 4096),
        ("👩", 2048),
    ]
    .into_iter()
    .enumerate()
    {
        let long = letter.repeat(times);
        let mut body = Practice::wish(
            &json!({ "description": long, "service_name": "é".repeat(255),
            "requested_date": format!("2027-01-{:02}", at + 1), "contact_id": "contact-1" }),
        );
        let id = request_id(&practice.ask(&body).await.expect(201));
        practice
            .tell(&id, "approve", &json!({ "internal_notes": long }))
            .await
            .expect(200);
        assert_eq!(practice.read(&id).await["description"], long);
        let sent = practice.sent().len();
        practice.work().await;
        assert_eq!(practice.sent().len() - sent, 2, "{letter:?}");
        read_file(&practice.file(&id).await);
        body["description"] = json!(format!("{long}x"));
        assert_eq!(
            violations(&practice.ask(&body).await),
            [("/description".to_owned(), "too_long".to_owned())]
        );
        body["description"] = json!("");
        body["service_name"] = json!("é".repeat(256));
        assert_eq!(
            violations(&practice.ask(&body).await),
            [("/service_name".to_owned(), "too_long".to_owned())]
        );
    }
}
