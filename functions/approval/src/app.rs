//! What the handlers work with.

use convoke_platform::secrets::Secrets;
use convoke_services::engagements::Desk;

/// The function's state, built once per process.
pub struct App {
    /// Appointments, with each tenant's own Microsoft account.
    pub desk: Desk,
    /// Keys of cursors.
    pub secrets: Secrets,
}
