//! Mail: templates, MIME and SES (XC-13).
//!
//! [`template`] turns Handlebars and variables into text and HTML, [`mime`]
//! puts them into a message with its calendar file, [`ses`] sends it. Whatever
//! people called themselves or their appointments, no value ends a header, a
//! line of one, or an HTML attribute; and no address, subject or body reaches a
//! log line or an error text.

pub mod mime;
mod sender;
pub mod ses;
pub mod template;
mod wording;

pub use sender::Sender;
pub(crate) use ses::CALL_TIMEOUT;
pub use ses::{LONGEST_SEND, Mailer, SendFailure};
pub use wording::{clean_line, clean_lines};
