//! Settings change, and subscriptions with them (NT-6, TS-2).

use chrono::TimeDelta;
use convoke_domain::artifact::ArtifactType;
use convoke_domain::integration::IntegrationChange;
use graph_simulator::{Fault, demo};
use it::practice::Practice;
use serde_json::json;

use super::house::House;

fn change(change: impl FnOnce(&mut IntegrationChange)) -> IntegrationChange {
    let mut all = IntegrationChange::default();
    change(&mut all);
    all
}

fn disabled() -> IntegrationChange {
    change(|all| all.install_status = Some(Some("disabled".to_owned())))
}

/// NT-6: taking the integration out of use, its organiser or its secret away removes
/// both, with the credentials that they were made with; putting it back makes them.
#[tokio::test]
async fn deactivating_removes_and_activating_makes_again() {
    for off in [
        disabled(),
        change(|all| all.install_status = Some(Some("pending".to_owned()))),
        change(|all| all.default_meeting_organizer_upn = Some(None)),
        change(|all| all.client_secret = Some(None)),
    ] {
        let house = House::subscribed().await;
        let ids: Vec<_> = house
            .graph
            .subscriptions()
            .into_iter()
            .map(|one| one.id)
            .collect();
        house.save(off.clone()).await;
        house.align().await;
        assert_eq!(house.graph.subscriptions(), [], "{off:?}");
        assert_eq!(house.rows().await, [], "{off:?}");
        for id in ids {
            assert_eq!(house.pointer(&id).await, None, "{off:?}");
        }
        house.save(House::settings()).await;
        house.align().await;
        house.assert_in_step("again").await;
    }
}

/// NT-6: what cannot be removed just now is tried again; one whose secret Microsoft
/// does not take any more is given up when it has ended by itself.
#[tokio::test]
async fn a_removal_is_tried_until_it_has_ended() {
    let house = House::subscribed().await;
    house
        .graph
        .inject(Fault::on("DELETE", "/v1.0/subscriptions/*").always().error(
            503,
            "serviceNotAvailable",
            "m",
        ));
    house.save(disabled()).await;
    house.align().await;
    assert_eq!(house.graph.subscriptions().len(), 2);
    house.graph.clear_faults();
    house.later(TimeDelta::minutes(30));
    assert_eq!(house.round().await.removed, 2);
    assert_eq!(
        (house.graph.subscriptions(), house.rows().await),
        (vec![], vec![])
    );

    let house = House::subscribed().await;
    house.save(disabled()).await;
    house.graph.expire_tokens();
    house.graph.inject(
        Fault::on("POST", "**/token")
            .always()
            .token_refused("invalid_client", 7_000_215),
    );
    house.align().await;
    for row in house.rows().await {
        assert_eq!(row.error_code.as_deref(), Some("invalid_credentials"));
        assert_eq!(row.due_at, house.now() + TimeDelta::hours(6));
    }
    for _ in 0..11 {
        house.later(TimeDelta::minutes(6 * 60 + 1));
        house.round().await;
        assert_eq!(house.rows().await.len(), 2);
    }
    house.later(TimeDelta::minutes(6 * 60 + 1));
    assert_eq!(house.round().await.removed, 2);
    assert_eq!(house.rows().await, []);
}

/// NT-6: an application of its own is another subscription; the old one goes.
#[tokio::test]
async fn another_application_replaces_at_once() {
    let house = House::subscribed().await;
    let seeded = house.graph.seed_organizations(1, 1).unwrap().remove(0);
    house.save(House::settings_of(&seeded)).await;
    house.align().await;
    house.assert_in_step("of the other").await;
    assert!(
        house
            .graph
            .subscriptions()
            .iter()
            .all(|one| one.tenant_id == seeded.tenant_id)
    );
}

/// The same Entra tenant by another of its names makes way for itself.
#[tokio::test]
async fn another_name_of_the_same_entra_tenant_is_no_conflict() {
    let house = House::subscribed().await;
    let named = change(|all| {
        all.tenant_id = Some(Some(demo::TENANT_DOMAIN.to_owned()));
        all.client_secret = Some(Some(demo::CLIENT_SECRET.to_owned()));
    });
    house.save(named).await;
    house.align().await;
    house.assert_in_step("by its domain").await;
    assert_eq!(house.rows().await.len(), 2);
    let row = house.row(ArtifactType::Recording).await;
    assert_eq!(row.ms_tenant_guid.as_deref(), Some(demo::TENANT_ID));
}

