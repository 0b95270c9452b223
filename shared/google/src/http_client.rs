//! The one place that builds an HTTP client.
//!
//! Guarantees: no redirect is followed (a token must not travel to another host),
//! no proxy is taken from the environment, and a connection is given up after a
//! second. A pooled connection that died while a Lambda environment was frozen is
//! noticed in seconds, since its requests are not even acknowledged. There is no
//! total time-out here: each operation sets its own.

use std::time::Duration;

/// How long a TCP and TLS connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long sent bytes may go unacknowledged by the peer's kernel.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(3);

pub(crate) fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    #[cfg(target_os = "linux")]
    let builder = builder.tcp_user_timeout(UNACKNOWLEDGED_TIMEOUT);
    builder.build()
}
