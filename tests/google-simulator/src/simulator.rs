//! The handle on a running simulator, for tests in the same process.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::event::StoredEvent;
use crate::fault::Fault;
use crate::received::Received;
use crate::server::{self, Shared};
use crate::world::{Behaviour, Code, Seed, SentMail};

/// How to start.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// Seeds [`crate::demo`].
    pub demo: bool,
}

impl Default for Options {
    /// A free port on this machine, nothing seeded.
    fn default() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            demo: false,
        }
    }
}

/// A running simulator. It has threads of its own, so that it outlives the
/// runtime it was started from. Dropping it stops it at once.
#[derive(Debug)]
pub struct GoogleSimulator {
    shared: Arc<Shared>,
    base_url: String,
    stop: watch::Sender<bool>,
    /// Present until stopped.
    serving: Option<JoinHandle<()>>,
    /// Present until dropped.
    runtime: Option<Runtime>,
}

impl GoogleSimulator {
    /// Binds and serves; fails when the port is taken.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("google-simulator")
            .enable_all()
            .build()
            .context("no threads for the simulator")?;
        let bound = runtime.spawn(server::bind(options.addr)).await;
        let listener = match bound.map_err(anyhow::Error::from).flatten() {
            Ok(listener) => listener,
            Err(error) => {
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let base_url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared::new(options.demo));
        let (stop, stopping) = watch::channel(false);
        let serving = runtime.spawn(server::run(Arc::clone(&shared), listener, stopping));
        Ok(Self {
            shared,
            base_url,
            stop,
            serving: Some(serving),
            runtime: Some(runtime),
        })
    }

    /// `http://host:port`: both `GOOGLE_CALENDAR_BASE_URL` and `GOOGLE_TOKEN_BASE_URL`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Adds the identities of [`crate::demo`].
    pub fn seed_demo(&self) {
        self.shared.seed_demo();
    }

    /// Adds clients and users; all or nothing.
    pub fn seed(&self, seed: Seed) -> anyhow::Result<()> {
        self.shared.world().seed(seed).map_err(anyhow::Error::msg)
    }

    /// Changes the switches for what is unsettled about Google.
    pub fn configure(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.shared.world().behaviour);
    }

    /// The refresh tokens of a user that are worth something.
    pub fn refresh_tokens(&self, email: &str) -> Vec<String> {
        let world = self.shared.world();
        let own = world.grants.iter().filter(|(_, g)| g.email == email);
        own.map(|(token, _)| token.clone()).collect()
    }

    /// The user takes the consent back: no token of theirs is worth anything.
    pub fn revoke(&self, email: &str) {
        self.shared.world().revoke(email);
    }

    /// The user consents: what Google's page would hand to the browser.
    pub fn issue_code(&self, code: Code) -> anyhow::Result<String> {
        let issued = self.shared.world().issue_code(code);
        issued.map_err(anyhow::Error::msg)
    }

    /// Every access token so far is expired from now on.
    pub fn expire_access_tokens(&self) {
        self.shared.world().access.clear();
    }

    /// The events that a calendar shows, oldest first; a primary calendar is named by its owner.
    pub fn events(&self, calendar: &str) -> Vec<StoredEvent> {
        let mut events = self.all_events(calendar);
        events.retain(|event| !event.is_deleted());
        events
    }

    /// The same with deleted ones.
    pub fn all_events(&self, calendar: &str) -> Vec<StoredEvent> {
        let world = self.shared.world();
        let own = world.events.iter().filter(|e| e.calendar == calendar);
        own.cloned().collect()
    }

    /// The user changes an event by hand, which raises its sequence; members as in the API.
    pub fn edit_by_hand(&self, calendar: &str, id: &str, change: &Value) -> anyhow::Result<()> {
        let edited = self.shared.world().edit(calendar, id, change);
        edited.map_err(anyhow::Error::msg)
    }

    /// The user deletes an event by hand.
    pub fn delete_by_hand(&self, calendar: &str, id: &str) -> anyhow::Result<()> {
        let status = serde_json::json!({"status": "cancelled"});
        self.edit_by_hand(calendar, id, &status)
    }

    /// Deleted events disappear for good, as they do after some weeks.
    pub fn forget_deleted(&self) {
        self.shared.world().events.retain(|e| !e.is_deleted());
    }

    /// Every mail to attendees so far.
    pub fn mails(&self) -> Vec<SentMail> {
        self.shared.world().mails.clone()
    }

    /// Adds a rule for what goes wrong.
    pub fn inject(&self, fault: Fault) {
        self.shared.faults().inject(fault);
    }

    /// Removes every rule.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
    }

    /// The requests so far, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received()
    }

    /// Forgets the requests so far.
    pub fn clear_received(&self) {
        self.shared.clear_received();
    }

    /// Back to how it started: empty, or with the demo user.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Stops serving.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        if let Some(serving) = self.serving.take() {
            serving.await?;
        }
        Ok(())
    }
}

impl Drop for GoogleSimulator {
    fn drop(&mut self) {
        // Plain dropping would block, which async callers may not.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
