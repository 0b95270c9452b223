//! Handlers: each reads its call, runs one use case, answers in wire types.

pub(crate) mod integration;
pub(crate) mod templates;
