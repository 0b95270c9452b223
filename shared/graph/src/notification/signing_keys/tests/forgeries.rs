//! Which tokens are genuine, and every way in which one is not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

/// Why a token is refused, given the genuine key.
async fn refusal(token: &str) -> &'static str {
    let host = Host::start().await;
    match keys_of(&host).validate(token, time(BEGIN + 60)).await {
        Err(TokenProblem::Forged(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn signed(claims: &Value) -> String {
    sign(claims, Some("fixture-key"))
}

/// A token with this header and signature.
fn assembled(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = URL_SAFE_NO_PAD.encode(signature);
    format!("{}.{}.{signature}", part(header), part(claims))
}

/// NT-3: tokens of both versions that another implementation signed are genuine.
#[tokio::test]
async fn known_tokens_are_genuine() {
    let host = Host::start().await;
    let keys = keys_of(&host);
    for version in ["version_1", "version_2"] {
        let fixture = fixture();
        let token = fixture[version].as_str().unwrap();
        let validated = keys.validate(token, time(BEGIN + 60)).await;
        assert_eq!(validated, Ok(genuine()), "{version}");
    }
    for claims in [claims(), older_claims()] {
        let validated = keys.validate(&signed(&claims), time(BEGIN + 60)).await;
        assert_eq!(validated, Ok(genuine()));
    }
}

/// NT-3: the issuer may be at the configured login host, for national clouds; the
/// tenant is told in lower case.
#[tokio::test]
async fn issuers_at_the_login_host_are_genuine() {
    let host = Host::start().await;
    let shouted = TENANT.to_uppercase();
    let issuer = format!("{}/{shouted}/v2.0", host.url);
    let claims = with(claims(), "tid", shouted.into());
    let token = signed(&with(claims, "iss", issuer.into()));
    for address in [host.url.clone(), format!("{}/", host.url)] {
        let keys = SigningKeys::new(crate::http_client().unwrap(), &address);
        let validated = keys.validate(&token, time(BEGIN)).await;
        assert_eq!(validated, Ok(genuine()), "{address}");
    }
}

/// NT-3: `exp` and `nbf` are compared with the time given, five minutes apart at most.
#[tokio::test]
async fn tokens_are_valid_in_their_time_only() {
    let host = Host::start().await;
    let keys = keys_of(&host);
    let token = signed(&claims());
    for (at, expected) in [
        (BEGIN - 301, Err(TokenProblem::Forged("not yet valid"))),
        (BEGIN - 300, Ok(genuine())),
        (END + 299, Ok(genuine())),
        (END + 300, Err(TokenProblem::Forged("expired"))),
    ] {
        assert_eq!(keys.validate(&token, time(at)).await, expected, "{at}");
    }
    let endless = signed(&with(claims(), "exp", i64::MAX.into()));
    assert!(keys.validate(&endless, time(BEGIN)).await.is_ok());
}

/// NT-3: only Microsoft's change tracking may have asked for the token, and its
/// name stands in the claim of the token's version.
#[tokio::test]
async fn other_callers_are_refused() {
    let older_caller = with(without(claims(), "azp"), "appid", CHANGE_TRACKING.into());
    let newer_caller = without(older_claims(), "appid");
    for claims in [
        with(claims(), "azp", AUDIENCE.into()),
        with(claims(), "azp", "".into()),
        without(claims(), "azp"),
        older_caller,
        with(older_claims(), "appid", AUDIENCE.into()),
        with(newer_caller, "azp", CHANGE_TRACKING.into()),
    ] {
        assert_eq!(refusal(&signed(&claims)).await, "caller", "{claims}");
    }
    for version in ["", "3.0"] {
        let claims = with(claims(), "ver", version.into());
        assert_eq!(refusal(&signed(&claims)).await, "version");
    }
}

/// NT-3: the issuer is the tenant's, at Microsoft's; the tenant is a GUID.
#[tokio::test]
async fn other_issuers_are_refused() {
    let other = "11111111-2222-4333-8444-555555555555";
    for issuer in [
        String::new(),
        format!("https://login.microsoftonline.com/{TENANT}/v2.0/"),
        format!("https://login.microsoftonline.com/{TENANT}"),
        format!("https://login.microsoftonline.com/{other}/v2.0"),
        format!("https://sts.windows.net/{TENANT}"),
        format!("https://sts.windows.net/{other}/"),
        format!("http://sts.windows.net/{TENANT}/"),
        format!("https://sts.windows.net.attacker.example/{TENANT}/"),
        "https://login.microsoftonline.com/{tenantid}/v2.0".to_owned(),
    ] {
        let claims = with(claims(), "iss", issuer.clone().into());
        assert_eq!(refusal(&signed(&claims)).await, "issuer", "{issuer}");
    }
    let without_hyphens = TENANT.replace('-', "");
    for tenant in ["common", "", "{tenantid}", &without_hyphens] {
        let issuer = format!("https://login.microsoftonline.com/{tenant}/v2.0");
        let claims = with(with(claims(), "tid", tenant.into()), "iss", issuer.into());
        assert_eq!(refusal(&signed(&claims)).await, "tenant", "{tenant}");
    }
}

/// NT-3: a missing claim, or one of another type, is not Microsoft's.
#[tokio::test]
async fn incomplete_claims_are_refused() {
    for name in ["ver", "iss", "tid", "aud", "exp"] {
        let lacking = without(claims(), name);
        assert_eq!(refusal(&signed(&lacking)).await, "claims", "{name}");
        let odd = with(claims(), name, json!([AUDIENCE]));
        assert_eq!(refusal(&signed(&odd)).await, "claims", "{name}");
    }
}

/// NT-3: `alg: none` in any spelling, and other algorithms, signed or not.
#[tokio::test]
async fn other_algorithms_are_refused() {
    let others = [
        "none", "None", "NONE", "", "rs256", "RS512", "PS256", "ES256",
    ];
    for algorithm in others {
        let header = json!({ "alg": algorithm, "kid": "fixture-key", "typ": "JWT" });
        for signature in [&b""[..], b"signature"] {
            let token = assembled(&header, &claims(), signature);
            assert_eq!(refusal(&token).await, "algorithm", "{algorithm}");
        }
    }
    let header = json!({ "alg": "RS256", "kid": "fixture-key" });
    let unsigned = assembled(&header, &claims(), b"");
    assert_eq!(refusal(&unsigned).await, "signature");
}

/// NT-3: HS256 with the public key as its secret, in each form that key has.
#[tokio::test]
async fn a_public_key_is_no_secret() {
    let fixture = fixture();
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = Some("fixture-key".to_owned());
    for secret in [
        fixture["public_key_pem"].as_str().unwrap().to_owned(),
        fixture["jwk"]["n"].as_str().unwrap().to_owned(),
        fixture["jwk"].to_string(),
    ] {
        let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
        let token = jsonwebtoken::encode(&header, &claims(), &key).unwrap();
        assert_eq!(refusal(&token).await, "algorithm");
        // The same signature under a header that claims RS256.
        let (_, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let disguised = json!({ "alg": "RS256", "kid": "fixture-key" });
        let token = assembled(&disguised, &claims(), &signature);
        assert_eq!(refusal(&token).await, "signature");
    }
}

/// NT-3: keys that a token brings along or points to are not looked at; what it
/// says must be understood is not; a key id is required.
#[tokio::test]
async fn the_header_chooses_nothing_but_a_known_key() {
    let critical = json!({ "alg": "RS256", "kid": "fixture-key", "crit": ["b64"], "b64": false });
    let critical = assembled(&critical, &claims(), b"s");
    assert_eq!(refusal(&critical).await, "critical header");
    let own_key = json!({ "alg": "RS256", "kid": "fixture-key",
        "jku": "https://attacker.example", "jwk": { "kty": "RSA", "n": "AQAB", "e": "AQAB" } });
    let own_key = assembled(&own_key, &claims(), b"s");
    assert_eq!(refusal(&own_key).await, "signature");
    let endless = "k".repeat(1_000);
    for id in [None, Some(""), Some(&*endless)] {
        assert_eq!(refusal(&sign(&claims(), id)).await, "key id");
    }
    let another = sign(&claims(), Some("another"));
    assert_eq!(refusal(&another).await, "unknown key");
}

/// NT-3: no bit of header, claims or signature can change.
#[tokio::test]
async fn flipped_bits_are_refused() {
    let host = Host::start().await;
    let keys = keys_of(&host);
    let token = signed(&claims());
    let parts: Vec<Vec<u8>> = token
        .split('.')
        .map(|part| URL_SAFE_NO_PAD.decode(part).unwrap())
        .collect();
    for changed in 0..parts.len() {
        for bit in (0..parts[changed].len() * 8).step_by(3) {
            let mut parts = parts.clone();
            parts[changed][bit / 8] ^= 1 << (bit % 8);
            let parts: Vec<String> = parts
                .iter()
                .map(|part| URL_SAFE_NO_PAD.encode(part))
                .collect();
            let validated = keys.validate(&parts.join("."), time(BEGIN)).await;
            let refused = matches!(validated, Err(TokenProblem::Forged(_)));
            assert!(refused, "part {changed}, bit {bit}");
        }
    }
    assert!(keys.validate(&token, time(BEGIN)).await.is_ok());
}

/// NT-3: what has not the form of a token is refused before any key is read.
#[tokio::test]
async fn other_texts_are_refused_without_a_request() {
    let host = Host::start().await;
    let keys = keys_of(&host);
    let token = signed(&claims());
    let (unsigned, signature) = token.rsplit_once('.').unwrap();
    let deep = URL_SAFE_NO_PAD.encode("[".repeat(8_000));
    for text in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        unsigned.to_owned(),
        format!("{token}="),
        format!("{token}\n"),
        format!(" {token}"),
        format!("{deep}.e30.AAAA"),
        "a".repeat(1_000_000),
        format!("{token}{}", "A".repeat(20_000)),
    ] {
        let validated = keys.validate(&text, time(BEGIN)).await;
        assert!(matches!(validated, Err(TokenProblem::Forged(_))));
    }
    assert_eq!(host.asked(), 0);
    let four_parts = format!("{unsigned}.e30.{signature}");
    assert_eq!(refusal(&four_parts).await, "signature");
}

/// NT-3: a key that names its issuer signs for no other one's tenants, in tokens of
/// either version.
#[tokio::test]
async fn a_key_signs_for_its_issuer_only() {
    let login = "https://login.microsoftonline.com";
    let personal = "9188040d-6c67-4c5b-b112-36a304b66dad";
    for (issuer, fits) in [
        (format!("{login}/{{tenantid}}/v2.0"), true),
        (format!("{login}/{TENANT}/v2.0"), true),
        (format!("{login}/{personal}/v2.0"), false),
        ("https://attacker.example/{tenantid}/v2.0".to_owned(), false),
    ] {
        let host = Host::bare().await;
        let key = with(fixture()["jwk"].clone(), "issuer", issuer.clone().into());
        host.publish(host::VERSION_2, &[key]);
        let keys = keys_of(&host);
        let expected = if fits {
            Ok(genuine())
        } else {
            Err(TokenProblem::Forged("key of another issuer"))
        };
        for claims in [claims(), older_claims()] {
            let validated = keys.validate(&signed(&claims), time(BEGIN)).await;
            assert_eq!(validated, expected, "{issuer}");
        }
    }
}
