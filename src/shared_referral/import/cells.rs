//! What one cell means. The form that each must have is said in the table of
//! columns, for the documentation and the message alike.

use chrono::NaiveDate;
use chrono::NaiveTime;
use rust_decimal::Decimal;

use super::draft::Draft;
use super::heading::normal;
use crate::generated::client::types::{
    NewCustomerProfileId, NewMember, NewRequirementAttribute, NewSolution,
};
use crate::generated::enums::{
    AssistanceRequestCode, CustomerProfileIdType, CustomerSize, SolutionType, Status, Substatus,
};
use crate::scalar::{Amount, Timestamp};

/// Why a cell has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It does not have the form that its column asks for.
    Form,
    /// It has, but such a row cannot be imported.
    Told(&'static str),
}

pub(super) type Read = Result<(), Wrong>;

pub(super) fn text(member: &mut Option<String>, cell: &str) -> Read {
    *member = Some(cell.to_owned());
    Ok(())
}

pub(super) fn required(member: &mut String, cell: &str) -> Read {
    cell.clone_into(member);
    Ok(())
}

fn put<T>(member: &mut Option<T>, value: Option<T>) -> Read {
    *member = Some(value.ok_or(Wrong::Form)?);
    Ok(())
}

pub(super) fn nothing(_: &mut Draft, _: &str) -> Read {
    Ok(())
}

pub(super) fn existing(_: &mut Draft, _: &str) -> Read {
    Err(Wrong::Told(
        "must be empty: this import only creates; update the deal that is there with ReferralsClient::patch",
    ))
}

