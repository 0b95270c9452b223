//! The deployment with the real functions, and with their policies evaluated: a meeting from its scheduling, by
//! Microsoft's notifications, to the recording that a browser plays and the transcript that people read.

#![cfg(feature = "enterprise")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "what surrounds the tests fails like the tests, on the machine's clock; a skipped leg is told"
)]

mod browser;

use std::time::{Duration, Instant};

use browser::Browser;
use chrono::{SecondsFormat, TimeDelta, Utc};
use convoke_local::{LogBook, MsGraphProfile, Stack, StackOptions, TokenClaims};
use graph_simulator::{Content, GraphSimulator, NewArtifact};
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

const ORG: &str = "acme";
const STAFF: &str = "directory:write user_schedule:read user_schedule:update interaction:read interaction:update \
                     interaction:delete tenant_integrations:read tenant_integrations:update";
/// What one answer of the proxy may carry here: small, so that a short video needs many.
const LIMIT: u64 = 100_000;

/// Plays from the start, then far ahead, then near the beginning; answers where it came each time.
const PLAY: &str = r"
const [src, done] = [arguments[0], arguments[arguments.length - 1]];
const video = document.createElement('video');
const wait = ms => new Promise(resolve => setTimeout(resolve, ms));
const advance = async () => {
  const from = video.currentTime;
  for (let i = 0; i < 200 && video.currentTime <= from + 0.2; i++) await wait(50);
  return video.currentTime - from;
};
const seek = to => new Promise(resolve => {
  video.onseeked = () => resolve(video.currentTime);
  video.currentTime = to;
});
video.muted = true;
video.preload = 'auto';
video.onerror = () => done({ error: video.error ? video.error.code + ' ' + video.error.message : 'unknown' });
video.onloadedmetadata = async () => {
  try {
    await video.play();
    const start = await advance();
    const late = await seek(video.duration * 0.85);
    await video.play();
    const afterwards = await advance();
    const early = await seek(2);
    await video.play();
    const again = await advance();
    done({ duration: video.duration, width: video.videoWidth, start, late, afterwards, early, again });
  } catch (error) { done({ error: String(error) }); }
};
video.src = src;
document.body.append(video);
";

struct Caller<'a> {
    stack: &'a Stack,
    token: String,
    client: Client,
}

impl<'a> Caller<'a> {
    fn new(stack: &'a Stack, claims: &TokenClaims) -> Self {
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            stack,
            token: stack.issuer.token(claims).unwrap(),
            client,
        }
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> reqwest::Response {
        let url = format!("{}{path}", self.stack.api_url.as_deref().unwrap());
        let request = self.client.request(method, url).bearer_auth(&self.token);
        let request = body
            .into_iter()
            .fold(request, |request, body| request.json(&body));
        request.send().await.unwrap()
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let answer = self.send(method.clone(), path, body).await;
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }

    async fn ticket(&self, artifact: &str) -> String {
        let path = format!("/api/v1/online-meetings/recordings/{artifact}/ticket");
        let ticket = self.call(Method::POST, &path, None).await;
        ticket["url"].as_str().unwrap().to_owned()
    }
}

async fn set_up(staff: &Caller<'_>, fields: &Value) {
    let profile = MsGraphProfile::demo(ORG);
    let mut settings = json!({
        "profile": {
            "tenant_id": profile.tenant_id,
            "client_id": profile.client_id,
            "client_secret": profile.client_secret,
        },
        "install_status": "active",
        "default_meeting_organizer_upn": profile.organizer_email,
    });
    for (name, value) in fields.as_object().unwrap() {
        settings[name] = value.clone();
    }
    for (path, body) in [
        ("clients/globex", json!({ "name": "Globex" })),
        (
            "contacts/cleo",
            json!({ "client_id": "globex", "email": "cleo@globex.example", "name": "Cleo Carter" }),
        ),
        ("teams-integration", settings),
    ] {
        let path = format!("/api/v1/{path}");
        staff.call(Method::PUT, &path, Some(body)).await;
    }
}

