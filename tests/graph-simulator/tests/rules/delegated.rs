//! Tokens for users: refresh tokens, codes, and how both end.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use graph_simulator::{GrantState, GraphSimulator, Options, Outcome, Seed, UserGrant, demo};
use serde_json::{Value, json};

use crate::peer::{Answer, Peer};

const REDIRECT: &str = "https://app.example/connected";

/// A token request of the calendar app, with fields replaced or (empty) left out.
pub(crate) async fn ask(peer: &Peer, fields: &[(&str, &str)]) -> Answer {
    let mut tenant = "common";
    let mut form = vec![
        ("client_id", demo::CALENDAR_CLIENT_ID),
        ("client_secret", demo::CALENDAR_CLIENT_SECRET),
        ("scope", "offline_access Calendars.ReadWrite"),
    ];
    for (name, value) in fields {
        if *name == "tenant" {
            tenant = value;
            continue;
        }
        form.retain(|(key, _)| key != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    let url = format!("{}/{tenant}/oauth2/v2.0/token", peer.sim.base_url());
    Answer::of(peer.http.post(url).form(&form)).await
}

pub(crate) async fn refresh(peer: &Peer, token: &str) -> Answer {
    ask(
        peer,
        &[("grant_type", "refresh_token"), ("refresh_token", token)],
    )
    .await
}

async fn redeem(peer: &Peer, code: &str, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
    ];
    fields.extend_from_slice(more);
    ask(peer, &fields).await
}

fn text<'a>(answer: &'a Answer, member: &str) -> &'a str {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body[member].as_str().unwrap()
}

fn refused(answer: &Answer) -> (u16, &str, u64) {
    let code = answer.body["error_codes"][0].as_u64().unwrap();
    (answer.status, answer.body["error"].as_str().unwrap(), code)
}

#[tokio::test]
async fn a_refresh_token_gives_tokens_for_its_user_and_a_new_refresh_token() {
    let peer = Peer::start().await;
    let answer = refresh(&peer, demo::CALENDAR_REFRESH_TOKEN).await;
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"], 3599);
    assert_eq!(answer.body["scope"], "Calendars.ReadWrite");
    let payload = text(&answer, "access_token").split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert_eq!(claims["oid"], demo::ANN_ID);
    assert_eq!(claims["scp"], "Calendars.ReadWrite");
    assert_eq!(claims["appid"], demo::CALENDAR_CLIENT_ID);
    assert!(claims.get("roles").is_none());
    assert_ne!(text(&answer, "refresh_token"), demo::CALENDAR_REFRESH_TOKEN);
}

#[tokio::test]
async fn an_old_refresh_token_stays_valid_unless_told_otherwise() {
    let peer = Peer::start().await;
    let first = refresh(&peer, demo::CALENDAR_REFRESH_TOKEN).await;
    let second = refresh(&peer, demo::CALENDAR_REFRESH_TOKEN).await;
    assert_ne!(
        text(&first, "refresh_token"),
        text(&second, "refresh_token")
    );
    peer.sim.configure(|b| b.refresh_tokens_single_use = true);
    let third = refresh(&peer, text(&first, "refresh_token")).await;
    let again = refresh(&peer, text(&first, "refresh_token")).await;
    assert_eq!(refused(&again), (400, "invalid_grant", 54_005));
    let fourth = refresh(&peer, text(&third, "refresh_token")).await;
    assert_eq!(fourth.status, 200);
}

#[tokio::test]
async fn the_tenant_in_the_path_is_any_or_the_users() {
    let peer = Peer::start().await;
    for (tenant, expected) in [
        ("common", 200),
        ("organizations", 200),
        (demo::TENANT_ID, 200),
        (demo::TENANT_DOMAIN, 200),
        ("99999999-0000-4000-8000-000000000000", 400),
    ] {
        let fields = [
            ("tenant", tenant),
            ("grant_type", "refresh_token"),
            ("refresh_token", demo::CALENDAR_REFRESH_TOKEN),
        ];
        assert_eq!(ask(&peer, &fields).await.status, expected, "{tenant}");
    }
}

