//! What travels: bodies of requests and answers, apart from the domain's types.

pub(crate) mod integration;
pub(crate) mod template;