/// Schedules a meeting that is over in a moment, and waits for its end.
async fn hold(staff: &Caller<'_>) -> Value {
    let at = |seconds| {
        (Utc::now() + TimeDelta::seconds(seconds)).to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    let wish = json!({
        "subject": "Quarterly review", "start": at(-1800), "end": at(3), "contact_id": "cleo",
        "attendees": [{ "email": "guest@example.com", "name": "Guest" }], "create_schedule_entry": true,
    });
    let meeting = staff
        .call(Method::POST, "/api/v1/online-meetings", Some(wish))
        .await;
    assert_eq!(meeting["status"], "scheduled", "{meeting}");
    tokio::time::sleep(Duration::from_secs(5)).await;
    meeting
}

fn artifact<'a>(meeting: &'a Value, kind: &str) -> &'a Value {
    let artifacts = meeting["artifacts"].as_array().unwrap();
    let mut of_kind = artifacts.iter().filter(|one| one["artifact_type"] == kind);
    let first = of_kind.next();
    first.unwrap_or_else(|| panic!("no {kind} in {meeting}"))
}

fn id<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// OM-4, OM-5, OM-7, OM-8, OM-9, OM-10, NT-1 to NT-3: scheduled, held, told of by Microsoft; then the transcript reads as text and as WebVTT,
/// the recording plays in a real browser that seeks, and its copy downloads whole. All of it with the template's roles.
#[tokio::test]
async fn a_held_meeting_is_on_the_record() {
    let logs = LogBook::default();
    let stack = Stack::start(StackOptions {
        enforce_iam: true,
        logs: logs.sink(),
        parameters: [("RangeLimitBytes", LIMIT.to_string())].into(),
        ..StackOptions::temporary()
    })
    .expect("the stack starts");
    let staff = Caller::new(&stack, &TokenClaims::internal(ORG, "bob", STAFF));
    let client = Caller::new(
        &stack,
        &TokenClaims::portal(ORG, "cleo", "interaction:read", "globex", "cleo"),
    );
    set_up(&staff, &json!({})).await;
    let graph = stack.graph().expect("the bundled simulator");
    subscribed(graph).await;
    let meeting = hold(&staff).await;
    let path = format!(
        "/api/v1/online-meetings/{}",
        id(&meeting, "online_meeting_id")
    );
    let made = |artifact: NewArtifact| Some(artifact.made(Utc::now(), Utc::now()));
    let (video, words) = (NewArtifact::of(Content::Sample), NewArtifact::default());
    graph
        .hold_meeting_with(id(&meeting, "join_url"), made(video), made(words))
        .unwrap();

    arrived_by_themselves(&staff, &path).await;
    let refreshed = staff
        .call(Method::POST, &format!("{path}/refresh-recordings"), None)
        .await;
    assert_eq!(refreshed["status"], "recording_ready", "{refreshed}");
    assert_eq!(refreshed["capture_status"], "complete", "{refreshed}");
    on_the_timeline(&staff, &meeting).await;
    reads_the_transcript(&staff, &refreshed).await;

    let recording = id(artifact(&refreshed, "recording"), "artifact_id").to_owned();
    let size = Content::Sample.size();
    serves_ranges(&staff, &recording, size).await;
    plays_in_a_browser(&staff, &recording).await;
    shows_the_client_what_the_tenant_exposes(&staff, &client, &recording).await;
    keeps_a_copy(&staff, &path, &recording).await;

    let denied: Vec<_> = logs
        .lines()
        .into_iter()
        .filter(|line| line.text.contains("AccessDenied") || line.text.contains("not authorized"))
        .collect();
    assert!(denied.is_empty(), "{denied:?}");
    for line in logs.lines() {
        for secret in ["ticket=", "X-Amz-Signature", "Bearer", "/onlineMeetings/"] {
            assert!(!line.text.contains(secret), "{}", line.text);
        }
    }
}

