//! Who is invited, when lists, directory and earlier invitations name the same
//! people in several ways (IV-1): nobody twice.

use std::collections::HashSet;

use uuid::Uuid;

use super::{Host, Invitee, Response, Told, Who};
use crate::address::EmailAddress;
use crate::id::{ClientId, InvitationId};

/// Somebody whom a list names, as the directory knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who, as far as is known.
    pub who: Who,
    /// Where to reach them.
    pub email: Option<EmailAddress>,
    /// As they are called.
    pub name: Option<String>,
}

/// All whom the lists name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    /// In any order; one person may be in it several times.
    pub candidates: Vec<Candidate>,
    /// The client of the contacts among them.
    pub client_id: Option<ClientId>,
}

/// The roster that the candidates make: each person once, by identity and by
/// address, as a user rather than a contact and as either rather than a bare
/// address; never the host. Whoever is on the roster, or was a moment ago and
/// has not been told otherwise, keeps their invitation.
pub fn reconcile(
    host: &Host,
    resolved: Resolved,
    roster: &[Invitee],
    told: &[Told],
    mut mint: impl FnMut() -> Uuid,
) -> Vec<Invitee> {
    let mut candidates = resolved.candidates;
    candidates.sort_by_key(|one| match one.who {
        Who::Internal(_) => 0,
        Who::Contact(_) => 1,
        Who::External => 2,
    });
    let mut seen = Seen::of(host);
    candidates.retain(|one| seen.is_new(one));
    // Whom an identity names is found first: an address may have passed from
    // one of them to another since.
    let by_identity: Vec<_> = candidates
        .iter()
        .map(|one| roster.iter().find(|kept| is_identical(one, &kept.who)))
        .collect();
    let mut taken: HashSet<_> = by_identity
        .iter()
        .flatten()
        .map(|one| one.invitation_id)
        .collect();
    let mut made: Vec<Invitee> = vec![];
    for (candidate, kept) in candidates.into_iter().zip(by_identity) {
        let is_free = |id: InvitationId| !taken.contains(&id);
        let kept = kept.or_else(|| {
            let mut free = roster.iter().filter(|one| is_free(one.invitation_id));
            free.find(|one| has_address(&candidate, one.email.as_ref()))
        });
        let invitee = match kept {
            Some(kept) => Invitee {
                who: candidate.who,
                email: candidate.email,
                name: candidate.name,
                ..kept.clone()
            },
            None => Invitee {
                invitation_id: earlier(&candidate, roster, told)
                    .filter(|id| is_free(*id))
                    .unwrap_or_else(|| InvitationId::new(mint())),
                who: candidate.who,
                email: candidate.email,
                name: candidate.name,
                response: Response::NeedsAction,
                responded_at: None,
                joined_at: None,
            },
        };
        taken.insert(invitee.invitation_id);
        made.push(invitee);
    }
    made
}

struct Seen {
    identities: HashSet<Who>,
    addresses: HashSet<String>,
}

impl Seen {
    fn of(host: &Host) -> Self {
        Self {
            identities: HashSet::from([Who::Internal(host.user_id.clone())]),
            addresses: host.email.iter().map(EmailAddress::lookup_key).collect(),
        }
    }

    fn is_new(&mut self, one: &Candidate) -> bool {
        let is_known = one.who != Who::External && self.identities.contains(&one.who);
        let address = one.email.as_ref().map(EmailAddress::lookup_key);
        if is_known
            || address
                .as_ref()
                .is_some_and(|one| self.addresses.contains(one))
        {
            return false;
        }
        self.identities.insert(one.who.clone());
        self.addresses.extend(address);
        true
    }
}

fn is_identical(candidate: &Candidate, who: &Who) -> bool {
    candidate.who != Who::External && candidate.who == *who
}

fn has_address(candidate: &Candidate, email: Option<&EmailAddress>) -> bool {
    match (&candidate.email, email) {
        (Some(one), Some(other)) => one.lookup_key() == other.lookup_key(),
        _ => false,
    }
}

/// The invitation of somebody who has left the roster: who they are tells more
/// than where they were reached.
fn earlier(candidate: &Candidate, roster: &[Invitee], told: &[Told]) -> Option<InvitationId> {
    let left = || {
        let is_here = |id| roster.iter().any(|one| one.invitation_id == id);
        told.iter().filter(move |one| !is_here(one.invitation_id))
    };
    left()
        .find(|one| is_identical(candidate, &one.who))
        .or_else(|| left().find(|one| has_address(candidate, one.email.as_ref())))
        .map(|one| one.invitation_id)
}
