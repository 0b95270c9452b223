//! Calls to AWS per operation, counted, against the table of
//! `docs/performance.md` ("Round trips"): a call more or less than it says
//! fails here.

mod appointments;
mod counter;
mod notifications;
mod recordings;
mod sessions;

use std::collections::BTreeMap;
use std::path::Path;

use it::gateway::Event;
use serde_json::json;

use crate::routes;

use counter::{Counter, meeting};

/// Calls by the operation's name.
type Calls = BTreeMap<String, u32>;

/// Operation → calls without and with `Idempotency-Key`.
fn table() -> BTreeMap<String, (Calls, Option<Calls>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/performance.md");
    let text = std::fs::read_to_string(path).unwrap();
    let section = text
        .split("## Round trips")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let rows = section
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .skip(1);
    rows.map(|row| {
        let cells: Vec<_> = row.split(" | ").collect();
        let [operation, without, with] = cells[..] else {
            panic!("{row} is not a row of three cells")
        };
        (
            operation.to_owned(),
            (calls_of(without), (with != "–").then(|| calls_of(with))),
        )
    })
    .collect()
}

fn calls_of(cell: &str) -> Calls {
    if cell == "none" {
        return Calls::new();
    }
    cell.split(" + ")
        .map(|part| {
            let (count, name) = part
                .split_once(' ')
                .unwrap_or_else(|| panic!("{part} is no count of calls"));
            (name.to_owned(), count.parse().unwrap())
        })
        .collect()
}

fn written(calls: &Calls) -> String {
    let parts: Vec<_> = calls
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    if parts.is_empty() {
        "none".to_owned()
    } else {
        parts.join(" + ")
    }
}

async fn count_reads(counter: &mut Counter) {
    let meeting = counter.create("c-read", "ics", &[]).await;
    counter.count("read a meeting", "GET", &meeting, None).await;
    counter.process.calls.take();
    counter.download(&meeting).await;
    counter.note("download an .ics");
    counter
        .count(
            "preview occurrences",
            "GET",
            &format!("{meeting}/occurrences"),
            None,
        )
        .await;
    counter
        .count("list meetings", "GET", &counter.path("/meetings"), None)
        .await;
    counter
        .count(
            "list providers",
            "GET",
            &counter.path("/meeting-providers"),
            None,
        )
        .await;
    counter
        .count("list users", "GET", "/api/v1/users", None)
        .await;
}

async fn count_meetings(counter: &mut Counter) {
    let controls = counter.path("/controls");
    let at = |control: &str| format!("{controls}/{control}/meetings");
    counter.create("c-known", "mock", &[]).await;
    let plain = meeting("ics", &[]);
    counter
        .count_both(
            "create a meeting",
            [&at("c-known"), &at("c-known")],
            Some(&plain),
        )
        .await;
    counter
        .count_both(
            "create a control's first meeting",
            [&at("c-new1"), &at("c-new2")],
            Some(&plain),
        )
        .await;
    let invited = meeting("ics", &["u1", "u2", "u3"]);
    counter
        .count_both(
            "create a meeting with 3 users",
            [&at("c-known"), &at("c-known")],
            Some(&invited),
        )
        .await;
    let path = counter.create("c-known", "ics", &[]).await;
    counter
        .count(
            "change a meeting",
            "PATCH",
            &path,
            Some(&json!({ "title": "Another" })),
        )
        .await;
    let attendees =
        json!({ "attendees": [{ "user_id": "u1" }, { "email": "a@b.example", "name": "A" }] });
    counter
        .count(
            "replace attendees, 1 of them a user",
            "PATCH",
            &path,
            Some(&attendees),
        )
        .await;
    for provider in ["mock", "ics", "graph"] {
        let paths = [
            counter.create("c-known", provider, &[]).await,
            counter.create("c-known", provider, &[]).await,
        ];
        let schedule = paths.clone().map(|path| format!("{path}/schedule"));
        counter
            .count_both(
                &format!("schedule, {provider}"),
                schedule.each_ref().map(String::as_str),
                None,
            )
            .await;
        if provider != "ics" {
            let cancel = paths.clone().map(|path| format!("{path}/cancel"));
            counter
                .count_both(
                    &format!("cancel, {provider}"),
                    cancel.each_ref().map(String::as_str),
                    None,
                )
                .await;
        }
    }
    let path = counter.create("c-known", "mock", &[]).await;
    counter
        .count("delete a meeting", "DELETE", &path, None)
        .await;
}

async fn count_schedules(counter: &mut Counter) {
    let schedule = routes::schedule();
    counter
        .count(
            "set a schedule",
            "PUT",
            &counter.path("/controls/c-set/schedule"),
            Some(&schedule),
        )
        .await;
    for (linked, name) in [(0, "none"), (1, "1"), (20, "20"), (21, "21")] {
        let paths = [
            counter.linked(&format!("c-{linked}a"), linked).await,
            counter.linked(&format!("c-{linked}b"), linked).await,
        ];
        let complete = paths.map(|path| format!("{path}/complete"));
        let operation = format!("complete, {name} linked");
        counter
            .count_both(
                &operation,
                complete.each_ref().map(String::as_str),
                Some(&json!({})),
            )
            .await;
    }
}

