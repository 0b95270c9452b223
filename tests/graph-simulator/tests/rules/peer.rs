//! A started simulator with the demo directory and a client that holds a token.

use graph_simulator::{GraphSimulator, Options, demo};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

/// Simulator and client.
pub(crate) struct Peer {
    pub(crate) sim: GraphSimulator,
    pub(crate) http: Client,
    token: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self {
            status,
            headers,
            body,
        }
    }

    /// Status and Graph's error code.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        let code = self.body["error"]["code"].as_str();
        (self.status, code.unwrap_or_default())
    }

    pub(crate) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn id(&self) -> String {
        assert!(self.status < 300, "{self:?}");
        self.body["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn values(&self) -> &Vec<Value> {
        assert_eq!(self.status, 200, "{self:?}");
        self.body["value"].as_array().unwrap()
    }
}

impl Peer {
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let sim = GraphSimulator::start(options).await.unwrap();
        sim.seed_demo();
        let http = Client::builder().no_proxy().build().unwrap();
        let mut peer = Self {
            sim,
            http,
            token: String::new(),
        };
        peer.renew_token().await;
        peer.sim.clear_received();
        peer
    }

    /// Takes a new token, with the roles of now.
    pub(crate) async fn renew_token(&mut self) {
        let answer = self.ask_token(&[]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.token = answer.body["access_token"].as_str().unwrap().into();
    }

    /// A token request of the demo app, with fields replaced or (empty) left out.
    pub(crate) async fn ask_token(&self, changes: &[(&str, &str)]) -> Answer {
        let mut tenant = demo::TENANT_ID;
        let mut form = vec![
            ("client_id", demo::CLIENT_ID),
            ("client_secret", demo::CLIENT_SECRET),
            ("scope", "https://graph.microsoft.com/.default"),
            ("grant_type", "client_credentials"),
        ];
        for (name, value) in changes {
            if *name == "tenant" {
                tenant = value;
                continue;
            }
            form.retain(|(key, _)| key != name);
            if !value.is_empty() {
                form.push((name, value));
            }
        }
        let url = format!("{}/{tenant}/oauth2/v2.0/token", self.sim.base_url());
        Answer::of(self.http.post(url).form(&form)).await
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Removes a role everywhere and takes a new token.
    pub(crate) async fn without_role(&mut self, role: &str) {
        let strip = |app: &mut graph_simulator::App| {
            for roles in app.consents.values_mut() {
                roles.retain(|r| r != role);
            }
        };
        self.sim.update_app(demo::CLIENT_ID, strip).unwrap();
        self.renew_token().await;
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/v1.0{path}", self.sim.base_url());
        self.http.request(method, url).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// GET of a whole URL, such as a next link.
    pub(crate) async fn follow(&self, url: &str) -> Answer {
        Answer::of(self.http.get(url).bearer_auth(&self.token)).await
    }

    /// Creates an event on the demo organiser's calendar.
    pub(crate) async fn create(&self, body: &Value) -> Answer {
        self.post(&events(), body).await
    }
}

/// Path of the organiser's events.
pub(crate) fn events() -> String {
    format!("/users/{}/events", demo::ORGANIZER_UPN)
}

/// Path of one of the organiser's events.
pub(crate) fn event(id: &str) -> String {
    format!("{}/{id}", events())
}

/// A plain event at nine in Berlin on 2 November 2026, one hour long.
pub(crate) fn plain() -> Value {
    json!({
        "subject": "Quarterly review",
        "start": {"dateTime": "2026-11-02T09:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-02T10:00:00", "timeZone": "Europe/Berlin"},
    })
}

/// [`plain`] with members added or replaced.
pub(crate) fn with(changes: Value) -> Value {
    let mut event = plain();
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        event[name] = value;
    }
    event
}

/// [`plain`] with a Teams meeting.
pub(crate) fn online() -> Value {
    with(json!({"isOnlineMeeting": true, "onlineMeetingProvider": "teamsForBusiness"}))
}

/// An attendee.
pub(crate) fn invited(address: &str) -> Value {
    json!({"emailAddress": {"address": address}, "type": "required"})
}
