//! Every fault at each of the two creates, with a crash at every write of the
//! journal, and the record visible at once, late, after the last look, or
//! never: all of them, not a sample.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use partner_referrals::sandbox::{Fault, FaultBody};
use partner_referrals::shared_referral::{
    Half, Journal, JournalFuture, MemoryJournal, OperationId, Record, Recovery, SharedReferral,
    SharedReferralError, SharedReferrals, WhenNotFound,
};
use tokio::sync::Notify;

use super::{World, plan};

/// The real time of an attempt where the fault is that no answer comes: long
/// enough for a busy machine to answer all others in.
const ATTEMPT: Duration = Duration::from_secs(3);

/// No answer comes as long as the test runs.
const NEVER: Duration = Duration::from_secs(3600);

/// A name, what happens, and whether the create is carried out.
fn faults() -> Vec<(&'static str, Option<Fault>)> {
    use FaultBody::{Empty, Html, Json};
    vec![
        ("none", None),
        ("400", Some(Fault::status(400, Json))),
        ("429", Some(Fault::Throttle { retry_after: None })),
        ("500 before", Some(Fault::status(500, Empty))),
        ("503 before", Some(Fault::status(503, Html))),
        ("500 after", Some(Fault::status_after_write(500, Json))),
        ("504 after", Some(Fault::status_after_write(504, Html))),
        ("no answer, before", Some(Fault::Delay(NEVER))),
        ("no answer, after", Some(Fault::DelayAfterWrite(NEVER))),
        ("cut before", Some(Fault::CutBeforeWrite)),
        ("cut after", Some(Fault::CutAfterWrite)),
        ("body cut", Some(Fault::CutBody)),
        ("garbage", Some(Fault::Garbage)),
        ("html", Some(Fault::HtmlAfterWrite)),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Visible {
    AtOnce,
    /// Before the last look.
    Late,
    /// After it.
    TooLate,
    Never,
}

impl Visible {
    fn delay(self) -> Duration {
        match self {
            Self::AtOnce => Duration::ZERO,
            Self::Late => Duration::from_secs(10),
            Self::TooLate => Duration::from_secs(600),
            Self::Never => Duration::MAX,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Crash {
    Never,
    /// The write is lost.
    Before(usize),
    /// The write is there.
    After(usize),
}

#[derive(Clone)]
struct Case {
    fault: (&'static str, Option<Fault>),
    step: usize,
    crash: Crash,
    visible: Visible,
    policy: WhenNotFound,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            fault,
            step,
            crash,
            visible,
            policy,
        } = self;
        write!(
            f,
            "{} at step {step}, crash {crash:?}, visible {visible:?}, {policy:?}",
            fault.0
        )
    }
}

/// A journal at whose nth write the process dies.
struct Mortal {
    inner: MemoryJournal,
    crash: Crash,
    writes: AtomicUsize,
    dead: Arc<Notify>,
}

impl Journal for Mortal {
    fn append(&self, id: OperationId, after: usize, records: Vec<Record>) -> JournalFuture<'_, ()> {
        let write = self.writes.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            if self.crash != Crash::Before(write) {
                self.inner.append(id, after, records).await?;
                if self.crash != Crash::After(write) {
                    return Ok(());
                }
            }
            self.dead.notify_one();
            std::future::pending().await
        })
    }

    fn load(&self, id: OperationId) -> JournalFuture<'_, Vec<Record>> {
        self.inner.load(id)
    }

    fn list_open(&self) -> JournalFuture<'_, Vec<OperationId>> {
        self.inner.list_open()
    }
}

/// What can be seen of a run from outside.
struct Seen {
    /// Whether the crash came.
    crashed: bool,
    /// Whether a run of the operation ended with both referrals.
    ok: bool,
}

struct Trial {
    world: World,
    case: Case,
}

