//! Appointments, from asking to ending (AP, OM-1 to OM-6).

#[cfg(feature = "enterprise")]
mod faults;
mod walk;
