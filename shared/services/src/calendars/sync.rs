//! Brings everything that is to stand in connected calendars of one session or
//! schedule entry in step with it.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use convoke_domain::calendar_connection::{
    CalendarConnection, CalendarEntry, CalendarProvider, CalendarSync, SyncKey, SyncSubject,
};
use convoke_domain::error::Error;
use convoke_domain::id::{SessionId, UserId};
use convoke_domain::zone::Zone;
use convoke_platform::records::{
    CalendarConnectionRecord, CalendarSyncRecord, engagement_partition, read_engagement,
    read_session, session_partition,
};
use convoke_platform::store::{StoreError, TenantStore};
use convoke_platform::tenant::Tenant;
use futures_util::{StreamExt, TryStreamExt, stream};
use tracing::Instrument;
use uuid::Uuid;

use super::remote::wish_of;
use super::row::settle_down;
use super::turn::{Done, Turn};
use super::{Calendars, subject_of};
use crate::jobs::CalendarSubject;

/// How long after its start a worker still begins with an event. With the calls
/// themselves a batch of ten, five at once, fits into the function's minute.
const BEGIN_WITHIN: Duration = Duration::from_secs(6);
/// Events that one worker is at at once.
const AT_ONCE: usize = 4;
/// How often a worker looks whether more is to be done.
const ROUNDS: u32 = 8;

/// What is to stand in whose calendars.
struct Wanted {
    entry: Option<CalendarEntry>,
    users: Vec<UserId>,
}

/// Brings connected calendars in step with a session or schedule entry, wherever
/// it comes from: that it was changed, that something failed before, or that a
/// calendar was connected. What fails at a provider waits in the due index; an
/// error is the store's, or that time ran out, and means: bring the job again.
pub async fn sync(
    calendars: &Calendars,
    tenant: &Tenant,
    subject: CalendarSubject,
    id: Uuid,
) -> Result<(), Error> {
    let store = calendars.core.store(tenant);
    let subject = subject_of(subject, id);
    let round = Round {
        calendars,
        store: &store,
        subject,
        began: Instant::now(),
    };
    for _ in 0..ROUNDS {
        // Whoever came while a row was claimed has left it to its holder, so that
        // the holder looks again after it has let go.
        if round.run().await? == Done::Rested {
            return Ok(());
        }
    }
    Err(busy())
}

fn busy() -> Error {
    Error::Busy {
        message: "connected calendars are still being brought in step".to_owned(),
        retry_after: Duration::from_secs(1),
    }
}

struct Round<'a> {
    calendars: &'a Calendars,
    store: &'a TenantStore,
    subject: SyncSubject,
    began: Instant,
}

impl Round<'_> {
    async fn run(&self) -> Result<Done, Error> {
        let rows = self.rows().await?;
        let wanted = self.wanted().await?;
        let known = rows.keys().map(|(user, _)| user);
        let users: BTreeSet<&UserId> = wanted.users.iter().chain(known).collect();
        let turns = users
            .into_iter()
            .map(|user| self.of_user(user, &wanted, &rows));
        // Made before they are awaited: a closure held across would bind the
        // worker's future to one lifetime.
        let turns: Vec<_> = turns.collect();
        let turns: Vec<_> = stream::iter(turns)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let acted = turns.contains(&Done::Acted);
        Ok(if acted { Done::Acted } else { Done::Rested })
    }

    async fn rows(&self) -> Result<HashMap<(UserId, CalendarProvider), CalendarSync>, StoreError> {
        let partition = CalendarSyncRecord::partition_of(self.subject);
        let mut items = self.store.collection(&partition).await?;
        let rows = items.take_all::<CalendarSyncRecord>()?.into_iter();
        rows.map(|record| {
            let row = CalendarSync::try_from(record)?;
            Ok(((row.key.user_id.clone(), row.key.provider), row))
        })
        .collect()
    }

    async fn wanted(&self) -> Result<Wanted, Error> {
        let domain = &self.calendars.domain;
        let nothing = Wanted {
            entry: None,
            users: vec![],
        };
        match self.subject {
            SyncSubject::Session(id) => {
                let partition = session_partition(SessionId::new(id));
                let read = read_session(self.store.collection(&partition).await?)?;
                let Some((session, _)) = read else {
                    return Ok(nothing);
                };
                Ok(Wanted {
                    entry: CalendarEntry::of_session(&session, domain),
                    users: vec![session.host.user_id],
                })
            }
            SyncSubject::ScheduleEntry(id) => {
                let items = self.store.collection(&engagement_partition(id)).await?;
                let engagement = read_engagement(items)?;
                let Some(entry) = engagement.entry else {
                    return Ok(nothing);
                };
                let own = engagement
                    .request
                    .map(|request| request.time.zone().clone());
                let zone = own.unwrap_or_else(Zone::utc);
                Ok(Wanted {
                    entry: Some(CalendarEntry::of_schedule_entry(&entry, &zone, domain)),
                    users: entry.assigned_user_ids,
                })
            }
        }
    }

    /// All that concerns one user.
    async fn of_user(
        &self,
        user: &UserId,
        wanted: &Wanted,
        rows: &HashMap<(UserId, CalendarProvider), CalendarSync>,
    ) -> Result<Done, Error> {
        let partition = CalendarConnectionRecord::partition_of(user);
        let mut items = self.store.collection(&partition).await?;
        let connections = items.take_all::<CalendarConnectionRecord>()?;
        let connections: Vec<_> = connections
            .into_iter()
            .map(CalendarConnection::try_from)
            .collect::<Result<_, _>>()?;
        let entry = wanted.entry.as_ref();
        let entry = entry.filter(|_| wanted.users.contains(user));
        let mut done = Done::Rested;
        for provider in CalendarProvider::ALL {
            let connection = connections.iter().find(|one| one.provider == provider);
            let row = rows.get(&(user.clone(), provider));
            if self
                .of_calendar(user, (provider, connection), entry, row)
                .await?
                == Done::Acted
            {
                done = Done::Acted;
            }
        }
        Ok(done)
    }

    async fn of_calendar(
        &self,
        user: &UserId,
        (provider, connection): (CalendarProvider, Option<&CalendarConnection>),
        entry: Option<&CalendarEntry>,
        row: Option<&CalendarSync>,
    ) -> Result<Done, Error> {
        let ports = &self.calendars.core.ports;
        let usable = connection.filter(|connection| connection.is_usable());
        let Some(connection) = usable else {
            if let Some(row) = row {
                // It waits for its user.
                settle_down(self.store, row.clone(), ports.now()).await?;
            }
            return Ok(Done::Rested);
        };
        let wish = entry.map(|entry| wish_of(provider, entry));
        let row = match (row, &wish) {
            (Some(row), _) => row.clone(),
            // What is over is not brought into a calendar any more.
            (None, Some(wish)) if wish.span.1 > ports.now() => {
                let key = SyncKey {
                    subject: self.subject,
                    user_id: user.clone(),
                    provider,
                };
                CalendarSync::new(key, connection.connection_id, ports.mint(), wish)
            }
            _ => return Ok(Done::Rested),
        };
        if self.began.elapsed() >= BEGIN_WITHIN {
            return Err(busy());
        }
        let turn = Turn {
            calendars: self.calendars,
            store: self.store,
            connection,
            entry,
            wish,
            uid: format!("{}@{}", self.subject.id(), self.calendars.domain),
        };
        let span = tracing::info_span!(
            "calendar",
            provider = provider.as_str(),
            subject = self.subject.kind(),
            subject_id = %self.subject.id()
        );
        turn.run(row).instrument(span).await
    }
}
