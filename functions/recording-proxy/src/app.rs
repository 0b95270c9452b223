//! What the API's handlers work with.

use convoke_platform::blobs::Blobs;
use convoke_platform::secrets::Secrets;
use convoke_services::core::Core;

/// The function's state, built once per process.
pub struct App {
    /// Store, clock and ids.
    pub core: Core,
    /// Keys of tickets.
    pub secrets: Secrets,
    /// Where transcripts are.
    pub blobs: Blobs,
    /// Where recordings stream from, without a slash at the end.
    pub streaming_url: String,
}
