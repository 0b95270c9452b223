//! Control meetings, from creation to cancellation (CM-1, CM-2, CM-5 to CM-8,
//! CM-11, CM-12).

use chrono::TimeDelta;
use convoke_platform::config::Environment;
use convoke_platform::secrets::Secrets;
use convoke_platform::store::DueKind;
use convoke_services::core::Core;
use convoke_services::providers;
use http::Method;
use it::api::{ALL_SCOPES, Answer, Api};
use it::clock::TestClock;
use it::deployed::{self, new_org};
use it::gateway::{Event, answer_of};
use it::office::Office;
use it::process::sdk_config;
use it::requests::{id_of, instant, meeting_body, violations};
use serde_json::{Value, json};

fn one(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

/// CM-1: without schedule, one cadence step from today at 09:00 in the zone.
#[tokio::test]
async fn without_a_schedule_the_first_occurrence_is_one_step_from_today_at_nine() {
    let office = Office::open().await;
    for (frequency, start) in [
        ("DAILY", "2026-11-22T08:00:00Z"),
        ("WEEKLY", "2026-11-28T08:00:00Z"),
        ("MONTHLY", "2026-12-21T08:00:00Z"),
        ("QUARTERLY", "2027-02-21T08:00:00Z"),
        ("ANNUAL", "2027-11-21T08:00:00Z"),
    ] {
        let made = office.plan("c", &json!({ "start": null, "frequency": frequency })).await;
        assert_eq!(made["start"], start, "{frequency}");
        assert_eq!(made["next_occurrence"], start, "{frequency}");
        assert_eq!((&made["provider"], &made["status"]), (&json!("mock"), &json!("planned")));
        assert_eq!((&made["last_occurrence"], &made["control_schedule_id"]), (&Value::Null, &Value::Null));
    }
    // At 04:00 UTC it is still the day before in Los Angeles.
    let made = office
        .plan("c", &json!({ "start": null, "frequency": "DAILY", "timezone": "America/Los_Angeles" }))
        .await;
    assert_eq!(made["start"], "2026-11-21T17:00:00Z");
}

/// CM-1, CM-3: with a schedule, its `next_due` at 09:00 in the meeting's zone.
#[tokio::test]
async fn with_a_schedule_the_first_occurrence_is_on_its_next_due_day() {
    let office = Office::open().await;
    let schedule = office.put_schedule("c", "QUARTERLY", "2027-03-31").await.expect(201);
    let made = office.plan("c", &json!({ "start": null, "timezone": "America/New_York" })).await;
    assert_eq!(made["start"], "2027-03-31T13:00:00Z");
    assert_eq!(made["control_schedule_id"], schedule["control_schedule_id"]);
}

/// CM-1: what was sent is what is read, with `Location` and `ETag`.
#[tokio::test]
async fn a_meeting_reads_back_as_it_was_created() {
    let office = Office::open().await;
    let fields = json!({ "description": "1. Scope", "provider": "ics", "is_online": true, "location": "Room 1",
        "join_url": "https://example.org/join", "attendees": [{ "email": "x@example.org", "name": "X", "role": "optional" }] });
    let created = office.try_plan("pci-1", &fields).await;
    let made = created.expect(201);
    let id = id_of(&made, "meeting_id");
    assert_eq!(created.header("location"), Some(format!("/api/v1/orgs/{}/meetings/{id}", office.org).as_str()));
    let read = office.call("GET", &format!("/meetings/{id}"), None).await;
    assert_eq!(read.header("etag"), created.header("etag"));
    assert_eq!(read.expect(200), made);
    for name in ["description", "provider", "is_online", "location", "join_url", "attendees"] {
        assert_eq!(made[name], fields[name], "{name}");
    }
    assert_eq!((&made["control_id"], &made["version"]), (&json!("pci-1"), &json!(1)));
    assert_eq!(made["unreachable_attendees"], json!([]));
}

/// CM-1, XC-3: every broken rule is reported with its place.
#[tokio::test]
async fn every_broken_rule_of_a_creation_is_named() {
    let office = Office::open().await;
    let answer = office
        .try_plan("c", &json!({ "title": " ", "frequency": "HOURLY", "timezone": "Mars/Base", "duration_minutes": 0,
            "join_url": "javascript:alert(1)", "attendees": [{ "email": "nobody", "name": "N" }, { "name": "N" },
                { "user_id": "u", "role": "boss" }] }))
        .await;
    let found = violations(&answer);
    let pointers: Vec<_> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    for pointer in ["/title", "/frequency", "/timezone", "/duration_minutes", "/join_url", "/attendees/0/email",
        "/attendees/1", "/attendees/2/role"] {
        assert!(pointers.contains(&pointer), "{pointer} is not among {pointers:?}");
    }
    let unknown = office.try_plan("c", &json!({ "titel": "x" })).await;
    assert_eq!(violations(&unknown), one("/titel", "unknown_field"));
    assert!(unknown.json().to_string().contains("titel"));
}

/// CM-2: an update with `attendees` replaces the whole set, one without leaves it.
#[tokio::test]
async fn attendees_are_replaced_as_a_whole_or_stay() {
    let office = Office::open().await;
    let first = json!([{ "email": "a@example.org", "name": "A", "role": "required" },
        { "email": "b@example.org", "name": "B", "role": "optional" },
        { "email": "room@example.org", "name": "Room", "role": "resource" }]);
    let made = office.plan("c", &json!({ "attendees": first })).await;
    assert_eq!(made["attendees"], first);
    let id = id_of(&made, "meeting_id");
    assert_eq!(office.patch(&id, &json!({ "title": "New" })).await.expect(200)["attendees"], first);
    let second = json!([{ "email": "c@example.org", "name": "C", "role": "required" }]);
    assert_eq!(office.patch(&id, &json!({ "attendees": second })).await.expect(200)["attendees"], second);
    assert_eq!(office.patch(&id, &json!({ "attendees": [] })).await.expect(200)["attendees"], json!([]));
    assert_eq!(office.meeting(&id).await["title"], "New");
}

/// CM-2: duplicates are refused by user, by address in any case, and where the
/// directory's address of a user is an external's.
#[tokio::test]
async fn duplicate_attendees_are_refused() {
    let office = Office::open().await;
    office.put_user("ann", &json!({ "email": "Ann@Example.org", "name": "Ann" })).await.expect(201);
    let external = |email: &str| json!({ "email": email, "name": "Somebody" });
    let made = office.plan("c", &json!({ "attendees": [{ "user_id": "ann" }, external("b@example.org")] })).await;
    let id = id_of(&made, "meeting_id");
    for list in [
        json!([{ "user_id": "x" }, { "user_id": "x", "role": "optional" }]),
        json!([external("b@example.org"), external("B@Example.ORG")]),
        json!([{ "user_id": "ann" }, external("aNN@example.org")]),
        json!([external("ann@EXAMPLE.org"), { "user_id": "ann" }]),
    ] {
        let fields = json!({ "attendees": list });
        assert_eq!(violations(&office.try_plan("c", &fields).await), one("/attendees/1", "duplicate"), "{list}");
        assert_eq!(violations(&office.patch(&id, &fields).await), one("/attendees/1", "duplicate"), "{list}");
    }
    assert_eq!(office.meeting(&id).await["attendees"], made["attendees"]);
}

async fn preview(office: &Office, fields: &Value, count: usize) -> Vec<(String, String)> {
    let made = office.plan("c", fields).await;
    let path = format!("/meetings/{}/occurrences?count={count}", id_of(&made, "meeting_id"));
    let list = office.call("GET", &path, None).await.expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), count);
    assert_eq!(items[0]["start"], made["next_occurrence"]);
    for item in items {
        assert_eq!(instant(&item["end"]) - instant(&item["start"]), TimeDelta::hours(1));
    }
    items.iter().map(|item| (id_of(item, "original_date"), id_of(item, "start"))).collect()
}

