//! The addresses of a stack: six ports of this machine, in a row or wherever there is room.

use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::ops::Range;

use anyhow::{Context, Result, anyhow, bail};
use tokio::net::TcpListener;

/// Listeners that are bound before anything starts, so that a taken port is told at once.
pub(crate) struct Ports {
    pub(crate) front: TcpListener,
    pub(crate) issuer: TcpListener,
    /// The Graph simulator's, which binds by itself; 0 is any.
    pub(crate) graph: u16,
    /// The local AWS's; its process binds by itself.
    pub(crate) aws: u16,
    pub(crate) streaming: TcpListener,
    /// The Google simulator's, which binds by itself; 0 is any.
    pub(crate) google: u16,
}

/// Where no system takes the ports from that a client's connections or port 0 get: a port that is bound later, such as
/// after the functions were built, is still free then.
const RESERVED: Range<u16> = 12_000..32_000;

impl Ports {
    /// Six in a row from `first`: front, issuer, Graph simulator, AWS, streaming, Google simulator. Fixed, because queue
    /// addresses and tokens that were handed out before a restart carry them.
    pub(crate) fn in_a_row(first: u16) -> Result<Self> {
        let port = |offset: u16| {
            first
                .checked_add(offset)
                .ok_or_else(|| anyhow!("port {first} leaves no room above it"))
        };
        let (graph, aws, fifth, last) = (port(2)?, port(3)?, port(4)?, port(5)?);
        let taken = |port: u16| {
            anyhow!(
                "port {port} is taken (Convoke needs {first} to {last}); stop what uses it, or choose others with \
                 CONVOKE_PORT=9000 cargo run"
            )
        };
        let front = bind(first).map_err(|_| taken(first))?;
        let issuer = bind(port(1)?).map_err(|_| taken(first + 1))?;
        let streaming = bind(fifth).map_err(|_| taken(fifth))?;
        for port in [graph, aws, last] {
            bind(port).map_err(|_| taken(port))?;
        }
        Ok(Self {
            front: listen(front)?,
            issuer: listen(issuer)?,
            graph,
            aws,
            streaming: listen(streaming)?,
            google: last,
        })
    }

    /// Wherever there is room.
    pub(crate) fn anywhere() -> Result<Self> {
        Ok(Self {
            front: listen(bind(0)?)?,
            issuer: listen(bind(0)?)?,
            graph: 0,
            aws: lasting()?,
            streaming: listen(bind(0)?)?,
            google: 0,
        })
    }
}

/// A port that is free, and likely to be free in minutes.
fn lasting() -> Result<u16> {
    (0..100)
        .map(|_| fastrand::u16(RESERVED))
        .find(|port| bind(*port).is_ok())
        .with_context(|| {
            format!(
                "no port from {} to {} is free",
                RESERVED.start, RESERVED.end
            )
        })
}

/// Where a bound listener is reached.
pub(crate) fn url(listener: &TcpListener) -> Result<String> {
    Ok(format!("http://{}", listener.local_addr()?))
}

fn bind(port: u16) -> Result<StdListener> {
    // Listening on every interface elsewhere does not always make this fail.
    if port != 0 && std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
        bail!("something answers on port {port}");
    }
    StdListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| format!("port {port}"))
}

fn listen(listener: StdListener) -> Result<TcpListener> {
    listener.set_nonblocking(true)?;
    Ok(TcpListener::from_std(listener)?)
}