pub(super) fn yes_or_no(cell: &str) -> Option<bool> {
    match normal(cell).as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// A value of the wire, in whatever case and with or without spaces.
fn known<T: Clone>(values: &[T], name: impl Fn(&T) -> &str, cell: &str) -> Option<T> {
    let cell = normal(cell);
    values
        .iter()
        .find(|value| normal(name(value)) == cell)
        .cloned()
}

pub(super) fn asks(draft: &mut Draft, cell: &str) -> Read {
    put(&mut draft.asks, yes_or_no(cell))?;
    match draft.asks {
        Some(false) => Err(Wrong::Told(
            "must be Yes: a deal without help is not shared with Microsoft; \
             create it with ReferralsClient::create",
        )),
        _ => Ok(()),
    }
}

pub(super) fn help(draft: &mut Draft, cell: &str) -> Read {
    // The form numbers them in the order of the document.
    let mut asked = AssistanceRequestCode::KNOWN
        .iter()
        .filter(|code| **code != AssistanceRequestCode::Unknown);
    let value = match cell.parse::<usize>() {
        Ok(number) => number
            .checked_sub(1)
            .and_then(|index| asked.nth(index))
            .cloned(),
        Err(_) => {
            let codes: Vec<_> = asked.cloned().collect();
            known(&codes, AssistanceRequestCode::as_str, cell)
        }
    };
    put(&mut draft.help, value)
}

pub(super) fn status(draft: &mut Draft, cell: &str) -> Read {
    let value = known(Status::KNOWN, Status::as_str, cell).filter(|one| *one != Status::None);
    if value == Some(Status::Closed) {
        return Err(Wrong::Told(
            "must be New or Active: create the deal open, then close it with ReferralsClient::transition",
        ));
    }
    put(&mut draft.own.status, value)
}

pub(super) fn substatus(draft: &mut Draft, cell: &str) -> Read {
    let value = known(Substatus::KNOWN, Substatus::as_str, cell);
    put(&mut draft.own.substatus, value)
}

pub(super) fn size(draft: &mut Draft, cell: &str) -> Read {
    let value = known(CustomerSize::KNOWN, CustomerSize::as_str, cell);
    put(&mut draft.own.customer_profile.size, value)
}

pub(super) fn duns(draft: &mut Draft, cell: &str) -> Read {
    let id = NewCustomerProfileId::new(CustomerProfileIdType::Duns, cell);
    draft.own.customer_profile.ids = Some([id].into_iter().collect());
    Ok(())
}

pub(super) fn consent(draft: &mut Draft, cell: &str) -> Read {
    let given = yes_or_no(cell).ok_or(Wrong::Form)?;
    // One question in the form, two required members: both samples of the
    // service (2019, 2024) answer them alike.
    draft.own.consent.consent_to_to_share_info_with_others = given;
    draft.own.consent.consent_to_contact = given;
    Ok(())
}

pub(super) fn sellers(draft: &mut Draft, cell: &str) -> Read {
    let shared = &mut draft
        .own
        .consent
        .consent_to_share_referral_with_microsoft_sellers;
    put(shared, yes_or_no(cell))
}

/// The one id of the customer's intent that was ever seen on the wire (2024),
/// and its type. No list of either is published.
const NOT_DECIDED: &str = "HaveNotDecided";
const INTENT: &str = "CustomerMarketplaceIntent";

pub(super) fn intent(draft: &mut Draft, cell: &str) -> Read {
    if normal(cell) == normal(NOT_DECIDED) {
        let attribute = NewRequirementAttribute::new(NOT_DECIDED, INTENT);
        draft.additional().attributes = Some(vec![attribute]);
        return Ok(());
    }
    yes_or_no(cell).ok_or(Wrong::Form)?;
    draft.note = Some(
        "Yes and No are left out: how they are written on the wire is not known; \
         set them in Partner Center afterwards",
    );
    Ok(())
}

pub(super) fn attach(draft: &mut Draft, cell: &str) -> Read {
    put(&mut draft.iot().attach_services, yes_or_no(cell))
}

pub(super) fn left_out(draft: &mut Draft, _: &str) -> Read {
    draft.note = Some("left out: no member of the create request is known for it");
    Ok(())
}

/// Digits with at most one point between them. No exponent, no grouping and no
/// rounding: this is money.
fn decimal(cell: &str) -> Option<Amount> {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(fraction) {
        return None;
    }
    Decimal::from_str_exact(cell).ok().map(Amount::from)
}

fn amount(cell: &str, decimal_comma: bool) -> Result<Amount, Wrong> {
    let amount = decimal(cell).ok_or(Wrong::Form)?;
    let thousands = cell.split_once('.').is_some_and(|(_, end)| end.len() == 3);
    if decimal_comma && thousands {
        return Err(Wrong::Told(
            "a point before three digits may mean thousands where cells are not separated by commas; \
             write the number without grouping, with two decimals or none",
        ));
    }
    Ok(amount)
}

pub(super) fn value(draft: &mut Draft, cell: &str) -> Read {
    draft.own.details.deal_value = Some(amount(cell, draft.decimal_comma)?);
    Ok(())
}

pub(super) fn currency(draft: &mut Draft, cell: &str) -> Read {
    draft.own.details.currency = Some(cell.to_ascii_uppercase());
    Ok(())
}

pub(super) fn country(draft: &mut Draft, cell: &str) -> Read {
    draft.own.customer_profile.address.country = cell.to_ascii_uppercase();
    Ok(())
}

pub(super) fn close_date(draft: &mut Draft, cell: &str) -> Read {
    let parts: Vec<&str> = cell.split('/').collect();
    let date = match parts.as_slice() {
        [month, day, year] => day_of(month, day, year),
        _ => cell.parse().ok(),
    };
    put(&mut draft.own.details.closing_date_time, date)
}

fn day_of(month: &str, day: &str, year: &str) -> Option<Timestamp> {
    let number = |part: &str, digits: std::ops::RangeInclusive<usize>| {
        (digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    let year = i32::try_from(number(year, 4..=4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(month, 1..=2)?, number(day, 1..=2)?)?;
    Some(Timestamp::from(date.and_time(NaiveTime::MIN).and_utc()))
}

/// Whether a price of `10,50` would be taken for a price of 10 and 50 pieces.
fn comma_in_number(cell: &str) -> bool {
    cell.as_bytes().windows(3).any(|three| {
        matches!(three, [before, b',', after] if before.is_ascii_digit() && after.is_ascii_digit())
    })
}

/// The parts of a cell that holds several things.
fn parts(cell: &str) -> Vec<&str> {
    cell.split(',').map(str::trim).collect()
}

pub(super) fn solution(draft: &mut Draft, cell: &str) -> Read {
    let parts = parts(cell);
    let part = |index: usize| parts.get(index).copied().filter(|part| !part.is_empty());
    let id = part(0).ok_or(Wrong::Form)?;
    if parts.len() > 4 {
        return Err(Wrong::Form);
    }
    if draft.decimal_comma && comma_in_number(cell) {
        return Err(Wrong::Told(
            "a comma between two digits may be a decimal comma where cells are not separated by commas; \
             write decimals with a point, and a space after each comma",
        ));
    }
    // The upload takes ids of Microsoft's catalogue, which are of this type.
    let mut solution = NewSolution::new(id).with_type(SolutionType::Name);
    if let Some(currency) = part(1) {
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(Wrong::Form);
        }
        solution.currency = Some(currency.to_ascii_uppercase());
    }
    if let Some(price) = part(2) {
        solution.price = Some(amount(price, draft.decimal_comma)?);
    }
    if let Some(quantity) = part(3) {
        solution.quantity = Some(amount(quantity, draft.decimal_comma)?);
    }
    draft.solutions.push(solution);
    Ok(())
}

pub(super) fn member(draft: &mut Draft, cell: &str) -> Read {
    match parts(cell).as_slice() {
        [first, last, phone, email]
            if ![first, last, phone].iter().any(|part| part.is_empty()) && email.contains('@') =>
        {
            draft
                .team
                .push(NewMember::new(*first, *last, *phone, *email));
            Ok(())
        }
        _ => Err(Wrong::Form),
    }
}

#[cfg(test)]
#[path = "cells_tests.rs"]
mod tests;