fn dates(occurrences: &[(String, String)]) -> Vec<&str> {
    occurrences.iter().map(|(date, _)| date.as_str()).collect()
}

/// CM-5: a 31st falls on the last day of shorter months and returns to the
/// 31st; 09:00 stays 09:00 across DST.
#[tokio::test]
async fn month_ends_return_and_nine_stays_nine() {
    let office = Office::open().await;
    let monthly = preview(&office, &json!({ "frequency": "MONTHLY", "start": "2027-01-31T09:00" }), 14).await;
    assert_eq!(dates(&monthly), ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31", "2027-06-30",
        "2027-07-31", "2027-08-31", "2027-09-30", "2027-10-31", "2027-11-30", "2027-12-31", "2028-01-31", "2028-02-29"]);
    for (date, start) in &monthly {
        // Berlin's summer of 2027: 28 March to 31 October.
        let summer = ("2027-03-28".."2027-10-31").contains(&date.as_str());
        assert_eq!(*start, format!("{date}T0{}:00:00Z", if summer { 7 } else { 8 }));
    }
    let quarterly = preview(&office, &json!({ "start": "2026-11-30T09:00" }), 6).await;
    assert_eq!(dates(&quarterly), ["2026-11-30", "2027-02-28", "2027-05-30", "2027-08-30", "2027-11-30", "2028-02-29"]);
}

