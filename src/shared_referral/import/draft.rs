//! A deal while its row is read.

use crate::generated::client::types::{
    NewAdditionalRequirements, NewAddress, NewConsent, NewCustomerProfile, NewIotRequirements,
    NewMember, NewReferral, NewReferralDetails, NewReferralRequirements, NewSolution, NewTarget,
};
use crate::generated::enums::{
    AssistanceRequestCode, Qualification, ReferralType, Status, Substatus, TargetType,
};
use crate::shared_referral::SharedReferralPlan;

/// What the cells of a row have given so far. A cell that could not be read
/// leaves its member out.
pub(super) struct Draft {
    pub(super) own: NewReferral,
    /// The answer to whether help is required, once it was read.
    pub(super) asks: Option<bool>,
    pub(super) help: Option<AssistanceRequestCode>,
    pub(super) notes_to_microsoft: Option<String>,
    pub(super) solutions: Vec<NewSolution>,
    pub(super) team: Vec<NewMember>,
    contact: Option<NewMember>,
    /// Whether the file is of a place that writes decimals with a comma, so
    /// that a point may mean thousands.
    pub(super) decimal_comma: bool,
    /// What the parser of the last cell wants to be told once.
    pub(super) note: Option<&'static str>,
}

impl Draft {
    pub(super) fn new(decimal_comma: bool) -> Self {
        let address = NewAddress::new("", "", "");
        let customer = NewCustomerProfile::new("", address);
        // Without the consent column there is no consent.
        let consent = NewConsent::new(false, false);
        let details = NewReferralDetails::new();
        Self {
            // Partner-created deals are SalesQualified in every published
            // sample (2019, 2024).
            own: NewReferral::new(ReferralType::Shared, customer, consent, details)
                .with_qualification(Qualification::SalesQualified),
            asks: None,
            help: None,
            notes_to_microsoft: None,
            solutions: Vec::new(),
            team: Vec::new(),
            contact: None,
            decimal_comma,
            note: None,
        }
    }

    /// The customer's contact, of whom each part has a column of its own.
    pub(super) fn contact(&mut self) -> &mut NewMember {
        self.contact
            .get_or_insert_with(|| NewMember::new("", "", "", ""))
    }

    pub(super) fn additional(&mut self) -> &mut NewAdditionalRequirements {
        self.own
            .details
            .requirements
            .get_or_insert_with(NewReferralRequirements::new)
            .additional_requirements
            .get_or_insert_with(NewAdditionalRequirements::new)
    }

    pub(super) fn iot(&mut self) -> &mut NewIotRequirements {
        self.additional()
            .iot
            .get_or_insert_with(NewIotRequirements::new)
    }

    /// Whether the row has the pair that the upload page names for a new deal
    /// (New with Accepted; 2021 and 2023). The table of the API knows Accepted
    /// with Active only, which is also the page's own example.
    pub(super) fn mend_status(&mut self) -> bool {
        let mend =
            self.own.status == Some(Status::New) && self.own.substatus == Some(Substatus::Accepted);
        if mend {
            self.own.status = Some(Status::Active);
        }
        mend
    }

    /// The plan of the row.
    pub(super) fn plan(mut self) -> SharedReferralPlan {
        if let Some(first) = self.solutions.first() {
            // The create of a shared deal aims at its solution (docs 2019 to
            // 2023).
            let target = NewTarget::new(TargetType::SolutionProfile, first.id.clone());
            self.own.target = Some(vec![target]);
            self.own
                .details
                .requirements
                .get_or_insert_with(NewReferralRequirements::new)
                .solutions = Some(self.solutions);
        }
        self.own.customer_profile.team = self.contact.map(|contact| vec![contact]);
        if !self.team.is_empty() {
            self.own.team = Some(self.team);
        }
        let help = self.help.unwrap_or(AssistanceRequestCode::Unknown);
        let plan = SharedReferralPlan::new(self.own, help);
        match self.notes_to_microsoft {
            Some(notes) => plan.notes_to_microsoft(notes),
            None => plan,
        }
    }
}
