//! A simulator with the demo tenant, and a client for it.

use std::time::Duration;

use chrono::{NaiveDate, NaiveDateTime};
use convoke_graph::{
    AttendeeKind, EventAttendee, GraphClient, GraphConfig, GraphProfile, NewEvent, Recurrence,
    RecurrencePattern, RecurrenceRange, Secret, http_client,
};
use graph_simulator::{GraphSimulator, Options, Received, StoredEvent, demo};

pub(crate) struct World {
    pub(crate) sim: GraphSimulator,
    pub(crate) client: GraphClient,
    pub(crate) profile: GraphProfile,
}

impl World {
    pub(crate) async fn start() -> Self {
        let sim = GraphSimulator::start(Options::default()).await.unwrap();
        sim.seed_demo();
        let config = GraphConfig {
            attempt_timeout: Duration::from_millis(1500),
            budget: Duration::from_secs(10),
            ..GraphConfig::new(sim.base_url(), sim.base_url())
        };
        Self {
            client: GraphClient::new(http_client().unwrap(), config),
            profile: profile(),
            sim,
        }
    }

    /// The organiser's events that are still on the calendar.
    pub(crate) fn on_calendar(&self) -> Vec<StoredEvent> {
        let all = self.sim.events(demo::ORGANIZER_UPN);
        all.into_iter()
            .filter(|event| event.removed.is_none())
            .collect()
    }

    /// The requests with this method whose path ends so.
    pub(crate) fn requests(&self, method: &str, path_end: &str) -> Vec<Received> {
        let all = self.sim.received();
        let wanted =
            |request: &Received| request.method == method && request.path.ends_with(path_end);
        all.into_iter().filter(wanted).collect()
    }
}

pub(crate) fn profile() -> GraphProfile {
    GraphProfile {
        tenant_id: demo::TENANT_ID.into(),
        client_id: demo::CLIENT_ID.into(),
        client_secret: Secret::new(demo::CLIENT_SECRET),
    }
}

pub(crate) fn at(day: u32, hour: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 11, day)
        .unwrap()
        .and_hms_opt(hour, 0, 0)
        .unwrap()
}

/// A Teams meeting on 2 November 2026, 09:00 to 10:00 in Berlin.
pub(crate) fn meeting(transaction_id: &str) -> NewEvent {
    NewEvent {
        subject: "Quarterly review".into(),
        body_html: Some("<p>Agenda</p>".into()),
        start_local: at(2, 9),
        end_local: at(2, 10),
        time_zone: "Europe/Berlin".into(),
        location: Some("Board room".into()),
        attendees: vec![EventAttendee {
            address: demo::ANN_UPN.into(),
            name: Some("Ann".into()),
            kind: AttendeeKind::Required,
        }],
        is_online_meeting: true,
        recurrence: None,
        transaction_id: transaction_id.into(),
        allow_new_time_proposals: false,
    }
}

/// The same every three months.
pub(crate) fn quarterly(transaction_id: &str) -> NewEvent {
    NewEvent {
        recurrence: Some(Recurrence {
            pattern: RecurrencePattern::AbsoluteMonthly {
                interval: 3,
                day_of_month: 2,
            },
            range: RecurrenceRange::NoEnd {
                start_date: at(2, 9).date(),
            },
        }),
        ..meeting(transaction_id)
    }
}
