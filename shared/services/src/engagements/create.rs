//! Asking for an appointment, and editing while it is pending (AP-1).

use convoke_domain::appointment::{Change, ChangeInput, PersonCopy, RequestDraft};
use convoke_domain::engagement::Engagement;
use convoke_domain::error::{Error, Violations};
use convoke_domain::id::AppointmentRequestId;
use convoke_platform::http::{Caller, CallerKind, Seal, require_version};
use convoke_platform::store::TenantStore;

use super::people::copy_of;
use super::write::Write;
use super::{Actor, Desk, must_load};
use crate::core::undisturbed;
use crate::directory::find_contact;

/// Makes a request. What a portal user sends about themselves is overwritten
/// from token and directory (XC-2).
pub async fn create(
    desk: &Desk,
    caller: &Caller,
    mut draft: RequestDraft,
    seal: &Seal<'_, Engagement>,
) -> Result<Engagement, Error> {
    let store = desk.core.store(caller.tenant());
    if let CallerKind::Portal {
        client_id,
        contact_id,
    } = &caller.kind
    {
        draft.client_id = Some(client_id.clone());
        draft.contact_id = Some(contact_id.clone());
        draft.requester = PersonCopy {
            name: caller.name.clone(),
            email: caller.verified_email.clone(),
        };
    }
    resolve_requester(
        &store,
        &mut draft,
        matches!(caller.kind, CallerKind::Internal),
    )
    .await?;
    let now = desk.core.ports.now();
    let id = AppointmentRequestId::new(desk.core.ports.mint());
    let after = Engagement::requested(draft, id, caller.user_id.clone(), now);
    let before = Engagement::default();
    undisturbed(|| async {
        Write::of(desk, &store, &before)
            .commit(after.clone(), |transaction, after| {
                seal.apply(transaction, after)
            })
            .await
    })
    .await
}

/// Fills in what the directory knows of the contact. Staff must name somebody
/// who can be told, and a client that the contact belongs to.
pub(super) async fn resolve_requester(
    store: &TenantStore,
    draft: &mut RequestDraft,
    is_staff: bool,
) -> Result<(), Error> {
    let mut wrong = Violations::new();
    if let Some(contact_id) = &draft.contact_id {
        match find_contact(store, contact_id).await? {
            Some(contact) => {
                let known = copy_of(&contact.person);
                draft.requester = PersonCopy {
                    name: known.name.or(draft.requester.name.take()),
                    email: known.email.or(draft.requester.email.take()),
                };
                match &draft.client_id {
                    Some(client_id) if *client_id != contact.client_id && is_staff => wrong.add(
                        "/client_id",
                        "not_the_contacts_client",
                        "this contact belongs to another client; leave client_id out to take the contact's",
                    ),
                    Some(_) => {}
                    // A lone contact brings its client (OM-5).
                    None => draft.client_id = Some(contact.client_id),
                }
            }
            None if is_staff => wrong.add(
                "/contact_id",
                "unknown_contact",
                "the directory has no such contact",
            ),
            None => {}
        }
    }
    if is_staff && draft.contact_id.is_none() && draft.requester.email.is_none() {
        wrong.add(
            "/requester/email",
            "missing",
            "name a contact, or the requester's e-mail address",
        );
    }
    wrong.finish()
}

/// Changes a pending request.
pub async fn change(
    desk: &Desk,
    store: &TenantStore,
    id: AppointmentRequestId,
    actor: &Actor,
    input: &ChangeInput,
    if_match: Option<u64>,
) -> Result<Engagement, Error> {
    undisturbed(|| async {
        let before = must_load(store, id).await?;
        actor.eyes.require_own(&before)?;
        let request = before.must_request()?;
        require_version(if_match, request.version)?;
        let now = desk.core.ports.now();
        let change = Change::parse(input.clone(), request, now)?;
        let mut after = before.clone();
        let changed = after
            .request
            .as_mut()
            .is_some_and(|request| change.apply(request, now));
        if !changed {
            return Ok(before);
        }
        Write::of(desk, store, &before)
            .commit(after, |_, _| Ok(()))
            .await
    })
    .await
}
