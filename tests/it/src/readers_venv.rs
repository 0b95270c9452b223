//! The virtual environment of the independent readers (Python's `icalendar`
//! and `recurring-ical-events`): made once per checkout, under `.local/`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use convoke_local::Workspace;

/// The environment's interpreter; makes the environment where it is missing or
/// outdated. A lock keeps two processes from making it at the same time.
pub fn python() -> Result<PathBuf> {
    let workspace = Workspace::of_this_build();
    let local = workspace.local();
    fs::create_dir_all(&local)?;
    let lock = File::create(local.join("readers-venv.lock"))?;
    lock.lock()
        .context("the lock of the readers' environment")?;
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("readers/requirements.txt");
    let wanted = fs::read_to_string(&requirements)?;
    let folder = local.join("readers-venv");
    let (python, stamp) = (folder.join("bin/python"), folder.join("requirements.stamp"));
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    // The stack's own environment was made by the interpreter that suits it.
    let stack_python = local.join("venv/bin/python");
    let base = if stack_python.exists() {
        stack_python
    } else {
        PathBuf::from("python3")
    };
    run(Command::new(base).args(["-m", "venv"]).arg(&folder))?;
    run(Command::new(&python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--requirement",
        ])
        .arg(&requirements))
    .context("pip needs to reach PyPI once")?;
    fs::write(stamp, wanted)?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("{} cannot be started", command.get_program().display()))?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
