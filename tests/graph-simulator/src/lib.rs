//! A Microsoft Graph that enforces its documented rules.
//!
//! Convoke talks to Microsoft Graph in production and to this peer in tests and
//! under `cargo run`. The simulator answers over real HTTP, keeps its state in
//! memory (and, if asked, in a snapshot file), and refuses whatever the
//! project's `graph-protocol.md` says Graph refuses; each refusal in the code
//! cites its section. It shares no code with the client it tests.
//!
//! The token endpoint (`/{tenant}/oauth2/v2.0/token`), Graph (`/v1.0`, `/beta`)
//! and the control API (`/_simulator/…`) are served on one port, so the login
//! base URL and the Graph base URL are the same. The storage to which content of
//! recordings may be redirected has a port of its own.
//!
//! # In a test
//!
//! ```no_run
//! use graph_simulator::{Fault, GraphSimulator, Options, demo};
//!
//! # async fn example() -> anyhow::Result<()> {
//! let sim = GraphSimulator::start(Options::default()).await?; // a free port
//! sim.seed_demo();
//! let graph_base_url = sim.base_url(); // "http://127.0.0.1:43121", no version, no slash
//! let login_base_url = sim.base_url();
//!
//! // Configure the client: demo::TENANT_ID, demo::CLIENT_ID, demo::CLIENT_SECRET,
//! // demo::ORGANIZER_UPN, demo::ORGANIZER_ID.
//!
//! // The third POST of an event is cut off after Graph has stored the event:
//! sim.inject(Fault::on("POST", "/v1.0/users/*/events").nth(3).after().cut());
//! // Every read of free/busy is slow from now on:
//! sim.inject(Fault::on("POST", "**/getSchedule").always().delay_ms(400));
//! // One throttled answer, `Retry-After: 0.05`:
//! sim.inject(Fault::any().throttle("0.05"));
//!
//! // … drive the client …
//!
//! assert_eq!(sim.received().iter().filter(|r| r.method == "POST").count(), 2);
//! assert!(sim.events(demo::ORGANIZER_UPN)[0].removed.is_none());
//! sim.stop().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # The public surface
//!
//! | What | Where |
//! |---|---|
//! | start, seed, inspect, drive the clock | [`GraphSimulator`], [`Options`] |
//! | who exists and what they may do | [`Seed`], [`Tenant`], [`App`], [`Secret`], [`User`], [`Mailbox`], [`AccessPolicy`], [`RbacGrant`], [`BusyTime`] |
//! | where the documentation is silent or contradicts itself | [`Behaviour`] |
//! | what goes wrong | [`Fault`] |
//! | what arrived | [`Received`] |
//! | recordings and transcripts | [`NewArtifact`], [`Content`], [`Delivery`], [`StoredArtifact`], [`HeldMeeting`] |
//! | subscriptions and what is sent because of them | [`StoredSubscription`], [`SentNotification`], [`Disturbance`], [`LifecycleEvent`] |
//! | many organisations | [`SeededOrganization`] |
//! | what users consented to | [`UserGrant`], [`StoredGrant`] |
//! | what is stored | [`StoredEvent`], [`StoredMeeting`], [`SentMail`] |
//! | stable identities, of one organisation and of a second | [`demo`], [`fabrikam`] |
//!
//! The same over HTTP for programs in other processes: see `README.md` beside
//! this crate, which also lists how to bring about what tests of meetings need.

mod artifact;
mod bearer;
mod behaviour;
mod calendar;
mod clock;
mod connection;
mod control;
mod delegated;
pub mod demo;
mod directory;
pub mod fabrikam;
mod fault;
mod graph;
mod incoming;
mod load;
mod login;
mod notification;
mod received;
mod reply;
mod server;
mod simulator;
mod snapshot;
mod storage;
mod stored;
mod streaming;
mod subscription;
mod throttle;
mod token;
mod traffic;
mod world;

pub use artifact::{ArtifactKind, Content, Delivery, HeldMeeting, NewArtifact, StoredArtifact};
pub use behaviour::{ArtifactPaging, Behaviour, JoinUrlShape, Unresolved};
pub use delegated::{GrantState, StoredGrant};
pub use directory::{
    AccessPolicy, App, BusyTime, Mailbox, OnlineMeetingSupport, RbacGrant, ScheduleError, Secret,
    Seed, ShowAs, Tenant, User, UserGrant, WorkingHours,
};
pub use fault::{Action, ActiveFault, Fault, Phase};
pub use load::{SeededOrganization, SeededOrganizer};
pub use notification::{
    DeliveryOutcome, Disturbance, DisturbanceEffect, EndpointState, LifecycleEvent,
    NotificationKind, NotificationOrder, NotificationSettings, SentNotification, TokenVersion,
};
pub use received::{Outcome, Received};
pub use simulator::{GraphSimulator, Options};
pub use stored::{MailKind, Removal, RemovalKind, SentMail, StoredEvent, StoredMeeting};
pub use subscription::{StoredSubscription, SubscriptionSettings, SubscriptionTarget};
