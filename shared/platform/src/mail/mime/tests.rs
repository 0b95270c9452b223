//! What leaves as a mail; an independent parser reads it back in `tests/it`.

use super::*;
use uuid::Uuid;

const FILE: &str = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Grüße\r\nEND:VCALENDAR\r\n";

fn octets(subject: &str, name: Option<&str>, calendar: Option<Calendar<'_>>) -> String {
    let sender = Sender::parse("Acme, Inc. <mail@acme.example>").unwrap();
    let reader = EmailAddress::parse("ada@example.org").unwrap();
    let message = Message {
        mail_id: MailId::new(Uuid::from_u128(7)),
        sender: &sender,
        reader: &reader,
        reader_name: name,
        subject,
        text: "Hello\nAda",
        html: "<p>Hello</p>\n",
        calendar,
        date: DateTime::UNIX_EPOCH,
    };
    String::from_utf8(message.to_octets().unwrap()).unwrap()
}

const INVITATION: Option<Calendar<'static>> = Some(Calendar {
    method: Method::Request,
    body: FILE,
});

fn headers(octets: &str) -> Vec<&str> {
    let head = octets.split("\r\n\r\n").next().unwrap();
    let lines = head.split("\r\n");
    lines
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split(':').next().unwrap())
        .collect()
}

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

/// XC-13: the parts in their order, and the file's octets the same twice.
#[test]
fn an_invitation_is_an_alternative_and_an_attachment() {
    let mail = octets("Hello", Some("Ada"), INVITATION);
    let types: Vec<_> = mail
        .split("\r\n")
        .filter_map(|line| line.strip_prefix("Content-Type: "))
        .map(|line| {
            line.split("; boundary")
                .next()
                .unwrap()
                .trim_end_matches("; ")
        })
        .collect();
    let expected = [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain; charset=UTF-8",
        "text/html; charset=UTF-8",
        "text/calendar; charset=UTF-8; method=REQUEST",
        "application/ics; name=\"invite.ics\"",
    ];
    assert_eq!(types, expected);
    let file = STANDARD.encode(FILE);
    assert_eq!(mail.replace("\r\n", "").matches(&file).count(), 2);
    assert_eq!(headers(&mail), HEADERS);
    assert_eq!(
        mail,
        octets("Hello", Some("Ada"), INVITATION),
        "the same octets"
    );
    assert!(mail.contains("Message-ID: <00000000-0000-0000-0000-000000000007@acme.example>\r\n"));
    assert!(mail.contains("X-Convoke-Message-Id: 00000000-0000-0000-0000-000000000007\r\n"));
}

#[test]
fn without_a_file_there_is_only_the_alternative() {
    let mail = octets("Hello", None, None);
    assert!(mail.contains("Content-Type: multipart/alternative;"));
    assert!(!mail.contains("multipart/mixed") && !mail.contains("ics"));
    assert!(mail.contains("\r\nTo: ada@example.org\r\n"));
}

/// XC-13: nothing that people write makes a header, and no line is too long.
#[test]
fn headers_cannot_be_injected() {
    let long = "Änne ".repeat(400);
    let long_ascii = "a".repeat(5_000);
    for hostile in [
        "x\r\nBcc: eve@example.org",
        "x\nX-Evil: 1",
        "x\rX-Evil: 1",
        "x\0y",
        "x\u{2028}X-Evil: 1",
        "x\u{85}X-Evil: 1",
        "\" <eve@example.org>, \"",
        "\\\" <eve@example.org>, \\",
        "=?utf-8?B?DQpCY2M6IGV2ZUBleGFtcGxlLm9yZw==?=",
        "\r\n\r\n<script>",
        "x\r\n --=_mixed_00000000000000000000000000000007",
        "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
        &long,
        &long_ascii,
    ] {
        let mail = octets(hostile, Some(hostile), INVITATION);
        assert_eq!(headers(&mail), HEADERS, "{hostile:?}");
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        assert!(
            head.bytes()
                .all(|b| matches!(b, b'\r' | b'\n' | b'\t' | 32..=126)),
            "{head:?}"
        );
        assert!(!head.replace("\r\n", "").contains(['\r', '\n']), "{head:?}");
        assert!(!head.contains("=?utf-8?B?DQpCY2M"), "{head:?}");
        assert!(
            mail.split("\r\n").all(|line| line.len() <= 100),
            "{hostile:?}"
        );
        assert_eq!(mail.matches("<ada@example.org>").count(), 1);
    }
}

#[test]
fn bodies_are_base64_in_short_lines() {
    let mail = octets("Hello", None, INVITATION);
    assert_eq!(mail.matches("Content-Transfer-Encoding: base64").count(), 4);
    assert!(mail.contains(&STANDARD.encode("Hello\r\nAda")));
    let body = mail.split_once("\r\n\r\n").unwrap().1;
    assert!(body.split("\r\n").all(|line| line.len() <= 80));
}
