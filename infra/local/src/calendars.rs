//! The deployment's own OAuth clients, with which users connect their calendars.

use google_simulator::demo as google;
use graph_simulator::demo as microsoft;

/// An OAuth client; one without an id is not configured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OauthClient {
    /// Its id, which is no secret.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

/// The client of each kind of calendar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CalendarClients {
    /// Google Calendar's.
    pub google: OauthClient,
    /// Microsoft 365's.
    pub microsoft: OauthClient,
}

impl CalendarClients {
    /// Those that the bundled simulators know.
    pub fn demo() -> Self {
        let client = |id: &str, secret: &str| OauthClient {
            id: id.to_owned(),
            secret: secret.to_owned(),
        };
        Self {
            google: client(google::CLIENT_ID, google::CLIENT_SECRET),
            microsoft: client(
                microsoft::CALENDAR_CLIENT_ID,
                microsoft::CALENDAR_CLIENT_SECRET,
            ),
        }
    }
}
