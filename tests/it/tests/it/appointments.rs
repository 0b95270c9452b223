//! Appointments, from asking to ending (AP, OM-1 to OM-6).

mod walk;
