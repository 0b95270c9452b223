//! What the handlers work with.

use convoke_services::core::Core;
use convoke_services::microsoft::Microsoft;

/// The function's state, built once per process.
pub struct App {
    /// Store, clock and ids.
    pub core: Core,
    /// Microsoft's cloud, with each tenant's own account.
    pub microsoft: Microsoft,
}
