//! Each reads its call, runs one use case and answers in a wire type.

pub(crate) mod documents;
pub(crate) mod recordings;