impl Trial {
    async fn new(case: Case) -> Self {
        let delay = case.visible.delay();
        let mut world = World::with(|sandbox| sandbox.visibility_delay(delay)).await;
        world.client = crate::support::builder(&world.sandbox)
            .clock(world.clock.clone())
            .retry(partner_referrals::RetryPolicy::never())
            .attempt_timeout(match case.fault.1 {
                Some(Fault::Delay(_) | Fault::DelayAfterWrite(_)) => ATTEMPT,
                _ => NEVER,
            })
            .build()
            .unwrap();
        if let Some(fault) = &case.fault.1 {
            world.post(case.step, fault.clone());
        }
        Self { world, case }
    }

    fn deals(&self, journal: impl Journal + 'static) -> SharedReferrals {
        self.resending(1, journal)
    }

    fn resending(&self, times: u32, journal: impl Journal + 'static) -> SharedReferrals {
        let recovery = Recovery::new()
            .when_not_found(self.case.policy)
            .most_resends(times);
        self.world
            .client
            .shared_referrals(journal)
            .recovery(recovery)
    }

    /// The first run, which dies; true where the crash came.
    async fn until_the_crash(&self) -> bool {
        let dead = Arc::new(Notify::new());
        let mortal = Mortal {
            inner: self.world.journal.clone(),
            crash: self.case.crash,
            writes: AtomicUsize::new(0),
            dead: Arc::clone(&dead),
        };
        let (deals, plan) = (self.deals(mortal), plan());
        tokio::select! {
            _ = deals.create(&plan) => false,
            () = dead.notified() => true,
        }
    }

    async fn again(&self) -> Result<SharedReferral, SharedReferralError> {
        let result = self.deals(self.world.journal.clone()).create(&plan()).await;
        self.holds(&result).await;
        result
    }

    /// Referrals on the service: own and connected.
    fn made(&self) -> (usize, usize) {
        let all = self.world.sandbox.referrals();
        let connected = all
            .iter()
            .filter(|one| one["organizationId"] == "msft")
            .count();
        (all.len() - connected, connected)
    }

    /// What must be true after every run.
    async fn holds(&self, result: &Result<SharedReferral, SharedReferralError>) {
        let case = &self.case;
        let (own, connected) = self.made();
        let told = match result {
            Ok(shared) => shared.twin_possible,
            Err(SharedReferralError::DuplicateFound(_) | SharedReferralError::Ambiguous(_)) => true,
            Err(_) => false,
        };
        match case.policy {
            WhenNotFound::Stop => assert!(own <= 1 && connected <= 1, "{case}: {own}, {connected}"),
            _ => assert!(
                (own <= 1 && connected <= 1) || told,
                "{case}: {own}, {connected}, and nobody is told"
            ),
        }
        // No create without a durable record before it.
        let id = plan().operation_id();
        let records = self.world.journal.load(id).await.unwrap();
        let written: Vec<_> = records
            .iter()
            .filter_map(|record| match record {
                Record::Sending { request_id, .. } => Some(request_id.to_string()),
                _ => None,
            })
            .collect();
        let requests = self.world.sandbox.requests();
        let sent: Vec<_> = requests.iter().filter(|one| one.method == "POST").collect();
        assert!(sent.len() <= written.len(), "{case}: {written:?}");
        for request in sent {
            let id = request.header("request-id").unwrap().to_owned();
            assert!(written.contains(&id), "{case}");
        }
        // And none is sent a third time, in however many runs.
        for half in [Half::Own, Half::Connected] {
            let unsettled = unsettled(&records, half);
            let most = match case.policy {
                WhenNotFound::Stop => 1,
                _ => 2,
            };
            assert!(unsettled <= most, "{case}: {unsettled} {records:?}");
        }
        if let Ok(shared) = result {
            let own = self.world.sandbox.referral(shared.own_id.as_str()).unwrap();
            let connected = self
                .world
                .sandbox
                .referral(shared.connected_id.as_str())
                .unwrap();
            let engagement = shared.engagement_id.as_str();
            assert_eq!(own["engagementId"], engagement, "{case}");
            assert_eq!(connected["engagementId"], engagement, "{case}");
            assert_eq!(connected["organizationId"], "msft", "{case}");
        }
    }