/// CM-5: from 29 February, the last of February in common years.
#[tokio::test]
async fn a_leap_day_recurs_on_the_last_of_february() {
    let office = Office::open().await;
    let annual = preview(&office, &json!({ "frequency": "ANNUAL", "start": "2028-02-29T09:00" }), 5).await;
    assert_eq!(dates(&annual), ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]);
}

/// CM-5: a recurring time in a gap moves forward, in an overlap the first counts.
#[tokio::test]
async fn a_gap_moves_an_occurrence_forward_and_an_overlap_takes_the_first() {
    let office = Office::open().await;
    let spring = preview(&office, &json!({ "frequency": "WEEKLY", "start": "2027-03-21T02:30" }), 3).await;
    let starts: Vec<_> = spring.iter().map(|(_, start)| start.as_str()).collect();
    assert_eq!(starts, ["2027-03-21T01:30:00Z", "2027-03-28T01:30:00Z", "2027-04-04T00:30:00Z"]);
    let autumn = preview(&office, &json!({ "frequency": "WEEKLY", "start": "2027-10-24T02:30" }), 3).await;
    let starts: Vec<_> = autumn.iter().map(|(_, start)| start.as_str()).collect();
    assert_eq!(starts, ["2027-10-24T00:30:00Z", "2027-10-31T00:30:00Z", "2027-11-07T01:30:00Z"]);
}

/// CM-1, CM-12: a start in a DST gap is refused; an instant means its local time.
#[tokio::test]
async fn a_start_is_a_local_time_that_exists_or_an_instant() {
    let office = Office::open().await;
    let gap = office.try_plan("c", &json!({ "start": "2027-03-28T02:30" })).await;
    assert_eq!(violations(&gap), one("/start", "invalid_start"));
    for start in ["2027-07-15T09:00", "2027-07-15T09:00:00", "2027-07-15T07:00:00Z", "2027-07-15T03:00:00-04:00"] {
        let made = office.plan("c", &json!({ "start": start })).await;
        assert_eq!(made["start"], "2027-07-15T07:00:00Z", "{start}");
        // Half a year on the wall clock, not on the instant.
        let path = format!("/meetings/{}/occurrences?count=3", id_of(&made, "meeting_id"));
        let list = office.call("GET", &path, None).await.expect(200);
        assert_eq!(list["items"][2]["start"], "2028-01-15T08:00:00Z", "{start}");
    }
    for start in ["tomorrow", "2027-07-15", "2027-02-30T09:00", "9999-01-01T00:00"] {
        let answer = office.try_plan("c", &json!({ "start": start })).await;
        assert_eq!(violations(&answer)[0].0, "/start", "{start}");
    }
    let made = office.plan("c", &json!({})).await;
    let gap = office.patch(&id_of(&made, "meeting_id"), &json!({ "start": "2027-03-28T02:30" })).await;
    assert_eq!(violations(&gap), one("/start", "invalid_start"));
}

