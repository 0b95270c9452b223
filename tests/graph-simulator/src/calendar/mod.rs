//! The Exchange side: events as they are stored, zones, recurrence and the ids
//! by which entries are addressed.

pub(crate) mod entry_id;
pub(crate) mod event;
pub(crate) mod occurrences;
pub(crate) mod recurrence;
pub(crate) mod zone_names;
pub(crate) mod zones;
