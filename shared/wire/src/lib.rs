//! Wire types that several functions answer with, so that a thing looks the same
//! whichever route it is read by. What only staff may know is absent for portal
//! users; a link of Microsoft's, but for the one to join, never leaves.

mod artifact;
mod instant;
mod interaction;
mod ledger;
mod meeting;
mod warning;

pub use artifact::{ArtifactLinks, ArtifactView, artifacts_of};
pub use instant::Instant;
pub use interaction::{InteractionTypeView, InteractionView};
pub use ledger::{ArrivalView, LedgerView};
pub use meeting::OnlineMeetingView;
pub use warning::{DeletedView, WarningView, answer};