#[tokio::test]
async fn a_revoked_grant_is_50173_and_a_new_consent_ends_that() {
    let peer = Peer::start().await;
    let first = refresh(&peer, demo::CALENDAR_REFRESH_TOKEN).await;
    assert_eq!(peer.sim.revoke_grants(demo::ANN_UPN).unwrap(), 2);
    for token in [demo::CALENDAR_REFRESH_TOKEN, text(&first, "refresh_token")] {
        let answer = refresh(&peer, token).await;
        assert_eq!(refused(&answer), (400, "invalid_grant", 50_173));
    }
    let code = peer
        .sim
        .authorize(demo::CALENDAR_CLIENT_ID, demo::ANN_UPN, REDIRECT, None)
        .unwrap();
    let again = redeem(&peer, &code, &[]).await;
    assert_eq!(
        refresh(&peer, text(&again, "refresh_token")).await.status,
        200
    );
    assert!(peer.sim.revoke_grants("nobody@contoso.example").is_err());
}

#[tokio::test]
async fn an_old_or_unknown_refresh_token_is_refused() {
    let peer = Peer::start().await;
    let unknown = refresh(&peer, "nothing-of-the-sort").await;
    assert_eq!(refused(&unknown), (400, "invalid_grant", 9_002_313));
    peer.sim.advance(TimeDelta::days(90));
    let old = refresh(&peer, demo::CALENDAR_REFRESH_TOKEN).await;
    assert_eq!(refused(&old), (400, "invalid_grant", 700_082));
}

#[tokio::test]
async fn a_second_factor_is_asked_for() {
    let peer = Peer::start().await;
    assert_eq!(peer.sim.require_interaction(demo::ANN_ID).unwrap(), 1);
    let answer = refresh(&peer, demo::CALENDAR_REFRESH_TOKEN).await;
    assert_eq!(refused(&answer), (400, "interaction_required", 50_076));
}

#[tokio::test]
async fn the_app_is_known_and_has_the_secret_and_the_grant() {
    let peer = Peer::start().await;
    let fields = |name, value| {
        let grant = [
            ("grant_type", "refresh_token"),
            ("refresh_token", demo::CALENDAR_REFRESH_TOKEN),
        ];
        [grant.as_slice(), &[(name, value)]].concat()
    };
    for (name, value, expected) in [
        ("client_secret", "nope", (401, "invalid_client", 7_000_215)),
        ("client_secret", "", (401, "invalid_client", 7_000_218)),
        ("client_id", "", (400, "invalid_request", 900_144)),
        ("refresh_token", "", (400, "invalid_request", 900_144)),
        (
            "client_id",
            "99999999-0000-4000-8000-000000000000",
            (400, "unauthorized_client", 700_016),
        ),
        (
            "scope",
            "offline_access Mail.Read",
            (400, "invalid_grant", 65_001),
        ),
    ] {
        let answer = ask(&peer, &fields(name, value)).await;
        assert_eq!(refused(&answer), expected, "{name} {value}");
    }
    let stranger = [
        ("grant_type", "refresh_token"),
        ("refresh_token", demo::CALENDAR_REFRESH_TOKEN),
        ("client_id", demo::CLIENT_ID),
        ("client_secret", demo::CLIENT_SECRET),
    ];
    let answer = ask(&peer, &stranger).await;
    assert_eq!(refused(&answer), (400, "invalid_grant", 70_000));
}

