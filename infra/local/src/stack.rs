//! A whole deployment on this machine: local AWS, Graph, Google, issuer, the template, the functions, one plain address.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, anyhow};
use google_simulator::GoogleSimulator;
use graph_simulator::GraphSimulator;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::calendars::CalendarClients;
use crate::deployment::{self, Orders, Outputs, REGION};
use crate::front;
use crate::functions::{self, Edition, Functions};
use crate::google::{Google, GooglePeer};
use crate::graph::{Graph, GraphPeer, MsGraphProfile};
use crate::host::{Host, HostOptions, LogSink};
use crate::issuer::{AUDIENCE, Issuer};
use crate::mails::{self, Mail};
use crate::ports::{self, Ports};
use crate::progress::Progress;
use crate::streaming;
use crate::venv;
use crate::workspace::Workspace;

/// The organisation that demonstrations and tests are about.
pub const DEMO_ORG: &str = "acme";

/// Who mails come from here; the local SES keeps them and delivers none.
const MAIL_FROM: &str = "Convoke <convoke@example.com>";

/// What is started, and how.
pub struct StackOptions {
    /// The checkout.
    pub workspace: Workspace,
    /// CloudFormation's name for it; also the prefix of functions and queues.
    pub name: String,
    /// Which functions are deployed.
    pub functions: Functions,
    /// Which Graph they talk to.
    pub graph: GraphPeer,
    /// Which Google Calendar they talk to.
    pub google: GooglePeer,
    /// The deployment's own Microsoft profile.
    pub ms_graph: MsGraphProfile,
    /// The deployment's OAuth clients for users' calendars.
    pub calendars: CalendarClients,
    /// Where state is kept for the next start; absent: nowhere, and a temporary folder goes at the end.
    pub folder: Option<PathBuf>,
    /// Six ports in a row from here; absent: wherever there is room.
    pub first_port: Option<u16>,
    /// Evaluate the functions' IAM policies, as AWS does; the local AWS otherwise lets everything through.
    pub enforce_iam: bool,
    /// Variables that every function sees besides the template's.
    pub function_env: Vec<(String, String)>,
    /// Template parameters other than the local defaults.
    pub parameters: BTreeMap<&'static str, String>,
    /// Takes what functions print.
    pub logs: LogSink,
    /// Told what is being done.
    pub progress: Progress,
}

impl StackOptions {
    /// Everything temporary, on free ports, with the functions of this checkout and the simulators' demo
    /// tenant and user.
    pub fn temporary() -> Self {
        Self {
            workspace: Workspace::of_this_build(),
            name: "convoke".to_owned(),
            functions: Functions::Build(Edition::default()),
            graph: GraphPeer::Simulator { snapshot: None },
            google: GooglePeer::Simulator,
            ms_graph: MsGraphProfile::demo(DEMO_ORG),
            calendars: CalendarClients::demo(),
            folder: None,
            first_port: None,
            enforce_iam: false,
            function_env: Vec::new(),
            parameters: BTreeMap::new(),
            logs: Arc::new(|_, _| {}),
            progress: Progress::silent(),
        }
    }
}

/// A deployment that runs until it is stopped or dropped, or this process ends, however it ends.
pub struct Stack {
    /// The HTTP API's plain address; absent without functions.
    pub api_url: Option<String>,
    /// Where recordings stream from, as a function URL serves them; absent without functions.
    pub streaming_url: Option<String>,
    /// Signs tokens that the API accepts.
    pub issuer: Issuer,
    /// Where AWS clients connect; any region and credentials do (`us-east-1`, `test`, `test`).
    pub aws_endpoint: String,
    /// The Graph host that functions call.
    pub graph_base_url: String,
    /// The token host that functions call.
    pub login_base_url: String,
    /// The Google Calendar host that functions call.
    pub google_base_url: String,
    /// Names and addresses of what was deployed.
    pub outputs: Outputs,
    simulator: Option<GraphSimulator>,
    google: Option<GoogleSimulator>,
    host: Host,
    workspace: Workspace,
    runtime: Option<Runtime>,
}

