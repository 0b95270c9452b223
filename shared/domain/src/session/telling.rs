//! What an invitee is still owed, from what the session is now and what they
//! were last told (IV-3 to IV-5).
//!
//! Nothing else decides who hears of what. So telling can be interrupted,
//! repeated and done by several at once, and several changes that come before
//! anybody is told are told as one.

use super::{Field, Invitee, MailNote, Session, SessionStatus, Told};
use crate::address::EmailAddress;

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owed {
    /// That they are invited.
    Invitation,
    /// Nothing new about the session, but a word that they are invited as who they
    /// turned out to be: an address became a user's, say.
    Recognition,
    /// That these have changed.
    Update(Vec<Field>),
    /// That it does not take place for them.
    Cancellation,
}

/// What one person is owed: somebody on the roster, somebody who was told of it,
/// or both. `None`: they know it all.
pub fn owed(session: &Session, invitee: Option<&Invitee>, told: Option<&Told>) -> Option<Owed> {
    if session.is_pending() {
        return None;
    }
    let knows = told.filter(|told| !told.is_cancelled);
    match (session.status, invitee, knows) {
        (SessionStatus::Scheduled, Some(_), None) => Some(Owed::Invitation),
        // Whom no mail could reach, and one can by now.
        (SessionStatus::Scheduled, Some(invitee), Some(told))
            if told.mail_note == Some(MailNote::Unreachable) && invitee.email.is_some() =>
        {
            Some(Owed::Invitation)
        }
        (SessionStatus::Scheduled, Some(invitee), Some(told)) => {
            let changed: Vec<_> = Field::ALL
                .into_iter()
                .filter(|field| {
                    let at = session.changed_at.get(field);
                    at.is_some_and(|at| *at > told.sequence)
                })
                .collect();
            if changed.is_empty() {
                return (invitee.who != told.who).then_some(Owed::Recognition);
            }
            Some(Owed::Update(changed))
        }
        // One mailbox, two invitations, of which one was left: the other stands.
        (SessionStatus::Scheduled | SessionStatus::Ended, None, Some(told))
            if is_on_roster(session, told) =>
        {
            None
        }
        (SessionStatus::Scheduled | SessionStatus::Ended, None, Some(_))
        | (SessionStatus::Cancelled, _, Some(_)) => Some(Owed::Cancellation),
        (SessionStatus::Scheduled, None, None)
        | (SessionStatus::Cancelled, _, None)
        | (SessionStatus::Ended, ..) => None,
    }
}

/// Whether whoever was told is still reached where they were told.
fn is_on_roster(session: &Session, told: &Told) -> bool {
    let Some(email) = told.email.as_ref().map(EmailAddress::lookup_key) else {
        return false;
    };
    let addresses = session.roster.iter().filter_map(|one| one.email.as_ref());
    addresses
        .map(EmailAddress::lookup_key)
        .any(|one| one == email)
}
