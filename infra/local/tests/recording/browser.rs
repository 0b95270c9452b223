//! A real Chromium, headless, driven over WebDriver (W3C) by Debian's chromedriver.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};

/// A browser with one empty page.
pub(crate) struct Browser {
    driver: Child,
    client: Client,
    session: String,
    profile: tempfile::TempDir,
}

/// Whether it has to be there: `.ci/run` installs it; elsewhere the test says that it is skipped.
fn is_required() -> bool {
    std::env::var_os("CONVOKE_REQUIRE_BROWSER").is_some()
}

fn installed(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    found.is_ok_and(|status| status.success())
}

impl Browser {
    /// Starts one; `None` where there is none and none is required.
    pub(crate) async fn open() -> Option<Self> {
        if !installed("chromedriver") || !installed("chromium") {
            assert!(
                !is_required(),
                "chromium and chromedriver are to be installed"
            );
            return None;
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .unwrap()
            .port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Self {
            driver,
            client: Client::builder().no_proxy().build().unwrap(),
            session: format!("http://127.0.0.1:{port}/session"),
            profile,
        };
        browser.begin().await;
        Some(browser)
    }

    async fn begin(&mut self) {
        let profile = self.profile.path().display();
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--autoplay-policy=no-user-gesture-required".to_owned(),
            format!("--user-data-dir={profile}"),
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "timeouts": { "script": 90_000 },
            "goog:chromeOptions": { "args": arguments },
        } } });
        let since = Instant::now();
        let begun = loop {
            match self.client.post(&self.session).json(&wanted).send().await {
                Ok(answer) => break answer.json::<Value>().await.unwrap(),
                Err(error) => assert!(
                    since.elapsed() < Duration::from_secs(20),
                    "chromedriver does not answer: {error}"
                ),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let id = begun["value"]["sessionId"].as_str();
        let id = id.unwrap_or_else(|| panic!("no session: {begun}"));
        self.session = format!("{}/{id}", self.session);
    }

    /// Opens a page.
    pub(crate) async fn visit(&self, url: &str) {
        self.post("url", json!({ "url": url })).await;
    }

    /// Runs a script whose last argument is to be called with its result.
    pub(crate) async fn run(&self, script: &str, arguments: Value) -> Value {
        let body = json!({ "script": script, "args": arguments });
        self.post("execute/async", body).await
    }

    async fn post(&self, command: &str, body: Value) -> Value {
        let url = format!("{}/{command}", self.session);
        let answer = self.client.post(url).json(&body).send().await.unwrap();
        let (status, mut answer) = (answer.status(), answer.json::<Value>().await.unwrap());
        assert!(status.is_success(), "{command}: {answer}");
        answer["value"].take()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser with it.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
