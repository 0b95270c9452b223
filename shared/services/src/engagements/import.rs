//! Importing an old system's approved appointments (AP-9): each entry stands for
//! itself; nobody is told.

use convoke_domain::address::WebLink;
use convoke_domain::appointment::{Assignee, MeetingColumns, RequestDraft, RequestInput};
use convoke_domain::engagement::{self, Engagement};
use convoke_domain::error::{Error, Violations};
use convoke_domain::id::{AppointmentRequestId, UserId};
use convoke_domain::online_meeting::Organizer;
use convoke_platform::store::TenantStore;
use futures_util::StreamExt;

use super::approve::present_organizer;
use super::create::resolve_requester;
use super::people::copy_of;
use super::write::Write;
use super::{Actor, Desk};
use crate::core::undisturbed;
use crate::directory::find_user;

/// Entries that are written at once.
const AT_ONCE: usize = 8;
/// Longest id of an online meeting, in octets.
const MEETING_ID_MAX: usize = 1024;

/// One old appointment.
#[derive(Debug, Clone, Default)]
pub struct ImportEntry {
    /// As a new one is asked for; its time may be over.
    pub request: RequestInput,
    /// Who holds it.
    pub assigned_user_id: Option<String>,
    /// `teams`.
    pub online_meeting_provider: Option<String>,
    /// The join link.
    pub online_meeting_url: Option<String>,
    /// Microsoft's id of the online meeting.
    pub online_meeting_id: Option<String>,
    /// Entra object id of its organiser; absent: the integration's present one.
    pub online_meeting_organizer_id: Option<String>,
}

/// What became of one entry, in the order given.
pub type Imported = Result<AppointmentRequestId, Error>;

/// Imports entries.
pub async fn import(
    desk: &Desk,
    store: &TenantStore,
    actor: &Actor,
    entries: Vec<ImportEntry>,
) -> Result<Vec<Imported>, Error> {
    let present = present_organizer(store).await?;
    let writes = entries
        .into_iter()
        .map(|entry| import_one(desk, store, actor, entry, present.clone()));
    Ok(futures_util::stream::iter(writes)
        .buffered(AT_ONCE)
        .collect()
        .await)
}

async fn import_one(
    desk: &Desk,
    store: &TenantStore,
    actor: &Actor,
    entry: ImportEntry,
    present_organizer: Option<Organizer>,
) -> Imported {
    let (columns, user_id) = read(&entry)?;
    let noted = entry.online_meeting_organizer_id.clone();
    let (present, legacy_ms_tenant_id) = present_organizer.map_or((None, None), |organizer| {
        (organizer.object_id, organizer.ms_tenant_id)
    });
    let legacy_organizer = noted.or(present);
    let mut draft = RequestDraft::parse_imported(entry.request)?;
    resolve_requester(store, &mut draft, true).await?;
    let assignee = match user_id.or_else(|| draft.preferred.clone()) {
        Some(user_id) => {
            let known = find_user(store, &user_id).await?;
            Some(Assignee {
                person: known.map(|user| copy_of(&user.person)).unwrap_or_default(),
                user_id,
            })
        }
        None => None,
    };
    let id = AppointmentRequestId::new(desk.core.ports.mint());
    let imported = engagement::Imported {
        draft,
        assignee,
        columns,
        legacy_organizer,
        legacy_ms_tenant_id,
        organizer: desk.organizer.clone(),
        by: actor.user_id.clone(),
    };
    let after = Engagement::imported(imported, id, desk.core.ports.now());
    let before = Engagement::default();
    undisturbed(|| {
        let write = Write {
            // It was agreed elsewhere: the technician's time is taken, free or not.
            allow_overlap: true,
            quiet: true,
            ..Write::of(desk, store, &before)
        };
        let after = after.clone();
        async move { write.commit(after, |_, _| Ok(())).await }
    })
    .await?;
    Ok(id)
}

fn read(entry: &ImportEntry) -> Result<(MeetingColumns, Option<UserId>), Error> {
    let mut wrong = Violations::new();
    let url = entry
        .online_meeting_url
        .as_deref()
        .and_then(|url| wrong.keep("/online_meeting_url", "invalid_link", WebLink::parse(url)));
    if let Some(provider) = &entry.online_meeting_provider
        && provider != MeetingColumns::TEAMS
    {
        wrong.add(
            "/online_meeting_provider",
            "unknown_provider",
            "the provider is teams",
        );
    }
    let meeting_id = entry.online_meeting_id.clone();
    if meeting_id.as_deref().is_some_and(|id| {
        id.is_empty()
            || id.len() > MEETING_ID_MAX
            || !id.bytes().all(|byte| byte.is_ascii_graphic())
    }) {
        wrong.add(
            "/online_meeting_id",
            "invalid_id",
            format!("at most {MEETING_ID_MAX} visible ASCII characters"),
        );
    }
    if let Some(id) = &entry.online_meeting_organizer_id
        && uuid::Uuid::parse_str(id).is_err()
    {
        wrong.add(
            "/online_meeting_organizer_id",
            "invalid_id",
            "an Entra object id is a GUID",
        );
    }
    let user_id = entry
        .assigned_user_id
        .as_deref()
        .and_then(|id| wrong.keep("/assigned_user_id", "invalid_id", UserId::parse(id)));
    wrong.finish()?;
    let has_any = url.is_some() || meeting_id.is_some();
    let columns = MeetingColumns {
        provider: has_any.then(|| MeetingColumns::TEAMS.to_owned()),
        url,
        meeting_id,
    };
    Ok((columns, user_id))
}
