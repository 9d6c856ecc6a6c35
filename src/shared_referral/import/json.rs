//! A JSON line and the plan it stands for.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::deal::{self, Deal};
use super::heading::within;
use super::json_error::{Misfit, misfit};
use super::problem::{Cause, Problem};
use crate::generated::client::types::NewReferral;
use crate::generated::enums::AssistanceRequestCode;
use crate::generated::wire::referral as member;
use crate::shared_referral::SharedReferralPlan;

/// The members of a line.
const REFERRAL: &str = "referral";
const HELP: &str = "help";
const NOTES: &str = "notesToMicrosoft";
const KEY: &str = "key";

/// Where the plan has what `help` and `notesToMicrosoft` say.
const HELP_OF_PLAN: &str = "/inviteContext/assistanceRequestCode";
const NOTES_OF_PLAN: &str = "/inviteContext/notes";

/// Reads one line; `None` where it is no JSON object at all, and so has one
/// problem and no plan.
pub(super) fn read(line: u64, text: &[u8]) -> Result<Deal, Problem> {
    let broken = |message: &str, column| Problem::new(line, Cause::Row, message).at(column, "");
    let text = std::str::from_utf8(text)
        .map_err(|error| broken("not UTF-8", Some(error.valid_up_to() + 1)))?;
    let members: Members<'_> = serde_json::from_str(text).map_err(|error| {
        let column = error.is_syntax().then(|| error.column());
        broken(
            "not one JSON object on one line, with the members referral and help",
            column,
        )
    })?;
    Ok(Reading::new(line).members(&members))
}

struct Reading {
    line: u64,
    problems: Vec<Problem>,
    /// Members that were told, so that the plan has nothing to add.
    silent: Vec<&'static str>,
}

impl Reading {
    fn new(line: u64) -> Self {
        Self {
            line,
            problems: Vec::new(),
            silent: Vec::new(),
        }
    }

    fn report(&mut self, pointer: &str, cause: Cause, message: impl Into<String>) {
        self.problems
            .push(Problem::new(self.line, cause, message).at(None, pointer));
    }

    /// The member's value; a problem where it does not fit or is there twice.
    fn take<T: serde::de::DeserializeOwned>(
        &mut self,
        members: &Members<'_>,
        name: &'static str,
    ) -> Option<T> {
        let mut found = members.0.iter().filter(|(member, _)| member == name);
        let (_, value) = found.next()?;
        if found.next().is_some() {
            self.report(
                &format!("/{name}"),
                Cause::Cell,
                "is there twice: leave one out",
            );
        }
        match serde_json::from_str(value.get()) {
            Ok(value) => Some(value),
            Err(error) => {
                let Misfit { pointer, message } = misfit(value.get(), &error);
                self.report(&format!("/{name}{pointer}"), Cause::Cell, message);
                self.silent.push(name);
                None
            }
        }
    }

    fn members(mut self, members: &Members<'_>) -> Deal {
        for (name, _) in &members.0 {
            if ![REFERRAL, HELP, NOTES, KEY].contains(&name.as_str()) {
                let message = "unknown: the members are referral, help, notesToMicrosoft and key";
                self.report(&format!("/{name}"), Cause::Cell, message);
            }
        }
        for name in [REFERRAL, HELP] {
            if !members.0.iter().any(|(member, _)| member == name) {
                self.report(&format!("/{name}"), Cause::Cell, "is missing");
                self.silent.push(name);
            }
        }
        let referral: Option<NewReferral> = self.take(members, REFERRAL);
        let help: Option<AssistanceRequestCode> = self.take(members, HELP);
        let notes: Option<Option<String>> = self.take(members, NOTES);
        let key: Option<Option<String>> = self.take(members, KEY);
        let key = key.flatten();

        // Where the referral cannot be read, its rules have nothing to judge.
        let readable = referral.is_some();
        let mut own = referral.unwrap_or_else(|| super::draft::Draft::new(false).own);
        self.existing(&own);
        let key = self.key(key, own.external_reference_id.take(), readable);
        own.external_reference_id.clone_from(&key);

        let plan = SharedReferralPlan::new(own, help.unwrap_or(AssistanceRequestCode::Unknown));
        let plan = match notes.flatten() {
            Some(notes) => plan.notes_to_microsoft(notes),
            None => plan,
        };
        self.plan(&plan, readable);
        Deal {
            plan,
            key,
            problems: self.problems,
            notes: Vec::new(),
        }
    }

    /// A body that was read from the service has an id, which a create would
    /// not refuse for sure.
    fn existing(&mut self, own: &NewReferral) {
        if own.extra.contains_key(member::ID) {
            let pointer = format!("/{REFERRAL}/{}", member::ID);
            self.report(
                &pointer,
                Cause::Cell,
                "must be left out: this import only creates; update the deal that is there with \
                 ReferralsClient::patch",
            );
        }
    }

    fn key(
        &mut self,
        key: Option<String>,
        reference: Option<String>,
        readable: bool,
    ) -> Option<String> {
        let filled = |text: &String| !text.trim().is_empty();
        let (key, reference) = (key.filter(filled), reference.filter(filled));
        let pointer = format!("/{KEY}");
        match (key, reference) {
            (Some(key), Some(reference)) if key.trim() != reference.trim() => {
                let message = format!(
                    "is not the {} of the referral: leave one out",
                    member::EXTERNAL_REFERENCE_ID
                );
                self.report(&pointer, Cause::Key, message);
                Some(key.trim().to_owned())
            }
            (Some(key), _) | (None, Some(key)) => Some(key.trim().to_owned()),
            (None, None) => {
                if readable && !self.silent.contains(&KEY) {
                    let message = format!(
                        "needed here or as {} of the referral: \
                         the deal's id in your own system, by which a run can be continued",
                        member::EXTERNAL_REFERENCE_ID
                    );
                    self.report(&pointer, Cause::Cell, message);
                }
                None
            }
        }
    }

    fn plan(&mut self, plan: &SharedReferralPlan, readable: bool) {
        for problem in plan.problems() {
            let (name, rest) = if within(problem.path(), HELP_OF_PLAN) {
                (HELP, "")
            } else if within(problem.path(), NOTES_OF_PLAN) {
                (NOTES, "")
            } else {
                (REFERRAL, problem.path())
            };
            if self.silent.contains(&name) || (name == REFERRAL && !readable) {
                continue;
            }
            let cause = Cause::Plan(problem.rule());
            self.report(&format!("/{name}{rest}"), cause, deal::message(&problem));
        }
    }
}

/// The members of an object in their order, each kept if it is there twice.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
