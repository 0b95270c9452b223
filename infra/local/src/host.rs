//! The process that is the local AWS: `python/host.py`, which runs ministack and stops when its standard input closes.
//! What else it obeys on standard input is written there.
//!
//! So it cannot outlive this process, however that ends; nor can the functions' processes, which are its children.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result, anyhow, bail};
use tokio::sync::mpsc::UnboundedSender;

const STARTS_WITHIN: Duration = Duration::from_mins(1);
const STOPS_WITHIN: Duration = Duration::from_secs(25);

/// Takes what functions print: the function's name and one line, as it is printed.
pub type LogSink = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// How the local AWS is started.
pub(crate) struct HostOptions<'a> {
    pub(crate) python: &'a Path,
    pub(crate) script: PathBuf,
    /// Where state, temporary files and the log go.
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    /// Keep state for the next start; else the folder is removed at the end.
    pub(crate) persist: bool,
    /// Evaluate policies.
    pub(crate) enforce_iam: bool,
    /// Variables that every function sees besides the template's.
    pub(crate) function_env: &'a [(String, String)],
    pub(crate) logs: LogSink,
    /// What to leave off the functions' names in the logs: the stack's name and a hyphen.
    pub(crate) prefix: String,
    /// Told the port of every process that [`Control::start`] asked for, once it is gone.
    pub(crate) ended: UnboundedSender<u16>,
}

/// What the running local AWS can be told, by anyone.
#[derive(Clone)]
pub(crate) struct Control {
    stdin: Arc<Mutex<Option<ChildStdin>>>,
    prefix: String,
}

impl Control {
    /// Ends a function's processes at once.
    pub(crate) fn kill(&self, function: &str) -> Result<()> {
        self.say(&format!("kill {}{function}", self.prefix))
    }

    /// Starts a process of a function whose Runtime API is at this port of this machine.
    pub(crate) fn start(&self, function: &str, port: u16) -> Result<()> {
        self.say(&format!("start {}{function} {port}", self.prefix))
    }

    /// Ends the process that was started for this port at once.
    pub(crate) fn end(&self, port: u16) -> Result<()> {
        self.say(&format!("end {port}"))
    }

    fn say(&self, line: &str) -> Result<()> {
        let mut stdin = self
            .stdin
            .lock()
            .map_err(|_| anyhow!("another thread failed while it spoke to the host"))?;
        let stdin = stdin.as_mut().context("the local AWS is stopping")?;
        writeln!(stdin, "{line}")?;
        Ok(stdin.flush()?)
    }

    fn close(&self) {
        if let Ok(mut stdin) = self.stdin.lock() {
            drop(stdin.take());
        }
    }
}

/// A running local AWS.
pub(crate) struct Host {
    child: Child,
    control: Control,
    port: u16,
    log: PathBuf,
}

impl Host {
    /// Starts it and waits until it answers.
    pub(crate) async fn start(options: HostOptions<'_>) -> Result<Self> {
        let state = options.folder.join("state");
        let scratch = options.folder.join("tmp");
        // Unpacked functions of earlier runs: they are unpacked again when needed.
        let _ = fs::remove_dir_all(&scratch);
        for folder in [&state, &scratch] {
            fs::create_dir_all(folder)
                .with_context(|| format!("{} cannot be created", folder.display()))?;
        }
        let log = options.folder.join("aws.log");
        let prefix = options.prefix.clone();
        let mut child = command(&options, &state, &scratch)
            .spawn()
            .context("Python cannot be started")?;
        if let Some(stdout) = child.stdout.take() {
            pass_on(stdout, options.logs, options.prefix, options.ended);
        }
        if let Some(stderr) = child.stderr.take() {
            keep(stderr, &log)?;
        }
        let control = Control {
            stdin: Arc::new(Mutex::new(child.stdin.take())),
            prefix,
        };
        let mut host = Self {
            child,
            control,
            port: options.port,
            log,
        };
        host.wait_until_it_answers().await?;
        Ok(host)
    }

    /// Where the AWS SDKs and the CLI find it.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    async fn wait_until_it_answers(&mut self) -> Result<()> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let since = Instant::now();
        while since.elapsed() < STARTS_WITHIN {
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "the local AWS ended ({status}) before it answered; its log: {}",
                    self.log.display()
                );
            }
            if TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!(
            "the local AWS did not answer within a minute; its log: {}",
            self.log.display()
        )
    }

    /// Whether the process is still there.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it can be told.
    pub(crate) fn control(&self) -> &Control {
        &self.control
    }

    /// Where its own log is, for the reader of an error.
    pub(crate) fn where_to_look(&self) -> String {
        format!("the local AWS's own log is {}", self.log.display())
    }

    /// Lets it save its state and end; ends it by force where that takes too long. Does nothing the second time.
    pub(crate) fn stop(&mut self) {
        self.control.close();
        let since = Instant::now();
        while since.elapsed() < STOPS_WITHIN {
            if !self.is_running() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stop();
    }
}

fn command(options: &HostOptions<'_>, state: &Path, scratch: &Path) -> Command {
    let endpoint = format!("http://127.0.0.1:{}", options.port);
    let mut command = Command::new(options.python);
    // What is in the environment here would reach the functions, and must not.
    command.env_clear();
    for name in ["PATH", "HOME", "LANG"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .arg(&options.script)
        .env("GATEWAY_PORT", options.port.to_string())
        .env("BIND_HOST", "127.0.0.1")
        .env("STATE_DIR", state)
        .env("S3_DATA_DIR", state.join("s3"))
        .env("TMPDIR", scratch)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("LAMBDA_EXECUTOR", "local")
        .env("IOT_MTLS_ENABLED", "0")
        .env("SFTP_ENABLED", "0")
        .env("AUTH", options.enforce_iam.to_string())
        .envs(
            options
                .function_env
                .iter()
                .map(|(name, value)| (name, value)),
        );
    if options.persist {
        command.env("PERSIST_STATE", "1").env("S3_PERSIST", "1");
    } else {
        command.env("CONVOKE_REMOVE_AT_EXIT", &options.folder);
    }
    // Its own group: an interrupt from the terminal reaches only this process, which then stops it in order.
    command
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Hands each line of `function<TAB>line` to the sink; a line of no function is about a process that was asked for.
fn pass_on(stdout: ChildStdout, logs: LogSink, prefix: String, ended: UnboundedSender<u16>) {
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            match line.split_once('\t') {
                Some(("", note)) => {
                    let port = note.strip_prefix("ended ").and_then(|it| it.parse().ok());
                    port.map(|port| ended.send(port));
                }
                Some((function, text)) => {
                    logs(function.strip_prefix(&prefix).unwrap_or(function), text);
                }
                None => {}
            }
        }
    });
}

/// Writes ministack's own log into a file.
fn keep(mut stderr: ChildStderr, path: &Path) -> Result<()> {
    let mut file =
        fs::File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
    thread::spawn(move || std::io::copy(&mut stderr, &mut file));
    Ok(())
}
