//! Reading sessions: who may, and which are whose.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use convoke_domain::error::Error;
use convoke_domain::event::rfc3339;
use convoke_domain::id::{InvitationId, MailId, SessionId};
use convoke_domain::session::{MailNote, Session, SessionStatus, Told, Who};
use convoke_platform::http::{Caller, CallerKind};
use convoke_platform::records::{
    MailRecord, MailState, SessionRecord, read_session, session_partition, sessions_of_contact,
    sessions_of_user,
};
use convoke_platform::store::{
    Index, Key, Page, Position, Query, SortRange, StoreError, TenantStore,
};

/// What the table holds of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The session with its roster.
    pub session: Session,
    /// What invitees, present and past, were last told.
    pub told: Vec<Told>,
}

/// What somebody is to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// Whose it is.
    Host,
    /// They are invited.
    Invitee(InvitationId),
    /// They may manage all sessions (`meetings:admin`).
    Admin,
}

impl Membership {
    /// Whether they may change it, and see who got which mail.
    pub const fn may_manage(self) -> bool {
        matches!(self, Self::Host | Self::Admin)
    }

    /// Refuses those who are only invited (403: they know that it exists).
    pub fn require_to_manage(self) -> Result<(), Error> {
        if self.may_manage() {
            return Ok(());
        }
        Err(Error::Forbidden {
            code: "not_the_host",
            message:
                "only the host of this meeting, or who may manage all (meetings:admin), changes it"
                    .to_owned(),
        })
    }
}

const UNKNOWN: Error = Error::NotFound { what: "meeting" };

/// Permission that stands in for being the host.
const ADMIN: &str = "meetings:admin";

/// Reads a session: one query.
pub async fn load(store: &TenantStore, id: SessionId) -> Result<Option<Held>, StoreError> {
    let items = store.collection(&session_partition(id)).await?;
    let read = read_session(items)?;
    Ok(read.map(|(session, told)| Held { session, told }))
}

/// Reads a session that the caller belongs to; for anybody else it does not
/// exist (404).
pub async fn enter(
    store: &TenantStore,
    id: SessionId,
    caller: &Caller,
) -> Result<(Held, Membership), Error> {
    let held = load(store, id).await?.ok_or(UNKNOWN)?;
    let membership = membership(&held.session, caller).ok_or(UNKNOWN)?;
    Ok((held, membership))
}

/// Who a caller is among invitees.
pub(crate) fn who(caller: &Caller) -> Who {
    match &caller.kind {
        CallerKind::Internal => Who::Internal(caller.user_id.clone()),
        CallerKind::Portal { contact_id, .. } => Who::Contact(contact_id.clone()),
    }
}

/// What a caller is to a session; `None`: nothing.
pub fn membership(session: &Session, caller: &Caller) -> Option<Membership> {
    if let CallerKind::Portal { client_id, .. } = &caller.kind {
        // A contact who has moved to another client since is nobody here.
        if session.client_id.as_ref() != Some(client_id) {
            return None;
        }
    } else if session.host.user_id == caller.user_id {
        return Some(Membership::Host);
    }
    let invited = session
        .invitee_of(&who(caller))
        .map(|one| Membership::Invitee(one.invitation_id));
    let is_admin = caller.kind == CallerKind::Internal && caller.may(ADMIN);
    // Whoever may manage all does so also where they are invited.
    if is_admin {
        Some(Membership::Admin)
    } else {
        invited
    }
}

/// Which sessions a list shows.
#[derive(Debug, Clone, Default)]
pub struct SessionFilter {
    /// Only those of a status.
    pub status: Option<SessionStatus>,
    /// Only those that begin at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Only those that begin before.
    pub to: Option<DateTime<Utc>>,
    /// All of the organisation, for who may manage all.
    pub all: bool,
}

/// Sessions of one page: with the longest texts and rosters a hundred of them are
/// more than a function may answer (6 MB).
const PAGE: u16 = 25;

