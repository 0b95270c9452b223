//! What goes over the wire.

pub(crate) mod command;
pub(crate) mod entry;
pub(crate) mod request;
