//! A deployment of a test's own: a table, a Microsoft 365 and an address for
//! notifications, with one organisation or several. Nobody else looks at its due
//! index, so that rounds see what the test made and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::artifact::ArtifactType;
use convoke_domain::integration::IntegrationChange;
use convoke_domain::subscription::Subscription;
use convoke_platform::outbox::OutboxRecord;
use convoke_platform::records::SubscriptionPointerRecord;
use convoke_platform::store::{DueKind, TenantStore};
use convoke_platform::tenant::Tenant;
use convoke_services::integration;
use convoke_services::subscriptions::{self, Round, Subscriber};
use graph_simulator::{
    ArtifactKind, GraphSimulator, Options, Outcome, Received, SeededOrganization,
    StoredSubscription, demo,
};
use it::clock::TestClock;
use it::deployed::{Site, new_org};
use it::process::Process;
use serde_json::{Value, json};

use super::function::{Function, environment, function, secrets};
use crate::routes::tenant;

/// Where the clocks start.
const OPENING: &str = "2026-12-01T08:00:00Z";

/// See the module.
pub(super) struct House {
    pub(super) org: String,
    pub(super) clock: TestClock,
    pub(super) graph: GraphSimulator,
    pub(super) address: Address,
    /// The function, as it is deployed.
    pub(super) function: Function,
    site: Site,
}

/// An address that Microsoft may call.
pub(super) struct Address {
    pub(super) url: String,
    is_shut: Arc<AtomicBool>,
}

impl Address {
    pub(super) async fn open() -> Self {
        let is_shut = Arc::new(AtomicBool::new(false));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&is_shut));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, is_shut }
    }

    /// Answers nobody any more, or everybody again.
    pub(super) fn shut(&self, is_shut: bool) {
        self.is_shut.store(is_shut, Ordering::SeqCst);
    }
}