/// CM-6: by next occurrence, filtered by control, provider and due date, to the end.
#[tokio::test]
async fn a_list_is_filtered_and_paged_to_its_end() {
    let office = Office::open().await;
    let mut all = vec![];
    for n in 0..12 {
        let fields = json!({ "start": format!("2027-{:02}-15T09:00", 12 - n), "title": format!("M{n}"),
            "provider": (["mock", "ics", "graph"][n % 3]), "frequency": "MONTHLY" });
        all.push(office.plan(["c-1", "c-2"][n / 6], &fields).await);
    }
    let cancelled = id_of(&all[0], "meeting_id");
    office.cancel(&cancelled).await.expect(200);
    let base = format!("/api/v1/orgs/{}/meetings?", office.org);
    for limit in [1, 5, 100] {
        for (query, expected) in [
            ("control_id=c-1", (0..6).collect::<Vec<usize>>()),
            ("control_id=c-2", (6..12).collect()),
            ("provider=ics", vec![1, 4, 7, 10]),
            ("control_id=c-2&provider=graph", vec![8, 11]),
            ("due_before=2027-07-01", vec![6, 7, 8, 9, 10, 11]),
            ("due_before=2027-12-31", (1..12).collect()),
            ("due_before=2027-06-15T07:00:00Z", (7..12).collect()),
            ("due_before=2027-06-15T07:00:01Z", (6..12).collect()),
            ("control_id=c-1&provider=ics&due_before=2027-09-01", vec![4]),
            ("control_id=unknown", vec![]),
        ] {
            let found = office.list_all(&format!("{base}{query}"), limit).await;
            let mut titles: Vec<_> = found.iter().map(|item| id_of(item, "title")).collect();
            titles.sort();
            let mut expected: Vec<_> = expected.iter().map(|n| format!("M{n}")).collect();
            expected.sort();
            assert_eq!(titles, expected, "{query} by {limit}");
        }
    }
    let found = office.list_all(&format!("{base}control_id="), 7).await;
    assert_eq!(found.len(), 12);
    let upcoming: Vec<_> = found.iter().filter(|item| !item["next_occurrence"].is_null()).collect();
    assert!(upcoming.is_sorted_by_key(|item| instant(&item["next_occurrence"])));
    for name in ["control_id", "frequency", "provider", "next_occurrence", "attendees"] {
        assert!(!upcoming[0][name].is_null(), "{name}");
    }
}

/// CM-7, CM-8: mock mints an id once and says that nobody was contacted.
#[tokio::test]
async fn scheduling_a_mock_meeting_again_keeps_its_id() {
    let office = Office::open().await;
    for provider in [Value::Null, json!("mock"), json!("zoom"), json!("Graph")] {
        let made = office.plan("c", &json!({ "provider": provider })).await;
        assert_eq!(made["provider"], "mock", "{provider}: an unknown provider falls back to mock");
        let id = id_of(&made, "meeting_id");
        let first = office.schedule(&id).await.expect(200);
        let event_id = id_of(&first, "external_event_id");
        let uuid = event_id.strip_prefix("mock-").expect("mock-<uuid>");
        assert_eq!(uuid.len(), 36, "{uuid}");
        assert!(id_of(&first, "note").contains("No external calendar was contacted"));
        assert_eq!(first["provider"], "mock");
        assert_eq!(first["last_occurrence"], "2027-01-15T08:00:00Z", "the occurrence just materialised");
        assert_eq!(first["next_occurrence"], "2027-01-15T08:00:00Z", "the next one stays");
        assert_eq!(office.schedule(&id).await.expect(200)["external_event_id"], first["external_event_id"]);
        let read = office.meeting(&id).await;
        assert_eq!((&read["status"], &read["external_event_id"]), (&json!("scheduled"), &first["external_event_id"]));
        assert_eq!(read["last_occurrence"], first["last_occurrence"]);
    }
    assert_eq!(office.graph.received().len(), 0);
}

/// CM-7, CM-8: of an ics meeting the event's id is the file's UID.
#[tokio::test]
async fn an_ics_meetings_event_id_is_its_files_uid() {
    let office = Office::open().await;
    let made = office.plan("c", &json!({ "provider": "ics" })).await;
    let id = id_of(&made, "meeting_id");
    let scheduled = office.schedule(&id).await.expect(200);
    let path = format!("/api/v1/orgs/{}/meetings/{id}/ics", office.org);
    let file = String::from_utf8(office.process.ics(office.event("GET", &path, None)).await.body).unwrap();
    assert_eq!(scheduled["external_event_id"], format!("{id}@convoke.example"));
    assert!(file.replace("\r\n ", "").contains(&format!("\r\nUID:{id}@convoke.example\r\n")), "{file}");
    assert_eq!(office.schedule(&id).await.expect(200)["external_event_id"], scheduled["external_event_id"]);
}

