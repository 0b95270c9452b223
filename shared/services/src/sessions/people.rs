//! Whom the lists of a session name, as the directory knows them (IV-1).

use std::collections::HashMap;

use convoke_domain::address::EmailAddress;
use convoke_domain::directory::{Contact, Person, User};
use convoke_domain::error::{Error, Violations};
use convoke_domain::id::{ClientId, ContactId, UserId};
use convoke_domain::session::{
    Candidate, Host, INVITEES_MAX, Invitee, InviteeNames, Resolved, Who,
};
use convoke_platform::records::{AddressKind, AddressRecord, ContactRecord, UserRecord};
use convoke_platform::store::{Key, TenantStore};

use crate::directory::find_user;

/// The host as the directory knows them; a caller whom it does not know yet has
/// neither name nor address here.
pub(super) async fn host_of(store: &TenantStore, user_id: &UserId) -> Result<Host, Error> {
    let person = find_user(store, user_id).await?.map(|user| user.person);
    let Person { email, name, .. } = person.unwrap_or_default();
    Ok(Host {
        user_id: user_id.clone(),
        name,
        email,
    })
}

/// Looks everybody up: lists that were sent, and who is on the roster for those
/// that were not. A contact whom the directory does not know is refused, as are
/// contacts of several clients; an unknown user stays, out of reach (XC-14).
pub(super) async fn resolve(
    store: &TenantStore,
    names: &InviteeNames,
    roster: &[Invitee],
    client: Option<&ClientId>,
) -> Result<Resolved, Error> {
    let users = names.users.clone().unwrap_or_else(|| users_of(roster));
    let emails = names.emails.clone().unwrap_or_else(|| emails_of(roster));
    let (mut candidates, client_id) = match &names.contacts {
        Some(contacts) => resolve_contacts(store, contacts).await?,
        // Who was invited once is not judged again.
        None => (contacts_of(roster), None),
    };
    if candidates.len() + users.len() + emails.len() > INVITEES_MAX {
        let message = format!("at most {INVITEES_MAX} invitees");
        return Err(Error::invalid("/invitees", "too_many", message));
    }
    candidates.extend(resolve_users(store, &users).await?);
    candidates.extend(resolve_emails(store, &emails).await?);
    // Without contacts it stays whose it was: its record is on their timeline.
    let client_id = client_id.or_else(|| client.cloned());
    Ok(Resolved {
        candidates,
        client_id,
    })
}

fn contacts_of(roster: &[Invitee]) -> Vec<Candidate> {
    let contacts = roster
        .iter()
        .filter(|one| matches!(one.who, Who::Contact(_)));
    let kept = contacts.map(|one| Candidate {
        who: one.who.clone(),
        email: one.email.clone(),
        name: one.name.clone(),
    });
    kept.collect()
}

fn users_of(roster: &[Invitee]) -> Vec<UserId> {
    let users = roster.iter().filter_map(|one| match &one.who {
        Who::Internal(id) => Some(id.clone()),
        _ => None,
    });
    users.collect()
}

fn emails_of(roster: &[Invitee]) -> Vec<EmailAddress> {
    let external = roster.iter().filter(|one| one.who == Who::External);
    external.filter_map(|one| one.email.clone()).collect()
}

async fn resolve_contacts(
    store: &TenantStore,
    ids: &[ContactId],
) -> Result<(Vec<Candidate>, Option<ClientId>), Error> {
    let keys = distinct(ids.iter().map(ContactRecord::key_of));
    let records = store.get_all::<ContactRecord>(&keys).await?;
    let known = records
        .into_iter()
        .map(|record| Contact::try_from(record).map(|one| (one.contact_id.clone(), one)))
        .collect::<Result<HashMap<_, _>, _>>()?;
    let mut wrong = Violations::new();
    let mut client_id = None;
    let mut candidates = vec![];
    for (at, id) in ids.iter().enumerate() {
        let pointer = format!("/invitees/contact_ids/{at}");
        let Some(contact) = known.get(id) else {
            wrong.add(
                pointer,
                "unknown_contact",
                "the directory has no such contact",
            );
            continue;
        };
        let of_client = client_id.get_or_insert_with(|| contact.client_id.clone());
        if *of_client != contact.client_id {
            wrong.add(
                pointer,
                "not_the_same_client",
                "invite contacts of one client to a meeting",
            );
            continue;
        }
        candidates.push(candidate(Who::Contact(id.clone()), Some(&contact.person)));
    }
    wrong.finish()?;
    Ok((candidates, client_id))
}

/// One who has left is out of reach, like one whom the directory does not know.
async fn resolve_users(store: &TenantStore, ids: &[UserId]) -> Result<Vec<Candidate>, Error> {
    let known = read_users(store, ids).await?;
    let of = |id: &UserId| {
        let user = known.get(id).filter(|user| user.active);
        candidate(Who::Internal(id.clone()), user.map(|user| &user.person))
    };
    Ok(ids.iter().map(of).collect())
}

async fn read_users(store: &TenantStore, ids: &[UserId]) -> Result<HashMap<UserId, User>, Error> {
    let keys = distinct(ids.iter().map(UserRecord::key_of));
    let records = store.get_all::<UserRecord>(&keys).await?;
    let users = records
        .into_iter()
        .map(|record| User::try_from(record).map(|one| (one.user_id.clone(), one)));
    Ok(users.collect::<Result<_, _>>()?)
}

/// Addresses of registered users become those users; one who has left is a
/// stranger like any other.
async fn resolve_emails(
    store: &TenantStore,
    emails: &[EmailAddress],
) -> Result<Vec<Candidate>, Error> {
    let keys = distinct(
        emails
            .iter()
            .map(|email| AddressRecord::key_of(AddressKind::User, email)),
    );
    let held = store.get_all::<AddressRecord>(&keys).await?;
    let holders = held
        .iter()
        .filter_map(|one| UserId::parse(&one.holder).ok());
    let holders: Vec<_> = holders.collect();
    let users = read_users(store, &holders).await?;
    let by_address: HashMap<String, &User> = users
        .values()
        .filter(|user| user.active)
        .filter_map(|user| Some((user.person.email.as_ref()?.lookup_key(), user)))
        .collect();
    let of = |email: &EmailAddress| match by_address.get(&email.lookup_key()) {
        Some(user) => candidate(Who::Internal(user.user_id.clone()), Some(&user.person)),
        None => Candidate {
            who: Who::External,
            email: Some(email.clone()),
            name: None,
        },
    };
    Ok(emails.iter().map(of).collect())
}

fn candidate(who: Who, person: Option<&Person>) -> Candidate {
    Candidate {
        who,
        email: person.and_then(|person| person.email.clone()),
        name: person.and_then(|person| person.name.clone()),
    }
}

/// A batch of reads takes no key twice.
fn distinct(keys: impl Iterator<Item = Key>) -> Vec<Key> {
    let mut kept: Vec<Key> = vec![];
    for key in keys {
        if !kept.contains(&key) {
            kept.push(key);
        }
    }
    kept
}
