//! Who vouches for it: validation tokens, signed like Microsoft's or not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use convoke_services::notifications::Verdict;
use graph_simulator::demo;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::{Attack, Scene};

/// Deliveries whose tokens prove nothing.
pub(super) async fn attacks(scene: &Scene) -> Vec<Attack> {
    let mut tokens = claims(scene);
    tokens.extend(signatures(scene).await);
    let mut attacks: Vec<_> = tokens
        .into_iter()
        .map(|(name, token)| (name, json!([token])))
        .collect();
    let genuine = genuine(scene);
    let stranger = scene
        .watched
        .graph
        .sign_validation_token(&json!({ "aud": "x" }));
    for (name, tokens) in [
        ("null", Value::Null),
        ("none", json!([])),
        ("a null among them", json!([null])),
        ("an empty one", json!([""])),
        ("no list", json!(genuine)),
        ("dots", json!([".."])),
        ("one genuine, one not", json!([genuine, stranger.unwrap()])),
        (
            "the other tenant's only",
            scene.other.genuine["validationTokens"].clone(),
        ),
    ] {
        attacks.push((format!("tokens: {name}"), tokens));
    }
    let mut without = scene.genuine.clone();
    without.as_object_mut().unwrap().remove("validationTokens");
    let verdict = Verdict::NotAuthenticated;
    let attacks = attacks
        .into_iter()
        .map(|(name, tokens)| Attack::new(name, scene.with_tokens(tokens), verdict));
    attacks
        .chain([Attack::new("no tokens", without, verdict)])
        .collect()
}

fn genuine(scene: &Scene) -> &str {
    let token = scene.genuine["validationTokens"][0].as_str();
    token.expect("a token")
}

/// Signed by the right key, and false.
fn claims(scene: &Scene) -> Vec<(String, String)> {
    let graph = &scene.watched.graph;
    let now = scene.watched.now().timestamp();
    let other = &scene.other.seeded;
    let (tenant, theirs) = (demo::TENANT_ID, other.tenant_id.as_str());
    let v2 = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/v2.0");
    let cases = [
        ("aud", json!(other.client_id)),
        ("aud", json!(format!("api://{}", demo::CLIENT_ID))),
        ("aud", Value::Null),
        ("aud", json!([demo::CLIENT_ID])),
        ("iss", json!(v2(theirs))),
        ("iss", json!(format!("{}/", v2(tenant)))),
        ("iss", json!(format!("https://login.example/{tenant}/v2.0"))),
        ("iss", json!(format!("https://sts.windows.net/{tenant}"))),
        ("iss", Value::Null),
        ("azp", json!(demo::CLIENT_ID)),
        ("azp", json!("")),
        ("azp", Value::Null),
        ("tid", json!(theirs)),
        ("tid", json!("contoso.example")),
        ("tid", Value::Null),
        ("ver", json!("1.0")),
        ("ver", json!("3.0")),
        ("exp", json!(now - 3_600)),
        ("exp", json!(0)),
        ("exp", json!("never")),
        ("exp", Value::Null),
        ("nbf", json!(now + 3_600)),
    ];
    let cases = cases.into_iter();
    let mut tokens: Vec<_> = cases
        .map(|(claim, value)| {
            let mut claims = graph.validation_claims(tenant, demo::CLIENT_ID);
            claims[claim] = value.clone();
            let token = graph.sign_validation_token(&claims).expect("a token");
            (format!("a token with {claim} = {value}"), token)
        })
        .collect();
    // Consistent, for another application of the tenant, and for ours elsewhere.
    for (name, tenant, app) in [
        ("of another application", tenant, other.client_id.as_str()),
        ("of another tenant", theirs, demo::CLIENT_ID),
    ] {
        let claims = graph.validation_claims(tenant, app);
        let token = graph.sign_validation_token(&claims).expect("a token");
        tokens.push((format!("a token {name}"), token));
    }
    tokens
}

/// The right claims, and not signed by the right key.
async fn signatures(scene: &Scene) -> Vec<(String, String)> {
    let genuine = genuine(scene);
    let [header, claims, signature]: [&str; 3] =
        genuine.split('.').collect::<Vec<_>>().try_into().unwrap();
    let key_id = json_of(header)["kid"].clone();
    let key_id = key_id.as_str().expect("a key's id").to_owned();
    let mut tokens = vec![];
    for algorithm in ["none", "None", "RS384", "PS256", "ES256", "HS256", ""] {
        let header = json!({ "typ": "JWT", "alg": algorithm, "kid": key_id });
        let header = text_of(&header);
        for (name, signature) in [("its", signature), ("no", "")] {
            let token = format!("{header}.{claims}.{signature}");
            tokens.push((format!("{algorithm:?} with {name} signature"), token));
        }
    }
    for (name, secret) in public_keys(scene, &key_id).await {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key_id.clone());
        let key = EncodingKey::from_secret(&secret);
        let token = jsonwebtoken::encode(&header, &json_of(claims), &key);
        tokens.push((format!("HS256 with the public key, {name}"), token.unwrap()));
    }
    let mut longer = json_of(claims);
    longer["exp"] = json!(i64::from(u32::MAX));
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
    flipped[20] ^= 1;
    let flipped = URL_SAFE_NO_PAD.encode(flipped);
    let with_own_key = json!({ "typ": "JWT", "alg": "RS256", "kid": "mine",
        "jwk": { "kty": "RSA", "n": "AQAB", "e": "AQAB" }, "jku": "https://attacker.example/keys" });
    let without_id = json!({ "typ": "JWT", "alg": "RS256" });
    let critical = json!({ "typ": "JWT", "alg": "RS256", "kid": key_id, "crit": ["exp"] });
    for (name, token) in [
        (
            "longer",
            format!("{header}.{}.{signature}", text_of(&longer)),
        ),
        ("a flipped bit", format!("{header}.{claims}.{flipped}")),
        ("cut", format!("{header}.{claims}.{}", &signature[..40])),
        (
            "a key of its own",
            format!("{}.{claims}.{signature}", text_of(&with_own_key)),
        ),
        (
            "no key's id",
            format!("{}.{claims}.{signature}", text_of(&without_id)),
        ),
        (
            "critical",
            format!("{}.{claims}.{signature}", text_of(&critical)),
        ),
        ("unsigned", format!("{header}.{claims}")),
    ] {
        tokens.push((format!("a token, {name}"), token));
    }
    tokens
}

/// What a confused library might take for the secret.
#[allow(clippy::disallowed_methods, reason = "a test's own client")]
async fn public_keys(scene: &Scene, key_id: &str) -> Vec<(&'static str, Vec<u8>)> {
    let url = format!(
        "{}/common/discovery/v2.0/keys",
        scene.watched.graph.base_url()
    );
    let published: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    let keys = published["keys"].as_array().expect("keys");
    let key = keys.iter().find(|key| key["kid"] == key_id).expect("its");
    let modulus = key["n"].as_str().expect("a modulus");
    vec![
        ("its modulus", URL_SAFE_NO_PAD.decode(modulus).unwrap()),
        ("its modulus as text", modulus.as_bytes().to_vec()),
        ("as published", key.to_string().into_bytes()),
    ]
}

fn json_of(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn text_of(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// The genuine delivery with a token that names a key nobody knows.
pub(super) fn of_unknown_key(scene: &Scene, number: usize) -> Value {
    let genuine = genuine(scene);
    let (_, rest) = genuine.split_once('.').expect("three parts");
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": format!("unknown-{number}") });
    scene.with_tokens(json!([format!("{}.{rest}", text_of(&header))]))
}