impl Stack {
    /// Starts a stack that lives on a runtime of its own, so that it outlasts the test that needed it first.
    /// Blocks until everything answers.
    pub fn start(options: StackOptions) -> Result<Self> {
        let start = move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()?;
            let mut stack = runtime.block_on(Self::launch(options))?;
            stack.runtime = Some(runtime);
            Ok(stack)
        };
        thread::spawn(start)
            .join()
            .map_err(|_| anyhow!("starting the stack panicked"))?
    }

    /// Starts a stack on the current runtime. Dropping the future takes down what was started.
    pub async fn launch(options: StackOptions) -> Result<Self> {
        let StackOptions {
            workspace,
            progress,
            ..
        } = &options;
        let ports = match options.first_port {
            Some(first) => Ports::in_a_row(first)?,
            None => Ports::anywhere()?,
        };
        let python = venv::prepare(workspace, progress).await?;
        let executables = options.functions.executables(workspace, progress).await?;

        progress
            .step("Starting the local AWS, Microsoft Graph, Google Calendar and the token issuer");
        let graph = Graph::start(options.graph.clone(), ports.graph)
            .await
            .context("the Graph simulator")?;
        let google = Google::start(options.google.clone(), ports.google)
            .await
            .context("the Google simulator")?;
        let issuer = open_issuer(&options, ports::url(&ports.issuer)?)?;
        issuer.serve(ports.issuer);
        let folder = match &options.folder {
            Some(folder) => folder.clone(),
            None => tempfile::Builder::new()
                .prefix("convoke-")
                .tempdir()?
                .keep(),
        };
        let prefix = format!("{}-", options.name);
        let (ended, ends) = mpsc::unbounded_channel();
        let host = Host::start(HostOptions {
            python: &python,
            script: workspace.script("host.py"),
            folder,
            port: ports.aws,
            persist: options.folder.is_some(),
            enforce_iam: options.enforce_iam,
            function_env: &options.function_env,
            logs: options.logs.clone(),
            prefix: prefix.clone(),
            ended,
        })
        .await?;

        progress.step("Deploying infra/template.yaml");
        let aws_endpoint = host.endpoint();
        let api_url = ports::url(&ports.front)?;
        let streaming_url = ports::url(&ports.streaming)?;
        let orders = Orders {
            endpoint: &aws_endpoint,
            region: REGION,
            stack: &options.name,
            template: workspace.template(),
            executables,
            parameters: parameters(
                &options,
                &graph,
                &google,
                issuer.url(),
                &api_url,
                &streaming_url,
            ),
        };
        let outputs = deployment::deploy(&python, &workspace.script("deploy.py"), &orders)
            .await
            .with_context(|| host.where_to_look())?;
        if let Some(api_id) = &outputs.api_id {
            front::serve(ports.front, ports.aws, api_id)?;
            streaming::serve(ports.streaming, &prefix, host.control().clone(), ends);
        }
        let has_functions = outputs.api_id.is_some();
        Ok(Self {
            api_url: has_functions.then_some(api_url),
            streaming_url: has_functions.then_some(streaming_url),
            workspace: workspace.clone(),
            issuer,
            aws_endpoint,
            graph_base_url: graph.base_url,
            login_base_url: graph.login_base_url,
            google_base_url: google.calendar_base_url,
            outputs,
            simulator: graph.simulator,
            google: google.simulator,
            host,
            runtime: None,
        })
    }

    /// The bundled Graph simulator, to inject faults and read what arrived; absent where another Graph is in its place.
    pub fn graph(&self) -> Option<&GraphSimulator> {
        self.simulator.as_ref()
    }

    /// The bundled Google simulator; absent where another Google is in its place.
    pub fn google(&self) -> Option<&GoogleSimulator> {
        self.google.as_ref()
    }

    /// The mails that were sent since the stack started, oldest first.
    pub async fn mails(&self) -> Result<Vec<Mail>> {
        mails::sent(&self.aws_endpoint).await
    }

    /// Whether the local AWS is still there.
    pub fn is_running(&mut self) -> bool {
        self.host.is_running()
    }

    /// Kills the processes of a binary where they stand, as a crash would: those of every function that runs it
    /// (`name` as in the template's `CodeUri`).
    pub fn kill_function(&self, name: &str) -> Result<()> {
        for function in functions::running(&self.workspace, name)? {
            self.host.control().kill(&function)?;
        }
        Ok(())
    }

    /// Takes everything down and waits until it is; state that is kept has been written then. Blocks for a second
    /// or so. Dropping does the same, except for the simulators' last state on a runtime that is not the stack's own.
    pub fn stop(self) {
        drop(self);
    }

    /// Like [`Stack::stop`], for a stack that was launched on the current runtime.
    pub async fn close(mut self) -> Result<()> {
        if let Some(simulator) = self.simulator.take() {
            simulator.stop().await?;
        }
        if let Some(simulator) = self.google.take() {
            simulator.stop().await?;
        }
        tokio::task::spawn_blocking(move || self.stop()).await?;
        Ok(())
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.host.stop();
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        let (simulator, google) = (self.simulator.take(), self.google.take());
        // Waiting is not allowed where an asynchronous test drops the stack, so another thread does it.
        let stopping = thread::spawn(move || {
            if let Some(simulator) = simulator {
                let _ = runtime.block_on(simulator.stop());
            }
            if let Some(google) = google {
                let _ = runtime.block_on(google.stop());
            }
            runtime.shutdown_background();
        });
        let _ = stopping.join();
    }
}

