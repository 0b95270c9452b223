//! What travels: bodies of requests and answers, apart from the domain's types.

pub(crate) mod calendar_connection;
pub(crate) mod command;
pub(crate) mod control;
pub(crate) mod conversation;
pub(crate) mod directory;
pub(crate) mod interaction;
pub(crate) mod meeting;
pub(crate) mod notification;
pub(crate) mod online_meeting;
pub(crate) mod session;
