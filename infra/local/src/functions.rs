//! The functions' binaries: which ones the template has, and building them as cargo would for a test.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use tokio::process::Command;

use crate::progress::Progress;
use crate::workspace::Workspace;

/// Which functions a stack runs.
#[derive(Debug, Clone)]
pub enum Functions {
    /// None: only what data and messages live in.
    None,
    /// The template's, built from this checkout.
    Build(Edition),
    /// These executables under the binaries' names, each speaking Lambda's Runtime API.
    Executables(BTreeMap<String, PathBuf>),
}

/// How functions are built.
#[derive(Debug, Clone)]
pub struct Edition {
    /// With Microsoft's cloud (`enterprise`) or without.
    pub enterprise: bool,
    /// Further cargo features, as `package/feature`.
    pub features: Vec<String>,
}

#[allow(
    clippy::derivable_impls,
    reason = "the edition is this build's own, not always false"
)]
impl Default for Edition {
    fn default() -> Self {
        Self {
            enterprise: cfg!(feature = "enterprise"),
            features: Vec::new(),
        }
    }
}

impl Functions {
    /// Builds what has to be built; answers each binary's file by its name.
    pub(crate) async fn executables(
        &self,
        workspace: &Workspace,
        progress: &Progress,
    ) -> Result<Option<BTreeMap<String, PathBuf>>> {
        match self {
            Self::None => Ok(None),
            Self::Executables(paths) => Ok(Some(paths.clone())),
            Self::Build(edition) => {
                let names = of_template(workspace)?;
                progress.step("Building the functions");
                build(workspace, &names, edition, progress).await.map(Some)
            }
        }
    }
}

/// The binaries that `template.yaml` deploys: the last folder of each `CodeUri`, once each.
pub fn of_template(workspace: &Workspace) -> Result<Vec<String>> {
    let mut names: Vec<String> = deployed(workspace)?
        .into_iter()
        .map(|it| it.binary)
        .collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// The functions that run a binary, by their names without the stack's.
pub(crate) fn running(workspace: &Workspace, binary: &str) -> Result<Vec<String>> {
    let mut found = deployed(workspace)?;
    found.retain(|it| it.binary == binary);
    Ok(found.into_iter().map(|it| it.function).collect())
}

/// One function of the template; several may run one binary.
struct Deployed {
    function: String,
    binary: String,
}

fn deployed(workspace: &Workspace) -> Result<Vec<Deployed>> {
    let path = workspace.template();
    let text =
        fs::read_to_string(&path).with_context(|| format!("{} is missing", path.display()))?;
    let mut function = "";
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("FunctionName: !Sub ${AWS::StackName}-") {
            function = name;
        } else if let Some(folder) = line.strip_prefix("CodeUri: ../target/lambda/") {
            found.push(Deployed {
                function: function.to_owned(),
                binary: folder.trim_end_matches('/').to_owned(),
            });
        }
    }
    ensure!(!found.is_empty(), "{} has no function", path.display());
    Ok(found)
}

/// The lines of cargo's JSON output that matter here.
#[derive(Deserialize)]
struct Artifact {
    target: Target,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

async fn build(
    workspace: &Workspace,
    names: &[String],
    edition: &Edition,
    progress: &Progress,
) -> Result<BTreeMap<String, PathBuf>> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace.root()).args([
        "build",
        // The whole workspace, as the tests build it: with fewer packages selected, dependencies
        // would have other features and be built once more.
        "--workspace",
        "--bins",
        "--message-format=json-render-diagnostics",
    ]);
    if !edition.enterprise {
        cargo.arg("--no-default-features");
    }
    if !edition.features.is_empty() {
        cargo.args(["--features", &edition.features.join(",")]);
    }
    if !progress.shows_builds() {
        cargo.arg("--quiet");
    }
    let output = cargo
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
        .context("cargo cannot be started")?;
    ensure!(
        output.status.success(),
        "the functions do not build; cargo says why above"
    );

    let mut found: BTreeMap<String, PathBuf> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok())
        .filter_map(|artifact| Some((artifact.target.name, artifact.executable?)))
        .collect();
    found.retain(|name, _| names.contains(name));
    if let Some(missing) = names.iter().find(|name| !found.contains_key(*name)) {
        bail!("the package {missing} has no binary named {missing}");
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_binary_of_the_template_is_found() {
        let names = of_template(&Workspace::of_this_build()).unwrap();
        for name in [
            "meeting-api",
            "ics-download",
            "approval",
            "settings",
            "outbox-relay",
            "delivery",
            "artifact-capture",
            "recording-proxy",
            "graph-webhook",
            "subscription-renewal",
        ] {
            assert!(
                names.iter().any(|found| found == name),
                "{name} is missing from {names:?}"
            );
        }
    }

    #[test]
    fn a_binary_is_known_by_every_function_that_runs_it() {
        let workspace = Workspace::of_this_build();
        let functions = running(&workspace, "recording-proxy").unwrap();
        assert_eq!(functions, ["recording-proxy", "recording-stream"]);
        assert_eq!(running(&workspace, "approval").unwrap(), ["approval"]);
    }
}
