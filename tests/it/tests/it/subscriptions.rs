//! Subscriptions to Microsoft's notifications: made, kept alive, replaced, removed
//! (NT-1, NT-4, NT-6).

mod alive;
mod changes;
mod crash;
mod diagnosed;
mod failures;
mod function;
mod house;
mod in_the_way;
