//! The columns of the upload form: one table, from which the reader, the
//! messages and `columns.md` follow.

use super::cells::{self, Read, text};
use super::draft::Draft;

/// Whether a column, and each of its cells, must be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Column and cell.
    Required,
    /// Column and cell, unless the row asks for no help (which is told alone).
    WithHelp,
    /// The cell, where the file has the column: the form of 2021 lacks it.
    WhereThere,
    Optional,
    /// Not read: the service fills it, or it has no meaning for a new deal.
    Ignored,
}

/// A column of the upload form.
pub(super) struct Column {
    /// As the form of 2023 spells it.
    pub(super) heading: &'static str,
    /// Other spellings.
    pub(super) also: &'static [&'static str],
    /// Whether it is there many times, as `.. 1`, `.. 2`.
    pub(super) numbered: bool,
    /// The member of the create request, or the list to which it adds; empty
    /// where there is none. What Microsoft is asked for is a member of the
    /// connected referral.
    pub(super) pointer: &'static str,
    pub(super) need: Need,
    /// The form of the cell, as it completes "must be ..".
    pub(super) cell: &'static str,
    pub(super) read: fn(&mut Draft, &str) -> Read,
}

const fn column(
    heading: &'static str,
    also: &'static [&'static str],
    pointer: &'static str,
    need: Need,
    cell: &'static str,
    read: fn(&mut Draft, &str) -> Read,
) -> Column {
    Column {
        heading,
        also,
        numbered: false,
        pointer,
        need,
        cell,
        read,
    }
}