async fn answer(
    State(is_shut): State<Arc<AtomicBool>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> (StatusCode, String) {
    match query.get("validationToken") {
        _ if is_shut.load(Ordering::SeqCst) => (StatusCode::FORBIDDEN, String::new()),
        Some(token) => (StatusCode::OK, token.clone()),
        None => (StatusCode::ACCEPTED, String::new()),
    }
}

impl House {
    /// With an organisation whose settings nobody has saved.
    pub(super) async fn empty() -> Self {
        let graph = GraphSimulator::start(Options::default()).await.unwrap();
        graph.seed_demo();
        let clock = TestClock::at(OPENING);
        graph.set_now(clock.ports().now());
        let address = Address::open().await;
        let site = Site::own().await;
        let function = function(&site, &clock, &graph, &address.url, true);
        Self {
            org: new_org(),
            clock,
            graph,
            address,
            function,
            site,
        }
    }

    /// With an organisation that is subscribed.
    pub(super) async fn subscribed() -> Self {
        let house = Self::empty().await;
        house.save(Self::settings()).await;
        house.align().await;
        house.jobs().await;
        assert_eq!(house.graph.subscriptions().len(), 2);
        house.graph.clear_received();
        house.function.calls.take();
        house
    }

    /// The function in another process, with another address or without encryption.
    pub(super) fn process(&self, url: &str, encrypts: bool) -> Function {
        function(&self.site, &self.clock, &self.graph, url, encrypts)
    }

    /// Another process of the same function.
    pub(super) fn another(&self) -> Function {
        self.process(&self.address.url, true)
    }

    /// Settings of the demo tenant, in use.
    pub(super) fn settings() -> IntegrationChange {
        let text = |text: &str| Some(Some(text.to_owned()));
        IntegrationChange {
            tenant_id: text(demo::TENANT_ID),
            client_id: text(demo::CLIENT_ID),
            client_secret: text(demo::CLIENT_SECRET),
            install_status: text("active"),
            default_meeting_organizer_upn: text(demo::ORGANIZER_UPN),
            ..IntegrationChange::default()
        }
    }

    /// The same of a seeded organisation.
    pub(super) fn settings_of(seeded: &SeededOrganization) -> IntegrationChange {
        let text = |text: &str| Some(Some(text.to_owned()));
        IntegrationChange {
            tenant_id: text(&seeded.tenant_id),
            client_id: text(&seeded.client_id),
            client_secret: text(&seeded.client_secret),
            install_status: text("active"),
            default_meeting_organizer_upn: text(&seeded.organizers[0].upn),
            ..IntegrationChange::default()
        }
    }

    /// Saves a change of the settings.
    pub(super) async fn save(&self, change: IntegrationChange) {
        let Function {
            core, microsoft, ..
        } = &self.function;
        let tenant = self.tenant();
        let saved = integration::put(core, microsoft, &tenant, &change, None);
        saved.await.expect("settings are saved");
    }

    pub(super) fn tenant(&self) -> Tenant {
        tenant(&self.org)
    }

    pub(super) fn store(&self) -> TenantStore {
        self.function.core.store(&self.tenant())
    }

    /// Takes the organisation's outbox out.
    pub(super) async fn jobs(&self) -> Vec<Value> {
        let ever = self.now() + TimeDelta::days(9_999);
        let sweeper = self.function.core.table().sweeper();
        let rows = sweeper.due(DueKind::Outbox, ever, 1_000).await.unwrap();
        let mut jobs = vec![];
        for row in rows.iter().filter(|row| row.tenant == self.tenant()) {
            let store = self.store();
            let Some(record) = store.get::<OutboxRecord>(&row.key).await.unwrap() else {
                continue;
            };
            store.delete(&row.key).await.unwrap();
            let record = serde_json::to_value(record).unwrap();
            let messages = record["messages"].as_array().unwrap().iter();
            jobs.extend(messages.map(|message| message["job"].clone()));
        }
        jobs
    }

    /// Lists that were asked for since the outbox was last taken out, by row, sorted.
    pub(super) async fn lists(&self) -> Vec<String> {
        let jobs = self.jobs().await.into_iter();
        let lists = jobs.filter(|job| job["job"] == "list_delta");
        let mut lists: Vec<_> = lists
            .map(|job| job["subscription"].as_str().unwrap().to_owned())
            .collect();
        lists.sort();
        lists
    }

    /// Does the job that saved settings bring.
    pub(super) async fn align(&self) {
        assert!(
            self.function
                .job(&self.org, &json!({ "job": "align_subscriptions" }))
                .await
        );
    }

    /// Does what Microsoft's event brings.
    pub(super) async fn event(&self, row: &Subscription, event: &str) {
        let job = json!({ "job": "renew_subscription", "subscription": row.key.to_string(), "event": event });
        assert!(self.function.job(&self.org, &job).await);
    }

    /// A round of the schedule.
    pub(super) async fn round(&self) -> Round {
        self.function.round().await
    }

    /// Moves our clock and Microsoft's.
    pub(super) fn later(&self, by: TimeDelta) {
        self.clock.advance(by);
        self.graph.set_now(self.now());
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.ports().now()
    }

    /// The organisation's rows.
    pub(super) async fn rows(&self) -> Vec<Subscription> {
        subscriptions::list(&self.store()).await.unwrap()
    }

    /// Its row of this kind.
    pub(super) async fn row(&self, kind: ArtifactType) -> Subscription {
        let mut rows = self.rows().await.into_iter();
        rows.find(|row| row.kind == kind).expect("it is there")
    }

    /// What Microsoft has of this kind.
    pub(super) fn at_microsoft(&self, kind: ArtifactType) -> Vec<StoredSubscription> {
        let of_graph = match kind {
            ArtifactType::Recording => ArtifactKind::Recording,
            ArtifactType::Transcript => ArtifactKind::Transcript,
        };
        let all = self.graph.subscriptions().into_iter();
        all.filter(|one| one.kind == of_graph).collect()
    }

    /// Requests to subscriptions since they were last forgotten, method and path.
    pub(super) fn calls(&self) -> Vec<String> {
        let received = self.graph.received().into_iter();
        // A token that has expired by Microsoft's clock is asked for anew.
        let calls =
            received.filter(|one| one.path.contains("/subscriptions") && one.status != Some(401));
        let calls = calls.map(|one| {
            let is_one = one.path.split('/').next_back() != Some("subscriptions");
            format!("{}{}", one.method, if is_one { " one" } else { "" })
        });
        calls.collect()
    }

    /// Returns once a fault holds a request back.
    pub(super) async fn until_hanging(&self) {
        let arrived = async {
            let is_hanging = |one: &Received| one.outcome == Outcome::Hanging;
            while !self.graph.received().iter().any(is_hanging) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let within = Duration::from_secs(20);
        tokio::time::timeout(within, arrived)
            .await
            .expect("it arrives");
    }

    /// What looks after the subscriptions of another process's table, which goes by
    /// this house's address and another Microsoft 365.
    pub(super) fn subscriber_for(&self, process: &Process, graph: &GraphSimulator) -> Subscriber {
        let secrets = secrets();
        let environment = environment(graph, &self.address.url, true);
        let (core, microsoft) = (process.core.clone(), process.microsoft.clone());
        Subscriber::of_environment(&environment, core, microsoft, secrets).unwrap()
    }

    /// The table, for a test that spoils it.
    pub(super) fn table(&self) -> (Client, &str) {
        (self.site.dynamodb(), &self.site.outputs.table_name)
    }

    /// Whose a subscription is, as the deployment has it.
    pub(super) async fn pointer(&self, subscription_id: &str) -> Option<(Tenant, String)> {
        let deployment = self.function.core.store(&Tenant::of_deployment());
        let key = SubscriptionPointerRecord::key_of(subscription_id);
        let pointer: Option<SubscriptionPointerRecord> = deployment.get(&key).await.unwrap();
        pointer.map(|pointer| (pointer.tenant().unwrap(), pointer.subscription().to_owned()))
    }

    /// NT-1, XC-8: one subscription of each kind, and each row names its own.
    pub(super) async fn assert_in_step(&self, case: &str) {
        for kind in ArtifactType::ALL {
            let row = self.row(kind).await;
            let found = self.at_microsoft(kind);
            assert_eq!(found.len(), 1, "{case}: {found:?}");
            assert_eq!(
                row.subscription_id.as_ref(),
                Some(&found[0].id),
                "{case}: {row:?}"
            );
            assert_eq!(row.state.as_str(), "live", "{case}");
            assert_eq!(row.error_code, None, "{case}");
            assert_eq!(row.expires_at, Some(found[0].expires_at), "{case}");
            assert_eq!(
                row.certificate_id, found[0].encryption_certificate_id,
                "{case}"
            );
            let state = found[0].client_state.as_deref().unwrap();
            let hash = convoke_platform::keyring::sha256_hex(state.as_bytes());
            assert_eq!(row.client_state_hash, hash, "{case}");
            let pointer = self.pointer(&found[0].id).await;
            assert_eq!(
                pointer,
                Some((self.tenant(), row.key.to_string())),
                "{case}"
            );
        }
    }
}
