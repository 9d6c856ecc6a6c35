use super::*;
use crate::shared_referral::operation::samples::{at, begun, created, sending};
use crate::shared_referral::operation::{OperationId, Record};

fn operation(records: &[Record]) -> Operation {
    let all: Vec<Record> = [begun()].iter().chain(records).cloned().collect();
    Operation::from_records(OperationId::of_key("crm-1"), &all).unwrap()
}

fn stop() -> Recovery {
    Recovery::new()
}

fn resend() -> Recovery {
    Recovery::new().when_not_found(WhenNotFound::Resend)
}

const BOTH: [Half; 2] = [Half::Own, Half::Connected];

/// The records before the half's own.
fn before(half: Half) -> Vec<Record> {
    match half {
        Half::Own => vec![],
        Half::Connected => vec![created(Half::Own, "a")],
    }
}

fn with(half: Half, records: &[Record]) -> Operation {
    operation(&[before(half).as_slice(), records].concat())
}

#[test]
fn a_new_operation_is_created_at_once_and_one_taken_up_is_looked_for_first() {
    for half in BOTH {
        let operation = with(half, &[]);
        let fresh = Run::new(true);
        assert_eq!(next(&operation, &fresh, &stop(), at(1)), Next::Create(half));
        let careful = stop().look_back(Duration::ZERO);
        assert_eq!(next(&operation, &fresh, &careful, at(1)), Next::Look(half));
        let mut later = Run::new(false);
        assert_eq!(next(&operation, &later, &stop(), at(1)), Next::Look(half));
        later.looked(half, at(1));
        assert_eq!(next(&operation, &later, &stop(), at(1)), Next::Create(half));
    }
}

#[test]
fn what_is_in_doubt_is_looked_for_at_each_settle_time_and_never_created_again() {
    for half in BOTH {
        for fresh in [true, false] {
            let operation = with(half, &[sending(half, 100)]);
            let mut run = Run::new(fresh);
            let mut now = 100;
            let mut looks = Vec::new();
            loop {
                match next(&operation, &run, &stop(), at(now)) {
                    Next::Look(looked) => {
                        assert_eq!(looked, half);
                        looks.push(now);
                        run.looked(half, at(now));
                    }
                    Next::Wait(waiting, left) => {
                        assert_eq!(waiting, half);
                        now += i64::try_from(left.as_secs()).unwrap();
                    }
                    end => {
                        assert_eq!(end, Next::NotFound(half));
                        break;
                    }
                }
            }
            assert_eq!(looks, [100, 102, 107, 122]);
        }
    }
}

fn unanswered(half: Half, second: i64) -> Record {
    Record::Unanswered {
        half,
        at: at(second),
        carried_out: false,
        referral: None,
    }
}

fn blind(half: Half, second: i64) -> Record {
    let mut record = sending(half, second);
    if let Record::Sending { blind, .. } = &mut record {
        *blind = true;
    }
    record
}

/// When looks are made from `now` on, until none is due any more.
fn looks(operation: &Operation, half: Half, mut now: i64) -> Vec<i64> {
    let mut run = Run::new(false);
    let mut looks = Vec::new();
    loop {
        match next(operation, &run, &stop(), at(now)) {
            Next::Look(_) => {
                looks.push(now);
                run.looked(half, at(now));
            }
            Next::Wait(_, left) => now += i64::try_from(left.as_secs()).unwrap(),
            end => {
                assert_eq!(end, Next::NotFound(half));
                return looks;
            }
        }
    }
}

#[test]
fn settle_times_count_from_the_end_of_a_create_however_long_it_took() {
    for half in BOTH {
        let timed_out = with(half, &[sending(half, 100), unanswered(half, 160)]);
        assert_eq!(looks(&timed_out, half, 160), [160, 162, 167, 182]);
        assert_eq!(looks(&timed_out, half, 165), [165, 167, 182]);
        assert_eq!(looks(&timed_out, half, 500), [500]);
    }
}

#[test]
fn after_a_crash_they_count_from_the_first_look_until_no_create_can_be_under_way() {
    for half in BOTH {
        let crashed = with(half, &[sending(half, 100)]);
        assert_eq!(looks(&crashed, half, 160), [160, 162, 167, 182]);
        assert_eq!(looks(&crashed, half, 3650), [3650, 3652, 3657, 3672]);
        assert_eq!(looks(&crashed, half, 3710), [3710, 3722]);
        assert_eq!(looks(&crashed, half, 3800), [3800]);
        let again = [sending(half, 1), unanswered(half, 2), sending(half, 100)];
        assert_eq!(looks(&with(half, &again), half, 160), [160, 162, 167, 182]);
    }
}

#[test]
fn where_the_services_time_was_not_known_they_count_from_the_first_look_for_a_day() {
    for half in BOTH {
        let sent = with(half, &[blind(half, 100), unanswered(half, 160)]);
        assert_eq!(looks(&sent, half, 7200), [7200, 7202, 7207, 7222]);
        assert_eq!(looks(&sent, half, 90_000), [90_000]);
    }
}

