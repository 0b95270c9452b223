//! Mails about appointments and sessions (AP-8, IV-3, XC-13): written down with
//! the state that they tell of, sent by a job.
//!
//! A mail is a snapshot: what it says was decided in the transaction of what it
//! tells of, and only its wording (the product's, or the tenant's own) is looked
//! up, and its links signed, when it is sent. Each send is claimed first, so that
//! two workers never send one mail; mails about one thing reach a reader in the
//! order in which they were written.

mod key;
mod letter;
mod post_office;
mod product;
mod send;
pub mod templates;
mod wording;

pub use key::{MailKey, Variable};
pub use letter::{AppointmentLetter, Recipient, SessionLetter, post, post_session};
pub use product::shown_time;
pub use send::{Links, send};
