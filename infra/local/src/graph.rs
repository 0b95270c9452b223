//! The Microsoft Graph that a local deployment talks to: the bundled simulator, or another in its place.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Result;
use graph_simulator::{GraphSimulator, Options, demo};

/// Which Graph the functions are pointed at.
#[derive(Debug, Clone)]
pub enum GraphPeer {
    /// The bundled simulator, seeded with its demo tenant; its state is kept in a file if one is named.
    Simulator {
        /// Where its state survives a restart.
        snapshot: Option<PathBuf>,
    },
    /// Somebody else's, by host without version.
    Other {
        /// Instead of `https://graph.microsoft.com`.
        graph_base_url: String,
        /// Instead of `https://login.microsoftonline.com`.
        login_base_url: String,
    },
}

/// The deployment's own Microsoft profile; empty fields are not configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MsGraphProfile {
    /// Entra tenant.
    pub tenant_id: String,
    /// App registration.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The mailbox that organises.
    pub organizer_email: String,
    /// The one organisation that may use the profile.
    pub org_id: String,
}

impl MsGraphProfile {
    /// The simulator's demo tenant, for one organisation.
    pub fn demo(org_id: &str) -> Self {
        Self {
            tenant_id: demo::TENANT_ID.to_owned(),
            client_id: demo::CLIENT_ID.to_owned(),
            client_secret: demo::CLIENT_SECRET.to_owned(),
            organizer_email: demo::ORGANIZER_UPN.to_owned(),
            org_id: org_id.to_owned(),
        }
    }

    /// Whether Microsoft can be called with it.
    pub fn is_complete(&self) -> bool {
        [
            &self.tenant_id,
            &self.client_id,
            &self.client_secret,
            &self.organizer_email,
        ]
        .iter()
        .all(|field| !field.is_empty())
    }

    /// Nothing configured.
    pub fn none() -> Self {
        let empty = String::new;
        Self {
            tenant_id: empty(),
            client_id: empty(),
            client_secret: empty(),
            organizer_email: empty(),
            org_id: empty(),
        }
    }
}

/// A Graph that answers, and where.
pub(crate) struct Graph {
    pub(crate) base_url: String,
    pub(crate) login_base_url: String,
    pub(crate) simulator: Option<GraphSimulator>,
}

impl Graph {
    /// Starts the simulator on this port, or points at the other one.
    pub(crate) async fn start(peer: GraphPeer, port: u16) -> Result<Self> {
        match peer {
            GraphPeer::Simulator { snapshot } => {
                let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                let options = Options {
                    addr,
                    snapshot,
                    demo: true,
                };
                let simulator = GraphSimulator::start(options).await?;
                let url = simulator.base_url().to_owned();
                Ok(Self {
                    base_url: url.clone(),
                    login_base_url: url,
                    simulator: Some(simulator),
                })
            }
            GraphPeer::Other {
                graph_base_url,
                login_base_url,
            } => Ok(Self {
                base_url: graph_base_url,
                login_base_url,
                simulator: None,
            }),
        }
    }
}