#[test]
fn a_look_that_is_due_is_made_without_a_wait() {
    let operation = with(Half::Own, &[sending(Half::Own, 100)]);
    let mut run = Run::new(false);
    run.looked(Half::Own, at(100));
    for (now, expected) in [
        (101, Next::Wait(Half::Own, Duration::from_secs(1))),
        (102, Next::Look(Half::Own)),
        (103, Next::Look(Half::Own)),
        (50, Next::Wait(Half::Own, Duration::from_secs(2))),
    ] {
        assert_eq!(next(&operation, &run, &stop(), at(now)), expected, "{now}");
    }
}

#[test]
fn by_policy_it_is_sent_once_more_in_all_runs_together_and_looked_for_again() {
    for half in BOTH {
        for fresh in [true, false] {
            let first = [sending(half, 100), unanswered(half, 101)];
            let doubted = with(half, &first);
            let mut run = Run::new(fresh);
            run.looked(half, at(500));
            let decided = next(&doubted, &run, &resend(), at(500));
            assert_eq!(decided, Next::Create(half));

            run.creating(half);
            let second = [sending(half, 500), unanswered(half, 501)];
            let twice = with(half, &[first.clone(), second].concat());
            let decided = next(&twice, &run, &resend(), at(500));
            assert_eq!(decided, Next::Look(half), "what was seen before is old");
            run.looked(half, at(900));
            let mut later = Run::new(false);
            later.looked(half, at(900));
            for run in [run, later] {
                let decide = |recovery| next(&twice, &run, &recovery, at(900));
                assert_eq!(decide(resend()), Next::NotFound(half));
                assert_eq!(decide(resend().most_resends(2)), Next::Create(half));
                assert_eq!(decide(stop().most_resends(2)), Next::NotFound(half));
            }
        }
    }
}

#[test]
fn a_resend_that_did_nothing_does_not_count() {
    let mut run = Run::new(false);
    let half = Half::Own;
    let refused = Record::NotDone { half, at: at(501) };
    let first = [sending(half, 100), unanswered(half, 101)];
    let records = [first.as_slice(), &[sending(half, 500), refused]].concat();
    run.looked(half, at(900));
    let decided = next(&operation(&records), &run, &resend(), at(900));
    assert_eq!(decided, Next::Create(half));
}

#[test]
fn beside_what_was_found_there_may_be_more() {
    let own = operation(&before(Half::Connected));
    let mut run = Run::new(true);
    run.found();
    let decided = next(&own, &run, &stop(), at(10));
    assert_eq!(decided, Next::Look(Half::Connected));
}

#[test]
fn what_the_service_said_it_did_is_never_sent_again() {
    for half in BOTH {
        let done = Record::Unanswered {
            half,
            at: at(101),
            carried_out: true,
            referral: None,
        };
        let operation = with(half, &[sending(half, 100), done]);
        let mut run = Run::new(false);
        run.looked(half, at(500));
        let decided = next(&operation, &run, &resend(), at(500));
        assert_eq!(decided, Next::NotFound(half));
    }
}

#[test]
fn the_half_that_was_sent_twice_is_looked_for_once_more_when_it_is_there() {
    for half in BOTH {
        let records = [sending(half, 1), sending(half, 2), created(half, "a")];
        let operation = with(half, &records);
        let mut run = Run::new(true);
        assert_eq!(next(&operation, &run, &stop(), at(3)), Next::Look(half));
        run.looked(half, at(3));
        let after = match half {
            Half::Own => Next::Create(Half::Connected),
            Half::Connected => Next::Finished,
        };
        assert_eq!(next(&operation, &run, &stop(), at(3)), after);
    }
}

#[test]
fn lists_have_settled_once_the_last_look_is_due() {
    for half in BOTH {
        let run = Run::new(false);
        let resent = [sending(half, 10), sending(half, 100), unanswered(half, 160)];
        let operation = with(half, &resent);
        let after = |second| settled(&operation, half, &run, &stop(), at(second));
        assert_eq!([100, 181, 182, 500].map(after), [false, false, true, true]);
        let never = with(half, &[]);
        assert!(!settled(&never, half, &run, &stop(), at(500)), "never sent");
    }
}

#[test]
fn the_end_is_both_or_the_callers_word() {
    let both = operation(&[created(Half::Own, "a"), created(Half::Connected, "a")]);
    assert_eq!(
        next(&both, &Run::new(false), &stop(), at(1)),
        Next::Finished
    );
    for records in [vec![], vec![created(Half::Own, "a")]] {
        let given_up = [records, vec![Record::Abandoned { at: at(1) }]].concat();
        let decided = next(&operation(&given_up), &Run::new(true), &stop(), at(1));
        assert_eq!(decided, Next::Abandoned);
    }
}
