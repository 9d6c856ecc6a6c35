//! The rules of deal registrations, each with its source.

use std::fmt;

/// A rule of the portal for deal registrations. Whether the API holds to it is
/// not documented. The figures stand in the document (`x-rules` of
/// `NewRegistration`).
///
/// Sums are compared in US dollars only; how the portal compares others is not
/// known. Where a referral does not say what a rule asks for, the rule is not
/// judged. Of signature and begin of a contract the day counts, in UTC: the
/// portal asks for dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegistrationRule {
    /// The referral is `Closed`/`Won` (portal 2023; the connector of 2022 patches
    /// registrations of those).
    Won,
    /// The deal is partner-led or co-sell, not private (portal 2023).
    NotPrivate,
    /// At least 72 hours passed from the creation of the referral until it was
    /// won (portal 2021 and 2023).
    WonInTime,
    /// The deal is worth 25,000 US dollars or more (portal 2023).
    DealValue,
    /// Of a co-sell deal, Microsoft accepted or won its half (portal 2023).
    /// Judged where the half can be listed.
    MicrosoftAccepted,
    /// There is no registration that was approved, passed, failed or closed: no
    /// action is taken after that (portal 2023).
    NotEnded,
    /// The contract was signed at most 60 days ago. Of a change: at most 60 days
    /// before the deal was registered (portal 2023).
    SignedLately,
    /// The contract is not signed in the future (portal 2023).
    SignedAlready,
    /// The contract was not signed before the referral was created (portal 2023).
    SignedAfterCreation,
    /// The contract was not signed before Microsoft was invited (portal 2023);
    /// judged by the creation of Microsoft's half, where it can be listed.
    SignedAfterInvitation,
    /// The contract began at most 90 days ago. Of a change: at most 90 days
    /// before the deal was registered (portal 2023).
    BegunLately,
    /// The contract has an end, unless it is perpetual (portal 2023).
    End,
    /// The contract does not end before it begins. No page says so; without it a
    /// yearly value means nothing.
    EndAfterStart,
    /// A year of the contract is worth more than 25,000 US dollars; one without
    /// an end counts for six years (portal 2023). How the portal reckons parts of
    /// a year is not known: here by their days.
    YearlyValue,
    /// There is a solution (portal 2023: an Azure IP co-sell eligible one).
    Solution,
    /// A solution is not worth more than the contract (portal 2023). Judged in
    /// one currency; a solution that was read, which has none, is taken to be in
    /// that of the contract.
    SolutionWithinContract,
    /// A sale through the Marketplace has its time (portal 2023).
    TransactionTime,
}

impl RegistrationRule {
    /// Where the rule is from.
    pub fn source(self) -> &'static str {
        match self {
            Self::Won => "portal 2023, connector 2022",
            Self::WonInTime => "portal 2021 and 2023",
            Self::EndAfterStart => "this library's",
            _ => "portal 2023",
        }
    }

    fn broken(self) -> &'static str {
        match self {
            Self::Won => "the referral must be Closed/Won",
            Self::NotPrivate => "must be true: a private deal cannot be registered",
            Self::WonInTime => "must be 72 hours or more after the creation of the referral",
            Self::DealValue => "must be 25,000 US dollars or more",
            Self::MicrosoftAccepted => "Microsoft must have accepted or won its half of the deal",
            Self::NotEnded => "no action is taken on a registration that has ended",
            Self::SignedLately => "must be at most 60 days ago",
            Self::SignedAlready => "must not be in the future",
            Self::SignedAfterCreation => "must not be before the creation of the referral",
            Self::SignedAfterInvitation => "must not be before Microsoft was invited",
            Self::BegunLately => "must be at most 90 days ago",
            Self::End => "must be given, unless the term is Perpetual",
            Self::EndAfterStart => "must be after the start",
            Self::YearlyValue => "must be more than 25,000 US dollars for each year",
            Self::Solution => "must name a solution",
            Self::SolutionWithinContract => "must not be more than the value of the contract",
            Self::TransactionTime => "must be given for what was sold through the Marketplace",
        }
    }
}

/// A rule that is broken, and by what. `Display` says it with the rule's source,
/// and no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationProblem {
    rule: RegistrationRule,
    path: String,
}

impl RegistrationProblem {
    pub(super) fn new(rule: RegistrationRule, path: String) -> Self {
        Self { rule, path }
    }

    /// The rule.
    pub fn rule(&self) -> RegistrationRule {
        self.rule
    }

    /// The member that breaks it, as a JSON pointer into the referral;
    /// `/registrations/-` is the registration to be made.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for RegistrationProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, rule) = (&self.path, self.rule);
        write!(f, "{path} {} ({})", rule.broken(), rule.source())
    }
}
