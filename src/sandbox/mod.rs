//! A stateful stand-in of the Referrals service, with a fault plan.
//!
//! The sandbox answers on 127.0.0.1 as the service is documented to: ids and
//! eTags of its own, `If-Match` and 412, the table of status changes, engagements
//! that tie referrals together, `$filter` and pages, the documented error bodies,
//! 401 without a bearer. What is unknown of the service is a setting of
//! [`SandboxBuilder`] where it matters to a caller, or said in the module that
//! had to choose. It shares no code with the client but the generated types, so
//! that one mistake cannot hide in both.
//!
//! ```
//! use partner_referrals::sandbox::{Fault, FaultPlan, FaultRule, Sandbox};
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> std::io::Result<()> {
//!     let sandbox = Sandbox::start().await?;
//!     let seeded = sandbox.insert(serde_json::json!({ "name": "A deal" }));
//!     assert_eq!(seeded["status"], "Active");
//!
//!     // Point a client at `sandbox.base_url()` with `sandbox.token()` as its
//!     // bearer. The answer to its second create is lost after the write:
//!     sandbox.set_faults(
//!         FaultPlan::new().rule(FaultRule::new(Fault::CutAfterWrite).method("POST").nth(2)),
//!     );
//!     assert!(sandbox.base_url().starts_with("http://127.0.0.1:"));
//!     assert!(sandbox.requests().is_empty());
//!
//!     sandbox.shutdown().await;
//!     Ok(())
//! }
//! ```

mod answer;
mod builder;
mod chance;
mod change;
mod create;
mod fault;
mod filter;
mod lifecycle;
mod page;
mod patch;
mod record;
mod registration;
mod routes;
mod server;
mod service;
mod skeleton;
mod skiptoken;
mod state;
mod values;

use std::fmt;
use std::io;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub use self::builder::SandboxBuilder;
pub use self::fault::{Fault, FaultBody, FaultPlan, FaultRule};
pub use self::record::RecordedRequest;
use self::service::Service;
use self::state::MicrosoftAnswer;

/// A running stand-in; stops when dropped.
///
/// `Debug` prints the address and neither token nor referrals.
pub struct Sandbox {
    service: Arc<Service>,
    base_url: String,
    token: String,
    task: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox with the default settings on a free port of 127.0.0.1,
    /// on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// If no port can be listened on.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Settings to start a sandbox with.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    /// The address without a path: `http://127.0.0.1:` and the port.
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// A bearer token that the sandbox takes.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// All requests so far, in the order of arrival.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.service.requests()
    }

    /// How many requests came so far, without a copy of them.
    pub fn requests_so_far(&self) -> usize {
        self.service.requests_so_far()
    }

    /// All referrals as stored, in the order of creation, also those that lists
    /// do not show.
    pub fn referrals(&self) -> Vec<Value> {
        let state = self.service.state();
        state
            .all()
            .map(|(_, stored)| stored.value.clone())
            .collect()
    }

    /// One referral as stored.
    pub fn referral(&self, id: &str) -> Option<Value> {
        self.service.state().get(id).cloned()
    }

    /// Seeds a referral as it is, without any check, and gives it back as
    /// stored: members that only the service sets are added where they lack, and
    /// unless given it is Independent and Active/Accepted. Anything but an
    /// object counts as an empty one; a known id replaces that referral.
    pub fn insert(&self, referral: Value) -> Value {
        let now = self.service.now();
        self.service.state().insert(referral, now)
    }

    /// Changes a referral as if somebody else did, without any check: it gets a
    /// new eTag and `updatedDateTime`, its id stays. Gives it back as stored, or
    /// `None` if there is none with this id. The sandbox waits for `edit` to
    /// end, so `edit` must not call it.
    pub fn edit(&self, id: &str, edit: impl FnOnce(&mut Value)) -> Option<Value> {
        let now = self.service.now();
        let mut state = self.service.state();
        let mut referral = state.get(id)?.clone();
        edit(&mut referral);
        state::set(&mut referral, "id", json!(id));
        Some(state.change(id, referral, now))
    }

    /// Microsoft accepts its half of an engagement: Active/Accepted. Says
    /// whether there was a half waiting for an answer; duplicates are all
    /// answered.
    pub fn microsoft_accepts(&self, engagement_id: &str) -> bool {
        self.microsoft_answers(engagement_id, MicrosoftAnswer::Accepts)
    }

    /// Microsoft declines its half of an engagement: Closed/Declined with this
    /// `statusReason`. Says whether there was a half waiting for an answer.
    pub fn microsoft_declines(&self, engagement_id: &str, reason: &str) -> bool {
        self.microsoft_answers(engagement_id, MicrosoftAnswer::Declines(reason))
    }

    /// The review of a referral's first deal registration comes to a result:
    /// `status`, such as `Approved`, now, with this `statusReason`. Says whether
    /// there was a registration.
    pub fn registration_reviewed(&self, id: &str, status: &str, reason: Option<&str>) -> bool {
        let now = self.service.now();
        let mut reviewed = false;
        self.edit(id, |referral| {
            reviewed = registration::review(referral, status, reason, now);
        });
        reviewed
    }

    fn microsoft_answers(&self, engagement_id: &str, answer: MicrosoftAnswer<'_>) -> bool {
        let now = self.service.now();
        let mut state = self.service.state();
        state.microsoft_answers(engagement_id, answer, now)
    }

    /// Puts another fault plan in place of the present one; its rules count
    /// from now on.
    pub fn set_faults(&self, faults: FaultPlan) {
        self.service.set_faults(faults);
    }

    /// Stops and waits until the port is free. Requests under way are cut.
    pub async fn shutdown(mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // The task ends as cancelled, which is what was asked for.
            let _ = task.await;
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