/// A deployment with these `MS_GRAPH_*` variables.
fn deployment(variables: &[(&str, &str)]) -> convoke_platform::http::Edge<meeting_api::App> {
    let stack = deployed::resources();
    let sdk = sdk_config(&stack.aws_endpoint);
    let all = [("CONVOKE_DOMAIN", "convoke.example"), ("GRAPH_BASE_URL", "http://127.0.0.1:9"),
        ("LOGIN_BASE_URL", "http://127.0.0.1:9")];
    let all = all.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = Environment::of(all);
    let ports = TestClock::at(it::office::OPENING).ports();
    let client = |sdk| aws_sdk_secretsmanager::Client::new(sdk);
    let secrets = Secrets::new(client(&sdk), &stack.outputs.root_secret_arn);
    let store = convoke_platform::store::Store::new(aws_sdk_dynamodb::Client::new(&sdk), &stack.outputs.table_name);
    let app = meeting_api::App {
        core: Core::new(store, ports.clone()),
        providers: providers::of_environment(&environment, &secrets, &ports).unwrap(),
        secrets,
        public_url: "https://api.example.com".to_owned(),
    };
    meeting_api::edge(app, &environment, ports).unwrap()
}

async fn ask(edge: &convoke_platform::http::Edge<meeting_api::App>, org: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
    let event = Event::new(method, &format!("/api/v1/orgs/{org}{path}")).internal(org, "u-admin", ALL_SCOPES);
    let event = body.into_iter().fold(event, Event::json);
    answer_of(edge.handle(event.into_request()).await)
}

/// CM-11, CM-7: each missing key is named, with the permission; nothing else breaks.
#[cfg(feature = "enterprise")]
#[tokio::test]
async fn an_unconfigured_graph_names_what_is_missing_and_breaks_nothing_else() {
    const SETTINGS: [(&str, &str); 4] = [("MS_GRAPH_TENANT_ID", "t"), ("MS_GRAPH_CLIENT_ID", "c"),
        ("MS_GRAPH_CLIENT_SECRET_ARN", "arn:aws:secretsmanager:us-east-1:000000000000:secret:none"),
        ("MS_GRAPH_ORGANIZER_EMAIL", "o@example.org")];
    const KEYS: [&str; 4] =
        ["MS_GRAPH_TENANT_ID", "MS_GRAPH_CLIENT_ID", "MS_GRAPH_CLIENT_SECRET", "MS_GRAPH_ORGANIZER_EMAIL"];
    let org = new_org();
    let org_id = [("MS_GRAPH_ORG_ID", org.as_str())];
    let mut cases: Vec<(Vec<(&str, &str)>, Vec<&str>)> = vec![
        (vec![], KEYS.to_vec()),
        (org_id.to_vec(), KEYS.to_vec()),
        // A whole profile, of another organisation.
        ([("MS_GRAPH_ORG_ID", "somebody-else")].into_iter().chain(SETTINGS).collect(), KEYS.to_vec()),
    ];
    for left_out in 0..4 {
        let kept = SETTINGS.into_iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, setting)| setting);
        cases.push((org_id.into_iter().chain(kept).collect(), vec![KEYS[left_out]]));
    }
    for (variables, missing) in cases {
        let edge = deployment(&variables);
        let body = meeting_body(&json!({ "provider": "graph" }));
        let made = ask(&edge, &org, "POST", "/controls/c/meetings", Some(&body)).await.expect(201);
        let path = format!("/meetings/{}", id_of(&made, "meeting_id"));
        let refused = ask(&edge, &org, "POST", &format!("{path}/schedule"), None).await;
        assert_eq!(refused.problem(503), "provider_not_configured");
        assert_eq!(refused.json()["missing_keys"], json!(missing));
        assert_eq!(refused.json()["required_permissions"], json!(["Calendars.ReadWrite"]));
        let matrix = ask(&edge, &org, "GET", "/meeting-providers", None).await.expect(200);
        let rows: Vec<_> = matrix.as_array().unwrap().iter().map(|row| (&row["provider"], &row["configured"])).collect();
        assert_eq!(rows, [(&json!("mock"), &json!(true)), (&json!("ics"), &json!(true)), (&json!("graph"), &json!(false))]);
        assert_eq!(matrix[2]["missing_keys"], json!(missing));
        assert_eq!(ask(&edge, &org, "GET", &path, None).await.expect(200)["status"], "planned");
        let moved = json!({ "provider": "mock" });
        assert_eq!(ask(&edge, &org, "PATCH", &path, Some(&moved)).await.expect(200)["provider"], "mock");
        ask(&edge, &org, "POST", &format!("{path}/schedule"), None).await.expect(200);
        assert_eq!(ask(&edge, &org, "POST", &format!("{path}/cancel"), None).await.expect(200)["status"], "cancelled");
    }
}

