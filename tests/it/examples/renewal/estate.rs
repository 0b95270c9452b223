//! Tenants with a recording and a transcript subscription each: known at Microsoft, and in the table as if they had
//! been made long before they are due, so that each is to be prolonged then.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::Query as UrlQuery;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use convoke_domain::artifact::ArtifactType;
use convoke_domain::integration::{
    InstallStatus, MicrosoftProfile, SealedSecret, TeamsIntegration,
};
use convoke_domain::subscription::{App, LIFETIME, Subscription, SubscriptionState};
use convoke_local::Stack;
use convoke_platform::config::Environment;
use convoke_platform::queue::Incoming;
use convoke_platform::records::{
    IntegrationRecord, SubscriptionPointerRecord, SubscriptionRecord, WebhookRecord,
};
use convoke_platform::secrets::Secrets;
use convoke_platform::tenant::Tenant;
use convoke_services::microsoft::CLIENT_SECRET;
use convoke_services::subscriptions::Subscriber;
use futures_util::{StreamExt, TryStreamExt};
use graph_simulator::{GraphSimulator, Options, SeededOrganization};
use it::clock::TestClock;
use it::deployed;
use it::process::{Process, sdk_config};
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::gate::Gate;

const START: &str = "2026-12-01T08:00:00Z";
/// When each wave is due.
const WAVES: [(&str, usize); 3] = [
    ("2026-12-01T09:00:00Z", 10),
    ("2026-12-01T10:00:00Z", 4),
    ("2026-12-01T11:00:00Z", 2),
];
/// When all are due, those of the waves for the second time.
pub(crate) const ALL_DUE: &str = "2026-12-03T00:00:00Z";
/// How old each is when it is due: more than half of its time is over.
const AGE: TimeDelta = TimeDelta::hours(51);
/// Tenants that are laid out at once.
const AT_ONCE: usize = 8;

pub(crate) struct Estate {
    pub(crate) graph: GraphSimulator,
    pub(crate) gate: Gate,
    pub(crate) process: Process,
    clock: TestClock,
    count: usize,
    seeded: Vec<SeededOrganization>,
    hook: String,
    client: Client,
}

impl Estate {
    /// So many subscriptions, of half as many tenants.
    pub(crate) async fn lay_out(count: usize) -> Result<Self> {
        // Blocks until it stands.
        let stack = tokio::task::spawn_blocking(deployed::resources).await?;
        let graph = GraphSimulator::start(Options::default()).await?;
        let clock = TestClock::at(START);
        graph.set_now(START.parse()?);
        let (gate, hook) = (Gate::open(graph.base_url()).await?, hook().await?);
        let process = process(stack, &clock, &gate, &hook)?;
        let webhook = WebhookRecord {
            url: hook.clone(),
            is_encrypted: false,
        };
        let deployment = process.store.tenant(&Tenant::of_deployment());
        deployment.put(&webhook).await?;
        let seeded = graph.seed_organizations(u16::try_from(count / 2)?, 1)?;
        let estate = Self {
            graph,
            gate,
            process,
            clock,
            count,
            seeded,
            hook,
            // None of its connections is left when others are counted.
            client: Client::builder()
                .no_proxy()
                .pool_max_idle_per_host(0)
                .build()?,
        };
        futures_util::stream::iter(estate.seeded.iter().enumerate())
            .map(|(number, seeded)| estate.furnish(number, seeded))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
        Ok(estate)
    }

    async fn furnish(&self, number: usize, seeded: &SeededOrganization) -> Result<()> {
        let tenant = tenant(number)?;
        let vault = self.process.microsoft.vault();
        let sealed = vault.seal(&tenant, CLIENT_SECRET, &seeded.client_secret);
        let app = App {
            ms_tenant_id: seeded.tenant_id.clone(),
            client_id: seeded.client_id.clone(),
            client_secret: SealedSecret::new(sealed.await?),
        };
        let organizer = &seeded.organizers[0];
        let integration = TeamsIntegration {
            profile: MicrosoftProfile {
                tenant_id: Some(app.ms_tenant_id.clone()),
                client_id: Some(app.client_id.clone()),
                client_secret: Some(app.client_secret.clone()),
            },
            install_status: InstallStatus::Active,
            default_meeting_organizer_upn: Some(organizer.upn.clone()),
            default_meeting_organizer_object_id: Some(organizer.id.clone()),
            version: 1,
            ..TeamsIntegration::default()
        };
        let token = self.token(seeded).await?;
        let mut rows = vec![];
        for kind in ArtifactType::ALL {
            let place = 2 * number + rows.len();
            let id = self.subscribe(&token, &organizer.id, kind).await?;
            rows.push(self.row(&app, &organizer.id, kind, id, self.due_at(place)?)?);
        }
        let mut transaction = self.process.store.tenant(&tenant).transaction();
        transaction.create(&IntegrationRecord::from(&integration));
        for row in &rows {
            transaction.create(&SubscriptionRecord::from(row));
            let id = row.subscription_id.as_deref().unwrap_or_default();
            let pointer = SubscriptionPointerRecord::to(id, &tenant, &row.key);
            transaction.in_deployment(|transaction| {
                transaction.create(&pointer);
            });
        }
        Ok(transaction.commit().await?)
    }