    async fn run(self) -> Seen {
        let case = &self.case;
        let crashed = self.until_the_crash().await;
        let engagements = self.engagements_in_the_journal().await;

        // The next program runs it until nothing changes any more.
        let mut result = self.again().await;
        for _ in 0..3 {
            if result.is_ok() {
                break;
            }
            self.world.clock.advance(Duration::from_secs(3600));
            result = self.again().await;
        }

        // An engagement that was seen is not lost.
        for engagement in &engagements {
            let standing = result.as_ref().err().and_then(|error| error.standing());
            let known = match (&result, standing) {
                (Ok(shared), _) => Some(&shared.engagement_id),
                (_, Some(standing)) => standing.engagement.as_ref(),
                _ => None,
            };
            assert_eq!(
                known.map(|id| id.as_str()),
                Some(engagement.as_str()),
                "{case}"
            );
        }

        // Twice is once.
        let posts = self.world.posts();
        let deals = self.deals(self.world.journal.clone());
        let id = plan().operation_id();
        let twice = [deals.resume(&id).await, deals.resume(&id).await];
        if let Ok(shared) = &result {
            assert_eq!(self.world.posts(), posts, "{case}");
            for again in twice {
                match again {
                    Ok(again) => {
                        assert_eq!(again.own_id, shared.own_id, "{case}");
                        assert_eq!(again.connected_id, shared.connected_id, "{case}");
                    }
                    // Which a twin that shows by now makes of it.
                    Err(SharedReferralError::DuplicateFound(_)) => {
                        assert!(shared.twin_possible, "{case}");
                    }
                    Err(error) => panic!("{case}: {error}"),
                }
            }
        }

        self.ends_as_it_should(&result);
        let shows_in_time = matches!(case.visible, Visible::AtOnce | Visible::Late);
        if case.policy == WhenNotFound::Resend && shows_in_time && result.is_err() {
            self.completes_once_the_caller_allows_more().await;
        }
        let ok = result.is_ok();
        Seen { crashed, ok }
    }

    /// The create that came to nothing and the one before the crash used up what
    /// the policy allows.
    async fn completes_once_the_caller_allows_more(&self) {
        let case = &self.case;
        let id = plan().operation_id();
        let records = self.world.journal.load(id).await.unwrap();
        let sent = [Half::Own, Half::Connected].map(|half| unsettled(&records, half));
        assert!(sent.contains(&2), "{case}: {records:?}");
        let deals = self.resending(2, self.world.journal.clone());
        let shared = deals.create(&plan()).await;
        shared.unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(self.made(), (1, 1), "{case}");
    }

    fn ends_as_it_should(&self, result: &Result<SharedReferral, SharedReferralError>) {
        let case = &self.case;
        let made = self.made();
        let shows = case.visible != Visible::Never;
        match case.policy {
            // What is there is found, and nothing is there twice: so it is
            // complete just where both are there.
            WhenNotFound::Stop if shows => {
                assert_eq!(
                    result.is_ok(),
                    made == (1, 1),
                    "{case}: {made:?} {result:?}"
                );
            }
            WhenNotFound::Stop => {
                assert!(result.is_err() || made == (1, 1), "{case}: {made:?}");
            }
            _ => match (case.visible, result) {
                (Visible::AtOnce | Visible::Late, Ok(_)) => assert_eq!(made, (1, 1), "{case}"),
                (_, Ok(_)) => {}
                (_, Err(SharedReferralError::DuplicateFound(found))) => {
                    let there = match found.half() {
                        Half::Own => made.0,
                        _ => made.1,
                    };
                    assert_eq!(found.referrals().len(), there, "{case}");
                }
                (_, Err(SharedReferralError::Ambiguous(_))) => {}
                (_, Err(error)) => panic!("{case}: {error}"),
            },
        }
        if let Err(error) = result {
            let expected = matches!(
                error,
                SharedReferralError::Ambiguous(_) | SharedReferralError::DuplicateFound(_)
            );
            assert!(expected, "{case}: {error}");
        }
    }