fn open_issuer(options: &StackOptions, url: String) -> Result<Issuer> {
    match &options.folder {
        Some(_) => Issuer::open(url, &issuer_key(&options.workspace)),
        None => Issuer::with_new_key(url),
    }
}

/// Where the development issuer's key is kept.
pub(crate) fn issuer_key(workspace: &Workspace) -> PathBuf {
    workspace.local().join("issuer/key.pem")
}

fn parameters(
    options: &StackOptions,
    graph: &Graph,
    google: &Google,
    issuer_url: &str,
    api_url: &str,
    streaming_url: &str,
) -> BTreeMap<&'static str, String> {
    let (profile, calendars) = (&options.ms_graph, &options.calendars);
    let meeting_page_url = format!("{api_url}/meetings/");
    let architecture = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x86_64"
    };
    let local = [
        ("OidcIssuer", issuer_url),
        ("OidcAudience", AUDIENCE),
        ("CalendarDomain", "convoke.localhost"),
        ("PublicUrl", api_url),
        ("StreamingUrl", streaming_url),
        ("MeetingPageUrl", &meeting_page_url),
        ("MailFrom", MAIL_FROM),
        ("GraphBaseUrl", &graph.base_url),
        ("LoginBaseUrl", &graph.login_base_url),
        ("MsGraphTenantId", &profile.tenant_id),
        ("MsGraphClientId", &profile.client_id),
        ("MsGraphClientSecret", &profile.client_secret),
        ("MsGraphOrganizerEmail", &profile.organizer_email),
        ("MsGraphOrgId", &profile.org_id),
        ("GoogleClientId", &calendars.google.id),
        ("GoogleClientSecret", &calendars.google.secret),
        ("GoogleCalendarBaseUrl", &google.calendar_base_url),
        ("GoogleTokenBaseUrl", &google.token_base_url),
        ("MicrosoftCalendarClientId", &calendars.microsoft.id),
        ("MicrosoftCalendarClientSecret", &calendars.microsoft.secret),
        ("Architecture", architecture),
        ("DeletionProtection", "false"),
        ("SslCertFile", ""),
    ];
    let mut parameters: BTreeMap<_, _> = local
        .into_iter()
        .map(|(name, value)| (name, value.to_owned()))
        .collect();
    parameters.extend(options.parameters.clone());
    parameters
}
