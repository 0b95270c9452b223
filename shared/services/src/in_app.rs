//! In-app notifications (IV-8): written in the transaction of what they tell of,
//! listed, counted and marked as read by their user alone.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use convoke_domain::error::Error;
use convoke_domain::id::{NotificationId, SessionId, UserId};
use convoke_domain::notification::{Notification, NotificationKind};
use convoke_domain::session::{Field, Response};
use convoke_domain::zone::Zone;
use convoke_platform::backoff::Attempt;
use convoke_platform::records::NotificationRecord;
use convoke_platform::store::{
    Filter, Index, Page, Position, Query, StoreError, TenantStore, Transaction,
};

use crate::core::{Core, undisturbed};

/// What a user is to be told; `..Note::to(user_id, kind)` fills what is not needed.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "as Notification names them")]
pub struct Note {
    pub user_id: UserId,
    pub kind: NotificationKind,
    pub session_id: Option<SessionId>,
    pub title: String,
    pub start: Option<DateTime<Utc>>,
    pub zone: Option<Zone>,
    pub changes: Vec<Field>,
    pub person: Option<String>,
    pub response: Option<Response>,
    pub provider: Option<&'static str>,
}

impl Note {
    /// A note that says nothing more than its kind.
    pub fn to(user_id: UserId, kind: NotificationKind) -> Self {
        Self {
            user_id,
            kind,
            session_id: None,
            title: String::new(),
            start: None,
            zone: None,
            changes: vec![],
            person: None,
            response: None,
            provider: None,
        }
    }
}

/// Adds notifications to the transaction of what they tell of: one item a note.
pub fn notify(core: &Core, transaction: &mut Transaction, notes: Vec<Note>) -> Result<(), Error> {
    let now = core.ports.now();
    for note in notes {
        let notification = Notification {
            notification_id: NotificationId::new(core.ports.mint()),
            user_id: note.user_id,
            kind: note.kind,
            session_id: note.session_id,
            title: note.title,
            start: note.start,
            zone: note.zone,
            changes: note.changes,
            person: note.person,
            response: note.response,
            provider: note.provider,
            created_at: now,
            read_at: None,
            version: 1,
        };
        transaction.create(&NotificationRecord::from(&notification));
    }
    Ok(())
}

/// Most notifications that are counted: where there are more, this many.
pub const COUNTED_MAX: u32 = 1000;
/// Most notifications that one call marks as read.
pub const READ_MAX: usize = 1000;
/// Notifications marked in one transaction: few, since calls at once disturb
/// each other.
const AT_ONCE: u16 = 50;
/// Items that one call of a count looks at.
const COUNT_PAGE: u16 = 1000;

const UNKNOWN: Error = Error::NotFound {
    what: "notification",
};

/// A page of a user's notifications, and the number that tells whether to look.
#[derive(Debug, Clone)]
pub struct Inbox {
    /// The newest first.
    pub page: Page<Notification>,
    /// How many are unread, on this page or not, [`COUNTED_MAX`] at most. The
    /// index that is counted lags behind by moments.
    pub unread: u32,
}

/// Reads one page of a user's notifications; only unread ones where asked, and
/// then a page may come out short.
pub async fn list(
    core: &Core,
    store: &TenantStore,
    user_id: &UserId,
    only_unread: bool,
    limit: u16,
    after: Option<Position>,
) -> Result<Inbox, Error> {
    let page = list_page(core, store, user_id, only_unread, limit, after);
    let all_unread = unread(user_id, core.ports.now(), COUNT_PAGE);
    let count = async { Ok(store.count(&all_unread, COUNTED_MAX).await?) };
    let (page, unread) = futures_util::try_join!(page, count)?;
    Ok(Inbox { page, unread })
}

async fn list_page(
    core: &Core,
    store: &TenantStore,
    user_id: &UserId,
    only_unread: bool,
    limit: u16,
    after: Option<Position>,
) -> Result<Page<Notification>, Error> {
    let now = core.ports.now();
    let query = if only_unread {
        unread(user_id, now, limit)
    } else {
        Query::partition(NotificationRecord::list_of(user_id), limit)
    };
    let page = store
        .query_backwards::<NotificationRecord>(&Query { after, ..query })
        .await?;
    let mut notifications = read_back(page.records)?;
    if only_unread {
        notifications = still_unread(store, &notifications).await?;
    }
    // DynamoDB takes its time to drop what has expired.
    notifications.retain(|one| one.expires_at() > now);
    Ok(Page {
        records: notifications,
        next: page.next,
    })
}