    async fn engagements_in_the_journal(&self) -> Vec<String> {
        let id = plan().operation_id();
        let records = self.world.journal.load(id).await.unwrap();
        let engagement = |record: &Record| match record {
            Record::Created { engagement, .. } => Some(engagement.to_string()),
            _ => None,
        };
        let mut all: Vec<_> = records.iter().filter_map(engagement).collect();
        all.dedup();
        all
    }
}

/// How many creates of a half were sent, as far as is known, and not refused.
fn unsettled(records: &[Record], half: Half) -> usize {
    let of_half = |record: &&Record| match record {
        Record::Sending { half: of, .. } => *of == half,
        _ => false,
    };
    let refused = |record: &&Record| match record {
        Record::NotDone { half: of, .. } => *of == half,
        _ => false,
    };
    records.iter().filter(of_half).count() - records.iter().filter(refused).count()
}

/// All cases of one fault: crashes at write after write, until a run ends
/// without coming so far.
async fn trials(case: Case) -> (usize, usize) {
    let (mut cases, mut ok) = (0, 0);
    for crash in [Crash::Before, Crash::After] {
        for write in 0.. {
            let crash = crash(write);
            let trial = Trial::new(Case {
                crash,
                ..case.clone()
            })
            .await;
            let seen = trial.run().await;
            cases += 1;
            ok += usize::from(seen.ok);
            if !seen.crashed {
                assert!(write >= 2, "{case}: even a refusal is written down");
                break;
            }
        }
    }
    let calm = Trial::new(Case {
        crash: Crash::Never,
        ..case
    });
    let seen = calm.await.run().await;
    assert!(!seen.crashed);
    (cases + 1, ok + usize::from(seen.ok))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_matrix() {
    // All at once: most of the time of the faults without an answer is waiting.
    let policies = [WhenNotFound::Stop, WhenNotFound::Resend];
    let visible = [
        Visible::AtOnce,
        Visible::Late,
        Visible::TooLate,
        Visible::Never,
    ];
    let kinds = policies.map(|policy| visible.map(|visible| (policy, visible)));
    let kinds = kinds.as_flattened();
    let cases = kinds.iter().flat_map(|(policy, visible)| {
        faults().into_iter().flat_map(|fault| {
            [1, 2].map(|step| Case {
                fault: fault.clone(),
                step,
                crash: Crash::Never,
                visible: *visible,
                policy: *policy,
            })
        })
    });
    let done: Vec<_> = futures::stream::iter(cases)
        .map(|case| async move {
            let kind = (case.policy, case.visible);
            (kind, tokio::spawn(trials(case)).await.unwrap())
        })
        .buffer_unordered(64)
        .collect()
        .await;
    println!("policy   visible   cases  complete");
    let mut all = 0;
    for kind in kinds {
        let (policy, visible) = kind;
        let of_kind = || {
            done.iter()
                .filter(|(of, _)| of == kind)
                .map(|(_, done)| done)
        };
        let cases: usize = of_kind().map(|(cases, _)| cases).sum();
        let ok: usize = of_kind().map(|(_, ok)| ok).sum();
        println!("{policy:<8?} {visible:<8?} {cases:>6} {ok:>9}");
        assert!(cases >= 28 * 7, "{cases}");
        if *policy == WhenNotFound::Resend && *visible != Visible::Never {
            assert!(ok > 0);
        }
        all += cases;
    }
    println!("all               {all:>6}");
}
