//! Whoever knows the address can post to it: genuine deliveries of Microsoft's,
//! each altered in one thing (NT-3). Every one gets the same answer, is done with at
//! once, raises its counter, and changes nothing that either organisation has.

mod content;
mod crowds;
mod tokens;
mod words;

use std::collections::BTreeMap;

use convoke_domain::artifact::ArtifactType;
use convoke_services::notifications::Verdict;
use graph_simulator::{HeldMeeting, SeededOrganization, StoredArtifact};
use it::practice::{Meeting, Watched};
use serde_json::Value;

/// What somebody posts, and which counter it is to raise.
struct Attack {
    name: String,
    body: Value,
    verdict: Verdict,
}

impl Attack {
    fn new(name: impl Into<String>, body: Value, verdict: Verdict) -> Self {
        let name = name.into();
        Self {
            name,
            body,
            verdict,
        }
    }
}

/// Everything that an organisation has stored.
type Items = BTreeMap<(String, String), String>;

/// An organisation that met and was recorded, and another one of the same cloud.
struct Scene {
    watched: Watched,
    meeting: Meeting,
    held: HeldMeeting,
    /// Microsoft's delivery of the recording, as it was posted.
    genuine: Value,
    other: Other,
}

/// The other organisation, recorded too.
struct Other {
    org: String,
    seeded: SeededOrganization,
    /// Its own delivery.
    genuine: Value,
}

impl Scene {
    async fn open() -> Self {
        Box::pin(Self::set()).await
    }

    async fn set() -> Self {
        let mut watched = Watched::open(true).await;
        watched
            .graph
            .configure(|behaviour| behaviour.notifications.batch_size = 1);
        let (meeting, held) = watched.held().await;
        let [seeded] = watched.others(1).try_into().expect("one");
        watched.at("2026-12-01T08:40:00Z");
        let org = watched.join(&seeded).await;
        let (_, their_held) = watched.held().await;
        let of = |artifact: &Option<StoredArtifact>| artifact.as_ref().unwrap().id.clone();
        let genuine = delivery_of(&watched, &of(&held.recording));
        let theirs = delivery_of(&watched, &of(&their_held.recording));
        let other = Other {
            org: watched.become_org(&org),
            seeded,
            genuine: theirs,
        };
        // Nobody has taken any of them: what follows is all that there is.
        assert_eq!(watched.queued().await.len(), 4);
        Self {
            watched,
            meeting,
            held,
            genuine,
            other,
        }
    }

    fn recording(&self) -> &StoredArtifact {
        self.held.recording.as_ref().unwrap()
    }

    fn transcript(&self) -> &StoredArtifact {
        self.held.transcript.as_ref().unwrap()
    }

    /// The genuine delivery with its one notification changed.
    fn altered(&self, change: impl FnOnce(&mut Value)) -> Value {
        let mut body = self.genuine.clone();
        change(&mut body["value"][0]);
        body
    }

    /// The genuine delivery with these tokens.
    fn with_tokens(&self, tokens: impl Into<Value>) -> Value {
        let mut body = self.genuine.clone();
        body["validationTokens"] = tokens.into();
        body
    }

    async fn items(&mut self) -> [Items; 2] {
        let ours = self.watched.items().await;
        let org = self.watched.become_org(&self.other.org);
        let theirs = self.watched.items().await;
        self.watched.become_org(&org);
        [ours, theirs]
    }

    async fn assert_repelled(&self, attack: &Attack) {
        let Attack {
            name,
            body,
            verdict,
        } = attack;
        let answer = self.watched.post(body).await;
        assert_eq!((answer.status, &answer.body[..]), (202, &b""[..]), "{name}");
        let messages = self.watched.queued().await;
        let [message] = &messages[..] else {
            panic!("{name}: {} messages", messages.len())
        };
        let process = &self.watched.process;
        let tally = process.judge(message).await;
        let counts: Vec<_> = tally.counts().collect();
        assert_eq!(counts, [(*verdict, 1)], "{name}");
        // It does not come again, nor lie among the dead letters.
        assert!(process.take_in(message).await, "{name}");
    }
}

/// What Microsoft posted of an artifact.
fn delivery_of(watched: &Watched, artifact_id: &str) -> Value {
    let posted = watched.hook.posted().into_iter();
    let mut bodies = posted
        .filter(|post| !post.target.contains('?'))
        .map(|post| serde_json::from_str::<Value>(&post.body).unwrap());
    let is_of = |body: &Value| body["value"][0]["resourceData"]["id"] == artifact_id;
    bodies.find(is_of).expect("it was posted")
}

/// NT-3: the attack list, one alteration at a time; the unaltered delivery, which comes
/// last, is the first that is taken on.
#[tokio::test]
async fn whoever_alters_a_delivery_raises_a_counter() {
    let mut scene = Box::pin(Scene::open()).await;
    let before = scene.items().await;
    let genuine = scene.watched.post(&scene.genuine).await;
    scene.watched.queued().await;
    for (family, attacks) in [
        ("words", words::attacks(&scene).await),
        ("tokens", tokens::attacks(&scene).await),
        ("content", content::attacks(&scene).await),
    ] {
        assert!(attacks.len() >= 10, "{family}");
        for attack in &attacks {
            scene.assert_repelled(attack).await;
        }
        assert!(scene.items().await == before, "{family} changed something");
    }
    let forged = words::attacks(&scene).await.swap_remove(0);
    let answer = scene.watched.post(&forged.body).await;
    assert_eq!(
        (answer.status, answer.body, answer.headers),
        (genuine.status, genuine.body, genuine.headers),
        "an answer tells the forger something"
    );
    scene.watched.queued().await;

    let message = scene.watched.message(&scene.genuine).await;
    let tally = scene.watched.process.judge(&message).await;
    assert_eq!(tally.of(Verdict::Accepted), 1, "{tally:?}");
    let tally = scene.watched.process.judge(&message).await;
    assert_eq!(tally.of(Verdict::Duplicate), 1, "{tally:?}");
    // As Microsoft's page on recordings spells it.
    let kind = ArtifactType::Transcript;
    let mut spelt = scene.watched.genuine(kind, &scene.transcript().id).await;
    let item = spelt["value"][0].as_object_mut().unwrap();
    let content = item.remove("encryptedContent").unwrap();
    item.insert("EncryptedContent".to_owned(), content);
    let message = scene.watched.message(&spelt).await;
    let tally = scene.watched.process.judge(&message).await;
    assert_eq!(tally.of(Verdict::Accepted), 1, "{tally:?}");
    scene.watched.work().await;
    scene
        .watched
        .assert_kept_once(&scene.meeting, "the genuine ones")
        .await;
    let [_, theirs] = scene.items().await;
    assert!(theirs == before[1], "the other organisation's");
}
