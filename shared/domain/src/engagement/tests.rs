//! AP-2 to AP-7 as state changes.