/// Lists the sessions that the caller hosts or is invited to, by start; at most 25
/// a page.
pub async fn list(
    store: &TenantStore,
    caller: &Caller,
    filter: &SessionFilter,
    limit: u16,
    after: Option<Position>,
) -> Result<Page<Session>, Error> {
    if filter.all && !(caller.kind == CallerKind::Internal && caller.may(ADMIN)) {
        return Err(Error::Forbidden {
            code: "permission_missing",
            message: format!("the token lacks the permission {ADMIN}"),
        });
    }
    // The store refuses a range that ends before it begins.
    let span = filter.from.zip(filter.to);
    if span.is_some_and(|(from, to)| from >= to) {
        return Ok(Page {
            records: vec![],
            next: None,
        });
    }
    let (index, partition) = match &caller.kind {
        _ if filter.all => (Index::Gsi2, SessionRecord::LIST.to_owned()),
        CallerKind::Internal => (Index::Gsi1, sessions_of_user(&caller.user_id)),
        CallerKind::Portal { contact_id, .. } => (Index::Gsi1, sessions_of_contact(contact_id)),
    };
    let query = Query {
        index,
        partition,
        range: range(filter),
        filters: vec![],
        limit: limit.min(PAGE),
        after,
    };
    let page = store.query_keys(&query, true).await?;
    let sessions = sessions_at(store, &page.records).await?;
    let wanted = |session: &Session| {
        let of_status = filter.status.is_none_or(|status| session.status == status);
        of_status && (filter.all || takes_part(session, caller))
    };
    Ok(Page {
        records: sessions.into_iter().filter(wanted).collect(),
        next: page.next,
    })
}

/// Whether somebody is host or invitee, not only a manager of all meetings.
pub fn takes_part(session: &Session, caller: &Caller) -> bool {
    match membership(session, caller) {
        None => false,
        Some(Membership::Admin) => session.invitee_of(&who(caller)).is_some(),
        Some(Membership::Host | Membership::Invitee(_)) => true,
    }
}

fn range(filter: &SessionFilter) -> SortRange {
    let text =
        |at: Option<DateTime<Utc>>, otherwise: &str| at.map_or(otherwise.to_owned(), rfc3339);
    if filter.from.is_none() && filter.to.is_none() {
        return SortRange::All;
    }
    SortRange::Between(text(filter.from, "0"), text(filter.to, "~"))
}

/// The sessions that index entries name, in their order, each once.
pub(super) async fn sessions_at(
    store: &TenantStore,
    entries: &[Key],
) -> Result<Vec<Session>, Error> {
    let mut ids: Vec<SessionId> = vec![];
    for entry in entries {
        let id = entry
            .partition
            .strip_prefix("S#")
            .and_then(SessionId::parse);
        if let Some(id) = id.filter(|id| !ids.contains(id)) {
            ids.push(id);
        }
    }
    let keys: Vec<_> = ids.iter().map(|id| SessionRecord::key_of(*id)).collect();
    let records = store.get_all::<SessionRecord>(&keys).await?;
    let mut sessions = records
        .into_iter()
        .map(Session::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    sessions.sort_by_key(|session| ids.iter().position(|id| *id == session.session_id));
    Ok(sessions)
}

/// What became of the last mail to each invitee, in the API's words.
pub async fn mail_states(
    store: &TenantStore,
    session: &Session,
    told: &[Told],
) -> Result<HashMap<InvitationId, &'static str>, Error> {
    let is_invited = |one: &&Told| session.invitee(one.invitation_id).is_some();
    let told: Vec<_> = told.iter().filter(is_invited).collect();
    let mails = told.iter().filter_map(|one| one.last_mail);
    let keys: Vec<_> = mails.map(MailRecord::key_of).collect();
    let records = store.get_all::<MailRecord>(&keys).await?;
    let states: HashMap<MailId, &'static str> = records
        .into_iter()
        .map(|mail| (MailId::new(mail.mail_id), word(mail.state)))
        .collect();
    Ok(told
        .iter()
        .filter_map(|one| {
            let state = one
                .last_mail
                .map(|mail| states.get(&mail).copied().unwrap_or("expired"));
            let note = one.mail_note.map(MailNote::as_str);
            Some((one.invitation_id, state.or(note)?))
        })
        .collect())
}

const fn word(state: MailState) -> &'static str {
    match state {
        MailState::Queued | MailState::Claimed => "queued",
        MailState::Sent => "sent",
        MailState::Skipped => "skipped",
        MailState::Failed => "failed",
    }
}
