//! The portal from outside: the real binary over real HTTP, and the application on a real
//! database of either kind.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod access;
mod application;
mod audit;
mod bad_input;
mod billing_crash;
mod calendar;
mod crowds;
mod custody;
mod deadlines_and_prices;
mod document_limits;
mod ends;
mod entry;
mod erasure;
mod events;
mod explain;
mod family_file;
mod faults;
mod four_eyes;
mod fuzz;
mod hanging_database;
mod import;
mod independent;
mod keys;
mod log_in;
mod messages_and_notices;
mod money;
mod notifications;
mod opening;
mod parents_and_staff;
mod poison;
mod printed;
mod properties;
mod reads;
mod rebuild;
mod replay;
mod restore;
mod sealed;
mod server;
mod settings;
mod slow_clients;
mod sockets;
mod subscription;
mod torture;
mod uploads;
