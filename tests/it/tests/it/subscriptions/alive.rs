//! Subscriptions come about with the settings, and live from then on (NT-1, NT-4).

use chrono::TimeDelta;
use convoke_domain::artifact::ArtifactType;
use convoke_domain::subscription::LIFETIME;

use super::house::{Address, House};

/// NT-1: activating subscribes to both kinds at once, with both addresses, a client
/// state of which only the hash is stored, and encryption; a job that comes again
/// changes nothing.
#[tokio::test]
async fn activating_the_integration_subscribes_to_both_kinds() {
    let house = House::empty().await;
    house.save(House::settings()).await;
    let jobs = house.jobs().await;
    assert_eq!(jobs, [serde_json::json!({ "job": "align_subscriptions" })]);
    house.align().await;
    house.assert_in_step("activated").await;
    for kind in ArtifactType::ALL {
        let [made] = house.at_microsoft(kind).try_into().unwrap();
        let base = &house.address.url;
        assert_eq!(
            made.notification_url,
            format!("{base}/webhooks/graph/notifications")
        );
        assert_eq!(
            made.lifecycle_notification_url,
            Some(format!("{base}/webhooks/graph/lifecycle"))
        );
        assert_eq!(made.client_state.as_ref().unwrap().len(), 43);
        assert!(made.includes_resource_data);
        assert_eq!(made.expires_at, house.now() + LIFETIME);
        let row = house.row(kind).await;
        assert_eq!(
            row.ms_tenant_guid.as_deref(),
            Some(graph_simulator::demo::TENANT_ID)
        );
    }
    let rows = house.rows().await;
    let mut keys: Vec<_> = rows.iter().map(|row| row.key.to_string()).collect();
    let stored = serde_json::to_string(&keys).unwrap();
    // Once for what there is already, once for what came up until they were live.
    keys.extend(keys.clone());
    keys.sort();
    assert_eq!(house.lists().await, keys, "{stored}");
    house.graph.clear_received();
    house.align().await;
    assert_eq!(house.calls(), Vec::<String>::new());
    assert_eq!(house.rows().await, rows);
}

/// NT-4: both stay alive over simulated weeks, looked after by GET and one PATCH per
/// half of their time, never authorised twice; nothing else is read than what is due.
#[tokio::test]
async fn rounds_keep_subscriptions_alive_over_weeks() {
    let house = House::subscribed().await;
    house.round().await;
    let before: Vec<_> = house
        .graph
        .subscriptions()
        .into_iter()
        .map(|one| one.id)
        .collect();
    for hour in 0..(21 * 24) {
        // What is due at that very moment is the next round's.
        house.later(TimeDelta::minutes(61));
        let round = house.round().await;
        assert_eq!(
            (round.failed, round.broken, round.recreated),
            (0, 0, 0),
            "{hour}"
        );
        assert_eq!(house.graph.subscriptions().len(), 2, "after {hour} h");
    }
    house.assert_in_step("after weeks").await;
    let after: Vec<_> = house
        .graph
        .subscriptions()
        .into_iter()
        .map(|one| one.id)
        .collect();
    assert_eq!(before, after, "the same ones");
    let calls = house.calls();
    let count = |call: &str| calls.iter().filter(|one| *one == call).count();
    // Every six hours something; of seven times in two days one is a renewal.
    assert_eq!(calls.len(), 2 * 21 * 4);
    assert_eq!(count("PATCH one"), 2 * (21 * 24 / 36), "{calls:?}");
    assert_eq!(count("GET one") + count("PATCH one"), calls.len());
    assert!(
        house
            .graph
            .received()
            .iter()
            .all(|one| !one.path.contains("reauthorize"))
    );
    assert_eq!(
        house.lists().await,
        Vec::<String>::new(),
        "nothing was missed"
    );
}

/// NT-4: a round in which nothing is due reads the index and its own mark.
#[tokio::test]
async fn a_round_reads_only_what_is_due() {
    let house = House::subscribed().await;
    house.round().await;
    house.later(TimeDelta::hours(1));
    house.function.calls.take();
    assert_eq!(house.round().await.due, 0);
    let calls = house.function.calls.take();
    assert_eq!(
        (calls.get("Query"), calls.get("Scan")),
        (Some(&8), None),
        "{calls:?}"
    );
    assert_eq!(calls.get("GetItem"), Some(&1), "{calls:?}");
    assert_eq!(calls.get("TransactWriteItems"), None, "{calls:?}");
}

/// NT-4, NT-5: one that vanished at Microsoft without a word is noticed within hours,
/// made again, and what was missed is listed.
#[tokio::test]
async fn one_that_vanished_is_made_again() {
    let house = House::subscribed().await;
    let row = house.row(ArtifactType::Recording).await;
    let lost = row.subscription_id.unwrap();
    assert!(house.graph.lose_subscription(&lost));
    for _ in 0..7 {
        house.later(TimeDelta::hours(1));
        house.round().await;
    }
    house.assert_in_step("made again").await;
    assert_eq!(house.pointer(&lost).await, None);
    assert_eq!(house.lists().await, [row.key.to_string()]);
}

