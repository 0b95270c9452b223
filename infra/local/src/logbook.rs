//! What functions printed, kept for a test to read.

use std::sync::{Arc, Mutex, PoisonError};

use crate::host::LogSink;

/// One line that a function printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Which function, by its name without the stack's.
    pub function: String,
    /// The line, without its end.
    pub text: String,
}

/// Collects lines in the order in which they were printed.
#[derive(Debug, Clone, Default)]
pub struct LogBook(Arc<Mutex<Vec<LogLine>>>);

impl LogBook {
    /// What to give a stack as its `logs`.
    pub fn sink(&self) -> LogSink {
        let book = self.clone();
        Arc::new(move |function, text| {
            let line = LogLine {
                function: function.to_owned(),
                text: text.to_owned(),
            };
            book.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line);
        })
    }

    /// Everything so far.
    pub fn lines(&self) -> Vec<LogLine> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
