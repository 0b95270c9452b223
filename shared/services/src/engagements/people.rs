//! Whose names and addresses are copied onto appointments, and how the copies
//! stay fresh (XC-14).

use convoke_domain::appointment::{AppointmentRequest, PersonCopy, RequestStatus};
use convoke_domain::directory::Person;
use convoke_domain::error::{Error, Violations};
use convoke_domain::id::{ClientId, ContactId, UserId};
use convoke_platform::records::InvolvementRecord;
use convoke_platform::store::{Query, Record, TenantStore};
use convoke_platform::tenant::Tenant;

use super::write::Write;
use super::{Desk, load};
use crate::core::undisturbed;
use crate::directory::{find_contact, find_user, is_known_client};

pub(super) fn copy_of(person: &Person) -> PersonCopy {
    PersonCopy {
        name: person.name.clone(),
        email: person.email.clone(),
    }
}

/// Whose timeline something goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Timeline {
    pub(super) client_id: Option<ClientId>,
    pub(super) contact_id: Option<ContactId>,
}

/// Checks that client and contact are known and belong together; a lone contact
/// brings its client (OM-5).
pub(super) async fn check_timeline(
    store: &TenantStore,
    timeline: Timeline,
) -> Result<Timeline, Error> {
    let mut wrong = Violations::new();
    let mut client_id = timeline.client_id;
    if let Some(contact_id) = &timeline.contact_id {
        match find_contact(store, contact_id).await? {
            None => wrong.add(
                "/contact_id",
                "unknown_contact",
                "the directory has no such contact",
            ),
            Some(contact) => match &client_id {
                Some(client) if *client != contact.client_id => wrong.add(
                    "/client_id",
                    "not_the_contacts_client",
                    "this contact belongs to another client; leave client_id out to take the contact's",
                ),
                Some(_) => {}
                None => client_id = Some(contact.client_id),
            },
        }
    } else if let Some(client) = &client_id
        && !is_known_client(store, client).await?
    {
        wrong.add(
            "/client_id",
            "unknown_client",
            "the directory has neither this client nor a contact of it",
        );
    }
    wrong.finish()?;
    Ok(Timeline {
        client_id,
        contact_id: timeline.contact_id,
    })
}

/// Checks that the directory knows these users, each named by its pointer.
pub(super) async fn require_users(
    store: &TenantStore,
    users: impl IntoIterator<Item = (String, &'_ UserId)>,
) -> Result<(), Error> {
    let mut wrong = Violations::new();
    for (pointer, user) in users {
        if find_user(store, user).await?.is_none() {
            wrong.add(pointer, "unknown_user", "the directory has no such user");
        }
    }
    wrong.finish()
}

/// Copies a user's present name and address onto the appointments they hold.
pub async fn refresh_user(desk: &Desk, tenant: &Tenant, user_id: &UserId) -> Result<(), Error> {
    let store = desk.core.store(tenant);
    let person = find_user(&store, user_id).await?.map(|user| user.person);
    let copy = person.as_ref().map(copy_of).unwrap_or_default();
    let put = |request: &mut AppointmentRequest| {
        if let Some(assignee) = &mut request.assignee
            && assignee.user_id == *user_id
        {
            assignee.person = copy.clone();
        }
    };
    refresh(desk, &store, &InvolvementRecord::users(user_id), put).await
}

/// Copies a contact's present name and address onto what they asked for.
pub async fn refresh_contact(
    desk: &Desk,
    tenant: &Tenant,
    contact_id: &ContactId,
) -> Result<(), Error> {
    let store = desk.core.store(tenant);
    let Some(contact) = find_contact(&store, contact_id).await? else {
        return Ok(());
    };
    let put = |request: &mut AppointmentRequest| {
        if request.contact_id.as_ref() == Some(contact_id) {
            let kept = std::mem::take(&mut request.requester);
            request.requester = PersonCopy {
                name: contact.person.name.clone().or(kept.name),
                email: contact.person.email.clone().or(kept.email),
            };
        }
    };
    refresh(desk, &store, &InvolvementRecord::contacts(contact_id), put).await
}

async fn refresh(
    desk: &Desk,
    store: &TenantStore,
    partition: &str,
    put: impl Fn(&mut AppointmentRequest),
) -> Result<(), Error> {
    let notes = store
        .query_all::<InvolvementRecord>(Query::partition(partition, 100))
        .await?;
    for note in notes {
        undisturbed(|| async {
            let before = load(store, note.engagement_id()).await?;
            let mut after = before.clone();
            let Some(request) = &mut after.request else {
                // Deleted: nobody looks for copies there any more.
                store.delete(&note.key()).await?;
                return Ok(());
            };
            if matches!(
                request.status,
                RequestStatus::Declined | RequestStatus::Cancelled
            ) {
                // What has ended stays as it was.
                store.delete(&note.key()).await?;
                return Ok(());
            }
            put(request);
            if after == before {
                return Ok(());
            }
            Write::of(desk, store, &before)
                .commit(after, |_, _| Ok(()))
                .await?;
            Ok(())
        })
        .await?;
    }
    Ok(())
}
