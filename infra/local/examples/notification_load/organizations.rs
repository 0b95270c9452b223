//! Organisations with a Teams integration of their own each, subscribed by the deployed functions, and meetings of
//! theirs that were recorded.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use convoke_local::{Stack, TokenClaims};
use futures_util::{StreamExt, TryStreamExt};
use graph_simulator::{ArtifactKind, GraphSimulator, NewArtifact, SeededOrganization};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::sync::Mutex;

const STAFF: &str = "directory:write user_schedule:update interaction:read interaction:update \
                     tenant_integrations:update";
/// Recordings of one meeting.
const EACH: usize = 10;
/// Requests at once while everything is set up.
const AT_ONCE: usize = 4;
const SUBSCRIBED_WITHIN: Duration = Duration::from_mins(5);

/// A recording that is to be told of.
pub(crate) struct Recorded {
    pub(crate) subscription_id: String,
    pub(crate) artifact_id: String,
}

pub(crate) struct Organizations<'a> {
    graph: &'a GraphSimulator,
    url: String,
    client: Client,
    all: Vec<Organization>,
    /// Paths of the meetings, with the organisation's place.
    meetings: Mutex<Vec<(usize, String)>>,
}

struct Organization {
    token: String,
    seeded: SeededOrganization,
    /// Of recordings.
    subscription_id: String,
}

impl<'a> Organizations<'a> {
    /// Sets their integrations up and waits until all are subscribed.
    pub(crate) async fn open(stack: &'a Stack, count: u16) -> Result<Self> {
        let graph = stack.graph().context("the bundled simulator")?;
        // Nobody but this program tells of anything.
        graph.hold_notifications();
        let mut all = vec![];
        for (number, seeded) in graph.seed_organizations(count, 1)?.into_iter().enumerate() {
            let claims = TokenClaims::internal(&format!("load-{number}"), "bob", STAFF);
            all.push(Organization {
                token: stack.issuer.token(&claims)?,
                seeded,
                subscription_id: String::new(),
            });
        }
        let mut organizations = Self {
            graph,
            url: stack.api_url.clone().unwrap_or_default(),
            client: Client::builder().no_proxy().build()?,
            all,
            meetings: Mutex::default(),
        };
        futures_util::stream::iter(&organizations.all)
            .map(|one| organizations.integrate(one))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
        organizations.subscribed().await?;
        Ok(organizations)
    }

    async fn integrate(&self, one: &Organization) -> Result<()> {
        let SeededOrganization {
            tenant_id,
            client_id,
            client_secret,
            organizers,
            ..
        } = &one.seeded;
        let settings = json!({
            "profile": { "tenant_id": tenant_id, "client_id": client_id, "client_secret": client_secret },
            "install_status": "active", "default_meeting_organizer_upn": organizers[0].upn,
        });
        let path = "/api/v1/teams-integration";
        self.call(one, Method::PUT, path, Some(settings)).await?;
        let client = json!({ "name": "Globex" });
        self.call(one, Method::PUT, "/api/v1/clients/globex", Some(client))
            .await
            .map(drop)
    }

    async fn subscribed(&mut self) -> Result<()> {
        let begun = Instant::now();
        while self.graph.subscriptions().len() < 2 * self.all.len() {
            ensure!(
                begun.elapsed() < SUBSCRIBED_WITHIN,
                "not all are subscribed"
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        for subscription in self.graph.subscriptions() {
            let own = |one: &&mut Organization| one.seeded.tenant_id == subscription.tenant_id;
            if subscription.kind == ArtifactKind::Recording
                && let Some(one) = self.all.iter_mut().find(own)
            {
                one.subscription_id = subscription.id;
            }
        }
        Ok(())
    }

    /// So many recordings, of meetings that are over, in turns.
    pub(crate) async fn hold(&self, count: usize) -> Result<Vec<Recorded>> {
        let held: Vec<Vec<Recorded>> = futures_util::stream::iter(0..count.div_ceil(EACH))
            .map(|number| self.meet(number, EACH.min(count - number * EACH)))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(held.into_iter().flatten().collect())
    }

    async fn meet(&self, number: usize, recordings: usize) -> Result<Vec<Recorded>> {
        let place = number % self.all.len();
        let one = &self.all[place];
        let now = now();
        let at = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let wish = json!({
            "subject": format!("Meeting {number}"), "client_id": "globex",
            "start": at(now - TimeDelta::hours(1)), "end": at(now - TimeDelta::seconds(1)),
        });
        let path = "/api/v1/online-meetings";
        let made = self.call(one, Method::POST, path, Some(wish)).await?;
        let join_url = made["join_url"].as_str().context("a join link")?;
        let id = made["online_meeting_id"].as_str().context("an id")?;
        self.meetings
            .lock()
            .await
            .push((place, format!("{path}/{id}")));
        let add = |_| {
            let added = self.graph.add_recording(join_url, NewArtifact::default())?;
            Ok(Recorded {
                subscription_id: one.subscription_id.clone(),
                artifact_id: added.id,
            })
        };
        (0..recordings).map(add).collect()
    }

    /// How many recordings the meetings show.
    pub(crate) async fn found(&self) -> Result<usize> {
        let mut found = 0;
        for (place, path) in self.meetings.lock().await.iter() {
            let meeting = self
                .call(&self.all[*place], Method::GET, path, None)
                .await?;
            found += meeting["artifacts"].as_array().map_or(0, Vec::len);
        }
        Ok(found)
    }

    async fn call(
        &self,
        one: &Organization,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value> {
        let url = format!("{}{path}", self.url);
        let request = self.client.request(method, url).bearer_auth(&one.token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await?;
        let (status, body) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path}: {status} {body}");
        Ok(serde_json::from_str(&body)?)
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "this program has no clock but the machine's"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}
