//! Microsoft refuses, or does not answer (NT-4).

use chrono::TimeDelta;
use convoke_domain::artifact::ArtifactType;
use graph_simulator::Fault;
use it::deployed::new_org;

use super::house::House;

const ALL: &str = "/v1.0/subscriptions";
const ONE: &str = "/v1.0/subscriptions/*";

/// NT-4: what somebody has to change is kept with the row, and tried again every six
/// hours, or as soon as settings are saved.
#[tokio::test]
async fn a_refusal_is_kept_and_tried_again() {
    for (fault, code) in [
        (
            Fault::on("POST", ALL).error(403, "Forbidden", "m"),
            "consent_missing",
        ),
        (
            Fault::on("POST", ALL).error(
                403,
                "ExtensionError",
                "Maximum number of subscriptions has been reached",
            ),
            "quota",
        ),
        (
            Fault::on("POST", ALL).error(
                403,
                "Forbidden",
                "No application access policy found for this app",
            ),
            "access_policy_missing",
        ),
    ] {
        let house = House::empty().await;
        house.save(House::settings()).await;
        house.graph.inject(fault.always());
        house.align().await;
        for row in house.rows().await {
            assert_eq!(row.error_code.as_deref(), Some(code));
            assert_eq!(row.due_at, house.now() + TimeDelta::hours(6), "{code}");
        }
        house.graph.clear_faults();
        // The first of all rounds goes over every row, but does only what is due.
        for _ in 0..2 {
            house.graph.clear_received();
            house.later(TimeDelta::minutes(30));
            house.round().await;
            assert_eq!(house.calls(), Vec::<String>::new(), "{code}");
        }
        house.save(House::settings()).await;
        house.align().await;
        house.assert_in_step(code).await;
    }
}

/// NT-2, NT-4: an address that does not answer leaves a code, and waits ever longer.
#[tokio::test]
async fn a_handshake_that_fails_is_tried_again() {
    let house = House::empty().await;
    house.address.shut(true);
    house.save(House::settings()).await;
    house.align().await;
    let row = house.row(ArtifactType::Recording).await;
    assert_eq!(row.error_code.as_deref(), Some("subscription_validation"));
    assert_eq!(house.graph.subscriptions(), []);
    house.address.shut(false);
    house.later(TimeDelta::minutes(30));
    assert_eq!(house.round().await.recreated, 2);
    house.assert_in_step("open").await;
}

/// NT-4: Microsoft's wish to wait is honoured, for whom it throttles and nobody else.
#[tokio::test]
async fn one_that_is_throttled_waits_and_others_do_not() {
    let mut house = House::subscribed().await;
    let throttled = house.org.clone();
    let seeded = house.graph.seed_organizations(1, 1).unwrap().remove(0);
    house.org = new_org();
    house.save(House::settings_of(&seeded)).await;
    house.align().await;
    house.later(TimeDelta::hours(6));
    let tenants = [graph_simulator::demo::TENANT_ID];
    house.graph.inject(
        Fault::on("GET", ONE)
            .in_tenants(tenants)
            .always()
            .throttle("7200"),
    );
    let round = house.round().await;
    assert_eq!((round.due, round.checked, round.failed), (4, 2, 2));
    house.org = throttled;
    for row in house.rows().await {
        assert_eq!(row.error_code.as_deref(), Some("throttled"));
        assert_eq!(row.due_at, house.now() + TimeDelta::hours(2));
        assert_eq!(row.state.as_str(), "live", "it lives on");
    }
}

/// NT-4: a row that cannot be read is counted, and keeps nobody waiting.
#[tokio::test]
async fn a_spoilt_row_delays_nobody() {
    use aws_sdk_dynamodb::types::AttributeValue;
    let house = House::subscribed().await;
    let row = house.row(ArtifactType::Recording).await;
    let (client, table) = house.table();
    client
        .update_item()
        .table_name(table)
        .key(
            "pk",
            AttributeValue::S(format!("T#{}#SUBSCRIPTIONS", house.org)),
        )
        .key("sk", AttributeValue::S(row.key.to_string()))
        .update_expression("SET #state = :word")
        .expression_attribute_names("#state", "state")
        .expression_attribute_values(":word", AttributeValue::S("spoilt".to_owned()))
        .send()
        .await
        .unwrap();
    house.later(TimeDelta::hours(6));
    let round = house.round().await;
    assert_eq!((round.due, round.checked, round.broken), (2, 1, 1));
}
