//! A route whose handler stops where a test wants it to, behind the very edge
//! that the functions have.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use convoke_domain::error::Error;
use convoke_platform::http::{Access, Call, ClaimNames, Edge, EdgeParts, Portal, Reply, Route};
use convoke_platform::store::{Key, Record, Store};
use http::Method;
use it::api::Answer;
use it::clock::TestClock;
use it::deployed::new_org;
use it::gateway::{Event, answer_of};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::routes::{self, NOW, tenant};

/// As long as a laboratory handler may run, and so a key's lease.
const TIMEOUT: Duration = Duration::from_secs(29);

pub(super) struct Laboratory {
    store: Store,
    runs: AtomicU32,
    /// Handlers that were told to wait go on with a permit of these.
    pub(super) before_commit: Semaphore,
    after_commit: Semaphore,
}

#[derive(Deserialize)]
struct Experiment {
    say: String,
    #[serde(default)]
    wait_before_commit: bool,
    #[serde(default)]
    wait_after_commit: bool,
    #[serde(default)]
    fail: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Finding {
    place: String,
    said: String,
    pub(super) run: u32,
}

impl Record for Finding {
    const KIND: &'static str = "finding";

    fn key(&self) -> Key {
        key_of(&self.place)
    }

    fn version(&self) -> u64 {
        0
    }
}

fn key_of(place: &str) -> Key {
    Key::new(format!("FINDING#{place}"), "FINDING")
}

static ROUTES: &[Route<Laboratory>] = &[Route {
    method: Method::POST,
    path: "/laboratory/{place}",
    operation: "experiment",
    access: Access::Permission("lab:write", Portal::Own),
    handler: |lab, call| Box::pin(experiment(lab, call)),
}];

async fn experiment(lab: Arc<Laboratory>, call: Call) -> Result<Reply, Error> {
    let run = lab.runs.fetch_add(1, Ordering::SeqCst) + 1;
    let body: Experiment = call.command()?;
    if body.wait_before_commit && run == 1 {
        lab.before_commit.acquire().await.unwrap().forget();
    }
    if body.fail && run == 1 {
        return Err(Error::Upstream {
            code: "lab_down",
            message: "down".into(),
            retry_after: None,
        });
    }
    let finding = Finding {
        place: call.param("place").into(),
        said: body.say,
        run,
    };
    let render = |finding: &Finding| {
        Reply::created(
            "/laboratory/found",
            &json!({ "said": finding.said, "run": finding.run }),
        )
        .with_version(7)
    };
    let seal = call.seal(&render);
    let mut transaction = lab.store.tenant(call.tenant()?).transaction();
    transaction.put(&finding);
    seal.apply(&mut transaction, &finding)?;
    transaction.commit().await?;
    if body.wait_after_commit && run == 1 {
        lab.after_commit.acquire().await.unwrap().forget();
    }
    Ok(seal.reply(&finding))
}

/// The laboratory behind an edge, one organisation, one key.
pub(super) struct Bench {
    edge: Edge<Laboratory>,
    pub(super) lab: Arc<Laboratory>,
    pub(super) clock: TestClock,
    pub(super) org: String,
}

impl Bench {
    pub(super) fn new() -> Self {
        let clock = TestClock::at(NOW);
        let (process, _) = routes::process();
        let lab = Arc::new(Laboratory {
            store: process.store.clone(),
            runs: AtomicU32::new(0),
            before_commit: Semaphore::new(0),
            after_commit: Semaphore::new(0),
        });
        let parts = EdgeParts {
            store: process.store,
            ports: clock.ports(),
            claims: ClaimNames::default(),
            timeout: TIMEOUT,
            hook: None,
        };
        let edge = Edge::new(parts, lab.clone(), ROUTES).unwrap();
        Self {
            edge,
            lab,
            clock,
            org: new_org(),
        }
    }

    pub(super) fn event(&self, body: &Value) -> Event {
        Event::new("POST", "/laboratory/bench")
            .internal(&self.org, "u1", "lab:write")
            .header("idempotency-key", "k1")
            .json(body)
    }

    pub(super) async fn send(&self, event: Event) -> Answer {
        answer_of(self.edge.handle(event.into_request()).await)
    }

    pub(super) async fn post(&self, body: &Value) -> Answer {
        self.send(self.event(body)).await
    }

    pub(super) fn runs(&self) -> u32 {
        self.lab.runs.load(Ordering::SeqCst)
    }

    pub(super) async fn finding(&self) -> Option<Finding> {
        self.lab
            .store
            .tenant(&tenant(&self.org))
            .get(&key_of("bench"))
            .await
            .unwrap()
    }

    /// Starts a request and abandons it, as a crash would, once its handler waits.
    pub(super) async fn crash(&self, body: &Value) {
        let request = self.post(body);
        tokio::pin!(request);
        loop {
            let committed = body["wait_after_commit"] != true || self.finding().await.is_some();
            if self.runs() == 1 && committed {
                // The handler has come to where it waits when a poll more changes nothing.
                let pause = tokio::time::timeout(Duration::from_millis(50), &mut request).await;
                assert!(pause.is_err(), "the handler did not wait");
                return;
            }
            let step = tokio::time::timeout(Duration::from_millis(5), &mut request).await;
            assert!(step.is_err(), "the handler did not wait");
        }
    }
}
