//! What all connections share, and the loop that serves them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::artifact::Revocable;
use crate::connection::{CuttableListener, Link};
use crate::demo;
use crate::fault::Faults;
use crate::graph;
use crate::notification::Post;
use crate::received::ReceivedLog;
use crate::stored::{StoredEvent, StoredMeeting};
use crate::throttle::Throttle;
use crate::traffic;
use crate::world::{World, same};

/// How long stopping waits for requests under way.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Who answers a request: each listens on a port of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Graph, the token endpoint and the control API.
    Graph,
    /// The storage that content is redirected to.
    Storage,
}

/// The state of a running simulator. Locks are held for a call at most, never
/// across an await.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    received: Mutex<ReceivedLog>,
    storage_received: Mutex<ReceivedLog>,
    faults: Mutex<Faults>,
    pub(crate) throttle: Arc<Throttle>,
    /// Notifications.
    pub(crate) post: Post,
    /// Bumped to let go of requests that hang on purpose.
    releases: watch::Sender<u64>,
    dirty: AtomicBool,
    /// `host:port`, for clients that send no `Host`.
    pub(crate) host: String,
    /// Port of the storage.
    pub(crate) storage_port: u16,
    starts_with_demo: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(
        mut world: World,
        post: Post,
        addr: SocketAddr,
        storage_port: u16,
        starts_with_demo: bool,
    ) -> Self {
        world.storage_port = storage_port;
        Self {
            world: Mutex::new(world),
            received: Mutex::default(),
            storage_received: Mutex::default(),
            faults: Mutex::default(),
            throttle: Arc::default(),
            post,
            releases: watch::Sender::new(0),
            dirty: AtomicBool::new(false),
            host: addr.to_string(),
            storage_port,
            starts_with_demo,
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    /// What arrived at Graph, or at its storage.
    pub(crate) fn log(&self, side: Side) -> MutexGuard<'_, ReceivedLog> {
        match side {
            Side::Graph => lock(&self.received),
            Side::Storage => lock(&self.storage_received),
        }
    }

    /// Forgets what arrived.
    pub(crate) fn clear_logs(&self) {
        self.log(Side::Graph).clear();
        self.log(Side::Storage).clear();
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    /// Changes the world; notifications and the snapshot follow.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = {
            let mut world = self.world();
            let result = change(&mut world);
            self.post.announce(&mut world);
            self.post.look(&world);
            result
        };
        self.dirty.store(true, Ordering::SeqCst);
        result
    }

    /// Whether the world changed since the last time this was asked.
    pub(crate) fn take_dirty(&self) -> bool {
        self.dirty.swap(false, Ordering::SeqCst)
    }

    pub(crate) fn seed_demo(&self) {
        // Refused only where someone else was given a demo UPN before; then
        // that stays as it is.
        let _ = self.change(|world| world.seed(demo::seed()));
    }

    pub(crate) fn clear_faults(&self) {
        self.faults().clear();
        self.release_hanging();
    }

    pub(crate) fn release_hanging(&self) {
        self.releases.send_modify(|count| *count += 1);
    }

    /// Resolves when hanging requests are let go.
    pub(crate) async fn released(&self) {
        let mut releases = self.releases.subscribe();
        // The sender lives as long as `self`.
        let _ = releases.changed().await;
    }

    pub(crate) fn expire_tokens(&self) {
        self.change(|world| {
            let now = world.now();
            for token in world.tokens.values_mut() {
                token.expires_at = token.expires_at.min(now);
            }
        });
    }

    /// One token or link is worth nothing from now on.
    pub(crate) fn revoke(&self, credential: &Revocable) {
        self.change(|world| {
            let now = world.now();
            let expires_at = match credential {
                Revocable::Token(token) => world.tokens.get_mut(token).map(|t| &mut t.expires_at),
                Revocable::Link(key) => {
                    let link = world.storage_links.get_mut(key);
                    link.map(|link| &mut link.expires_at)
                }
            };
            if let Some(expires_at) = expires_at {
                *expires_at = now.min(*expires_at);
            }
        });
    }

    /// Every link to the storage so far is worth nothing from now on.
    pub(crate) fn expire_storage_links(&self) {
        self.change(|world| {
            let now = world.now();
            for link in world.storage_links.values_mut() {
                link.expires_at = link.expires_at.min(now);
            }
        });
    }

    pub(crate) fn reset(&self) {
        let storage_port = self.storage_port;
        self.change(|world| {
            *world = World {
                storage_port,
                ..World::default()
            };
        });
        self.clear_faults();
        self.clear_logs();
        self.throttle.clear();
        self.post.clear();
        if self.starts_with_demo {
            self.seed_demo();
        }
    }

    /// Events by organiser (all without one), oldest first.
    pub(crate) fn events(&self, organizer: Option<&str>) -> Vec<StoredEvent> {
        let world = self.world();
        let mut events: Vec<_> = world.events.values().collect();
        events.retain(|event| organizer.is_none_or(|key| is_user(&world, &event.organizer, key)));
        events.sort_by_key(|event| (event.created_at, event.id));
        let stored = events
            .into_iter()
            .filter_map(|e| graph::stored_event(&world, e));
        stored.collect()
    }

    /// Online meetings by organiser (all without one), oldest first.
    pub(crate) fn meetings(&self, organizer: Option<&str>) -> Vec<StoredMeeting> {
        let world = self.world();
        let mut meetings: Vec<StoredMeeting> = world.meetings.values().cloned().collect();
        meetings.retain(|m| organizer.is_none_or(|key| is_user(&world, &m.organizer_id, key)));
        meetings.sort_by_key(|meeting| meeting.created_at);
        meetings
    }
}

fn is_user(world: &World, id: &str, key: &str) -> bool {
    same(id, key) || world.users.get(id).is_some_and(|user| same(&user.upn, key))
}

pub(crate) async fn bind(addr: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(addr).await;
    listener.with_context(|| format!("cannot listen on {addr}"))
}

/// Serves until told to stop.
pub(crate) async fn run(
    shared: Arc<Shared>,
    side: Side,
    listener: TcpListener,
    stopping: watch::Receiver<bool>,
) {
    let app = Router::new()
        .fallback(front)
        .with_state((shared, side))
        .into_make_service_with_connect_info::<Link>();
    let server = axum::serve(CuttableListener(listener), app)
        .with_graceful_shutdown(stopped(stopping.clone()));
    tokio::select! {
        // Serving ends only after the signal; accept errors are retried inside.
        _ = server.into_future() => {}
        () = async {
            stopped(stopping).await;
            tokio::time::sleep(STOP_TIMEOUT).await;
        } => {}
    }
}

/// Resolves when the simulator is told to stop, or dropped.
pub(crate) async fn stopped(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn front(
    State((shared, side)): State<(Arc<Shared>, Side)>,
    ConnectInfo(link): ConnectInfo<Link>,
    request: Request,
) -> Response {
    traffic::serve(shared, side, link, request).await
}
