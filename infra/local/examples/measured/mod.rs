//! Deployed functions that are measured: their release binaries, and how much memory
//! their processes have held.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use convoke_local::{Workspace, of_template};

/// The binary of every function: of those that are measured what `.ci/measure sizes` has built for release, of the
/// others the tests' own.
pub(crate) fn executables(measured: &[&str]) -> Result<BTreeMap<String, PathBuf>> {
    let workspace = Workspace::of_this_build();
    let mut executables = BTreeMap::new();
    for name in of_template(&workspace)? {
        let is_measured = measured.contains(&name.as_str());
        let profile = if is_measured { "release" } else { "debug" };
        let path = workspace.root().join("target").join(profile).join(&name);
        let path = path
            .exists()
            .then_some(path)
            .with_context(|| format!("{name} is missing: .ci/measure sizes, cargo build --bins"))?;
        executables.insert(name, path);
    }
    Ok(executables)
}

/// The most memory that any process of a function has held (`VmHWM`).
pub(crate) fn peak(function: &str) -> Result<String> {
    let name = format!("AWS_LAMBDA_FUNCTION_NAME={function}\0");
    let mut peaks = vec![];
    for process in fs::read_dir("/proc")?.flatten() {
        let Ok(environment) = fs::read(process.path().join("environ")) else {
            continue;
        };
        if !String::from_utf8_lossy(&environment).contains(&name) {
            continue;
        }
        let Ok(status) = fs::read_to_string(process.path().join("status")) else {
            continue;
        };
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = kilobytes
            .and_then(|text| text.trim().strip_suffix(" kB"))
            .and_then(|text| text.parse::<u64>().ok());
        peaks.extend(number);
    }
    let most = peaks.iter().max().map_or("unknown".to_owned(), |kb| {
        format!("{} MiB", kb.div_ceil(1024))
    });
    Ok(format!("{most} ({} processes)", peaks.len()))
}
