//! Calendar views, instances and lists of events.

use graph_simulator::demo;
use reqwest::Method;
use serde_json::{Value, json};

use crate::peer::{Answer, Peer, event, events, invited, plain, with};

fn view(from: &str, to: &str) -> String {
    format!(
        "/users/{}/calendarView?startDateTime={from}&endDateTime={to}",
        demo::ORGANIZER_UPN
    )
}

fn series(pattern: &Value) -> Value {
    with(
        json!({"recurrence": {"pattern": pattern, "range": {"type": "noEnd", "startDate": "2026-11-02"}}}),
    )
}

fn starts(answer: &Answer) -> Vec<&str> {
    let start = |e: &'_ Value| e["start"]["dateTime"].as_str().map(str::len);
    assert!(answer.values().iter().all(|e| start(e) == Some(27)));
    answer
        .values()
        .iter()
        .map(|e| &e["start"]["dateTime"].as_str().unwrap()[..16])
        .collect()
}

#[tokio::test]
async fn a_series_is_expanded_on_the_wall_clock() {
    let peer = Peer::start().await;
    let master = peer
        .create(&series(
            &json!({"type": "absoluteMonthly", "interval": 3, "dayOfMonth": 2}),
        ))
        .await;
    let answer = peer
        .get(&view("2026-10-01T00:00:00Z", "2027-06-01T00:00:00Z"))
        .await;
    // 09:00 in Berlin is 08:00 UTC in winter and 07:00 in summer.
    assert_eq!(
        starts(&answer),
        ["2026-11-02T08:00", "2027-02-02T08:00", "2027-05-02T07:00"]
    );
    let occurrence = &answer.values()[1];
    assert_eq!(occurrence["type"], "occurrence");
    assert_eq!(occurrence["seriesMasterId"], master.body["id"]);
    assert_ne!(occurrence["iCalUId"], master.body["iCalUId"]);
    assert_eq!(occurrence["recurrence"], Value::Null);
    let alone = peer.get(&event(occurrence["id"].as_str().unwrap())).await;
    assert_eq!(alone.body["start"], occurrence["start"]);
}

#[tokio::test]
async fn a_31st_falls_on_the_last_day_of_shorter_months() {
    let peer = Peer::start().await;
    let body = json!({
        "subject": "Month end",
        "start": {"dateTime": "2027-01-31T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2027-01-31T10:00:00", "timeZone": "UTC"},
        "recurrence": {"pattern": {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31},
                       "range": {"type": "noEnd", "startDate": "2027-01-31"}},
    });
    assert_eq!(peer.create(&body).await.status, 201);
    let answer = peer
        .get(&view("2027-01-01T00:00:00", "2027-04-30T00:00:00"))
        .await;
    assert_eq!(
        starts(&answer),
        ["2027-01-31T09:00", "2027-02-28T09:00", "2027-03-31T09:00"]
    );
}

#[tokio::test]
async fn a_view_needs_a_window_and_bounds_it() {
    let peer = Peer::start().await;
    let base = format!("/users/{}/calendarView", demo::ORGANIZER_UPN);
    assert_eq!(
        peer.get(&base).await.refusal(),
        (400, "ErrorInvalidParameter")
    );
    let half = format!("{base}?startDateTime=2026-11-02T00:00:00Z");
    assert_eq!(
        peer.get(&half).await.refusal(),
        (400, "ErrorInvalidParameter")
    );
    for (from, to, code) in [
        ("soon", "2026-11-02T00:00:00Z", "ErrorInvalidParameter"),
        (
            "2026-11-03T00:00:00Z",
            "2026-11-02T00:00:00Z",
            "ErrorInvalidParameter",
        ),
        (
            "2020-01-01T00:00:00Z",
            "2030-01-01T00:00:00Z",
            "ErrorCalendarViewRangeTooBig",
        ),
    ] {
        assert_eq!(peer.get(&view(from, to)).await.refusal(), (400, code));
    }
}

