//! The handle on a running simulator, for tests in the same process.

mod artifacts;
mod grants;
mod subscriptions;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::behaviour::Behaviour;
use crate::clock;
use crate::demo;
use crate::directory::{Seed, User};
use crate::fault::{ActiveFault, Fault};
use crate::notification::{self, Post};
use crate::received::Received;
use crate::server::{self, Shared, Side};
use crate::snapshot;
use crate::storage;
use crate::stored::{SentMail, StoredEvent, StoredMeeting};
use crate::world::World;

/// How to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// Loaded at start if the file exists, kept up to date while running.
    pub snapshot: Option<PathBuf>,
    /// Seeds [`demo`] unless its tenant is already there.
    pub demo: bool,
}

impl Default for Options {
    /// A free port on this machine, nothing kept, nothing seeded.
    fn default() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            snapshot: None,
            demo: false,
        }
    }
}

/// A running simulator. It has threads of its own, so that it outlives the
/// runtime it was started from (one `#[tokio::test]` of many, say). Dropping it
/// stops it at once; [`GraphSimulator::stop`] also writes the snapshot.
#[derive(Debug)]
pub struct GraphSimulator {
    shared: Arc<Shared>,
    addr: SocketAddr,
    base_url: String,
    snapshot: Option<PathBuf>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    /// Present until dropped.
    runtime: Option<Runtime>,
}

