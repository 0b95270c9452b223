//! What is being done, told while it is done.

use std::sync::Arc;

/// Where steps are announced; silent unless told otherwise.
#[derive(Clone)]
pub struct Progress {
    say: Arc<dyn Fn(&str) + Send + Sync>,
    shows_builds: bool,
}

impl Progress {
    /// Announces nothing, and lets cargo speak only of errors.
    pub fn silent() -> Self {
        Self {
            say: Arc::new(|_| {}),
            shows_builds: false,
        }
    }

    /// Hands every step to `say`, and lets cargo show its own progress.
    pub fn to(say: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            say: Arc::new(say),
            shows_builds: true,
        }
    }

    /// Announces a step that begins.
    pub fn step(&self, what: &str) {
        (self.say)(what);
    }

    /// Whether a build may show its own progress on standard error.
    pub fn shows_builds(&self) -> bool {
        self.shows_builds
    }
}