/// NT-4: after days without any round they have ended, are made again, and the gap
/// is listed.
#[tokio::test]
async fn those_that_ended_meanwhile_are_made_again() {
    let house = House::subscribed().await;
    house.later(TimeDelta::days(9));
    assert_eq!(house.graph.subscriptions(), []);
    let round = house.round().await;
    assert_eq!((round.due, round.recreated), (2, 2));
    house.assert_in_step("made again").await;
    assert_eq!(house.lists().await.len(), 2);
}

/// NT-4: Microsoft's wish for a new authorisation is one PATCH, and none while the
/// last is younger than ten minutes.
#[tokio::test]
async fn a_wish_for_authorisation_is_one_renewal() {
    let house = House::subscribed().await;
    let row = house.row(ArtifactType::Transcript).await;
    house.event(&row, "reauthorization_required").await;
    assert_eq!(house.calls(), Vec::<String>::new(), "it was just made");
    house.later(TimeDelta::minutes(11));
    house.event(&row, "reauthorization_required").await;
    house.later(TimeDelta::minutes(9));
    house.event(&row, "reauthorization_required").await;
    assert_eq!(house.calls(), ["PATCH one"]);
    house.later(TimeDelta::minutes(6));
    house.event(&row, "reauthorization_required").await;
    assert_eq!(house.calls(), ["PATCH one", "PATCH one"]);
    house.assert_in_step("renewed").await;
    assert_eq!(house.lists().await, Vec::<String>::new());
}

/// NT-4: what Microsoft says to be removed, or to have lost notifications of, is made
/// anew, there or not, and what was missed is listed.
#[tokio::test]
async fn a_removal_is_answered_with_another_subscription_and_a_list() {
    let house = House::subscribed().await;
    let mut known = house.row(ArtifactType::Recording).await;
    let key = known.key.to_string();
    for (event, is_there) in [("removed", false), ("removed", true), ("missed", true)] {
        let case = format!("{event}, there: {is_there}");
        if !is_there {
            let id = known.subscription_id.as_deref().unwrap();
            assert!(house.graph.lose_subscription(id));
        }
        house.event(&known, event).await;
        house.assert_in_step(&case).await;
        // At once, and for what came up until the new one was live.
        assert_eq!(house.lists().await, [key.clone(), key.clone()], "{case}");
        let made = house.row(ArtifactType::Recording).await;
        assert_ne!(made.subscription_id, known.subscription_id, "{case}");
        known = made;
    }
}

/// NT-6: a changed address, or encryption switched off, replaces all with the next
/// round, due or not; the round after that reads nothing.
#[tokio::test]
async fn a_changed_address_replaces_all_with_the_next_round() {
    let house = House::subscribed().await;
    house.round().await;
    let elsewhere = Address::open().await;
    for (url, encrypts) in [(&elsewhere.url, true), (&elsewhere.url, false)] {
        house.later(TimeDelta::minutes(30));
        house.jobs().await;
        let moved = house.process(url, encrypts);
        let round = moved.round().await;
        assert_eq!(round.recreated, 2, "{round:?}");
        house.assert_in_step("moved").await;
        for made in house.graph.subscriptions() {
            assert!(made.notification_url.starts_with(url.as_str()));
            assert_eq!(made.includes_resource_data, encrypts);
        }
        assert_eq!(house.lists().await.len(), 2, "the gap is listed");
        assert_eq!(moved.round().await.due, 0, "it is remembered");
    }
}

/// NT-6: while a changed address does not answer, what works at the old one stays,
/// alive; it is replaced as soon as the new one does.
#[tokio::test]
async fn an_address_that_does_not_answer_replaces_nothing() {
    let house = House::subscribed().await;
    house.round().await;
    let before = house.graph.subscriptions();
    let elsewhere = Address::open().await;
    elsewhere.shut(true);
    let moved = house.process(&elsewhere.url, true);
    for _ in 0..14 {
        house.later(TimeDelta::minutes(361));
        assert_eq!(moved.round().await.recreated, 0);
    }
    let ids = |all: Vec<graph_simulator::StoredSubscription>| -> Vec<String> {
        all.into_iter().map(|one| one.id).collect()
    };
    assert_eq!(ids(house.graph.subscriptions()), ids(before));
    house.assert_in_step("as before").await;
    elsewhere.shut(false);
    assert_eq!(moved.round().await.recreated, 2);
    house.assert_in_step("moved").await;
    let all = house.graph.subscriptions();
    assert!(
        all.iter()
            .all(|one| one.notification_url.starts_with(&elsewhere.url))
    );
}

/// NT-4: a certificate of another year comes with the next renewal.
#[tokio::test]
async fn a_new_certificate_comes_with_a_renewal() {
    let house = House::subscribed().await;
    let old = house.row(ArtifactType::Recording).await.certificate_id;
    // Two days before the key is a year old they are made anew; after it they live on.
    house.later(TimeDelta::days(364));
    house.round().await;
    let id = house.row(ArtifactType::Recording).await.subscription_id;
    assert_eq!(house.row(ArtifactType::Recording).await.certificate_id, old);
    for _ in 0..9 {
        house.later(TimeDelta::hours(6));
        house.round().await;
    }
    house.assert_in_step("renewed").await;
    let row = house.row(ArtifactType::Recording).await;
    assert_eq!(row.subscription_id, id, "the same one");
    assert_ne!(row.certificate_id, old, "for another certificate");
}
