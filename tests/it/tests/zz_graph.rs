//! Scratch.
#[path = "it/graph_faults.rs"]
mod graph_faults;
#[path = "it/graph_scheduling.rs"]
mod graph_scheduling;


#[path = "it/reconciliation.rs"]
mod reconciliation;