/// CM-7: with all four the matrix says configured.
#[cfg(feature = "enterprise")]
#[tokio::test]
async fn the_provider_matrix_says_what_is_configured() {
    let office = Office::open().await;
    let matrix = office.call("GET", "/meeting-providers", None).await.expect(200);
    for row in matrix.as_array().unwrap() {
        assert_eq!(row["configured"], true, "{row}");
        assert!(row.get("missing_keys").is_none(), "{row}");
        assert!(!id_of(row, "behaviour").is_empty());
    }
}

/// CM-12, XC-5: `null` clears, absent stays, unknown fields are named, a stale
/// `If-Match` is refused.
#[tokio::test]
async fn a_change_touches_only_what_it_names() {
    let office = Office::open().await;
    let made = office
        .plan("c", &json!({ "description": "Agenda", "location": "Room 1", "join_url": "https://example.org/j" }))
        .await;
    let id = id_of(&made, "meeting_id");
    let changed = office.patch(&id, &json!({ "location": null })).await.expect(200);
    assert_eq!(changed["location"], Value::Null);
    assert_eq!((&changed["description"], &changed["join_url"]), (&made["description"], &made["join_url"]));
    assert_eq!(changed["version"], 2);
    let changed = office.patch(&id, &json!({ "description": null, "join_url": null })).await.expect(200);
    assert_eq!((&changed["description"], &changed["join_url"]), (&Value::Null, &Value::Null));
    assert_eq!(violations(&office.patch(&id, &json!({ "colour": "red" })).await), one("/colour", "unknown_field"));
    let unchanged = office.patch(&id, &json!({})).await.expect(200);
    assert_eq!(unchanged["version"], 3, "a change of nothing is none");

    let path = format!("/api/v1/orgs/{}/meetings/{id}", office.org);
    let stale = |etag: &str| {
        let event = office.event("PATCH", &path, Some(&json!({ "title": "Mine" }))).header("if-match", etag);
        office.process.api(event)
    };
    assert_eq!(stale("\"1\"").await.problem(412), "version_mismatch");
    assert_eq!(office.meeting(&id).await["title"], "PCI Scope Review");
    assert_eq!(stale("\"3\"").await.expect(200)["title"], "Mine");
}

/// CM-12: moving the start anchors the series anew; a new zone keeps the wall clock.
#[tokio::test]
async fn a_new_start_anchors_anew_and_a_new_zone_keeps_the_wall_clock() {
    let office = Office::open().await;
    let made = office.plan("c", &json!({ "frequency": "MONTHLY" })).await;
    let id = id_of(&made, "meeting_id");
    let moved = office.patch(&id, &json!({ "start": "2027-01-31T10:00" })).await.expect(200);
    assert_eq!(moved["next_occurrence"], "2027-01-31T09:00:00Z");
    let zoned = office.patch(&id, &json!({ "timezone": "Asia/Tokyo" })).await.expect(200);
    assert_eq!(zoned["next_occurrence"], "2027-01-31T01:00:00Z");
    let list = office.call("GET", &format!("/meetings/{id}/occurrences?count=3"), None).await.expect(200);
    assert_eq!(list["items"][1]["original_date"], "2027-02-28");
    assert_eq!(list["items"][2]["original_date"], "2027-03-31");
}

/// CM-12: cancelled is final; deleted is gone.
#[tokio::test]
async fn a_cancelled_meeting_stays_cancelled_and_a_deleted_one_is_gone() {
    let office = Office::open().await;
    let id = id_of(&office.plan("c", &json!({})).await, "meeting_id");
    office.schedule(&id).await.expect(200);
    let cancelled = office.cancel(&id).await.expect(200);
    assert_eq!((&cancelled["status"], &cancelled["next_occurrence"]), (&json!("cancelled"), &Value::Null));
    assert!(cancelled.get("warning").is_none());
    assert_eq!(office.cancel(&id).await.problem(409), "already_cancelled");
    assert_eq!(office.schedule(&id).await.problem(409), "meeting_cancelled");
    assert_eq!(office.patch(&id, &json!({ "title": "x" })).await.problem(409), "meeting_cancelled");
    let preview = office.call("GET", &format!("/meetings/{id}/occurrences"), None).await.expect(200);
    assert_eq!(preview["items"], json!([]));
    office.delete(&id).await.expect(200);
    assert_eq!(office.call("GET", &format!("/meetings/{id}"), None).await.problem(404), "not_found");
    assert_eq!(office.delete(&id).await.problem(404), "not_found");
    let events = office.work().await;
    let types: Vec<_> = events.iter().map(|event| id_of(event, "detail_type")).collect();
    assert_eq!(types.iter().filter(|kind| *kind == "meeting.scheduled").count(), 1);
    assert_eq!(types.iter().filter(|kind| *kind == "meeting.cancelled").count(), 1);
}

