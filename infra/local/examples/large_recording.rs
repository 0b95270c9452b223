//! Streams a recording through the deployed proxy, range by range, and has it copied to the bucket while the copying
//! function is killed: `.ci/measure recording`, for docs/performance.md.
//!
//! Runs the release binaries that `.ci/measure sizes` has built. Its argument is the recording's size in octets, 2 GiB where
//! there is none.

#![allow(
    clippy::print_stdout,
    reason = "what is printed is what the program is for"
)]

mod measured;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use aws_lc_rs::digest::{Context as Sha256, SHA256};
use chrono::{SecondsFormat, TimeDelta, Utc};
use convoke_local::{Functions, MsGraphProfile, Stack, StackOptions, TokenClaims};
use graph_simulator::{Content, NewArtifact};
use reqwest::header::{CONTENT_RANGE, LOCATION, RANGE};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use self::measured::{executables, peak};

const ORG: &str = "acme";
const STAFF: &str = "directory:write user_schedule:update interaction:read interaction:update \
                     tenant_integrations:update";
const STREAM: &str = "convoke-recording-stream";
const CAPTURE: &str = "convoke-artifact-capture";
/// Longer than a dead copier's claim.
const COPIED_WITHIN: Duration = Duration::from_mins(20);

struct Bench {
    stack: Stack,
    client: Client,
    token: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let octets = std::env::args()
        .nth(1)
        .map_or(Ok(2 << 30), |text| text.parse())?;
    let bench = Bench::start()?;
    let content = Content::generated(octets, 7);
    let meeting = bench.hold(content).await?;
    println!("| A recording of {octets} octets | |\n|---|---|");
    bench.stream(&meeting, octets).await?;
    bench.copy(&meeting, octets).await
}