#[tokio::test]
async fn a_view_pages_by_next_link_and_keeps_its_query() {
    let peer = Peer::start().await;
    peer.create(&series(&json!({"type": "daily", "interval": 1})))
        .await;
    let path = format!(
        "{}&$select=subject,start&$top=4",
        view("2026-11-02T00:00:00Z", "2026-11-12T00:00:00Z")
    );
    let mut page = peer.get(&path).await;
    let mut days = Vec::new();
    let mut sizes = Vec::new();
    loop {
        sizes.push(page.values().len());
        for item in page.values() {
            assert!(item.get("body").is_none(), "$select is kept");
            days.push(item["start"]["dateTime"].as_str().unwrap().to_owned());
        }
        let Some(next) = page.body["@odata.nextLink"].as_str() else {
            break;
        };
        assert!(next.starts_with(peer.sim.base_url()));
        page = peer.follow(next).await;
    }
    assert_eq!(sizes, [4, 4, 2]);
    let unique: std::collections::BTreeSet<_> = days.iter().collect();
    assert_eq!(unique.len(), 10);
    assert!(days.is_sorted());
}

#[tokio::test]
async fn a_page_has_ten_items_unless_asked_otherwise() {
    let peer = Peer::start().await;
    peer.create(&series(&json!({"type": "daily", "interval": 1})))
        .await;
    let window = view("2026-11-02T00:00:00Z", "2026-12-02T00:00:00Z");
    assert_eq!(peer.get(&window).await.values().len(), 10);
    let request = peer
        .request(Method::GET, &window)
        .header("prefer", "odata.maxpagesize=25");
    assert_eq!(Answer::of(request).await.values().len(), 25);
    for wrong in [
        "$top=0",
        "$top=-1",
        "$top=5000",
        "$top=x",
        "$skip=-1",
        "$search=x",
    ] {
        assert_eq!(
            peer.get(&format!("{window}&{wrong}")).await.status,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_list_of_events_has_masters_and_no_occurrences() {
    let peer = Peer::start().await;
    peer.create(&series(&json!({"type": "daily", "interval": 1})))
        .await;
    peer.create(&plain()).await;
    let all = peer.get(&format!("{}?$count=true", events())).await;
    let kinds: Vec<&Value> = all.values().iter().map(|e| &e["type"]).collect();
    assert_eq!(kinds, ["singleInstance", "seriesMaster"], "newest first");
    assert_eq!(all.body["@odata.count"], 2);
    let second = peer.get(&format!("{}?$top=1&$skip=1", events())).await;
    assert_eq!(second.values()[0]["type"], "seriesMaster");
}

#[tokio::test]
async fn events_are_filtered_and_ordered() {
    let peer = Peer::start().await;
    let first = peer.create(&with(json!({"subject": "B"}))).await;
    peer.create(&with(json!({"subject": "A"}))).await;
    let uid = first.body["iCalUId"].as_str().unwrap();
    let ask = |query: Vec<(&'static str, String)>| {
        let request = peer.request(Method::GET, &events()).query(&query);
        async move { Answer::of(request).await }
    };
    let found = ask(vec![("$filter", format!("iCalUId eq '{uid}'"))]).await;
    assert_eq!(found.values().len(), 1);
    assert_eq!(found.values()[0]["subject"], "B");
    let ordered = ask(vec![("$orderby", "subject".into())]).await;
    assert_eq!(ordered.values()[0]["subject"], "A");
    let ordered = ask(vec![("$orderby", "subject desc".into())]).await;
    assert_eq!(ordered.values()[0]["subject"], "B");
    for (name, wrong) in [
        ("$filter", "title eq 'x'"),
        ("$filter", "subject eq"),
        ("$orderby", "attendees"),
        ("$orderby", "subject sideways"),
    ] {
        assert_eq!(ask(vec![(name, wrong.into())]).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn instances_are_those_of_one_series() {
    let peer = Peer::start().await;
    peer.create(&plain()).await;
    let id = peer
        .create(&series(
            &json!({"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}),
        ))
        .await
        .id();
    let window = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-11-20T00:00:00Z";
    let answer = peer
        .get(&format!("{}/instances?{window}", event(&id)))
        .await;
    assert_eq!(
        starts(&answer),
        ["2026-11-02T08:00", "2026-11-09T08:00", "2026-11-16T08:00"]
    );
}

#[tokio::test]
async fn what_one_is_invited_to_is_on_ones_calendar() {
    let peer = Peer::start().await;
    peer.create(&with(json!({"attendees": [invited(demo::ANN_UPN)]})))
        .await;
    let path = view("2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z")
        .replace(demo::ORGANIZER_UPN, demo::ANN_UPN);
    let answer = peer.get(&path).await;
    assert_eq!(answer.values().len(), 1);
    assert_eq!(answer.values()[0]["showAs"], "tentative");
    let path = path.replace(demo::ANN_UPN, demo::BOB_UPN);
    assert_eq!(peer.get(&path).await.values().len(), 0);
}
