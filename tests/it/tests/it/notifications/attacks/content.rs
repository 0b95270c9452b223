//! What it tells: ciphertexts that were tampered with, or are somebody else's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use convoke_domain::artifact::ArtifactType;
use convoke_services::notifications::Verdict;
use graph_simulator::demo;
use serde_json::{Value, json};

use super::{Attack, Scene};

/// Deliveries whose content is not what Microsoft encrypted of this artifact.
pub(super) async fn attacks(scene: &Scene) -> Vec<Attack> {
    let mut attacks = tampered(scene);
    attacks.extend(plain(scene));
    let theirs = scene.other.genuine["value"][0].clone();
    let both = json!([
        scene.genuine["validationTokens"][0],
        scene.other.genuine["validationTokens"][0]
    ]);
    let mut foreign = scene.altered(|item| {
        item["encryptedContent"] = theirs["encryptedContent"].clone();
    });
    foreign["validationTokens"] = both;
    let wrong = Verdict::WrongResource;
    attacks.push(Attack::new("the other tenant's content", foreign, wrong));
    let of_colleague = of_another_organizer(scene).await;
    attacks.push(Attack::new("a colleague's meeting", of_colleague, wrong));
    let as_transcript = scene.altered(|item| {
        let resource = item["resource"].as_str().unwrap();
        item["resource"] = json!(resource.replace("recordings", "transcripts"));
    });
    attacks.push(Attack::new("another kind's address", as_transcript, wrong));
    attacks
}

/// One octet at a time, and cut.
fn tampered(scene: &Scene) -> Vec<Attack> {
    let content = &scene.genuine["value"][0]["encryptedContent"];
    let decoded = |member: &str| STANDARD.decode(content[member].as_str().unwrap()).unwrap();
    let (data, key) = (decoded("data"), decoded("dataKey"));
    let signature = decoded("dataSignature");
    let mut changed: Vec<(String, &str, Value)> = vec![];
    for (member, octets) in [
        ("data", &data),
        ("dataKey", &key),
        ("dataSignature", &signature),
    ] {
        for at in [0, octets.len() / 2, octets.len() - 1] {
            let mut flipped = octets.clone();
            flipped[at] ^= 0x10;
            let flipped = json!(STANDARD.encode(flipped));
            changed.push((format!("{member}, a bit of octet {at}"), member, flipped));
        }
        for left in [0, 1, octets.len() - 16, octets.len() - 1] {
            let cut = json!(STANDARD.encode(&octets[..left]));
            changed.push((format!("{member}, cut to {left}"), member, cut));
        }
        changed.push((format!("{member}, no base64"), member, json!("%%%")));
    }
    let theirs = &scene.other.genuine["value"][0]["encryptedContent"];
    changed.push(("another's key".into(), "dataKey", theirs["dataKey"].clone()));
    changed.push(("another's data".into(), "data", theirs["data"].clone()));
    changed.push(("no signature".into(), "dataSignature", Value::Null));
    let unknown = json!("00000000-0000-0000-0000-000000000000");
    for (name, id) in [
        ("unknown", unknown),
        ("empty", json!("")),
        ("a path", json!("../x")),
    ] {
        let name = format!("a certificate, {name}");
        changed.push((name, "encryptionCertificateId", id));
    }
    let attack = |(name, member, value): (String, &str, Value)| {
        let body = scene.altered(|item| item["encryptedContent"][member] = value);
        Attack::new(name, body, Verdict::NotDecrypted)
    };
    changed.into_iter().map(attack).collect()
}

/// An encrypted subscription's are never taken plain.
fn plain(scene: &Scene) -> Vec<Attack> {
    let without = scene.altered(|item| {
        item.as_object_mut().unwrap().remove("encryptedContent");
    });
    let mut without_tokens = without.clone();
    without_tokens["validationTokens"] = Value::Null;
    let null = scene.altered(|item| item["encryptedContent"] = Value::Null);
    let refused = Verdict::PlainRefused;
    let mut attacks = vec![
        Attack::new("plain", without, refused),
        Attack::new("plain without tokens", without_tokens, refused),
        Attack::new("null content", null, refused),
    ];
    for content in [json!({}), json!("text"), json!({ "data": 1 })] {
        let body = scene.altered(|item| item["encryptedContent"] = content.clone());
        let name = format!("content {content}");
        attacks.push(Attack::new(name, body, Verdict::Unreadable));
    }
    attacks
}

/// Encrypted and vouched for, and of somebody whom the subscription is not about.
async fn of_another_organizer(scene: &Scene) -> Value {
    let graph = &scene.watched.graph;
    let id = &scene.recording().id;
    let become_of = |organizer: &str| {
        let organizer = organizer.to_owned();
        let changed = graph.update_artifact(id, |artifact| artifact.organizer_id = organizer);
        changed.expect("it is there");
    };
    become_of(demo::BOB_ID);
    let body = scene.watched.genuine(ArtifactType::Recording, id).await;
    become_of(demo::ORGANIZER_ID);
    body
}
