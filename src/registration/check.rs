//! The rules, judged. Every rule reports and the next one goes on, so that all
//! problems come at once.

use chrono::{DateTime, Datelike as _, Months, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::rule::{RegistrationProblem, RegistrationRule as Rule};
use super::{ENDED, as_answered};
use crate::deal_type::DealType;
use crate::generated::client::types::{
    NewRegistration, Referral, Registration, RegistrationContract, RegistrationSolution,
};
use crate::generated::enums::{ContractTerm, Status, Substatus};
use crate::generated::wire::registration_rules as rules;
use crate::generated::wire::{
    consent, marketplace_transaction, new_registration_solution, referral, referral_details,
    registration, registration_contract, registration_solution,
};
use crate::scalar::{Amount, Timestamp};

/// Every rule that a new registration of a referral breaks at the time `now`.
/// `microsofts_half` is Microsoft's referral of the same engagement, where there
/// is one and it can be read.
///
/// ```no_run
/// # fn check(referral: &partner_referrals::types::Referral, new: &partner_referrals::types::NewRegistration) {
/// use partner_referrals::registration::problems;
///
/// for problem in problems(referral, None, new, chrono::Utc::now().into()) {
///     println!("{problem}");
/// }
/// # }
/// ```
pub fn problems(
    referral: &Referral,
    microsofts_half: Option<&Referral>,
    new: &NewRegistration,
    now: Timestamp,
) -> Vec<RegistrationProblem> {
    let mut found = Found(Vec::new());
    of_deal(referral, microsofts_half, &mut found);
    // What can be written can be read again.
    if let Ok(new) = as_answered(new) {
        let times = Times {
            now,
            registered: now,
            created: referral.created_date_time,
            invited: microsofts_half.map(|half| half.created_date_time),
        };
        of_registration(&new, "-", &times, &mut found);
    }
    found.0
}

/// The rules that a change of the first registration breaks and that were kept
/// before it.
pub(crate) fn problems_of_change(
    referral: &Referral,
    before: &Registration,
    after: &Registration,
    now: Timestamp,
) -> Vec<RegistrationProblem> {
    let times = Times {
        now,
        registered: before.registration_date_time.unwrap_or(now),
        created: referral.created_date_time,
        invited: None,
    };
    let judged = |one: &Registration| {
        let mut found = Found(Vec::new());
        of_registration(one, "0", &times, &mut found);
        found.0
    };
    let old = judged(before);
    let mut found = Found(Vec::new());
    let ended = before.has_ended() || before.status.is_none() && has_ended(referral);
    let status = [referral::REGISTRATIONS, "0", registration::STATUS];
    found.report(ended, Rule::NotEnded, &status);
    let mut new = judged(after);
    new.retain(|problem| !old.contains(problem));
    found.0.extend(new);
    found.0
}

/// The half of Microsoft that counts, of those that an engagement has: one that
/// was accepted or won, if there is any.
pub(crate) fn judged(mut halves: Vec<Referral>) -> Option<Referral> {
    let accepted = halves.iter().position(has_accepted).unwrap_or_default();
    (accepted < halves.len()).then(|| halves.swap_remove(accepted))
}

struct Found(Vec<RegistrationProblem>);

impl Found {
    fn report(&mut self, broken: bool, rule: Rule, path: &[&str]) {
        if broken {
            let path = path.iter().map(|name| format!("/{name}")).collect();
            self.0.push(RegistrationProblem::new(rule, path));
        }
    }
}

/// What the times of a registration are compared with.
struct Times {
    now: Timestamp,
    /// When it was, or is, made.
    registered: Timestamp,
    created: Timestamp,
    invited: Option<Timestamp>,
}

fn has_ended(referral: &Referral) -> bool {
    let status = referral.registration_status.as_ref();
    status.is_some_and(|status| ENDED.contains(status))
}

fn has_accepted(half: &Referral) -> bool {
    match half.status {
        Status::Active => half.substatus == Substatus::Accepted,
        Status::Closed => half.substatus == Substatus::Won,
        _ => false,
    }
}

fn of_deal(referral: &Referral, half: Option<&Referral>, found: &mut Found) {
    let won = referral.status == Status::Closed && referral.substatus == Substatus::Won;
    found.report(!won, Rule::Won, &[referral::STATUS]);
    let private = DealType::of(referral) == Some(DealType::Private);
    let share = consent::CONSENT_TO_SHARE_REFERRAL_WITH_MICROSOFT_SELLERS;
    found.report(private, Rule::NotPrivate, &[referral::CONSENT, share]);
    let early = referral.closed_date_time.is_some_and(|closed| {
        let open = closed.utc() - referral.created_date_time.utc();
        open < TimeDelta::hours(rules::HOURS_FROM_CREATION_TO_WON.into())
    });
    found.report(early, Rule::WonInTime, &[referral::CLOSED_DATE_TIME]);
    let small = referral.details.as_ref().is_some_and(|details| {
        let value = details.deal_value.filter(|_| is_dollar(&details.currency));
        value.is_some_and(|value| value < rules::LEAST_DEAL_VALUE.into())
    });
    let value = [referral::DETAILS, referral_details::DEAL_VALUE];
    found.report(small, Rule::DealValue, &value);
    let waiting = half.is_some_and(|half| !has_accepted(half));
    found.report(waiting, Rule::MicrosoftAccepted, &[referral::ENGAGEMENT_ID]);
    let mut made = referral.registrations.iter().flatten();
    let ended = has_ended(referral) || made.any(Registration::has_ended);
    found.report(ended, Rule::NotEnded, &[referral::REGISTRATION_STATUS]);
}

fn of_registration(one: &Registration, place: &str, times: &Times, found: &mut Found) {
    let at = [referral::REGISTRATIONS, place];
    if let Some(contract) = &one.contract {
        of_contract(contract, &at, times, found);
    }
    let solutions = one.solution_details.as_deref().unwrap_or_default();
    let at = [at[0], at[1], registration::SOLUTION_DETAILS];
    found.report(solutions.is_empty(), Rule::Solution, &at);
    for (index, solution) in solutions.iter().enumerate() {
        let at = [at[0], at[1], at[2], &index.to_string()];
        of_solution(solution, one.contract.as_ref(), &at, found);
    }
}

fn of_contract(contract: &RegistrationContract, at: &[&str], times: &Times, found: &mut Found) {
    use registration_contract::{END_DATE_TIME, SIGN_DATE_TIME, START_DATE_TIME, VALUE};

    let mut report = |broken, rule, member| {
        let path = [at, &[registration::CONTRACT, member]].concat();
        found.report(broken, rule, &path);
    };
    // The portal asks for dates: what counts is the day, in UTC.
    let day = |time: Timestamp| time.utc().date_naive();
    let older = |time: Timestamp, days: i32| {
        day(times.registered) - day(time) > TimeDelta::days(days.into())
    };
    if let Some(signed) = contract.sign_date_time {
        let late = older(signed, rules::DAYS_SINCE_SIGNATURE);
        report(late, Rule::SignedLately, SIGN_DATE_TIME);
        let signed = day(signed);
        report(signed > day(times.now), Rule::SignedAlready, SIGN_DATE_TIME);
        let early = signed < day(times.created);
        report(early, Rule::SignedAfterCreation, SIGN_DATE_TIME);
        let early = times.invited.is_some_and(|invited| signed < day(invited));
        report(early, Rule::SignedAfterInvitation, SIGN_DATE_TIME);
    }
    let start = contract.start_date_time;
    let late = start.is_some_and(|start| older(start, rules::DAYS_SINCE_START));
    report(late, Rule::BegunLately, START_DATE_TIME);
    let endless = contract.term == Some(ContractTerm::Perpetual);
    let end = contract.end_date_time.filter(|_| !endless);
    let lacks = !endless && contract.term.is_some() && end.is_none();
    report(lacks, Rule::End, END_DATE_TIME);
    let backwards = matches!((start, end), (Some(start), Some(end)) if end <= start);
    report(backwards, Rule::EndAfterStart, END_DATE_TIME);
    let value = contract.value.filter(|_| is_dollar(&contract.currency));
    let end = match (endless, start) {
        (true, Some(start)) => years_on(start.utc(), rules::YEARS_OF_PERPETUAL),
        _ => end.map(Timestamp::utc),
    };
    if let (Some(value), Some(start), Some(end)) = (value, start, end) {
        let small = !backwards && !is_above_for_each_year(value, start.utc(), end);
        report(small, Rule::YearlyValue, VALUE);
    }
}

fn of_solution(
    solution: &RegistrationSolution,
    contract: Option<&RegistrationContract>,
    at: &[&str],
    found: &mut Found,
) {
    // An answer does not have it, and then it is taken for the contract's; what
    // was sent stays in `extra`.
    let currency = solution.extra.get(new_registration_solution::CURRENCY);
    let currency = currency.and_then(serde_json::Value::as_str);
    let most = contract
        .filter(|contract| currency.is_none() || contract.currency.as_deref() == currency)
        .and_then(|contract| contract.value);
    let above = matches!((solution.value, most), (Some(value), Some(most)) if value > most);
    let path = [at, &[registration_solution::VALUE]].concat();
    found.report(above, Rule::SolutionWithinContract, &path);
    let sale = solution.marketplace_transaction_details.as_ref();
    let timeless = sale.is_some_and(|sale| {
        let sold = sale.is_marketplace_transacted == Some(true);
        sold && sale.marketplace_transaction_date_time.is_none()
    });
    let path = [
        registration_solution::MARKETPLACE_TRANSACTION_DETAILS,
        marketplace_transaction::MARKETPLACE_TRANSACTION_DATE_TIME,
    ];
    found.report(timeless, Rule::TransactionTime, &[at, &path].concat());
}

fn is_dollar(currency: &Option<String>) -> bool {
    let code = currency.as_deref().unwrap_or_default();
    code.eq_ignore_ascii_case(rules::CURRENCY)
}

/// Whether the value is more than the least one times the years, whole ones by
/// the calendar and the rest by the part that it is of the next one.
fn is_above_for_each_year(value: Amount, start: DateTime<Utc>, end: DateTime<Utc>) -> bool {
    let guess = end.year().saturating_sub(start.year()).max(0);
    let begun = |years: i32| years_on(start, years);
    let whole = match begun(guess) {
        Some(last) if last <= end => guess,
        _ => guess.saturating_sub(1).max(0),
    };
    // A time that no calendar has is not judged.
    let (Some(last), Some(next)) = (begun(whole), begun(whole.saturating_add(1))) else {
        return true;
    };
    let seconds = |from: DateTime<Utc>, to: DateTime<Utc>| (to - from).num_seconds();
    let (rest, year) = (seconds(last, end), seconds(last, next));
    let years = i64::from(whole)
        .saturating_mul(year)
        .saturating_add(rest)
        .max(0);
    let least = Decimal::from(years).checked_mul(rules::YEARLY_VALUE_ABOVE.into());
    // What is too large to be reckoned with is large enough.
    let worth = value.decimal().checked_mul(year.into());
    match (worth, least) {
        (Some(worth), Some(least)) => worth > least,
        _ => value.decimal().is_sign_positive(),
    }
}

fn years_on(time: DateTime<Utc>, years: i32) -> Option<DateTime<Utc>> {
    let months = u32::try_from(years).ok()?.checked_mul(12)?;
    time.checked_add_months(Months::new(months))
}