#[tokio::test]
async fn without_offline_access_there_is_no_refresh_token() {
    let peer = Peer::start().await;
    for (scope, present) in [
        ("Calendars.ReadWrite", false),
        ("https://graph.microsoft.com/calendars.readwrite", false),
        ("https://graph.microsoft.com/.default offline_access", true),
        ("", true),
    ] {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", demo::CALENDAR_REFRESH_TOKEN),
            ("scope", scope),
        ];
        let answer = ask(&peer, &fields).await;
        assert_eq!(text(&answer, "scope"), "Calendars.ReadWrite", "{scope}");
        assert_eq!(
            answer.body.get("refresh_token").is_some(),
            present,
            "{scope}"
        );
    }
}

#[tokio::test]
async fn a_code_is_redeemed_once_at_its_address_and_in_time() {
    let peer = Peer::start().await;
    let authorize = || {
        peer.sim
            .authorize(demo::CALENDAR_CLIENT_ID, demo::BOB_UPN, REDIRECT, None)
            .unwrap()
    };
    let code = authorize();
    let elsewhere = redeem(&peer, &code, &[("redirect_uri", "https://app.example/")]).await;
    assert_eq!(refused(&elsewhere), (400, "invalid_client", 500_112));
    let first = redeem(&peer, &code, &[]).await;
    let stored = peer.sim.grants(demo::BOB_UPN);
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].refresh_token, text(&first, "refresh_token"));
    assert_eq!(stored[0].state, GrantState::Valid);
    let again = redeem(&peer, &code, &[]).await;
    assert_eq!(refused(&again), (400, "invalid_grant", 54_005));
    let late = authorize();
    peer.sim.advance(TimeDelta::minutes(10));
    let late = redeem(&peer, &late, &[]).await;
    assert_eq!(refused(&late), (400, "invalid_grant", 70_008));
    let unknown = redeem(&peer, "nothing", &[]).await;
    assert_eq!(refused(&unknown), (400, "invalid_grant", 9_002_313));
}

#[tokio::test]
async fn a_challenge_wants_its_verifier() {
    let peer = Peer::start().await;
    let verifier = "a-verifier-of-forty-three-characters-or-more";
    let digest = digest::digest(&digest::SHA256, verifier.as_bytes());
    let challenge = URL_SAFE_NO_PAD.encode(digest);
    let app = demo::CALENDAR_CLIENT_ID;
    let code = peer
        .sim
        .authorize(app, demo::ANN_ID, REDIRECT, Some(&challenge))
        .unwrap();
    for wrong in ["", "another"] {
        let answer = redeem(&peer, &code, &[("code_verifier", wrong)]).await;
        assert_eq!(refused(&answer), (400, "invalid_grant", 501_481));
    }
    let answer = redeem(&peer, &code, &[("code_verifier", verifier)]).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn codes_and_refresh_tokens_are_not_in_the_log() {
    let peer = Peer::start().await;
    refresh(&peer, demo::CALENDAR_REFRESH_TOKEN).await;
    redeem(
        &peer,
        "canary-code",
        &[("code_verifier", "canary-verifier")],
    )
    .await;
    let received = peer.sim.received();
    assert_eq!(received.len(), 2);
    let shown = serde_json::to_string(&received).unwrap();
    assert!(!shown.contains(demo::CALENDAR_REFRESH_TOKEN) && !shown.contains("canary"));
    assert!(received.iter().all(|r| r.outcome == Outcome::Answered));
    let app = Some(demo::CALENDAR_CLIENT_ID.to_owned());
    assert!(received.iter().all(|r| r.app_id == app));
}

#[tokio::test]
async fn grants_are_seeded_for_known_apps_and_users_only() {
    let peer = Peer::start().await;
    let grant = |client_id: &str, user: &str| UserGrant {
        client_id: client_id.into(),
        user: user.into(),
        refresh_token: "bobs".into(),
        scopes: vec!["Calendars.Read".into()],
    };
    let seed = |grant| Seed {
        grants: vec![grant],
        ..Seed::default()
    };
    let app = demo::CALENDAR_CLIENT_ID;
    for wrong in [
        grant(app, "nobody@contoso.example"),
        grant("99999999-0000-4000-8000-000000000000", demo::BOB_UPN),
    ] {
        assert!(peer.sim.seed(seed(wrong)).is_err());
    }
    peer.sim.seed(seed(grant(app, demo::BOB_UPN))).unwrap();
    let answer = refresh(&peer, "bobs").await;
    assert_eq!(refused(&answer), (400, "invalid_grant", 65_001));
    let read_only = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "bobs"),
        ("scope", "Calendars.Read"),
    ];
    assert_eq!(ask(&peer, &read_only).await.status, 200);
}

