//! What diagnostics say of subscriptions and webhook (TS-5): each tested just now,
//! by asking Microsoft and by shaking hands.

use chrono::TimeDelta;
use convoke_domain::artifact::ArtifactType;
use convoke_services::integration::diagnose;
use serde_json::{Value, json};

use super::function::Function;
use super::house::House;

/// The steps about what comes by itself.
async fn arrivals(house: &House) -> Value {
    let Function {
        core, microsoft, ..
    } = &house.function;
    let diagnosis = diagnose(core, microsoft, &house.tenant()).await.unwrap();
    let mut found = json!({});
    for step in diagnosis.steps.iter().skip(9) {
        found[step.step] = json!(step.status.as_str());
        let is_to_be_cured = ["warn", "fail"].contains(&step.status.as_str());
        assert_eq!(step.remediation.is_some(), is_to_be_cured, "{step:?}");
        let detail = step.detail.as_deref().unwrap_or_default();
        assert!(!detail.is_empty(), "{step:?}");
        if step.status.as_str() == "skip" {
            assert!(detail.starts_with("not tested"), "{step:?}");
        }
    }
    found
}

fn expected(subscriptions: &str, webhook: &str) -> Value {
    json!({ "subscriptions": subscriptions, "webhook": webhook, "last_capture": "skip" })
}

/// TS-5: subscriptions that are not there, not there any more, or elsewhere fail;
/// those that are about to expire are a warning; an address that does not answer
/// fails.
#[tokio::test]
async fn subscriptions_and_webhook_are_tested_each_time() {
    let house = House::empty().await;
    house.save(House::settings()).await;
    assert_eq!(arrivals(&house).await, expected("fail", "pass"), "not made");
    house.align().await;
    assert_eq!(arrivals(&house).await, expected("pass", "pass"));
    house.address.shut(true);
    assert_eq!(arrivals(&house).await, expected("pass", "fail"), "shut");
    house.address.shut(false);
    let [transcripts] = house
        .at_microsoft(ArtifactType::Transcript)
        .try_into()
        .unwrap();
    let elsewhere = |one: &mut graph_simulator::StoredSubscription| {
        one.notification_url = "https://elsewhere.example/".to_owned();
    };
    house
        .graph
        .update_subscription(&transcripts.id, elsewhere)
        .unwrap();
    assert_eq!(
        arrivals(&house).await,
        expected("fail", "pass"),
        "elsewhere"
    );
    assert!(house.graph.lose_subscription(&transcripts.id));
    assert_eq!(arrivals(&house).await, expected("fail", "pass"), "lost");
    house.align().await;
    house.later(TimeDelta::hours(7));
    house.round().await;
    assert_eq!(
        arrivals(&house).await,
        expected("pass", "pass"),
        "made anew"
    );
    house.later(TimeDelta::hours(60));
    assert_eq!(
        arrivals(&house).await,
        expected("warn", "pass"),
        "neglected"
    );
}