async fn is_due(office: &Office) -> bool {
    let rows = office.process.store.sweeper().due(DueKind::Occurrence, office.process.ports.now(), 5_000).await.unwrap();
    rows.iter().any(|row| row.tenant.id().as_str() == office.org)
}

/// CM-4: an unlinked meeting advances once its occurrence has passed, not before;
/// a linked one never by the clock.
#[tokio::test]
async fn only_an_unlinked_meeting_advances_with_the_clock() {
    let office = Office::open().await;
    let id = id_of(&office.plan("free", &json!({ "frequency": "MONTHLY" })).await, "meeting_id");
    let job = json!({ "job": "advance_passed", "meeting_id": id });
    office.clock.set("2027-01-15T08:59:59Z");
    assert!(!is_due(&office).await, "its occurrence still goes on");
    assert!(office.process.deliver(&office.org, &job, false).await);
    assert_eq!(office.meeting(&id).await["next_occurrence"], "2027-01-15T08:00:00Z");

    office.clock.set("2027-01-15T09:00:00Z");
    assert!(is_due(&office).await, "the sweeper would wake it");
    for _ in 0..2 {
        assert!(office.process.deliver(&office.org, &job, false).await);
        let read = office.meeting(&id).await;
        assert_eq!((&read["last_occurrence"], &read["next_occurrence"]),
            (&json!("2027-01-15T08:00:00Z"), &json!("2027-02-15T08:00:00Z")));
        assert!(!is_due(&office).await);
    }
    let advanced = office.work().await;
    assert_eq!(advanced.len(), 1, "one event for one step: {advanced:?}");
    assert_eq!(advanced[0]["detail_type"], "meeting.occurrence_advanced");

    let other = Office::open().await;
    other.put_schedule("c", "MONTHLY", "2027-01-15").await.expect(201);
    let id = id_of(&other.plan("c", &json!({ "frequency": "MONTHLY" })).await, "meeting_id");
    other.clock.set("2027-06-01T00:00:00Z");
    assert!(!is_due(&other).await);
    let job = json!({ "job": "advance_passed", "meeting_id": id });
    assert!(other.process.deliver(&other.org, &job, false).await);
    assert_eq!(other.meeting(&id).await["next_occurrence"], "2027-01-15T08:00:00Z");
}

/// CM-1, CM-6 to CM-8, CM-11, CM-12 on the deployed functions, through the gateway.
#[tokio::test]
async fn a_meetings_life_on_the_deployed_stack() {
    let api = Api::admin(&new_org());
    let made = api.post(&api.org_path("/controls/c/meetings"), &meeting_body(&json!({ "provider": "ics" }))).await;
    let made = made.expect(201);
    let path = api.org_path(&format!("/meetings/{}", id_of(&made, "meeting_id")));
    let list = api.get(&api.org_path("/meetings?control_id=c")).await.expect(200);
    assert_eq!(list["items"][0]["meeting_id"], made["meeting_id"]);
    let schedule = format!("{path}/schedule");
    let scheduled = api.call(Method::POST, &schedule, &[], None).await.expect(200);
    assert!(id_of(&scheduled, "external_event_id").starts_with(&id_of(&made, "meeting_id")));
    assert_eq!(api.patch(&path, &json!({ "provider": "graph" })).await.expect(200)["status"], "planned");
    let refused = api.call(Method::POST, &schedule, &[], None).await;
    assert_eq!(refused.problem(503), "provider_not_configured");
    assert_eq!(refused.json()["missing_keys"].as_array().map(Vec::len), Some(4));
    let stale = api.call(Method::DELETE, &path, &[("if-match", "\"1\"")], None).await;
    assert_eq!(stale.problem(412), "version_mismatch");
    assert_eq!(api.call(Method::POST, &format!("{path}/cancel"), &[], None).await.expect(200)["status"], "cancelled");
    api.delete(&path).await.expect(200);
    assert_eq!(api.get(&path).await.problem(404), "not_found");
}