async fn count_directory(counter: &mut Counter) {
    let user = |name: &str, email: &str| json!({ "name": name, "email": email });
    counter
        .count(
            "add a user",
            "PUT",
            "/api/v1/users/u1",
            Some(&user("A", "a@x.example")),
        )
        .await;
    counter
        .count(
            "rename a user",
            "PUT",
            "/api/v1/users/u1",
            Some(&user("B", "a@x.example")),
        )
        .await;
    counter
        .count(
            "change a user's address",
            "PUT",
            "/api/v1/users/u1",
            Some(&user("B", "b@x.example")),
        )
        .await;
    counter
        .count(
            "find a user by address",
            "GET",
            "/api/v1/users?email=b@x.example",
            None,
        )
        .await;
    let ten: Vec<_> = (0..10)
        .map(|at| json!({ "user_id": format!("i{at}"), "name": "N" }))
        .collect();
    let import = json!({ "users": ten, "contacts": [] });
    counter
        .count(
            "import 10 users without address",
            "POST",
            "/api/v1/directory/import",
            Some(&import),
        )
        .await;
}

async fn count_settings(counter: &mut Counter) {
    use graph_simulator::demo;
    let settings = "/api/v1/teams-integration";
    let whole = json!({ "profile": { "tenant_id": demo::TENANT_ID, "client_id": demo::CLIENT_ID,
            "client_secret": demo::CLIENT_SECRET },
        "install_status": "active", "default_meeting_organizer_upn": demo::ORGANIZER_UPN });
    let flag = json!({ "download_recordings": true });
    for (operation, method, path, body) in [
        (
            "set up Teams, with a secret",
            "PUT",
            settings.to_owned(),
            Some(&whole),
        ),
        (
            "change the Teams settings",
            "PUT",
            settings.to_owned(),
            Some(&flag),
        ),
        ("read the Teams settings", "GET", settings.to_owned(), None),
        (
            "ask the Teams capability",
            "GET",
            format!("{settings}/capability"),
            None,
        ),
        (
            "diagnose Teams",
            "GET",
            format!("{settings}/diagnostics"),
            None,
        ),
        (
            "read a mail template",
            "GET",
            "/api/v1/mail-templates/appointment-assigned/en".to_owned(),
            None,
        ),
    ] {
        counter.count(operation, method, &path, body).await;
    }
    let verify = format!("{settings}/verify-organizer");
    counter
        .count_both("verify the organiser", [&verify, &verify], Some(&json!({})))
        .await;
}

/// What happens while Microsoft waits.
async fn count_webhook(counter: &mut Counter) {
    counter.process.calls.take();
    for (operation, query, octets) in [
        ("answer Microsoft's handshake", "?validationToken=x", 0),
        ("keep a notification of Microsoft's", "", 2_000),
        ("keep one of 5 MB", "", 5_000_000),
    ] {
        let path = format!("/webhooks/graph/notifications{query}");
        let body = json!({ "value": ["x".repeat(octets)] }).to_string();
        let answer = counter
            .process
            .webhook(Event::new("POST", &path).text(&body));
        assert!(answer.await.status < 300, "{operation}");
        counter.note(operation);
    }
}

/// Architecture, "Speed and size": a read is 1 call, an .ics 1, and everything
/// else what `docs/performance.md` says.
#[tokio::test]
async fn every_operation_makes_the_calls_that_the_document_says() {
    let mut counter = Counter::new().await;
    count_reads(&mut counter).await;
    count_meetings(&mut counter).await;
    count_schedules(&mut counter).await;
    count_directory(&mut counter).await;
    count_settings(&mut counter).await;
    count_webhook(&mut counter).await;
    counter
        .counted
        .extend(Box::pin(appointments::counted()).await);
    counter
        .counted
        .extend(Box::pin(recordings::counted()).await);
    counter
        .counted
        .extend(Box::pin(notifications::counted()).await);
    counter.counted.extend(Box::pin(sessions::counted()).await);
    let documented = table();
    assert_eq!(
        documented
            .get("read a meeting")
            .map(|row| row.0.values().sum()),
        Some(1_u32)
    );
    assert_eq!(
        documented
            .get("download an .ics")
            .map(|row| row.0.values().sum()),
        Some(1_u32)
    );
    let counted: Vec<String> = counter
        .counted
        .iter()
        .map(|(operation, (without, with))| {
            format!(
                "| {operation} | {} | {} |\n",
                written(without),
                with.as_ref().map_or("–".into(), written)
            )
        })
        .collect();
    assert!(
        counter.counted == documented,
        "docs/performance.md differs; counted was\n{}",
        counted.concat()
    );
}

/// A replay costs one call: the stored answer is read where the mark would be written.
#[tokio::test]
async fn a_replay_is_one_call() {
    let counter = Counter::new().await;
    let path = counter.path("/controls/c1/meetings");
    counter
        .send("POST", &path, Some(&meeting("ics", &[])), Some("k"))
        .await;
    counter.process.calls.take();
    counter
        .send("POST", &path, Some(&meeting("ics", &[])), Some("k"))
        .await;
    assert_eq!(counter.process.calls.take(), calls_of("1 PutItem"));
}
