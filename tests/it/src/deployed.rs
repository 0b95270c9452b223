//! One deployed stack for all tests of this binary: the real template, the real
//! binaries.

use std::sync::LazyLock;

use convoke_local::{Functions, LogBook, Stack, StackOptions};
use uuid::Uuid;

static SHARED: LazyLock<(Stack, LogBook)> = LazyLock::new(|| {
    let logs = LogBook::default();
    let options = StackOptions {
        logs: logs.sink(),
        ..StackOptions::temporary()
    };
    (Stack::start(options).expect("the local stack starts"), logs)
});

static RESOURCES: LazyLock<Stack> = LazyLock::new(|| {
    let options = StackOptions {
        functions: Functions::None,
        ..StackOptions::temporary()
    };
    Stack::start(options).expect("the local stack starts")
});

/// Table, queues, bus and secrets without any function: background work is done
/// by nobody but the test.
pub fn resources() -> &'static Stack {
    &RESOURCES
}

/// The shared stack; Graph is configured for the organisation `acme` only.
pub fn stack() -> &'static Stack {
    &SHARED.0
}

/// What the shared stack's functions have printed.
pub fn logs() -> &'static LogBook {
    &SHARED.1
}

/// An organisation of the test's own.
#[allow(clippy::disallowed_methods, reason = "any name that no other test has")]
pub fn new_org() -> String {
    format!("org-{}", Uuid::new_v4().simple())
}
