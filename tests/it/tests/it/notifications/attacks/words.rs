//! Whose it claims to be: client states, subscriptions, tenants.

use convoke_domain::artifact::ArtifactType;
use convoke_services::notifications::Verdict;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Attack, Scene};

/// Alterations of what a notification says of itself.
pub(super) async fn attacks(scene: &Scene) -> Vec<Attack> {
    let mut attacks = client_states(scene).await;
    attacks.extend(tenants(scene));
    attacks.extend(subscriptions(scene));
    for change in [json!("updated"), json!("deleted"), json!(""), Value::Null] {
        let body = scene.altered(|item| item["changeType"] = change.clone());
        attacks.push(Attack::new(
            format!("changed: {change}"),
            body,
            Verdict::Ignored,
        ));
    }
    attacks
}

async fn client_states(scene: &Scene) -> Vec<Attack> {
    let own = scene.genuine["value"][0]["clientState"].clone();
    let own = own.as_str().expect("a state");
    let first = if own.starts_with('A') { "B" } else { "A" };
    let sibling = scene.watched.subscription(ArtifactType::Transcript).await;
    let states = [
        ("invented", json!("secretClientValue")),
        ("empty", json!("")),
        ("null", Value::Null),
        ("in another case", json!(own.to_lowercase())),
        ("with a space", json!(format!("{own} "))),
        ("cut", json!(own[..own.len() - 1])),
        ("one letter else", json!(format!("{first}{}", &own[1..]))),
        ("the other kind's", json!(sibling.client_state)),
        (
            "another tenant's own",
            scene.other.genuine["value"][0]["clientState"].clone(),
        ),
        (
            "as stored",
            json!(
                scene
                    .watched
                    .row(ArtifactType::Recording)
                    .await
                    .client_state_hash
            ),
        ),
    ];
    let mut attacks: Vec<_> = states
        .into_iter()
        .map(|(name, state)| {
            let body = scene.altered(|item| item["clientState"] = state);
            let name = format!("a client state, {name}");
            Attack::new(name, body, Verdict::WrongClientState)
        })
        .collect();
    let without = scene.altered(|item| {
        item.as_object_mut().unwrap().remove("clientState");
    });
    let verdict = Verdict::WrongClientState;
    attacks.push(Attack::new("no client state", without, verdict));
    let number = scene.altered(|item| item["clientState"] = json!(7));
    attacks.push(Attack::new("a number", number, Verdict::Unreadable));
    attacks
}

fn tenants(scene: &Scene) -> Vec<Attack> {
    let tenants = [
        ("another's", json!(scene.other.seeded.tenant_id)),
        ("nobody's", json!(Uuid::nil())),
        ("by its domain", json!("contoso.example")),
        ("empty", json!("")),
        ("null", Value::Null),
    ];
    let tenants = tenants.into_iter();
    tenants
        .map(|(name, tenant)| {
            let body = scene.altered(|item| item["tenantId"] = tenant);
            Attack::new(format!("a tenant, {name}"), body, Verdict::WrongTenant)
        })
        .collect()
}

fn subscriptions(scene: &Scene) -> Vec<Attack> {
    let own = scene.genuine["value"][0]["subscriptionId"].clone();
    let own = own.as_str().expect("an id");
    let theirs = scene.other.genuine["value"][0]["subscriptionId"].clone();
    let unknown = Verdict::UnknownSubscription;
    let ids = [
        ("unknown", json!(Uuid::nil()), unknown),
        ("a path", json!("../../SUBSCRIPTIONS/x"), unknown),
        ("with a key's sign", json!(format!("{own}#")), unknown),
        ("in braces", json!(format!("{{{own}}}")), unknown),
        ("without hyphens", json!(own.replace('-', "")), unknown),
        ("of the other tenant", theirs, Verdict::WrongClientState),
        ("empty", json!(""), Verdict::Unreadable),
        ("too long", json!("x".repeat(300)), Verdict::Unreadable),
        ("null", Value::Null, Verdict::Unreadable),
        ("a list", json!([own]), Verdict::Unreadable),
    ];
    let ids = ids.into_iter();
    ids.map(|(name, id, verdict)| {
        let body = scene.altered(|item| item["subscriptionId"] = id);
        Attack::new(format!("a subscription, {name}"), body, verdict)
    })
    .collect()
}
