//! The world in a JSON file, so that `cargo run` finds its events again after
//! a restart. Written beside the file and renamed, so that a crash never
//! leaves half of one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;

use crate::server::{Shared, stopped};
use crate::world::World;

/// How long a change may take to reach the file.
const PERIOD: Duration = Duration::from_millis(200);

/// The saved world; an empty one where there is no file yet.
pub(crate) fn load(path: &Path) -> anyhow::Result<World> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is not a snapshot of this version", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(World::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

pub(crate) fn save(path: &Path, world: &World) -> anyhow::Result<()> {
    let bytes = serde_json::to_vec(world).context("the world cannot be written as JSON")?;
    let beside = path.with_extension("tmp");
    std::fs::write(&beside, bytes)
        .and_then(|()| std::fs::rename(&beside, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Saves after changes until told to stop. A failure to write is tried again
/// with the next change; the last save, when stopping, reports it.
pub(crate) async fn keep_saved(
    shared: Arc<Shared>,
    path: PathBuf,
    stopping: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = stopped(stopping.clone()) => return,
        }
        if shared.take_dirty() {
            let world = shared.world().clone();
            let path = path.clone();
            let _ = tokio::task::spawn_blocking(move || save(&path, &world)).await;
        }
    }
}