const fn ignored(heading: &'static str, also: &'static [&'static str]) -> Column {
    column(
        heading,
        also,
        "",
        Need::Ignored,
        "anything; not read",
        cells::nothing,
    )
}

const fn numbered(column: Column) -> Column {
    Column {
        numbered: true,
        ..column
    }
}

const TEXT: &str = "a text";
const YES_NO: &str = "Yes or No";

use Need::{Optional, Required, WhereThere, WithHelp};

/// The headings are those of the upload page of 2023-08-24; `also` has those of
/// 2021, other spellings of the same page, and what its templates were seen to
/// write (a public checker of such files, without a date).
#[rustfmt::skip]
pub(super) static COLUMNS: &[Column] = &[
    ignored("Errors", &[]),
    column("Engagement ID", &[], "/engagementId", Optional, "empty", cells::existing),
    column("Referral ID", &[], "/id", Optional, "empty", cells::existing),
    column("Deal Name", &[], "/name", Required, TEXT, |d, t| text(&mut d.own.name, t)),
    column("Customer Name", &[], "/customerProfile/name", Required, TEXT,
        |d, t| cells::required(&mut d.own.customer_profile.name, t)),
    column("Customer Address Line 1", &[], "/customerProfile/address/addressLine1", Required, TEXT,
        |d, t| cells::required(&mut d.own.customer_profile.address.address_line1, t)),
    column("Customer Address Line 2", &[], "/customerProfile/address/addressLine2", Optional, TEXT,
        |d, t| text(&mut d.own.customer_profile.address.address_line2, t)),
    column("Customer City", &[], "/customerProfile/address/city", Required, TEXT,
        |d, t| cells::required(&mut d.own.customer_profile.address.city, t)),
    column("Customer State", &[], "/customerProfile/address/state", Optional, TEXT,
        |d, t| text(&mut d.own.customer_profile.address.state, t)),
    column("Customer Postal code", &[], "/customerProfile/address/postalCode", Optional, TEXT,
        |d, t| text(&mut d.own.customer_profile.address.postal_code, t)),
    column("Customer Country", &["Customer Country/Region"], "/customerProfile/address/country", Required,
        "two letters (ISO 3166-1 alpha-2), in either case", cells::country),
    column("Customer D-U-N-S ID", &[], "/customerProfile/ids/0", Optional, "the D-U-N-S number", cells::duns),
    column("Customer Contact First Name", &[], "/customerProfile/team/0/firstName", WithHelp, TEXT,
        |d, t| cells::required(&mut d.contact().first_name, t)),
    column("Customer Contact Last Name", &[], "/customerProfile/team/0/lastName", WithHelp, TEXT,
        |d, t| cells::required(&mut d.contact().last_name, t)),
    column("Customer Contact Phone number", &[], "/customerProfile/team/0/phoneNumber", WithHelp, TEXT,
        |d, t| cells::required(&mut d.contact().phone_number, t)),
    column("Customer Contact Email Address", &["Customer Contact Email"], "/customerProfile/team/0/email", WithHelp, TEXT,
        |d, t| cells::required(&mut d.contact().email, t)),
    column("Partner Referral Status", &[], "/status", Required, "New or Active", cells::status),
    column("Partner Referral Substatus", &[], "/substatus", Required,
        "a substatus: Pending or Received with New, Accepted with Active", cells::substatus),
    ignored("Microsoft Referral Status", &["Microsoft Referral Substatus"]),
    ignored("Declined/Lost/Error reason", &["Declined/Lost reason", "Decline/Lost/Error reason"]),
    column("Sales Stage", &[], "/salesStage", Optional, "a stage such as 40", |d, t| text(&mut d.own.sales_stage, t)),
    column("Estimated Deal Value", &[], "/details/dealValue", Required,
        "a number such as 12563 or 12563.50, without grouping or currency", cells::value),
    column("Currency", &[], "/details/currency", Required,
        "three letters (ISO 4217), in either case", cells::currency),
    column("Estimated Close Date", &[], "/details/closingDateTime", Required,
        "a day such as 1/30/2030 (month first, UTC) or 2030-01-30, or an ISO 8601 time", cells::close_date),
    column("CRM ID", &[], "/externalReferenceId", Required,
        "the deal's id in your own system, by which a run can be continued", 
        |d, t| text(&mut d.own.external_reference_id, t)),
    column("Marketing Campaign ID", &[], "/campaignId", Optional, TEXT, |d, t| text(&mut d.own.campaign_id, t)),
    column("Notes", &[], "/details/notes", Optional, TEXT, |d, t| text(&mut d.own.details.notes, t)),
    column("Microsoft help required?", &[], "", Required, "Yes", cells::asks),
    column("What specific help from Microsoft?", &[], "/inviteContext/assistanceRequestCode", WithHelp,
        "a number from 1 to 6, or the name of the code such as ProofOfConceptOrDemo", cells::help),
    column("Share with Microsoft sales team", &[], "/consent/consentToShareReferralWithMicrosoftSellers", Optional,
        YES_NO, cells::sellers),
    column("Notes to Microsoft", &[], "/inviteContext/notes", Optional, TEXT,
        |d, t| text(&mut d.notes_to_microsoft, t)),
    column("Consent to share Customer/Partner contact", &[], "/consent/consentToToShareInfoWithOthers", Required,
        YES_NO, cells::consent),
    column("CLA Number", &[], "/details/requirements/additionalRequirements/iot/customerLicenseAgreementNumber", Optional,
        TEXT, |d, t| text(&mut d.iot().customer_license_agreement_number, t)),
    column("Device Category", &[], "/details/requirements/additionalRequirements/iot/deviceCategory", Optional,
        TEXT, |d, t| text(&mut d.iot().device_category, t)),
    column("Silicon Type", &[], "/details/requirements/additionalRequirements/iot/siliconType", Optional,
        TEXT, |d, t| text(&mut d.iot().silicon_type, t)),
    column("Azure Certified Device", &[], "", Optional, "anything; its form on the wire is not known", cells::left_out),
    column("Attach Services", &[], "/details/requirements/additionalRequirements/iot/attachServices", Optional,
        YES_NO, cells::attach),
    ignored("Microsoft MSX ID", &[]),
    ignored("Migrated PSC Deal ID", &[]),
    column("PartnerID (formerly MPN ID)", &["PartnerID", "MPN ID"], "/mpnId", Optional, TEXT,
        |d, t| text(&mut d.own.mpn_id, t)),
    column("Marketplace Purchase Intent", &[], "/details/requirements/additionalRequirements/attributes/0", WhereThere,
        "Yes, No or Have not decided", cells::intent),
    column("Customer Domain Name", &[], "", Optional, "anything; no member is known for it", cells::left_out),
    ignored("Final Matched Customer Account", &["Final Account Match", "Final Account Matched"]),
    ignored("Matched Category", &[]),
    ignored("Confidence", &[]),
    numbered(ignored("Managed Account", &["Managed Account Match"])),
    numbered(ignored("Unmanaged Account", &["Unmanaged Account Match"])),
    numbered(ignored("DUNS Account", &["Moodys Account Match"])),
    // Not in the form, but a member of the create request.
    column("Customer Size", &[], "/customerProfile/size", Optional, "a size such as 10to50employees", cells::size),
    numbered(column("Solution", &[], "/details/requirements/solutions", Required,
        "an id, then currency, price and quantity where there are any: SOL-1234-PQRS, USD, 10, 100", cells::solution)),
    numbered(column("Team member", &[], "/team", Required,
        "first name, last name, phone number and e-mail address: four parts with commas between them", cells::member)),
    numbered(ignored("Microsoft team member", &[])),
];

impl Need {
    /// Whether the file must have the column.
    pub(super) fn column(self) -> bool {
        matches!(self, Required | WithHelp)
    }

    #[cfg(test)]
    fn text(self) -> &'static str {
        match self {
            Required | WithHelp => "yes",
            WhereThere => "if there",
            Optional => "no",
            Self::Ignored => "not read",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fmt::Write as _;

    use super::*;
    use crate::shared_referral::import::heading::normal;

    fn rendered() -> String {
        let mut text = "| column | required | cell | member |\n|---|---|---|---|\n".to_owned();
        for column in COLUMNS {
            let number = if column.numbered { " 1, 2, .." } else { "" };
            let pointer = match column.pointer {
                "" => String::new(),
                pointer => format!("`{pointer}`"),
            };
            writeln!(
                text,
                "| {}{number} | {} | {} | {pointer} |",
                column.heading,
                column.need.text(),
                column.cell,
            )
            .unwrap();
        }
        text
    }

    #[test]
    fn the_documented_table_is_this_one() {
        // To accept a change, copy what the failure shows.
        assert_eq!(include_str!("columns.md"), rendered());
    }

    #[test]
    fn no_spelling_belongs_to_two_columns() {
        let mut seen = HashSet::new();
        for column in COLUMNS {
            for heading in column.also.iter().chain([&column.heading]) {
                assert!(seen.insert(normal(heading)), "{heading}");
            }
        }
    }
}