/// Marks a notification as read, and counts what is left unread. Marking it again
/// changes nothing; another user's does not exist.
pub async fn read(
    core: &Core,
    store: &TenantStore,
    user_id: &UserId,
    id: NotificationId,
) -> Result<(Notification, u32), Error> {
    let now = core.ports.now();
    let key = NotificationRecord::key_of(user_id, id);
    let notification = undisturbed(|| async {
        let found = store.get::<NotificationRecord>(&key).await?;
        let found = found.map(Notification::try_from).transpose()?;
        let mut notification = found.filter(|one| one.expires_at() > now).ok_or(UNKNOWN)?;
        if notification.read(now) {
            let mut transaction = store.transaction();
            replace(&mut transaction, &mut notification);
            transaction.commit().await?;
        }
        Ok(notification)
    })
    .await?;
    // The index may still hold it.
    let query = Query {
        filters: vec![Filter::IsNot("id", id.to_string())],
        ..unread(user_id, now, COUNT_PAGE)
    };
    let left = store.count(&query, COUNTED_MAX).await?;
    Ok((notification, left))
}

/// What marking everything came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllRead {
    /// How many this call marked: each is counted by one call alone.
    pub read: u32,
    /// How many are unread after it: what came meanwhile, and what one call does
    /// not get to.
    pub unread: u32,
}

/// Marks a user's unread notifications as read, the oldest first, [`READ_MAX`] at
/// most.
pub async fn read_all(
    core: &Core,
    store: &TenantStore,
    user_id: &UserId,
) -> Result<AllRead, Error> {
    let now = core.ports.now();
    let mut query = unread(user_id, now, AT_ONCE);
    let (mut looked_at, mut read) = (0, 0);
    let mut last = None;
    while looked_at < READ_MAX {
        let page = store.query::<NotificationRecord>(&query).await?;
        let notifications = read_back(page.records)?;
        looked_at += notifications.len();
        last = notifications.last().cloned().or(last);
        read += undisturbed(|| read_some(store, &notifications, now)).await?;
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    // From there on: the index may still hold what was marked.
    let rest = match &last {
        Some(last) => NotificationRecord::unread_behind(last),
        None => NotificationRecord::kept_by(now),
    };
    let query = Query {
        range: rest,
        ..unread(user_id, now, COUNT_PAGE)
    };
    let unread = store.count(&query, COUNTED_MAX).await?;
    Ok(AllRead { read, unread })
}

/// Marks those that are unread still; how many they were.
async fn read_some(
    store: &TenantStore,
    listed: &[Notification],
    now: DateTime<Utc>,
) -> Result<u32, Attempt> {
    let unread = still_unread(store, listed).await?;
    let mut transaction = store.transaction();
    let mut marked = 0;
    for mut notification in unread {
        notification.read(now);
        replace(&mut transaction, &mut notification);
        marked += 1;
    }
    transaction.commit().await?;
    Ok(marked)
}

fn replace(transaction: &mut Transaction, notification: &mut Notification) {
    let expected = notification.version;
    notification.version += 1;
    transaction.replace(&NotificationRecord::from(&*notification), expected);
}

/// Those of an index page that the table itself says are unread, in their order.
async fn still_unread(
    store: &TenantStore,
    listed: &[Notification],
) -> Result<Vec<Notification>, StoreError> {
    let keys: Vec<_> = listed
        .iter()
        .map(|one| NotificationRecord::key_of(&one.user_id, one.notification_id))
        .collect();
    let found = read_back(store.get_all::<NotificationRecord>(&keys).await?)?;
    let unread = found.into_iter().filter(|one| one.read_at.is_none());
    let mut unread: HashMap<_, _> = unread.map(|one| (one.notification_id, one)).collect();
    let in_order = listed
        .iter()
        .filter_map(|one| unread.remove(&one.notification_id));
    Ok(in_order.collect())
}

fn read_back(records: Vec<NotificationRecord>) -> Result<Vec<Notification>, StoreError> {
    records.into_iter().map(Notification::try_from).collect()
}

/// Unread ones that have not expired, the oldest first.
fn unread(user_id: &UserId, now: DateTime<Utc>, limit: u16) -> Query {
    Query {
        index: Index::Gsi1,
        range: NotificationRecord::kept_by(now),
        ..Query::partition(NotificationRecord::unread_of(user_id), limit)
    }
}
