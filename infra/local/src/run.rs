//! `cargo run`: starts everything, tells how to use it, streams the functions' logs, and takes everything down.

use std::fs::{self, File, TryLockError};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};

use crate::functions::{Edition, Functions};
use crate::host::LogSink;
use crate::progress::Progress;
use crate::seed::DemoTeams;
use crate::stack::{DEMO_ORG, Stack, StackOptions};
use crate::stack_file::{self, StackFile};
use crate::workspace::Workspace;
use crate::{environment, output, seed, welcome};

/// Runs until Ctrl-C or SIGTERM, then takes everything down.
pub(crate) async fn until_interrupted() -> Result<()> {
    let workspace = Workspace::of_this_build();
    let _alone = alone(&workspace)?;
    let _ = fs::remove_file(stack_file::path(&workspace));
    let logs = Arc::new(Terminal::default());

    let options = options(&workspace, &logs)?;
    let teams = environment::demo_teams(&options.graph);

    // Listening from the start: an interrupted step has to take its children down as well.
    let mut interrupted = Interrupts::listen()?;
    let launched = tokio::select! {
        stack = Stack::launch(options) => stack,
        () = interrupted.next() => {
            output::step("Stopped before everything was up");
            return Ok(());
        }
    };
    let mut stack = launched.with_context(|| logs.held_back())?;

    let result = tokio::select! {
        result = serve(&workspace, &mut stack, &teams, &logs) => result,
        () = interrupted.next() => Ok(()),
    };
    output::step("Stopping (state is kept in .local/)");
    tokio::spawn(async move {
        interrupted.next().await;
        std::process::exit(130);
    });
    stack.close().await?;
    result
}

/// Seeds, announces, and waits for the end of the local AWS, which only comes if something is wrong.
async fn serve(
    workspace: &Workspace,
    stack: &mut Stack,
    teams: &DemoTeams,
    logs: &Terminal,
) -> Result<()> {
    output::step("Writing the demo tenant");
    let tokens = seed::tokens(&stack.issuer)?;
    let file = StackFile::of(stack, DEMO_ORG, tokens)?;
    let seeded = seed::demo_tenant(&file.api_url, &file.tokens.admin, teams).await;
    let _published = file.write(workspace)?;
    output::line(&welcome::text(workspace, &file)?);
    if let Err(error) = seeded {
        output::failure(
            &error.context("the demo tenant could not be written; the API runs all the same"),
        );
    }
    logs.show();
    while stack.is_running() {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    bail!("the local AWS ended by itself; its log is .local/aws/aws.log")
}

fn options(workspace: &Workspace, logs: &Arc<Terminal>) -> Result<StackOptions> {
    Ok(StackOptions {
        functions: Functions::Build(Edition::default()),
        graph: environment::graph_peer(workspace)?,
        google: environment::google_peer()?,
        ms_graph: environment::ms_graph_profile(),
        calendars: environment::calendar_clients(),
        folder: Some(workspace.local().join("aws")),
        first_port: Some(environment::first_port()?),
        logs: logs.sink(),
        parameters: environment::webhook_url()
            .map(|url| ("WebhookUrl", url))
            .into_iter()
            .collect(),
        progress: Progress::to(output::step),
        ..StackOptions::temporary()
    })
}

/// Holds the checkout's state for this process alone.
fn alone(workspace: &Workspace) -> Result<File> {
    fs::create_dir_all(workspace.local())?;
    let path: PathBuf = workspace.local().join("run.lock");
    let file =
        File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let place = StackFile::read(workspace)
                .map(|stack| format!(" at {}", stack.api_url))
                .unwrap_or_default();
            bail!(
                "Convoke already runs from this checkout{place}; stop it with Ctrl-C where it runs"
            )
        }
        Err(TryLockError::Error(error)) => Err(error).context(path.display().to_string()),
    }
}

/// Functions' lines: held back until the welcome has been printed, so that it is not torn apart.
#[derive(Default)]
struct Terminal {
    open: AtomicBool,
    waiting: Mutex<Vec<(String, String)>>,
}

impl Terminal {
    /// How many lines of a failed start are worth showing.
    const TAIL: usize = 20;

    fn sink(self: &Arc<Self>) -> LogSink {
        let terminal = Arc::clone(self);
        Arc::new(move |function, text| {
            if terminal.open.load(Ordering::Acquire) {
                output::log(function, text);
            } else {
                let mut waiting = terminal
                    .waiting
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                waiting.push((function.to_owned(), text.to_owned()));
            }
        })
    }

    /// From now on lines are printed as they come; what start-up printed is left out.
    fn show(&self) {
        self.open.store(true, Ordering::Release);
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// What a failed start should say besides its reason.
    fn held_back(&self) -> String {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for (function, text) in waiting.iter().rev().take(Self::TAIL).rev() {
            output::log(function, text);
        }
        "Convoke did not start".to_owned()
    }
}

/// Ctrl-C and SIGTERM.
struct Interrupts {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Interrupts {
    fn listen() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
