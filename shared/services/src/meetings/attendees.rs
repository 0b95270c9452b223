//! What the directory knows of a meeting's internal attendees (XC-14).

use std::collections::HashMap;

use chrono::TimeDelta;
use convoke_domain::directory::User;
use convoke_domain::error::{Error, Violations};
use convoke_domain::event::MeetingEventKind;
use convoke_domain::id::{MeetingId, UserId};
use convoke_domain::meeting::{Attendee, Identity, Meeting, MeetingStatus, refuse_duplicates};
use convoke_platform::records::{AttendanceRecord, MeetingRecord, UserRecord};
use convoke_platform::store::{Query, Record, StoreError, TenantStore};
use convoke_platform::tenant::Tenant;

use super::{change, find};
use crate::core::{Core, undisturbed};

/// Notes that are written at once.
const AT_ONCE: usize = 16;

/// Copies names and addresses onto internal attendees, and notes that the
/// meeting carries them.
///
/// The note comes before the copy, so that a directory change either is read
/// here or finds the note.
pub(super) async fn resolve(
    store: &TenantStore,
    meeting_id: MeetingId,
    attendees: &mut [Attendee],
) -> Result<(), Error> {
    let users: Vec<UserId> = attendees
        .iter()
        .filter_map(|attendee| attendee.user_id().cloned())
        .collect();
    let notes: Vec<_> = users
        .iter()
        .map(|user_id| AttendanceRecord::new(user_id, meeting_id))
        .collect();
    for some in notes.chunks(AT_ONCE) {
        let mut writes = Vec::with_capacity(some.len());
        for note in some {
            writes.push(store.put(note));
        }
        futures_util::future::try_join_all(writes).await?;
    }
    let known = read_users(store, &users).await?;
    for attendee in attendees.iter_mut() {
        if let Identity::Internal {
            user_id,
            email,
            name,
        } = &mut attendee.identity
        {
            let user = known.get(user_id);
            *email = user.and_then(|user| user.person.email.clone());
            *name = user.and_then(|user| user.person.name.clone());
        }
    }
    let mut wrong = Violations::new();
    refuse_duplicates(attendees, &mut wrong);
    wrong.finish()
}

async fn read_users(
    store: &TenantStore,
    ids: &[UserId],
) -> Result<HashMap<UserId, User>, StoreError> {
    let mut users = HashMap::new();
    for ids in ids.chunks(100) {
        let keys: Vec<_> = ids.iter().map(UserRecord::key_of).collect();
        for record in store.get_all::<UserRecord>(&keys).await? {
            let user = User::try_from(record)?;
            users.insert(user.user_id.clone(), user);
        }
    }
    Ok(users)
}

/// Copies a user's present name and address onto every meeting that names them.
pub async fn refresh_user(core: &Core, tenant: &Tenant, user_id: &UserId) -> Result<(), Error> {
    let store = core.store(tenant);
    let notes = store
        .query_all::<AttendanceRecord>(Query::partition(AttendanceRecord::partition(user_id), 100))
        .await?;
    for note in notes {
        undisturbed(|| async {
            let users = read_users(&store, std::slice::from_ref(user_id)).await?;
            let Some(mut meeting) = find(&store, note.meeting_id()).await? else {
                return Ok(forget(core, &store, &note).await?);
            };
            if !meeting
                .attendees
                .iter()
                .any(|attendee| attendee.user_id() == Some(user_id))
            {
                return Ok(forget(core, &store, &note).await?);
            }
            if meeting.status == MeetingStatus::Cancelled
                || !copy_onto(&mut meeting, user_id, users.get(user_id))
            {
                return Ok(());
            }
            let expected = meeting.version;
            meeting.version += 1;
            meeting.revision += 1;
            meeting.updated_at = core.ports.now();
            let mut transaction = store.transaction();
            change::push_if_behind(core, &mut transaction, &mut meeting)?;
            transaction.replace(&MeetingRecord::from(&meeting), expected);
            let event = core.meeting_event(tenant.id(), MeetingEventKind::Updated, &meeting)?;
            transaction.create(&core.outbox(&[event])?);
            Ok(transaction.commit().await?)
        })
        .await?;
    }
    Ok(())
}

/// Drops the note of a meeting that is gone or names the user no more; one that
/// is just being written comes after its note.
async fn forget(
    core: &Core,
    store: &TenantStore,
    note: &AttendanceRecord,
) -> Result<(), StoreError> {
    let long_ago = core.ports.now() - TimeDelta::hours(1);
    if note
        .meeting_id()
        .minted_at()
        .is_some_and(|at| at < long_ago)
    {
        store.delete(&note.key()).await?;
    }
    Ok(())
}

fn copy_onto(meeting: &mut Meeting, user_id: &UserId, user: Option<&User>) -> bool {
    let mut changed = false;
    for attendee in &mut meeting.attendees {
        if let Identity::Internal {
            user_id: id,
            email,
            name,
        } = &mut attendee.identity
            && id == user_id
        {
            let (now_email, now_name) = user.map_or((None, None), |user| {
                (user.person.email.clone(), user.person.name.clone())
            });
            changed |= *email != now_email || *name != now_name;
            (*email, *name) = (now_email, now_name);
        }
    }
    changed
}
