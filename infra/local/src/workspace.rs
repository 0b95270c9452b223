//! Where things are: the checkout that this binary was built from.

use std::path::{Path, PathBuf};

/// The checkout's folders and files. Everything that running leaves behind is under `.local/`.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The checkout that this crate was compiled in.
    pub fn of_this_build() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.ancestors().nth(2).unwrap_or(manifest);
        Self {
            root: root.to_owned(),
        }
    }

    /// The folder with `Cargo.toml`, `infra/` and `target/`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What running leaves behind: virtual environment, state, tokens.
    pub fn local(&self) -> PathBuf {
        self.root.join(".local")
    }

    /// The one description of the deployment.
    pub fn template(&self) -> PathBuf {
        self.root.join("infra/template.yaml")
    }

    /// The Python packages, pinned with hashes.
    pub fn requirements(&self) -> PathBuf {
        self.root.join("infra/local/requirements.txt")
    }

    /// One of the Python programs of this crate.
    pub fn script(&self, name: &str) -> PathBuf {
        self.root.join("infra/local/python").join(name)
    }
}
