//! Credentials, consents, policies and mailboxes, as a tenant's administrator gets them wrong.

use convoke_graph::{GraphErrorClass, GraphProfile, Secret};
use graph_simulator::demo;

use crate::world::{World, at, meeting, profile};

const ORGANIZER: &str = demo::ORGANIZER_UPN;

/// CM-11, TS-3, TS-5: each mistake in the profile has its own class.
#[tokio::test]
async fn wrong_credentials_are_told_apart() {
    let world = World::start().await;
    let unknown = "00000000-0000-4000-8000-000000000000";
    for (wrong, class) in [
        (
            GraphProfile {
                client_secret: Secret::new("wrong"),
                ..profile()
            },
            GraphErrorClass::InvalidCredentials,
        ),
        (
            GraphProfile {
                client_secret: Secret::new(demo::CLIENT_SECRET_ID),
                ..profile()
            },
            GraphErrorClass::InvalidCredentials,
        ),
        (
            GraphProfile {
                tenant_id: unknown.into(),
                ..profile()
            },
            GraphErrorClass::UnknownTenant,
        ),
        (
            GraphProfile {
                client_id: unknown.into(),
                ..profile()
            },
            GraphErrorClass::ConsentMissing,
        ),
    ] {
        let error = world
            .client
            .session(&wrong)
            .get_user(ORGANIZER)
            .await
            .unwrap_err();
        assert_eq!(error.class, class);
        assert!(
            error.inner_code.unwrap().parse::<u32>().is_ok(),
            "the AADSTS number is kept"
        );
    }
    world
        .sim
        .configure(|behaviour| behaviour.unknown_tenant_error = "invalid_request".into());
    let wrong = GraphProfile {
        tenant_id: unknown.into(),
        ..profile()
    };
    let error = world
        .client
        .session(&wrong)
        .get_user(ORGANIZER)
        .await
        .unwrap_err();
    assert_eq!(error.class, GraphErrorClass::UnknownTenant);
}

/// TS-5: the token's roles, which follow a new consent.
#[tokio::test]
async fn roles_follow_the_consent() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    let mut roles = session.token_roles().await.unwrap();
    roles.sort();
    let mut expected = demo::ROLES.map(String::from).to_vec();
    expected.sort();
    assert_eq!(roles, expected);
    let only = vec!["User.Read.All".to_owned()];
    let consents = only.clone();
    world
        .sim
        .update_app(demo::CLIENT_ID, |app| {
            app.consents.insert(demo::TENANT_ID.into(), consents);
        })
        .unwrap();
    assert_eq!(session.token_roles().await.unwrap(), only);
    let error = session
        .create_event(ORGANIZER, &meeting("t-1"))
        .await
        .unwrap_err();
    assert_eq!(error.class, GraphErrorClass::ConsentMissing);
    assert_eq!(
        session.get_user(ORGANIZER).await.unwrap().id,
        demo::ORGANIZER_ID
    );
}

/// AP-7: what is missing is not taken for what is gone.
#[tokio::test]
async fn missing_users_and_mailboxes_are_not_gone_events() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    let created = session
        .create_event(ORGANIZER, &meeting("t-1"))
        .await
        .unwrap();
    let nobody = "nobody@contoso.example";
    let error = session.delete_event(nobody, &created.id).await.unwrap_err();
    assert_eq!(error.class, GraphErrorClass::MailboxNotFound);
    assert_eq!(
        session.get_user(nobody).await.unwrap_err().class,
        GraphErrorClass::MailboxNotFound
    );
    world
        .sim
        .update_user(ORGANIZER, |user| user.mailbox.enabled = false)
        .unwrap();
    let error = session
        .delete_event(ORGANIZER, &created.id)
        .await
        .unwrap_err();
    assert_eq!(error.class, GraphErrorClass::MailboxNotFound);
    assert!(session.get_event(ORGANIZER, &created.id).await.is_err());
}

/// TS-5: Exchange's policy and Teams' policy are recognised, and told apart by their code.
#[tokio::test]
async fn both_access_policies_are_recognised() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    let created = session
        .create_event(ORGANIZER, &meeting("t-1"))
        .await
        .unwrap();
    let link = created.teams_join_url().unwrap();

    world
        .sim
        .update_user(ORGANIZER, |user| user.access_policy = None)
        .unwrap();
    let teams = session
        .resolve_online_meeting(demo::ORGANIZER_ID, link)
        .await
        .unwrap_err();
    assert_eq!(
        (teams.class.clone(), teams.code.as_str()),
        (GraphErrorClass::AccessPolicyMissing, "Forbidden")
    );

    let app = demo::CLIENT_ID.to_owned();
    world
        .sim
        .update_user(ORGANIZER, |user| user.mailbox.denied_apps.push(app))
        .unwrap();
    let change = convoke_graph::EventChange::times(at(3, 9), at(3, 10), "UTC");
    let exchange = session
        .update_event(ORGANIZER, &created.id, &change)
        .await
        .unwrap_err();
    assert_eq!(exchange.class, GraphErrorClass::AccessPolicyMissing);
    assert_eq!(exchange.code, "ErrorAccessDenied");
}