#[tokio::test]
async fn the_control_api_lists_revokes_and_authorizes() {
    let peer = Peer::start().await;
    let control = |path: &str| format!("{}/_simulator/{path}", peer.sim.base_url());
    let post =
        async |path: &str, body: Value| Answer::of(peer.http.post(control(path)).json(&body)).await;
    let list = async |query: &str| {
        let url = control(&format!("grants{query}"));
        Answer::of(peer.http.get(url)).await
    };
    let all = list("").await;
    assert_eq!(all.body["count"], 1);
    let only = &all.body["items"][0];
    assert_eq!(only["user_id"], demo::ANN_ID);
    assert_eq!(only["refresh_token"], demo::CALENDAR_REFRESH_TOKEN);
    assert_eq!(only["state"], "valid");
    assert_eq!(
        list(&format!("?user={}", demo::BOB_UPN)).await.body["count"],
        0
    );
    assert_eq!(list("?user=nobody").await.status, 404);

    let ann = json!({"user": demo::ANN_UPN, "client_id": demo::CALENDAR_CLIENT_ID});
    assert_eq!(
        post("grants/interaction", ann.clone()).await.body["count"],
        1
    );
    assert_eq!(
        list("").await.body["items"][0]["state"],
        "needs_interaction"
    );
    let other_app = json!({"user": demo::ANN_UPN, "client_id": demo::CLIENT_ID});
    assert_eq!(post("grants/revoke", other_app).await.body["count"], 0);
    assert_eq!(post("grants/revoke", ann).await.body["count"], 1);
    assert_eq!(list("").await.body["items"][0]["state"], "revoked");
    assert_eq!(
        post("grants/revoke", json!({"user": "nobody"}))
            .await
            .status,
        422
    );
    assert_eq!(post("grants/revoke", json!({"who": "x"})).await.status, 400);

    let consent = json!({
        "client_id": demo::CALENDAR_CLIENT_ID, "user": demo::BOB_UPN, "redirect_uri": REDIRECT,
    });
    let answer = post("authorizations", consent).await;
    let code = answer.body["code"].as_str().unwrap();
    assert_eq!(redeem(&peer, code, &[]).await.status, 200);
    let nobody = json!({"client_id": "x", "user": demo::BOB_UPN, "redirect_uri": REDIRECT});
    assert_eq!(post("authorizations", nobody).await.status, 422);
}

#[tokio::test]
async fn a_snapshot_from_before_learns_of_the_calendar_app() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph.json");
    let options = Options {
        snapshot: Some(file.clone()),
        demo: true,
        ..Options::default()
    };
    Peer::with(options.clone()).await.sim.stop().await.unwrap();
    let mut world: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let apps = world["apps"].as_object_mut().unwrap();
    assert!(apps.remove(demo::CALENDAR_CLIENT_ID).is_some());
    world.as_object_mut().unwrap().remove("grants");
    std::fs::write(&file, world.to_string()).unwrap();

    let sim = GraphSimulator::start(options).await.unwrap();
    let kept = sim.grants(demo::ANN_UPN);
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].refresh_token, demo::CALENDAR_REFRESH_TOKEN);
    sim.revoke_grants(demo::ANN_UPN).unwrap();
    assert_eq!(sim.grants(demo::ANN_UPN)[0].state, GrantState::Revoked);
    sim.seed_demo();
    assert_eq!(sim.grants(demo::ANN_UPN)[0].state, GrantState::Valid);
}
