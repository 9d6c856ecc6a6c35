//! The types of the wire: generated from the document, and promised.
//!
//! Every object keeps the members that this version does not know in `extra`,
//! every enum keeps the values that it does not know in `UnknownValue`. All are
//! `#[non_exhaustive]`: a request type is made with `new`, which takes what the
//! service requires, and completed with `with_..`.
//!
//! ```
//! use partner_referrals::types::*;
//!
//! let address = NewAddress::new("One Microsoft Way", "Redmond", "US");
//! let customer = NewCustomerProfile::new("Contoso", address);
//! let (consent, details) = (NewConsent::new(true, true), NewReferralDetails::new());
//! let deal = NewReferral::new(ReferralType::Independent, customer, consent, details);
//! assert_eq!(deal.with_name("Supply chain").name.as_deref(), Some("Supply chain"));
//! ```
//!
//! Without one of the four it does not compile:
//!
//! ```compile_fail,E0061
//! use partner_referrals::types::*;
//!
//! let (consent, details) = (NewConsent::new(true, true), NewReferralDetails::new());
//! let deal = NewReferral::new(ReferralType::Independent, consent, details);
//! ```

pub use crate::generated::types::*;
