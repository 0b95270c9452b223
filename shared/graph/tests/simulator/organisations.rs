//! Two organisations on one client.

use convoke_graph::{Deleted, GraphErrorClass, GraphProfile, Secret};
use graph_simulator::{demo, fabrikam};

use crate::world::{World, meeting};

fn fabrikam_profile() -> GraphProfile {
    GraphProfile {
        tenant_id: fabrikam::TENANT_ID.into(),
        client_id: fabrikam::CLIENT_ID.into(),
        client_secret: Secret::new(fabrikam::CLIENT_SECRET),
    }
}

/// AP-10: calls made side by side each travel with their own tenant's token, and one
/// organisation's credentials open nothing of the other's.
#[tokio::test]
async fn each_organisation_uses_its_own_credentials() {
    let world = World::start().await;
    world.sim.seed(fabrikam::seed()).unwrap();
    let (contoso, fabrikam) = (&world.profile, &fabrikam_profile());
    let (contoso, fabrikam) = (
        world.client.session(contoso),
        world.client.session(fabrikam),
    );
    let same_id = meeting("t-1");
    let (ours, theirs) = tokio::join!(
        contoso.create_event(demo::ORGANIZER_ID, &same_id),
        fabrikam.create_event(fabrikam::ORGANIZER_ID, &same_id),
    );
    let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
    assert!(!ours.adopted && !theirs.adopted && ours.id != theirs.id);
    assert_eq!(world.sim.events(fabrikam::ORGANIZER_UPN).len(), 1);

    let foreign = contoso
        .delete_event(fabrikam::ORGANIZER_ID, &theirs.id)
        .await;
    assert_eq!(foreign.unwrap_err().class, GraphErrorClass::MailboxNotFound);
    // In a mailbox of one's own, another's event id names nothing.
    let foreign = fabrikam
        .delete_event(fabrikam::ORGANIZER_ID, &ours.id)
        .await;
    assert_eq!(foreign.unwrap(), Deleted::AlreadyGone);
    assert_eq!(world.on_calendar().len(), 1);

    for request in world.requests("POST", "/events") {
        let own = if request.path.contains(demo::ORGANIZER_ID) {
            (demo::TENANT_ID, demo::CLIENT_ID)
        } else {
            (fabrikam::TENANT_ID, fabrikam::CLIENT_ID)
        };
        let sent = (request.tenant_id.as_deref(), request.app_id.as_deref());
        assert_eq!(sent, (Some(own.0), Some(own.1)));
    }
}
