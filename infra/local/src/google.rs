//! The Google Calendar that a local deployment talks to: the bundled simulator, or another in its place.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use google_simulator::{GoogleSimulator, Options};

/// Which Google the functions are pointed at.
#[derive(Debug, Clone)]
pub enum GooglePeer {
    /// The bundled simulator with its demo user; it forgets everything when it stops.
    Simulator,
    /// Somebody else's, by host without version.
    Other {
        /// Instead of `https://www.googleapis.com`.
        calendar_base_url: String,
        /// Instead of `https://oauth2.googleapis.com`.
        token_base_url: String,
    },
}

/// A Google that answers, and where.
pub(crate) struct Google {
    pub(crate) calendar_base_url: String,
    pub(crate) token_base_url: String,
    pub(crate) simulator: Option<GoogleSimulator>,
}

impl Google {
    /// Starts the simulator on this port, or points at the other one.
    pub(crate) async fn start(peer: GooglePeer, port: u16) -> Result<Self> {
        match peer {
            GooglePeer::Simulator => {
                let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                let options = Options { addr, demo: true };
                let simulator = GoogleSimulator::start(options).await?;
                let url = simulator.base_url().to_owned();
                Ok(Self {
                    calendar_base_url: url.clone(),
                    token_base_url: url,
                    simulator: Some(simulator),
                })
            }
            GooglePeer::Other {
                calendar_base_url,
                token_base_url,
            } => Ok(Self {
                calendar_base_url,
                token_base_url,
                simulator: None,
            }),
        }
    }
}
