//! Shared referrals on more than one machine: driven by
//! [Restate](https://restate.dev), which keeps what is known of an operation and
//! has another worker go on when one is lost.
//!
//! The steps, the searches and the errors are those of
//! [`shared_referral`](crate::shared_referral). In place of a journal there is
//! the state of a virtual object, one for each operation; in place of a lock,
//! Restate runs one call of an object at a time. What only the caller can decide,
//! which referral is the one and that a deal is given up, is called in the same
//! way ([`RestateClient::adopt`], [`RestateClient::abandon`]).
//!
//! A [`Worker`] carries the operations out and has the credentials of the
//! service. A [`RestateClient`] hands plans over and needs none of them. Tried
//! against restate-server 1.7.12, with workers and the server killed at random
//! (`tests/restate`).
//!
//! # Personal data
//! A file journal holds ids and fingerprints. Restate holds more: the whole plan
//! is the input of an invocation, with customer, contacts and notes, and so is
//! the reason why a deal is given up; it lies in
//! Restate's storage, unencrypted, while the operation runs and for an hour after
//! its end. Whoever may read that storage, its backups, its SQL interface or its
//! web page sees it. So: encrypt the disk, keep the admin port to operators, and
//! name Restate where the purposes of the data are named. The state of the object
//! holds ids and fingerprints only, and stays until an operator clears it:
//! without it, the same key would begin a new deal.
//!
//! From Restate to the service, each step in a file of its own: `serve` takes
//! connections, `object` is what Restate calls, `drive` runs an operation,
//! `settle` does what the caller decided, `held` is the operation in the object's
//! state, `tokens` keeps a create from being sent twice.

mod client;
mod drive;
mod failure;
mod held;
mod object;
mod serve;
mod settle;
mod tokens;
mod worker;

pub use client::RestateClient;
pub use failure::{ConnectionFailed, Failure, FailureCode, RestateError};
pub use object::Progress;
pub use serve::listen;
pub use worker::Worker;