/// XC-10, NT-6: a new secret of the same application is taken over: what the old one
/// could not do any more is tried at once.
#[tokio::test]
async fn a_new_secret_is_taken_over() {
    let house = House::subscribed().await;
    house.graph.expire_tokens();
    house.graph.inject(
        Fault::on("POST", "**/token")
            .times(2)
            .token_refused("invalid_client", 7_000_222),
    );
    house.later(TimeDelta::hours(6));
    assert_eq!(house.round().await.failed, 2);
    let row = house.row(ArtifactType::Recording).await;
    assert_eq!(row.error_code.as_deref(), Some("invalid_credentials"));
    house.graph.clear_faults();
    house
        .save(change(|all| {
            all.client_secret = Some(Some(demo::CLIENT_SECRET.to_owned()));
        }))
        .await;
    house.align().await;
    house.assert_in_step("with the new one").await;
    assert_ne!(
        house.row(ArtifactType::Recording).await.client_secret,
        row.client_secret
    );
}

/// NT-6, TS-2: a replaced organiser without meetings is let go at once.
#[tokio::test]
async fn a_replaced_organiser_without_meetings_goes_at_once() {
    let house = House::subscribed().await;
    house
        .save(change(|all| {
            all.default_meeting_organizer_upn = Some(Some(demo::ANN_UPN.to_owned()));
        }))
        .await;
    house.align().await;
    house.assert_in_step("Ann's").await;
    assert_eq!(house.rows().await.len(), 2);
    assert!(
        house
            .rows()
            .await
            .iter()
            .all(|row| row.organizer_object_id == demo::ANN_ID)
    );
}

/// NT-6, TS-2: with meetings they stay until the capture window of the last one has
/// closed; who comes back before is not retired any more.
#[tokio::test]
async fn a_replaced_organisers_stay_until_the_last_window_closes() {
    let mut practice = Practice::without_teams().await;
    let house = House::empty().await;
    practice.process.subscription_renewal.subscriber =
        house.subscriber_for(&practice.process, &practice.graph);
    let align = json!({ "job": "align_subscriptions" });
    practice.graph.set_now(practice.process.ports.now());
    practice.integrate(&json!({})).await;
    let id = practice.approved().await;
    let end = it::requests::instant(&practice.read(&id).await["end"]);
    assert!(practice.process.subscribe(&practice.org, &align).await);
    let of = |organizer: &str| {
        let all = practice.graph.subscriptions();
        all.iter()
            .filter(|one| one.resource.contains(organizer))
            .count()
    };
    assert_eq!(of(demo::ORGANIZER_ID), 2);
    let move_to = async |at: chrono::DateTime<chrono::Utc>| {
        practice.clock.set(&at.to_rfc3339());
        practice.graph.set_now(at);
        assert!(practice.process.subscribe(&practice.org, &align).await);
    };
    practice
        .integrate(&json!({ "default_meeting_organizer_upn": demo::ANN_UPN }))
        .await;
    assert!(practice.process.subscribe(&practice.org, &align).await);
    assert_eq!((of(demo::ORGANIZER_ID), of(demo::ANN_ID)), (2, 2));
    // Back, and away again.
    practice.integrate(&json!({})).await;
    assert!(practice.process.subscribe(&practice.org, &align).await);
    assert_eq!((of(demo::ORGANIZER_ID), of(demo::ANN_ID)), (2, 0));
    practice
        .integrate(&json!({ "default_meeting_organizer_upn": demo::ANN_UPN }))
        .await;
    let window = convoke_domain::online_meeting::CapturePolicy::default().window();
    let mut at = practice.process.ports.now();
    while at < end + window {
        move_to(at).await;
        assert_eq!(of(demo::ORGANIZER_ID), 2, "{at}");
        at += TimeDelta::hours(6);
    }
    move_to(end + window).await;
    assert_eq!((of(demo::ORGANIZER_ID), of(demo::ANN_ID)), (0, 2));
}