/// NT-1: activating the integration has subscribed, without anything else being called.
async fn subscribed(graph: &GraphSimulator) {
    let since = Instant::now();
    while graph.subscriptions().len() < 2 {
        assert!(since.elapsed() < Duration::from_mins(1), "no subscriptions");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// NT-2, NT-3, NT-5: both are there without anybody asking, and the ledger says that Microsoft told of them.
async fn arrived_by_themselves(staff: &Caller<'_>, path: &str) {
    let since = Instant::now();
    let meeting = loop {
        let meeting = staff.call(Method::GET, path, None).await;
        if meeting["capture_status"] == "complete" {
            break meeting;
        }
        assert!(since.elapsed() < Duration::from_mins(1), "{meeting}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    };
    let ledger = &meeting["capture_ledger"];
    assert_eq!(ledger["missing"], json!([]), "{meeting}");
    assert_eq!(
        ledger["watched"],
        json!(["recording", "transcript"]),
        "{meeting}"
    );
    for arrival in ledger["arrivals"].as_array().unwrap() {
        assert_eq!(arrival["path"], "notification", "{meeting}");
    }
}

async fn on_the_timeline(staff: &Caller<'_>, meeting: &Value) {
    let listed = staff
        .call(Method::GET, "/api/v1/interactions?client_id=globex", None)
        .await;
    let interaction = &listed["items"][0];
    assert_eq!(interaction["type"]["icon"], "video", "{listed}");
    assert_eq!(interaction["status"], "completed", "{listed}");
    let path = format!("/api/v1/interactions/{}", id(interaction, "interaction_id"));
    let read = staff.call(Method::GET, &path, None).await;
    let artifacts = read["online_meeting"]["artifacts"].as_array().unwrap();
    assert_eq!(artifacts.len(), 2, "{read}");
    assert_eq!(
        read["online_meeting"]["online_meeting_id"],
        meeting["online_meeting_id"]
    );
}

async fn reads_the_transcript(staff: &Caller<'_>, meeting: &Value) {
    let document = id(artifact(meeting, "transcript"), "document_id");
    let path = format!("/api/v1/documents/{document}");
    let metadata = staff.call(Method::GET, &path, None).await;
    assert_eq!(metadata["name"], "Transcript - Quarterly review");
    assert_eq!(metadata["is_client_visible"], false);
    for (format, content_type, begins) in [
        ("vtt", "text/vtt; charset=utf-8", "WEBVTT"),
        ("text", "text/plain; charset=utf-8", ""),
    ] {
        let path = format!("{path}/download?format={format}");
        let answer = staff.send(Method::GET, &path, None).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[CONTENT_TYPE], content_type);
        let text = answer.text().await.unwrap();
        assert!(text.starts_with(begins) && text.len() > 40, "{text}");
        assert_eq!(text.contains("-->"), format == "vtt", "{text}");
    }
}

async fn serves_ranges(staff: &Caller<'_>, recording: &str, size: u64) {
    let url = staff.ticket(recording).await;
    let streaming = staff.stack.streaming_url.as_deref().unwrap();
    assert!(url.starts_with(streaming), "{url}");
    let get = |range: &str| staff.client.get(&url).header(RANGE, range).send();
    let first = get("bytes=0-").await.unwrap();
    assert_eq!(first.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        first.headers()[CONTENT_RANGE],
        format!("bytes 0-{}/{size}", LIMIT - 1)
    );
    assert_eq!(first.headers()[CONTENT_TYPE], "video/mp4");
    assert_eq!(first.bytes().await.unwrap().len() as u64, LIMIT);
    let last = get("bytes=-10").await.unwrap().bytes().await.unwrap();
    assert_eq!(&last[..], Content::Sample.read(size - 10, 10));
    let beyond = get(&format!("bytes={size}-")).await.unwrap();
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let head = staff.client.head(&url).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()[CONTENT_LENGTH], size.to_string());
    let whole = staff.client.get(&url).send().await.unwrap();
    assert_eq!(whole.status(), StatusCode::CONFLICT);
    let problem: Value = whole.json().await.unwrap();
    assert_eq!(problem["code"], "recording_too_large", "{problem}");
}

async fn plays_in_a_browser(staff: &Caller<'_>, recording: &str) {
    let Some(browser) = Browser::open().await else {
        eprintln!("skipped: no Chromium here; `apt install chromium chromium-driver` brings it");
        return;
    };
    // A page of this machine, as an application's is: Chromium lets no other reach a local address.
    let page = format!(
        "{}/.well-known/openid-configuration",
        staff.stack.issuer.url()
    );
    browser.visit(&page).await;
    let url = staff.ticket(recording).await;
    let played = browser.run(PLAY, json!([url])).await;
    let number = |name: &str| {
        played[name]
            .as_f64()
            .unwrap_or_else(|| panic!("no {name}: {played}"))
    };
    let duration = number("duration");
    assert!(duration > 20.0 && number("width") > 0.0, "{played}");
    for advance in ["start", "afterwards", "again"] {
        assert!(number(advance) > 0.1, "{advance}: {played}");
    }
    assert!((number("late") - duration * 0.85).abs() < 1.0, "{played}");
    assert!((number("early") - 2.0).abs() < 1.0, "{played}");
}

async fn shows_the_client_what_the_tenant_exposes(
    staff: &Caller<'_>,
    client: &Caller<'_>,
    recording: &str,
) {
    let path = format!("/api/v1/online-meetings/recordings/{recording}");
    let hidden = client.send(Method::GET, &path, None).await;
    assert_eq!(hidden.status(), StatusCode::NOT_FOUND);
    set_up(staff, &json!({ "expose_recordings_in_portal": true })).await;
    let shown = client.send(Method::GET, &path, None).await;
    assert_eq!(shown.status(), StatusCode::SEE_OTHER);
    let url = shown.headers()[LOCATION].to_str().unwrap().to_owned();
    let plays = || client.client.get(&url).header(RANGE, "bytes=0-9").send();
    assert_eq!(plays().await.unwrap().status(), StatusCode::PARTIAL_CONTENT);
    set_up(staff, &json!({ "expose_recordings_in_portal": false })).await;
    assert_eq!(plays().await.unwrap().status(), StatusCode::NOT_FOUND);
}

async fn keeps_a_copy(staff: &Caller<'_>, path: &str, recording: &str) {
    set_up(staff, &json!({ "download_recordings": true })).await;
    staff
        .call(Method::POST, &format!("{path}/refresh-recordings"), None)
        .await;
    let since = Instant::now();
    loop {
        let meeting = staff.call(Method::GET, path, None).await;
        if artifact(&meeting, "recording")["file_id"].is_string() {
            break;
        }
        assert!(since.elapsed() < Duration::from_mins(1), "{meeting}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    // From here on Microsoft is not needed any more.
    staff.stack.graph().unwrap().expire_tokens();
    let url = staff.ticket(recording).await;
    let whole = staff.client.get(&url).send().await.unwrap();
    assert_eq!(whole.status(), StatusCode::SEE_OTHER);
    let elsewhere = whole.headers()[LOCATION].to_str().unwrap().to_owned();
    assert!(elsewhere.contains("X-Amz-Signature"), "{elsewhere}");
    let copy = staff.client.get(elsewhere).send().await.unwrap();
    assert_eq!(copy.status(), StatusCode::OK);
    let copy = copy.bytes().await.unwrap();
    let size = Content::Sample.size().try_into().unwrap();
    assert_eq!(&copy[..], Content::Sample.read(0, size));
}
