//! The Python that runs the local AWS: a virtual environment under `.local/venv`, made from `requirements.txt`.
//!
//! Made once and shared by every process of the checkout; a lock file keeps two of them from making it at the same
//! time, and a stamp of the requirements makes it anew when they change. Packages are only accepted with the hashes
//! that are written down.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use crate::progress::Progress;
use crate::workspace::Workspace;

/// Newest first after the plain name, which is what the machine's owner chose.
const CANDIDATES: [&str; 6] = [
    "python3",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python",
];
const SUITABLE: &str = "import sys; sys.exit(0 if sys.version_info >= (3, 10) else 1)";

/// Makes the virtual environment where it is missing or outdated, and answers its interpreter.
pub(crate) async fn prepare(workspace: &Workspace, progress: &Progress) -> Result<PathBuf> {
    let local = workspace.local();
    fs::create_dir_all(&local).with_context(|| format!("{} cannot be created", local.display()))?;
    let _lock = lock(local.join("venv.lock")).await?;

    let venv = local.join("venv");
    let python = venv.join("bin/python");
    let stamp = venv.join("requirements.stamp");
    let wanted = fingerprint(&workspace.requirements())?;
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }

    let system = find().await?;
    progress.step("Preparing the local AWS (first time only: downloads ministack from PyPI)");
    if venv.exists() {
        fs::remove_dir_all(&venv)
            .with_context(|| format!("{} cannot be replaced", venv.display()))?;
    }
    run(Command::new(system).args(["-m", "venv"]).arg(&venv))
        .await
        .context(
            "a virtual environment cannot be made (on Debian and Ubuntu: apt install python3-venv)",
        )?;
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes"])
        .arg("--requirement")
        .arg(workspace.requirements()))
    .await
    .context("the packages of infra/local/requirements.txt cannot be installed (pip needs to reach PyPI once)")?;
    fs::write(&stamp, wanted).with_context(|| format!("{} cannot be written", stamp.display()))?;
    Ok(python)
}

/// The first interpreter on the path that is new enough.
async fn find() -> Result<&'static str> {
    for name in CANDIDATES {
        let status = Command::new(name)
            .args(["-c", SUITABLE])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .status()
            .await;
        if status.is_ok_and(|status| status.success()) {
            return Ok(name);
        }
    }
    bail!(
        "Convoke needs Python 3.10 or newer to run its local AWS, and found none on the PATH; install it and try again"
    )
}

async fn run(command: &mut Command) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?;
    if output.status.success() {
        return Ok(());
    }
    bail!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Holds until the file is dropped; waits while another process has it.
async fn lock(path: PathBuf) -> Result<File> {
    let file =
        File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
    tokio::task::spawn_blocking(move || file.lock().map(|()| file))
        .await?
        .context("the virtual environment's lock")
}

/// Changes when the packages do. Not for security: that is what the hashes in the file are for.
fn fingerprint(requirements: &Path) -> Result<String> {
    let text = fs::read_to_string(requirements)
        .with_context(|| format!("{} is missing", requirements.display()))?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}