    async fn token(&self, seeded: &SeededOrganization) -> Result<String> {
        let url = format!(
            "{}/{}/oauth2/v2.0/token",
            self.graph.base_url(),
            seeded.tenant_id
        );
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &seeded.client_id),
            ("client_secret", &seeded.client_secret),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let answer: Value = self
            .client
            .post(url)
            .form(&form)
            .send()
            .await?
            .json()
            .await?;
        let token = answer["access_token"].as_str();
        Ok(token.context("a token")?.to_owned())
    }

    /// As Microsoft's API is asked for one.
    async fn subscribe(&self, token: &str, organizer: &str, kind: ArtifactType) -> Result<String> {
        let function = match kind {
            ArtifactType::Recording => "getAllRecordings",
            ArtifactType::Transcript => "getAllTranscripts",
        };
        let expires_at = self.graph.now() + TimeDelta::hours(70);
        let wish = json!({
            "changeType": "created", "clientState": "a state",
            "resource": format!("users/{organizer}/onlineMeetings/{function}"),
            "notificationUrl": format!("{}/webhooks/graph/notifications", self.hook),
            "lifecycleNotificationUrl": format!("{}/webhooks/graph/lifecycle", self.hook),
            "expirationDateTime": expires_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        });
        let url = format!("{}/v1.0/subscriptions", self.graph.base_url());
        let request = self.client.post(url).bearer_auth(token).json(&wish);
        let answer = request.send().await?;
        let (status, body) = (answer.status(), answer.text().await?);
        ensure!(status.as_u16() == 201, "{status} {body}");
        let made: Value = serde_json::from_str(&body)?;
        Ok(made["id"].as_str().context("an id")?.to_owned())
    }

    fn row(
        &self,
        app: &App,
        organizer: &str,
        kind: ArtifactType,
        id: String,
        due_at: DateTime<Utc>,
    ) -> Result<Subscription> {
        let key = SubscriptionRecord::name_of(&app.ms_tenant_id, &app.client_id, organizer, kind)?;
        let made_at = due_at - AGE;
        let mut row = Subscription::wanted(key, app, organizer, "0".repeat(64), made_at);
        row.state = SubscriptionState::Live;
        row.ms_tenant_guid = Some(app.ms_tenant_id.clone());
        row.subscription_id = Some(id);
        row.notification_url = Some(format!("{}/webhooks/graph/notifications", self.hook));
        row.lifecycle_notification_url = Some(format!("{}/webhooks/graph/lifecycle", self.hook));
        row.expires_at = Some(made_at + LIFETIME);
        (row.renewed_at, row.checked_at) = (Some(made_at), Some(made_at));
        row.due_at = due_at;
        Ok(row)
    }

    /// When the waves are, and how many are due in each.
    pub(crate) fn waves(&self) -> [(&'static str, usize); 3] {
        WAVES.map(|(at, part)| (at, self.count / part))
    }

    fn due_at(&self, mut place: usize) -> Result<DateTime<Utc>> {
        for (at, size) in self.waves() {
            if place < size {
                return Ok(at.parse()?);
            }
            place -= size;
        }
        Ok(ALL_DUE.parse()?)
    }

    /// Sets all clocks, to just after an instant.
    pub(crate) fn go_to(&mut self, instant: &str) -> Result<()> {
        self.clock.set(instant);
        self.later(TimeDelta::seconds(1))
    }

    /// Moves all clocks on. The function is another process by then: it has no token and no secret in its memory.
    pub(crate) fn later(&mut self, by: TimeDelta) -> Result<()> {
        self.clock.advance(by);
        self.process = process(deployed::resources(), &self.clock, &self.gate, &self.hook)?;
        self.graph.set_now(self.process.ports.now());
        Ok(())
    }

    /// How often Microsoft has prolonged each.
    pub(crate) fn renewals(&self) -> BTreeMap<String, u32> {
        let all = self.graph.subscriptions().into_iter();
        all.map(|one| (one.id, one.renewals)).collect()
    }

    /// Entra tenants that are to be out of order, spread over all.
    pub(crate) fn broken_ones(&self, count: usize) -> Vec<String> {
        let step = self.seeded.len().checked_div(count).unwrap_or(1).max(1);
        let some = self.seeded.iter().step_by(step).take(count);
        some.map(|seeded| seeded.tenant_id.clone()).collect()
    }
}

/// The functions, of which one is measured; notifications are not encrypted.
fn process(stack: &Stack, clock: &TestClock, gate: &Gate, hook: &str) -> Result<Process> {
    let mut process = Process::with_graph(stack, clock.ports(), None, &gate.url);
    let variables = [
        ("CONVOKE_WEBHOOK_URL", hook.to_owned()),
        ("CONVOKE_ENCRYPT_NOTIFICATIONS", "false".to_owned()),
        ("LOGIN_BASE_URL", gate.url.clone()),
    ];
    let environment = Environment::of(variables.map(|(name, value)| (name.to_owned(), value)));
    let client = aws_sdk_secretsmanager::Client::new(&sdk_config(&stack.aws_endpoint));
    process.subscription_renewal.subscriber = Subscriber::of_environment(
        &environment,
        process.core.clone(),
        process.microsoft.clone(),
        Secrets::new(client, &stack.outputs.root_secret_arn),
    )?;
    Ok(process)
}

fn tenant(number: usize) -> Result<Tenant> {
    let message = json!({ "id": "00000000-0000-4000-8000-000000000001", "tenant": format!("load-{number}"), "job": {} });
    Ok(Incoming::parse(&message.to_string())?.tenant)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Handshake {
    validation_token: String,
}

/// An address that passes the handshake.
async fn hook() -> Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let app = Router::new()
        .fallback(|UrlQuery(asked): UrlQuery<Handshake>| async move { asked.validation_token });
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}
