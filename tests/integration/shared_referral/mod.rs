//! The shared referral: two creates under a journal, and every way in which
//! they can end.

mod crash_matrix;
mod fault_storm;
mod later;
mod many;
mod plans;
mod recover;
mod settle;
mod tasks;

use std::sync::{Arc, Mutex};

use partner_referrals::ReferralsClient;
use partner_referrals::clock::{Clock as _, ManualClock};
use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule, Sandbox, SandboxBuilder};
use partner_referrals::shared_referral::{
    EventKind, MemoryJournal, SharedReferralPlan, SharedReferrals,
};
use partner_referrals::types::AssistanceRequestCode;

use crate::support::{builder, published};

const KEY: &str = "opportunity-4711";

fn plan() -> SharedReferralPlan {
    SharedReferralPlan::new(published(), AssistanceRequestCode::ProofOfConceptOrDemo)
        .notes_to_microsoft("Can you join?")
        .with_key(KEY)
}

/// A stand-in and a client that live by one clock, which moves when somebody
/// waits.
struct World {
    sandbox: Sandbox,
    client: ReferralsClient,
    clock: ManualClock,
    journal: MemoryJournal,
}

impl World {
    async fn new() -> Self {
        Self::with(|sandbox| sandbox).await
    }

    async fn with(settings: impl FnOnce(SandboxBuilder) -> SandboxBuilder) -> Self {
        let clock = ManualClock::default();
        let time = clock.clone();
        let sandbox = Sandbox::builder().seed(7).clock(move || time.now().into());
        let sandbox = settings(sandbox).start().await.unwrap();
        let client = builder(&sandbox)
            .clock(clock.clone())
            .retry(partner_referrals::RetryPolicy::never())
            .build()
            .unwrap();
        Self {
            sandbox,
            client,
            clock,
            journal: MemoryJournal::new(),
        }
    }

    /// As a program has it that has just started: only the journal is the same.
    fn deals(&self) -> SharedReferrals {
        self.client.shared_referrals(self.journal.clone())
    }

    fn post(&self, nth: usize, fault: Fault) {
        let rule = FaultRule::new(fault).method("POST").nth(nth as u64);
        self.sandbox.set_faults(FaultPlan::new().rule(rule));
    }

    /// The answer of a create is lost and the search for it fails, so that
    /// somebody can be faster.
    fn post_lost_and_search_failed(&self, nth: usize) {
        let lost = FaultRule::new(Fault::CutAfterWrite).method("POST");
        let failed = FaultRule::new(Fault::status(503, FaultBody::Html)).method("GET");
        // The first read tells the service's clock.
        let plan = FaultPlan::new().rule(lost.nth(nth as u64));
        self.sandbox.set_faults(plan.rule(failed.nth(2)));
    }

    fn calm(&self) {
        self.sandbox.set_faults(FaultPlan::new());
    }

    fn posts(&self) -> usize {
        let requests = self.sandbox.requests();
        requests.iter().filter(|one| one.method == "POST").count()
    }

    /// Filters of the lists that were asked for.
    fn lists(&self) -> Vec<String> {
        let requests = self.sandbox.requests();
        let lists = requests.iter().filter(|one| one.method == "GET");
        lists
            .filter_map(|one| one.query_option("$filter"))
            .collect()
    }
}

/// What is told of an operation, in order.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<EventKind>>>);

impl Told {
    fn to(&self, deals: SharedReferrals) -> SharedReferrals {
        let told = self.clone();
        deals.on_event(move |event| told.0.lock().unwrap().push(event.kind.clone()))
    }

    fn take(&self) -> Vec<EventKind> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}
