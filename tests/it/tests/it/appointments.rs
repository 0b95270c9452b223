//! Appointments, from asking to ending (AP, OM-1 to OM-6).

mod approving;
#[cfg(feature = "enterprise")]
mod canaries;
#[cfg(feature = "enterprise")]
mod crash;
mod entries;
mod events;
#[cfg(feature = "enterprise")]
mod faults;
mod files;
mod hostile;
#[cfg(feature = "enterprise")]
mod isolation;
mod keys;
mod legacy;
mod lists;
mod people;
#[cfg(feature = "enterprise")]
mod race;
mod requesting;
mod states;
#[cfg(feature = "enterprise")]
mod teams;
mod technicians;
mod unavailable;
#[cfg(feature = "enterprise")]
mod walk;
