//! A started simulator with its demo user, and a client that is configured for it.

use chrono::NaiveDate;
use convoke_google::{
    EventSource, EventTime, GoogleAttendee, GoogleClient, GoogleConfig, GoogleError, GoogleEvent,
    Response, Secret,
};
use google_simulator::{GoogleSimulator, Options, demo};

/// What the requests for events look like.
pub(crate) const EVENTS: &str = "/calendar/v3/calendars/*/events";
pub(crate) const EVENT: &str = "/calendar/v3/calendars/*/events/*";
pub(crate) const UID: &str = "019ae0c1-f2a7-7b52-8d0a-6f1f5e2b7a90@convoke.example";

pub(crate) struct Peer {
    pub(crate) sim: GoogleSimulator,
    pub(crate) client: GoogleClient,
    /// Ann's.
    pub(crate) access: Secret,
}

impl Peer {
    pub(crate) async fn start() -> Self {
        let options = Options {
            demo: true,
            ..Options::default()
        };
        let sim = GoogleSimulator::start(options).await.unwrap();
        let client = client_of(&sim, demo::CLIENT_ID, demo::CLIENT_SECRET);
        let tokens = client.refresh(&ann()).await.unwrap();
        sim.clear_received();
        Self {
            sim,
            client,
            access: tokens.access_token,
        }
    }

    pub(crate) async fn try_insert(&self, event: GoogleEvent) -> Result<String, GoogleError> {
        let inserted = self.client.insert_event(&self.access, "primary", &event);
        inserted.await
    }

    pub(crate) async fn insert(&self, event: GoogleEvent) -> String {
        self.try_insert(event).await.unwrap()
    }

    pub(crate) async fn try_update(&self, id: &str, event: GoogleEvent) -> Result<(), GoogleError> {
        let updated = self
            .client
            .update_event(&self.access, "primary", id, &event);
        updated.await
    }

    pub(crate) async fn update(&self, id: &str, event: GoogleEvent) {
        self.try_update(id, event).await.unwrap();
    }

    pub(crate) async fn delete(&self, id: &str) -> Result<(), GoogleError> {
        self.client.delete_event(&self.access, "primary", id).await
    }

    pub(crate) async fn found(&self) -> Option<String> {
        let found = self.client.find_event(&self.access, "primary", UID);
        found.await.unwrap()
    }
}

pub(crate) fn client_of(sim: &GoogleSimulator, id: &str, secret: &str) -> GoogleClient {
    let config = GoogleConfig {
        client_id: id.into(),
        client_secret: Secret::new(secret),
        calendar_base_url: sim.base_url().into(),
        token_base_url: sim.base_url().into(),
    };
    GoogleClient::new(config).unwrap()
}

/// Ann's refresh token.
pub(crate) fn ann() -> Secret {
    Secret::new(demo::REFRESH_TOKEN)
}

pub(crate) fn at(hour: u32) -> EventTime {
    let day = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
    EventTime {
        local: day.and_hms_opt(hour, 0, 0).unwrap(),
        zone: "Europe/Berlin".into(),
    }
}

/// An event with everything.
pub(crate) fn event(sequence: u32) -> GoogleEvent {
    GoogleEvent {
        ical_uid: UID.into(),
        sequence,
        summary: format!("Review {sequence}"),
        description: Some("Agenda\n\nJoin: https://meet.example/canary-link".into()),
        location: Some("Room 4".into()),
        start: at(10),
        end: at(11),
        attendees: vec![
            GoogleAttendee {
                email: "bob@partner.example".into(),
                display_name: Some("Bob Baker".into()),
                response: Response::Accepted,
            },
            GoogleAttendee {
                email: "eve@acme.example".into(),
                display_name: None,
                response: Response::NeedsAction,
            },
        ],
        source: Some(EventSource {
            title: "Convoke".into(),
            url: "https://meet.example/019ae0c1".into(),
        }),
    }
}
