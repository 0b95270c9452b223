//! What the handlers work with.

use convoke_platform::secrets::Secrets;
use convoke_services::calendars::Calendars;
use convoke_services::capture::Recorder;
use convoke_services::core::Core;
use convoke_services::providers::Providers;
use convoke_services::sessions::Sessions;

/// The function's state, built once per process.
pub struct App {
    /// Store, clock and ids.
    pub core: Core,
    /// Keys of cursors and links.
    pub secrets: Secrets,
    /// The calendars of this deployment.
    pub providers: Providers,
    /// Online meetings and interactions, and looking for recordings.
    pub recorder: Recorder,
    /// Meetings with invitees.
    pub sessions: Sessions,
    /// Users' connected calendars.
    pub calendars: Calendars,
    /// Where callers reach the API, without a slash at the end.
    pub public_url: String,
}