impl Bench {
    fn start() -> Result<Self> {
        let executables = executables(&["recording-proxy", "artifact-capture"])?;
        let stack = Stack::start(StackOptions {
            functions: Functions::Executables(executables),
            ..StackOptions::temporary()
        })?;
        let token = stack
            .issuer
            .token(&TokenClaims::internal(ORG, "bob", STAFF))?;
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            stack,
            client,
            token,
        })
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let url = format!(
            "{}{path}",
            self.stack.api_url.as_deref().unwrap_or_default()
        );
        let request = self.client.request(method, url).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await?;
        let (status, body) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path}: {status} {body}");
        Ok(serde_json::from_str(&body)?)
    }

    async fn integrate(&self, download: bool) -> Result<()> {
        let profile = MsGraphProfile::demo(ORG);
        let settings = json!({
            "profile": { "tenant_id": profile.tenant_id, "client_id": profile.client_id,
                         "client_secret": profile.client_secret },
            "install_status": "active", "default_meeting_organizer_upn": profile.organizer_email,
            "download_recordings": download,
        });
        self.call(Method::PUT, "/api/v1/teams-integration", Some(settings))
            .await
            .map(drop)
    }

    /// A meeting that took place, with its recording looked for; answers its path.
    async fn hold(&self, content: Content) -> Result<String> {
        self.integrate(false).await?;
        let client = json!({ "name": "Globex" });
        self.call(Method::PUT, "/api/v1/clients/globex", Some(client))
            .await?;
        let now = now();
        let at = |at: chrono::DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let wish = json!({
            "subject": "A long one", "client_id": "globex",
            "start": at(now - TimeDelta::hours(2)), "end": at(now - TimeDelta::seconds(1)),
        });
        let made = self
            .call(Method::POST, "/api/v1/online-meetings", Some(wish))
            .await?;
        let graph = self.stack.graph().context("the bundled simulator")?;
        let join_url = made["join_url"].as_str().unwrap_or_default();
        graph.add_recording(join_url, NewArtifact::of(content))?;
        let id = made["online_meeting_id"].as_str().unwrap_or_default();
        let path = format!("/api/v1/online-meetings/{id}");
        self.refresh(&path).await?;
        Ok(path)
    }

    async fn refresh(&self, path: &str) -> Result<Value> {
        self.call(Method::POST, &format!("{path}/refresh-recordings"), None)
            .await
    }

    async fn recording(&self, path: &str) -> Result<Value> {
        let mut meeting = self.call(Method::GET, path, None).await?;
        Ok(meeting["artifacts"][0].take())
    }

    async fn ticket(&self, path: &str) -> Result<String> {
        let recording = self.recording(path).await?;
        let link = recording["links"]["ticket"]
            .as_str()
            .context("no recording")?;
        let ticket = self.call(Method::POST, link, None).await?;
        Ok(ticket["url"].as_str().unwrap_or_default().to_owned())
    }

    /// Reads all of it as a player does: from where the answer before ended.
    async fn stream(&self, path: &str, octets: u64) -> Result<()> {
        let url = self.ticket(path).await?;
        let begun = Instant::now();
        let (mut at, mut answers) = (0, 0);
        let mut hash = Sha256::new(&SHA256);
        while at < octets {
            let request = self.client.get(&url).header(RANGE, format!("bytes={at}-"));
            let answer = request.send().await?.error_for_status()?;
            ensure!(
                answer.headers().contains_key(CONTENT_RANGE),
                "no range was answered"
            );
            at += read(answer, &mut hash).await?;
            answers += 1;
        }
        let seconds = begun.elapsed().as_secs_f64();
        #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
        let rate = octets as f64 / seconds / 1e6;
        let right = hex(hash) == Content::generated(octets, 7).sha256();
        println!(
            "| streamed in | {seconds:.0} s, {answers} ranges, {rate:.0} MB/s, checksum {} |",
            said(right)
        );
        println!(
            "| peak memory of the streaming function | {} |",
            peak(STREAM)?
        );
        Ok(())
    }

    /// Has it copied; the copying function is killed once in the middle.
    async fn copy(&self, path: &str, octets: u64) -> Result<()> {
        self.integrate(true).await?;
        let begun = Instant::now();
        self.refresh(path).await?;
        // Somewhere in the middle of what it takes.
        tokio::time::sleep(Duration::from_secs(4)).await;
        let memory = peak(CAPTURE)?;
        let is_whole = self.recording(path).await?["file_id"].is_string();
        self.stack.kill_function("artifact-capture")?;
        println!(
            "| copying function killed after | {:.0} s{} |",
            begun.elapsed().as_secs_f64(),
            if is_whole {
                ", too late: it was through"
            } else {
                ""
            }
        );
        let mut swept = Instant::now();
        while !self.recording(path).await?["file_id"].is_string() {
            ensure!(begun.elapsed() < COPIED_WITHIN, "it was never copied");
            // The template's schedule does it every ten minutes.
            if swept.elapsed() > Duration::from_secs(20) {
                self.sweep().await?;
                swept = Instant::now();
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        println!(
            "| copied after | {:.0} s, most of it the dead claim's |",
            begun.elapsed().as_secs_f64()
        );
        println!(
            "| peak memory of the copying function | {memory} before, {} after |",
            peak(CAPTURE)?
        );
        let url = self.ticket(path).await?;
        let whole = self.client.get(url).send().await?;
        let link = whole
            .headers()
            .get(LOCATION)
            .context("a whole download is a link")?;
        let copy = self
            .client
            .get(link.to_str()?)
            .send()
            .await?
            .error_for_status()?;
        let mut hash = Sha256::new(&SHA256);
        let read = read(copy, &mut hash).await?;
        let right = read == octets && hex(hash) == Content::generated(octets, 7).sha256();
        println!(
            "| downloaded from the bucket | {read} octets, checksum {} |",
            said(right)
        );
        Ok(())
    }

    async fn sweep(&self) -> Result<()> {
        let url = format!(
            "{}/2015-03-31/functions/{CAPTURE}/invocations",
            self.stack.aws_endpoint
        );
        let scope = "Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0";
        let request = self
            .client
            .post(url)
            .header("authorization", format!("AWS4-HMAC-SHA256 {scope}"));
        request
            .body(json!({ "sweep": true }).to_string())
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "this program has no clock but the machine's"
)]
fn now() -> chrono::DateTime<Utc> {
    Utc::now()
}

async fn read(mut answer: Response, hash: &mut Sha256) -> Result<u64> {
    let mut octets = 0;
    while let Some(chunk) = answer.chunk().await? {
        hash.update(&chunk);
        octets += chunk.len() as u64;
    }
    Ok(octets)
}

fn hex(hash: Sha256) -> String {
    hash.finish()
        .as_ref()
        .iter()
        .fold(String::new(), |text, octet| format!("{text}{octet:02x}"))
}

fn said(right: bool) -> &'static str {
    if right { "right" } else { "WRONG" }
}
