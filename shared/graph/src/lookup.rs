//! Finds the event that a transaction id has made (the recovery recipe of the
//! protocol notes: Graph cannot filter by it).
//!
//! Guarantee: "none" means that every event in the window was looked at; a window
//! too full for that is an error, never "none".

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use reqwest::Method;

use crate::call::{Call, Operation};
use crate::client::GraphSession;
use crate::error::GraphError;
use crate::event::FoundEvent;
use crate::time::instant;
use crate::wire_event::WireEvent;

const PAGE_SIZE: &str = "100";
const MOST_PAGES: usize = 50;
const MOST_SERIES: usize = 100;
const LOOKUP_FIELDS: &str = "id,transactionId,iCalUId,seriesMasterId,type";

impl GraphSession<'_> {
    /// The event with `transaction_id` among those that touch `window`: through
    /// `calendarView`, all pages, compared here. A series is found by any of its
    /// occurrences and answered by its own id.
    pub async fn find_event_by_transaction(
        &self,
        organizer: &str,
        transaction_id: &str,
        window: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Option<FoundEvent>, GraphError> {
        self.operation()
            .find_by_transaction(organizer, transaction_id, window, true)
            .await
    }
}

impl Operation<'_> {
    /// As [`GraphSession::find_event_by_transaction`]; `series` says whether to
    /// look at the series of occurrences that carry no transaction id.
    pub(crate) async fn find_by_transaction(
        &self,
        organizer: &str,
        transaction_id: &str,
        window: (DateTime<Utc>, DateTime<Utc>),
        series: bool,
    ) -> Result<Option<FoundEvent>, GraphError> {
        let (from, to) = (instant(window.0), instant(window.1));
        let query = [
            ("startDateTime", from.as_str()),
            ("endDateTime", to.as_str()),
            ("$select", LOOKUP_FIELDS),
            ("$top", PAGE_SIZE),
        ];
        let mut next = Some(self.url(&["users", organizer, "calendarView"], &query)?);
        let mut masters = Masters::default();
        let mut pages = 0;
        while let Some(url) = next {
            if pages == MOST_PAGES {
                return Err(too_full());
            }
            pages += 1;
            let call = Call::outlook("find_event", Method::GET, url);
            let (events, following) = self.page::<WireEvent>(&call).await?;
            for event in events {
                let matches = event.transaction_id.as_deref() == Some(transaction_id);
                match &event.series_master_id {
                    Some(master) if matches => return self.master(organizer, master).await,
                    None if matches => return Ok(Some(found(event))),
                    Some(master) if event.transaction_id.is_none() => masters.add(master),
                    _ => {}
                }
            }
            next = following;
        }
        if series {
            self.among(organizer, transaction_id, masters).await
        } else {
            Ok(None)
        }
    }

    async fn master(&self, organizer: &str, id: &str) -> Result<Option<FoundEvent>, GraphError> {
        Ok(self.read_event(organizer, id).await?.map(found))
    }

    /// Looks at each series once.
    async fn among(
        &self,
        organizer: &str,
        transaction_id: &str,
        masters: Masters,
    ) -> Result<Option<FoundEvent>, GraphError> {
        for (position, id) in masters.in_order.iter().enumerate() {
            if position == MOST_SERIES {
                return Err(too_full());
            }
            let master = self.read_event(organizer, id).await?;
            if let Some(master) =
                master.filter(|master| master.transaction_id.as_deref() == Some(transaction_id))
            {
                return Ok(Some(found(master)));
            }
        }
        Ok(None)
    }
}

/// Distinct series in the order they were met.
#[derive(Default)]
struct Masters {
    seen: HashSet<String>,
    in_order: Vec<String>,
}

impl Masters {
    fn add(&mut self, id: &str) {
        if self.seen.insert(id.to_owned()) {
            self.in_order.push(id.to_owned());
        }
    }
}

fn found(event: WireEvent) -> FoundEvent {
    FoundEvent {
        kind: event.kind(),
        id: event.id,
        ical_uid: event.ical_uid,
    }
}

fn too_full() -> GraphError {
    GraphError::refused_locally(
        "WindowTooFull",
        "more events in the window than can be looked at",
    )
}
