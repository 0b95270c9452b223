//! Every route of the function, and who may call it.

use convoke_platform::http::Route;

use crate::App;

/// The permission table of `approval`.
pub static ROUTES: &[Route<App>] = &[];