impl GraphSimulator {
    /// Binds and serves; fails when the port is taken or the snapshot unreadable.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let world = match &options.snapshot {
            Some(path) => snapshot::load(path)?,
            None => World::default(),
        };
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("graph-simulator")
            .enable_all()
            .build()
            .context("no threads for the simulator")?;
        let bound = runtime.spawn(async move {
            let graph = server::bind(options.addr).await?;
            let storage = server::bind(storage::address(options.addr.ip())).await?;
            Ok((graph, storage))
        });
        let (listener, storage) = match bound.await.map_err(anyhow::Error::from).flatten() {
            Ok(listeners) => listeners,
            Err(error) => {
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let addr = listener.local_addr()?;
        let storage_port = storage.local_addr()?.port();
        let post = Post::new().context("no HTTP client for notifications")?;
        let shared = Shared::new(world, post, addr, storage_port, options.demo);
        let shared = Arc::new(shared);
        if options.demo && shared.world().tenant(demo::TENANT_ID).is_none() {
            shared.seed_demo();
        } else if options.demo && !shared.world().apps.contains_key(demo::CALENDAR_CLIENT_ID) {
            // A snapshot from before there were users' calendars; it may know no Ann.
            let _ = shared.change(|world| world.seed(demo::calendar_seed()));
        }
        let (stop, stopping) = watch::channel(false);
        let serve = |side, listener| {
            runtime.spawn(server::run(
                Arc::clone(&shared),
                side,
                listener,
                stopping.clone(),
            ))
        };
        let mut tasks = vec![serve(Side::Graph, listener), serve(Side::Storage, storage)];
        let delivering = notification::run(Arc::clone(&shared), stopping.clone());
        tasks.push(runtime.spawn(delivering));
        if let Some(path) = options.snapshot.clone() {
            let saver = snapshot::keep_saved(Arc::clone(&shared), path, stopping);
            tasks.push(runtime.spawn(saver));
        }
        Ok(Self {
            shared,
            addr,
            base_url: format!("http://{addr}"),
            snapshot: options.snapshot,
            stop,
            tasks,
            runtime: Some(runtime),
        })
    }

    /// `http://host:port`, without version and trailing slash: both
    /// `GRAPH_BASE_URL` and `LOGIN_BASE_URL`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Adds the identities of [`demo`].
    pub fn seed_demo(&self) {
        self.shared.seed_demo();
    }

    /// Adds tenants, apps and users; all or nothing.
    pub fn seed(&self, seed: Seed) -> anyhow::Result<()> {
        self.shared
            .change(|world| world.seed(seed))
            .map_err(anyhow::Error::msg)
    }

    /// Changes a user, named by object id or UPN: mailbox, access policy, busy times.
    pub fn update_user(&self, user: &str, change: impl FnOnce(&mut User)) -> anyhow::Result<()> {
        self.shared.change(|world| {
            let id = world.any_user_id(user);
            let found = id.and_then(|id| world.users.get_mut(&id));
            let user = found.ok_or_else(|| anyhow::anyhow!("there is no user {user}"))?;
            change(user);
            Ok(())
        })
    }

    /// Changes an app: secrets, consents, RBAC grants.
    pub fn update_app(
        &self,
        client_id: &str,
        change: impl FnOnce(&mut crate::App),
    ) -> anyhow::Result<()> {
        self.shared.change(|world| {
            let found = world.apps.get_mut(&client_id.to_ascii_lowercase());
            change(found.ok_or_else(|| anyhow::anyhow!("there is no app {client_id}"))?);
            Ok(())
        })
    }

    /// Changes a tenant: domains, tenant-wide access policy.
    pub fn update_tenant(
        &self,
        tenant_id: &str,
        change: impl FnOnce(&mut crate::Tenant),
    ) -> anyhow::Result<()> {
        self.shared.change(|world| {
            let found = world.tenants.get_mut(&tenant_id.to_ascii_lowercase());
            change(found.ok_or_else(|| anyhow::anyhow!("there is no tenant {tenant_id}"))?);
            Ok(())
        })
    }

    /// The switches for what is unsettled about Graph.
    pub fn behaviour(&self) -> Behaviour {
        self.shared.world().behaviour.clone()
    }

    /// Changes the switches.
    pub fn configure(&self, change: impl FnOnce(&mut Behaviour)) {
        self.shared.change(|world| change(&mut world.behaviour));
    }

    /// Adds a rule for what goes wrong and returns its id.
    pub fn inject(&self, fault: Fault) -> u64 {
        self.shared.faults().inject(fault)
    }

    /// The rules in force, those used up included.
    pub fn faults(&self) -> Vec<ActiveFault> {
        self.shared.faults().list().to_vec()
    }

    /// Removes every rule; requests that hang are cut.
    pub fn clear_faults(&self) {
        self.shared.clear_faults();
    }

    /// The requests so far, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.shared.log(Side::Graph).list()
    }

    /// Forgets the requests so far, those to the storage too.
    pub fn clear_received(&self) {
        self.shared.clear_logs();
    }

    /// The events that a user (object id or UPN) organises, oldest first, with
    /// those that were removed.
    pub fn events(&self, mailbox: &str) -> Vec<StoredEvent> {
        self.shared.events(Some(mailbox))
    }

    /// The online meetings of an organiser (object id or UPN), oldest first.
    pub fn online_meetings(&self, organizer: &str) -> Vec<StoredMeeting> {
        self.shared.meetings(Some(organizer))
    }

    /// Opens a meeting without a calendar event, as an older product would have left
    /// it; the organiser is named by object id or UPN.
    pub fn add_online_meeting(
        &self,
        organizer: &str,
        subject: &str,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> anyhow::Result<StoredMeeting> {
        self.shared
            .change(|world| world.add_online_meeting(organizer, subject, (start, end)))
            .map_err(anyhow::Error::msg)
    }

    /// Every mail to attendees so far.
    pub fn mails(&self) -> Vec<SentMail> {
        self.shared.world().mails.clone()
    }

    /// The simulator's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.shared.world().now()
    }

    /// Makes the simulator's clock read so; it runs on from there.
    pub fn set_now(&self, now: DateTime<Utc>) {
        self.shared
            .change(|world| world.clock_offset_ms = clock::offset_to(now));
    }

    /// Moves the simulator's clock.
    pub fn advance(&self, by: TimeDelta) {
        self.shared.change(|world| {
            world.clock_offset_ms = world.clock_offset_ms.saturating_add(by.num_milliseconds());
        });
    }

    /// Every token issued so far is expired from now on.
    pub fn expire_tokens(&self) {
        self.shared.expire_tokens();
    }

    /// Back to how it started: empty, or with the demo directory.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Stops serving, cuts what hangs, and writes the snapshot.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        self.shared.release_hanging();
        for task in std::mem::take(&mut self.tasks) {
            task.await?;
        }
        match &self.snapshot {
            Some(path) => snapshot::save(path, &self.shared.world()),
            None => Ok(()),
        }
    }
}

impl Drop for GraphSimulator {
    fn drop(&mut self) {
        // Plain dropping would block, which async callers may not.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
