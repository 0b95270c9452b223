//! Handlers: each reads its call, runs one use case, answers in wire types.

pub(crate) mod entries;
pub(crate) mod requests;
