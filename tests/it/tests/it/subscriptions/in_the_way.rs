//! What Microsoft has already when one is to be made: adopted, replaced, or left to
//! whose it is (NT-4).

use chrono::TimeDelta;
use convoke_domain::artifact::ArtifactType;
use graph_simulator::Fault;
use it::deployed::new_org;
use serde_json::json;

use super::house::House;

const ALL: &str = "/v1.0/subscriptions";

/// NT-4, XC-8: an answer that was lost leaves a subscription that is ours: adopted,
/// whether Microsoft names it or not.
#[tokio::test]
async fn a_subscription_of_ours_is_adopted() {
    for is_named in [true, false] {
        let house = House::empty().await;
        house.save(House::settings()).await;
        let lost = Fault::on("POST", ALL).after().times(2).cut();
        house.graph.inject(lost);
        if !is_named {
            let message = "A subscription already exists for the requested combination";
            let body = json!({ "error": { "code": "Conflict", "message": message } });
            house
                .graph
                .inject(Fault::on("POST", ALL).nth(3).respond(409, body.clone()));
            house
                .graph
                .inject(Fault::on("POST", ALL).nth(4).respond(409, body));
        }
        house.align().await;
        house.graph.clear_faults();
        house.later(TimeDelta::minutes(30));
        house.round().await;
        house.assert_in_step(&format!("named: {is_named}")).await;
        let deleted = house
            .calls()
            .iter()
            .filter(|call| *call == "DELETE one")
            .count();
        assert_eq!(deleted, 0, "ours: {:?}", house.calls());
    }
}

/// NT-4: what goes elsewhere, or is encrypted for another certificate, is replaced.
#[tokio::test]
async fn a_subscription_made_otherwise_is_replaced() {
    for what in ["address", "lifecycle", "certificate", "plain"] {
        let house = House::subscribed().await;
        let row = house.row(ArtifactType::Recording).await;
        let id = row.subscription_id.clone().unwrap();
        house
            .graph
            .update_subscription(&id, |one| match what {
                "address" => one.notification_url = "https://elsewhere.example/n".to_owned(),
                "lifecycle" => one.lifecycle_notification_url = None,
                "certificate" => one.encryption_certificate_id = Some("other".to_owned()),
                _ => {
                    one.includes_resource_data = false;
                    one.encryption_certificate_id = None;
                }
            })
            .unwrap();
        // Microsoft takes it for removed, and then it is in the way.
        house.event(&row, "removed").await;
        house.assert_in_step(what).await;
        assert_ne!(
            house.row(ArtifactType::Recording).await.subscription_id,
            Some(id),
            "{what}"
        );
    }
}

/// NT-4: an address that was changed at Microsoft is noticed by the next check.
#[tokio::test]
async fn a_subscription_that_goes_elsewhere_is_noticed() {
    let house = House::subscribed().await;
    let id = house
        .row(ArtifactType::Recording)
        .await
        .subscription_id
        .unwrap();
    let change = house.graph.update_subscription(&id, |one| {
        one.notification_url = "https://elsewhere.example/n".to_owned();
    });
    change.unwrap();
    house.later(TimeDelta::hours(6));
    house.round().await;
    house.assert_in_step("replaced").await;
    let [made] = house
        .at_microsoft(ArtifactType::Recording)
        .try_into()
        .unwrap();
    assert_ne!(made.id, id);
}

/// XC-1, NT-4: another organisation of the deployment has the same application and
/// organiser. Its subscription is neither taken nor removed, and once it goes the
/// next try has one.
#[tokio::test]
async fn another_organisations_subscription_is_left_alone() {
    let mut house = House::subscribed().await;
    let theirs = house.org.clone();
    let before = house.graph.subscriptions();
    house.org = new_org();
    house.save(House::settings()).await;
    house.align().await;
    assert_eq!(house.graph.subscriptions().len(), 2);
    let ids = |all: &[graph_simulator::StoredSubscription]| -> Vec<String> {
        all.iter().map(|one| one.id.clone()).collect()
    };
    assert_eq!(ids(&house.graph.subscriptions()), ids(&before));
    for row in house.rows().await {
        assert_eq!(row.error_code.as_deref(), Some("subscription_taken"));
        assert_eq!(row.subscription_id, None);
        assert_eq!(row.due_at, house.now() + TimeDelta::hours(6));
    }
    assert!(!house.calls().contains(&"DELETE one".to_owned()));
    // Not even when they go.
    let mut off = House::settings();
    off.install_status = Some(Some("disabled".to_owned()));
    house.save(off.clone()).await;
    house.align().await;
    assert_eq!(house.rows().await, []);
    assert_eq!(ids(&house.graph.subscriptions()), ids(&before));
    house.save(House::settings()).await;
    house.align().await;
    let ours = std::mem::replace(&mut house.org, theirs);
    house.assert_in_step("theirs").await;
    house.save(off).await;
    house.align().await;
    assert_eq!(house.graph.subscriptions(), []);
    house.org = ours;
    house.later(TimeDelta::hours(6));
    house.round().await;
    house.assert_in_step("ours").await;
}
