//! Taking and giving free technicians' time, in the transaction of what takes it (AP-3).

use std::collections::BTreeSet;

use chrono::NaiveDate;
use convoke_domain::id::UserId;
use convoke_domain::schedule_entry::{ScheduleEntry, WorkItem};
use convoke_domain::technician::{Hold, TechnicianDay, days_of};
use convoke_platform::backoff::Attempt;
use convoke_platform::records::TechnicianDayRecord;
use convoke_platform::store::{Key, TenantStore, Transaction};

/// Adds to the transaction what becomes of technicians' days when an entry
/// changes from `before` to `after`.
pub(super) async fn hold(
    store: &TenantStore,
    transaction: &mut Transaction,
    before: Option<&ScheduleEntry>,
    after: Option<&ScheduleEntry>,
    allow_overlap: bool,
) -> Result<(), Attempt> {
    let (was, is) = (taken(before), taken(after));
    if was == is {
        return Ok(());
    }
    let touched: BTreeSet<_> = was.days().chain(is.days()).collect();
    for mut day in read(store, &touched).await? {
        let version = day.version;
        let holds_before = day.holds.clone();
        if let Some(entry) = before {
            day.release(entry.schedule_entry_id);
        }
        if let (Some(entry), true) = (after, is.holds(&day)) {
            let hold = Hold {
                schedule_entry_id: entry.schedule_entry_id,
                start: entry.start,
                end: entry.end,
            };
            day.take(hold, allow_overlap)?;
        }
        if day.holds == holds_before {
            continue;
        }
        day.version = version + 1;
        let record = TechnicianDayRecord::from(&day);
        if version == 0 {
            transaction.create(&record);
        } else {
            transaction.replace(&record, version);
        }
    }
    Ok(())
}

/// Whose time, and on which days.
#[derive(PartialEq, Eq, Default)]
struct Taken {
    users: Vec<UserId>,
    dates: Vec<NaiveDate>,
    span: Option<(chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>)>,
}

impl Taken {
    fn days(&self) -> impl Iterator<Item = (UserId, NaiveDate)> {
        self.users
            .iter()
            .flat_map(|user| self.dates.iter().map(|date| (user.clone(), *date)))
    }

    fn holds(&self, day: &TechnicianDay) -> bool {
        self.users.contains(&day.user_id) && self.dates.contains(&day.date)
    }
}

fn taken(entry: Option<&ScheduleEntry>) -> Taken {
    entry
        .filter(|entry| entry.work_item == WorkItem::AppointmentRequest)
        .map_or_else(Taken::default, |entry| Taken {
            users: entry.assigned_user_ids.clone(),
            dates: days_of(entry.start, entry.end),
            span: Some((entry.start, entry.end)),
        })
}

async fn read(
    store: &TenantStore,
    touched: &BTreeSet<(UserId, NaiveDate)>,
) -> Result<Vec<TechnicianDay>, Attempt> {
    let keys: Vec<Key> = touched
        .iter()
        .map(|(user, date)| TechnicianDayRecord::key_of(user, *date))
        .collect();
    let known = store
        .get_all::<TechnicianDayRecord>(&keys)
        .await?
        .into_iter()
        .map(TechnicianDay::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    let day = |(user, date): &(UserId, NaiveDate)| {
        known
            .iter()
            .find(|day| day.user_id == *user && day.date == *date)
            .cloned()
            .unwrap_or_else(|| TechnicianDay::empty(user.clone(), *date))
    };
    Ok(touched.iter().map(day).collect())
}
