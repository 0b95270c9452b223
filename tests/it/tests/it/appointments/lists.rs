//! Lists of requests and of schedule entries (XC-6, AP-9, OM-6).

use it::gateway::Event;
use it::practice::{CLIENT, CONTACT, OTHER_TECHNICIAN, Practice, TECHNICIAN};
use serde_json::{Value, json};

const REQUESTS: &str = "/api/v1/appointment-requests";
const ENTRIES: &str = "/api/v1/schedule-entries";

/// Walks a list to its end; whoever asks, `event` makes their request of a path.
async fn walk(
    practice: &Practice,
    path: &str,
    limit: usize,
    event: impl Fn(&str) -> Event,
) -> Vec<Value> {
    let joint = if path.contains('?') { '&' } else { '?' };
    let (mut items, mut cursor) = (vec![], String::new());
    for _ in 0..50 {
        let page = practice
            .process
            .approval(event(&format!("{path}{joint}limit={limit}{cursor}")))
            .await
            .expect(200);
        let found = page["items"].as_array().unwrap();
        assert!(found.len() <= limit);
        items.extend(found.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
    panic!("{path} does not end")
}

fn ids(items: &[Value], name: &str) -> Vec<String> {
    items
        .iter()
        .map(|item| item[name].as_str().unwrap().to_owned())
        .collect()
}

/// Nine requests, not in the order of their times: of two clients, three
/// approved for one technician, two for the other, one declined, one cancelled.
async fn filled(practice: &Practice) -> Vec<String> {
    let other = json!({ "client_id": "client-2", "email": "bea@two.example", "name": "Bea" });
    practice.put("/api/v1/contacts/contact-2", &other).await;
    let mut made = vec![];
    for (day, contact, technician, end) in [
        (9, CONTACT, Some(TECHNICIAN), ""),
        (3, "contact-2", Some(TECHNICIAN), ""),
        (7, CONTACT, Some(OTHER_TECHNICIAN), ""),
        (1, "contact-2", None, ""),
        (8, CONTACT, None, "decline"),
        (2, CONTACT, Some(TECHNICIAN), ""),
        (6, "contact-2", Some(OTHER_TECHNICIAN), ""),
        (4, CONTACT, None, "cancel"),
        (5, CONTACT, None, ""),
    ] {
        let body = json!({ "service_name": format!("Review {day}"), "requested_date": format!("2027-05-{day:02}"),
            "requested_time": "09:00", "requested_duration": 60, "timezone": "UTC", "contact_id": contact });
        let request = practice.ask(&body).await.expect(201);
        let id = request["appointment_request_id"]
            .as_str()
            .unwrap()
            .to_owned();
        if let Some(technician) = technician {
            practice
                .tell(&id, "approve", &json!({ "assigned_user_id": technician }))
                .await
                .expect(200);
        }
        if !end.is_empty() {
            practice
                .tell(&id, end, &json!({ "reason": "no" }))
                .await
                .expect(200);
        }
        made.push((day, id));
    }
    made.sort();
    made.into_iter().map(|(_, id)| id).collect()
}

/// XC-6, AP-9: requests come by start, whatever the page size; filters hold
/// exactly what matches; each item is what a single read says but for its meeting.
#[tokio::test]
async fn requests_are_listed_by_start_and_filtered() {
    let practice = Practice::without_teams().await;
    let all = filled(&practice).await;
    let pick = |days: &[usize]| {
        days.iter()
            .map(|day| all[day - 1].clone())
            .collect::<Vec<_>>()
    };
    let staff = |path: &str| practice.staff("GET", path, None);
    for (query, days) in [
        ("", vec![1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("?status=pending", vec![1, 5]),
        ("?status=approved", vec![2, 3, 6, 7, 9]),
        ("?status=declined", vec![8]),
        ("?status=cancelled", vec![4]),
        ("?assigned_user_id=tech-1", vec![2, 3, 9]),
        ("?assigned_user_id=tech-2&status=approved", vec![6, 7]),
        ("?assigned_user_id=tech-2&status=declined", vec![]),
        ("?assigned_user_id=nobody", vec![]),
    ] {
        for limit in [1, 2, 4, 100] {
            let items = walk(&practice, &format!("{REQUESTS}{query}"), limit, staff).await;
            assert_eq!(
                ids(&items, "appointment_request_id"),
                pick(&days),
                "{query} by {limit}"
            );
        }
    }
    for item in walk(&practice, REQUESTS, 100, staff).await {
        assert_eq!(
            item,
            practice
                .read(item["appointment_request_id"].as_str().unwrap())
                .await
        );
    }
    // A cursor belongs to its filter.
    let page = practice.call("GET", "?limit=1", None).await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    for filter in ["status=pending", "assigned_user_id=tech-1"] {
        let path = format!("?{filter}&cursor={cursor}");
        let answer = practice.call("GET", &path, None).await;
        assert_eq!(answer.problem(400), "invalid_cursor", "{filter}");
    }
    for query in [
        "?status=open",
        "?status=Pending",
        "?assigned_user_id=a%20b",
        "?limit=0",
        "?cursor=x",
        "?status=pending&status=approved",
    ] {
        let answer = practice.call("GET", query, None).await;
        assert_eq!(answer.status, 400, "{query}");
    }
}

/// XC-2, XC-6: portal users see their client's only, and no staff cursor, nor one
/// of another client, opens for them; nor theirs for staff.
#[tokio::test]
async fn portal_users_walk_their_clients_list_with_their_own_cursors() {
    let practice = Practice::without_teams().await;
    let all = filled(&practice).await;
    let ours = |path: &str| practice.visitor((CLIENT, "a-colleague"), "GET", path, None);
    let theirs = |path: &str| practice.visitor(("client-2", "contact-2"), "GET", path, None);
    let nobodys = |path: &str| practice.visitor(("client-3", CONTACT), "GET", path, None);
    let staff = |path: &str| practice.staff("GET", path, None);
    for limit in [1, 2, 100] {
        let seen = ids(
            &walk(&practice, REQUESTS, limit, ours).await,
            "appointment_request_id",
        );
        assert_eq!(
            seen,
            [2, 4, 5, 7, 8, 9].map(|day: usize| all[day - 1].clone()),
            "by {limit}"
        );
        let seen = ids(
            &walk(&practice, REQUESTS, limit, theirs).await,
            "appointment_request_id",
        );
        assert_eq!(seen, [1, 3, 6].map(|day: usize| all[day - 1].clone()));
    }
    let approved = walk(&practice, &format!("{REQUESTS}?status=approved"), 2, ours).await;
    assert_eq!(approved.len(), 3);
    assert_eq!(
        walk(&practice, REQUESTS, 2, nobodys).await,
        Vec::<Value>::new()
    );
    let first = format!("{REQUESTS}?limit=2");
    let askers: [&dyn Fn(&str) -> Event; 3] = [&staff, &ours, &theirs];
    for (at, asker) in askers.iter().enumerate() {
        let page = practice.process.approval(asker(&first)).await.expect(200);
        let next = format!("{first}&cursor={}", page["next_cursor"].as_str().unwrap());
        for (other, stranger) in askers.iter().enumerate() {
            let answer = practice.process.approval(stranger(&next)).await;
            if at == other {
                assert_eq!(answer.status, 200);
            } else {
                assert_eq!(answer.problem(400), "invalid_cursor", "{at} {other}");
            }
        }
        // Nor does it open the other list.
        let elsewhere = next.replace(REQUESTS, ENTRIES);
        assert_eq!(
            practice
                .process
                .approval(staff(&elsewhere))
                .await
                .problem(400),
            "invalid_cursor"
        );
    }
}

/// OM-6, XC-6: entries come by start; from is included, to is not, and whose they are narrows them.
#[tokio::test]
async fn entries_are_listed_by_time_and_assignee() {
    let practice = Practice::without_teams().await;
    let all = filled(&practice).await;
    let pick = |days: &[usize]| {
        days.iter()
            .map(|day| all[day - 1].clone())
            .collect::<Vec<_>>()
    };
    let staff = |path: &str| practice.staff("GET", path, None);
    for (query, days) in [
        ("", vec![2, 3, 6, 7, 9]),
        ("?from=2027-05-03", vec![3, 6, 7, 9]),
        ("?from=2027-05-03T09:00:00Z", vec![3, 6, 7, 9]),
        ("?from=2027-05-03T09:00:01Z", vec![6, 7, 9]),
        ("?to=2027-05-06T09:00:00Z", vec![2, 3]),
        ("?to=2027-05-06T09:00:01Z", vec![2, 3, 6]),
        ("?to=2027-05-06T11:00:01%2B02:00", vec![2, 3, 6]),
        ("?from=2027-05-03&to=2027-05-07", vec![3, 6]),
        ("?from=2027-05-03&to=2027-05-03", vec![]),
        ("?from=2027-05-07&to=2027-05-03", vec![]),
        ("?assigned_user_id=tech-1", vec![2, 3, 9]),
        ("?from=2027-05-03&assigned_user_id=tech-2", vec![6, 7]),
        ("?assigned_user_id=tech", vec![]),
    ] {
        for limit in [1, 2, 100] {
            let items = walk(&practice, &format!("{ENTRIES}{query}"), limit, staff).await;
            assert_eq!(
                ids(&items, "schedule_entry_id"),
                pick(&days),
                "{query} by {limit}"
            );
        }
    }
    for item in walk(&practice, ENTRIES, 100, staff).await {
        let id = item["schedule_entry_id"].as_str().unwrap();
        assert_eq!(
            practice
                .entries("GET", &format!("/{id}"), None)
                .await
                .expect(200),
            item
        );
        let expected = json!(["appointment_request", id, id, false]);
        let names = [
            "work_item_type",
            "work_item_id",
            "appointment_request_id",
            "deletes_teams_meeting",
        ];
        assert_eq!(json!(names.map(|name| item[name].clone())), expected);
    }
    for query in [
        "?from=soon",
        "?to=2027-13-01",
        "?from=%2B12345-01-01",
        "?from=-0001-01-01&to=%2B12345-01-01",
        "?assigned_user_id=%22",
    ] {
        assert_eq!(
            practice.entries("GET", query, None).await.problem(400),
            "invalid_query",
            "{query}"
        );
    }
}
