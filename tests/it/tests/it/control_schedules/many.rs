//! More linked meetings than one transaction reaches (CM-4).

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use it::api::{ALL_SCOPES, Api};
use it::deployed::new_org;
use it::gateway::Event;
use it::office::Office;
use it::requests::{id_of, meeting_body};
use serde_json::json;

use super::{day, schedule_of};

/// CM-4: 1,000 meetings linked to one control all advance exactly once per
/// step, by overlapping completions; one event per meeting and step reached.
#[tokio::test]
async fn a_thousand_linked_meetings_lose_no_step_and_double_none() {
    const MEETINGS: usize = 1_000;
    const STEPS: usize = 3;
    let office = Office::open().await;
    office
        .put_schedule("c", "MONTHLY", "2027-01-31")
        .await
        .expect(201);
    let began = std::time::Instant::now();
    let creations = (0..MEETINGS).map(|_| async {
        let fields = json!({ "frequency": "MONTHLY", "start": "2027-01-31T09:00" });
        id_of(&office.plan("c", &fields).await, "meeting_id")
    });
    let ids: BTreeSet<_> = futures_util::stream::iter(creations)
        .buffer_unordered(16)
        .collect()
        .await;
    assert_eq!(ids.len(), MEETINGS);
    let created = began.elapsed();

    let completions = (1..=STEPS as u64).map(|n| {
        let office = &office;
        async move { office.complete("c", &day(n)).await.expect(200) }
    });
    let answers = futures_util::future::join_all(completions).await;
    for answer in &answers {
        let advanced = answer["advanced_meetings"].as_array().unwrap().len();
        let pending = answer["pending_count"].as_u64().unwrap();
        assert!(
            advanced > 0 && pending > 0,
            "{advanced} at once, {pending} on their way"
        );
        assert_eq!(
            advanced as u64 + pending,
            MEETINGS as u64,
            "nobody is forgotten"
        );
    }
    assert_eq!(schedule_of(&office, "c").await["next_due"], "2027-04-30");
    let mut events = office.work().await;
    // The same job once more changes nothing.
    let again = json!({ "job": "advance_linked", "control_id": "c", "completed_steps": 2 });
    assert!(office.process.deliver(&office.org, &again, false).await);
    events.extend(office.work().await);
    let advanced = began.elapsed().saturating_sub(created);

    let list = office
        .list_all(
            &format!("/api/v1/orgs/{}/meetings?control_id=c", office.org),
            100,
        )
        .await;
    assert_eq!(list.len(), MEETINGS);
    for meeting in &list {
        assert_eq!(
            (&meeting["last_occurrence"], &meeting["next_occurrence"]),
            (
                &json!("2027-03-31T07:00:00Z"),
                &json!("2027-04-30T07:00:00Z")
            ),
            "{meeting}"
        );
    }
    let mut reached: BTreeMap<(String, u64), u32> = BTreeMap::new();
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    for event in &events {
        assert_eq!(event["detail_type"], "meeting.occurrence_advanced");
        let detail = &event["detail"];
        let (id, version) = (
            id_of(detail, "meeting_id"),
            detail["version"].as_u64().unwrap(),
        );
        *reached.entry((id.clone(), version)).or_default() += 1;
        let next = id_of(detail, "next_occurrence");
        last.entry(id)
            .and_modify(|known| *known = next.clone().max(known.clone()))
            .or_insert(next);
    }
    assert!(
        reached.values().all(|count| *count == 1),
        "one event per meeting and version"
    );
    assert_eq!(last.keys().cloned().collect::<BTreeSet<_>>(), ids);
    assert!(last.values().all(|next| next == "2027-04-30T07:00:00Z"));
    for meeting in &list {
        let id = id_of(meeting, "meeting_id");
        let events = reached.range((id.clone(), 0)..=(id, u64::MAX)).count() as u64;
        assert_eq!(
            meeting["version"].as_u64(),
            Some(1 + events),
            "an event per write: {meeting}"
        );
    }
    println!(
        "{MEETINGS} meetings created in {created:?}, advanced by {STEPS} steps in {advanced:?}"
    );
}

/// CM-4 on the deployed functions: relay, queue and delivery bring along what
/// one transaction does not reach.
#[tokio::test]
async fn the_deployed_workers_bring_the_rest_along() {
    const MEETINGS: usize = 45;
    let api = Api::admin(&new_org());
    let schedule =
        json!({ "frequency": "QUARTERLY", "next_due": "2027-01-15", "timezone": "Europe/Berlin" });
    api.put(&api.org_path("/controls/c/schedule"), &schedule)
        .await
        .expect(201);
    // Created in this process, which is quicker; the workers are the deployed ones.
    let process = it::process::Process::new(
        it::deployed::stack(),
        convoke_platform::clock::Ports::system(),
        None,
    );
    let creations = (0..MEETINGS).map(|_| async {
        let event = Event::new("POST", &api.org_path("/controls/c/meetings"))
            .internal(&api.org, "u-admin", ALL_SCOPES);
        process
            .api(event.json(&meeting_body(&json!({}))))
            .await
            .expect(201);
    });
    futures_util::stream::iter(creations)
        .buffer_unordered(8)
        .collect::<()>()
        .await;
    let completed = api
        .post(&api.org_path("/controls/c/schedule/complete"), &json!({}))
        .await
        .expect(200);
    assert!(completed["pending_count"].as_u64().unwrap() > 0);
    let everybody_is_there = async {
        loop {
            let path = api.org_path("/meetings?control_id=c&limit=100");
            let list = api.get(&path).await.expect(200);
            let items = list["items"].as_array().unwrap();
            assert_eq!(items.len(), MEETINGS);
            if items
                .iter()
                .all(|item| item["next_occurrence"] == "2027-04-15T07:00:00Z")
            {
                assert!(items.iter().all(|item| item["version"] == 2), "each once");
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    let patience = std::time::Duration::from_secs(90);
    tokio::time::timeout(patience, everybody_is_there)
        .await
        .expect("the background brings all along");
    let again = api
        .post(&api.org_path("/controls/c/schedule/complete"), &json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&again["pending_count"], &again["schedule"]),
        (&json!(0), &completed["schedule"])
    );
}
