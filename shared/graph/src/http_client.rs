//! The one place that builds an HTTP client.
//!
//! Guarantees: no redirect is followed (a token must not travel to another
//! host), no proxy is taken from the environment, a connection is given up
//! after a second, and a server that nobody watches after the read time-out. A pooled
//! connection that died while a Lambda environment was frozen is noticed in
//! seconds, since its requests are not even acknowledged. There is no
//! total time-out here: each Graph attempt sets its own, and a recording is
//! streamed for as long as bytes arrive, with a shorter patience of its own.

use std::time::Duration;

/// How long a TCP and TLS connection may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a server may be silent: longer than the longest attempt, so that
/// [`HANDSHAKE_PATIENCE`](crate::HANDSHAKE_PATIENCE) is not cut short.
pub const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How long sent bytes may go unacknowledged by the peer's kernel.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(3);

/// Builds the client that the whole process shares; fails only when TLS cannot be set up.
pub fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    #[cfg(target_os = "linux")]
    let builder = builder.tcp_user_timeout(UNACKNOWLEDGED_TIMEOUT);
    builder.build()
}
