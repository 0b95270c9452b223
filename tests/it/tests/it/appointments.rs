//! Appointments, from asking to ending (AP, OM-1 to OM-6).

#[cfg(feature = "enterprise")]
mod canaries;
#[cfg(feature = "enterprise")]
mod crash;
#[cfg(feature = "enterprise")]
mod faults;
mod approving;
mod entries;
mod events;
mod files;
mod hostile;
mod keys;
mod legacy;
mod lists;
mod people;
mod requesting;
mod states;
#[cfg(feature = "enterprise")]
mod teams;
mod technicians;
mod unavailable;
#[cfg(feature = "enterprise")]
mod isolation;
#[cfg(feature = "enterprise")]
mod race;
#[cfg(feature = "enterprise")]
mod walk;
