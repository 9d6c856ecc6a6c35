//! Values whose meaning a schema cannot say: checked ids, eTags that keep
//! their quotes, exact amounts, UTC times, lists that come in two shapes.
//!
//! The generated types use these in place of the document's named schemas.

mod amount;
mod blank;
mod etag;
mod id;
mod listed;
mod patch_value;
mod timestamp;
mod unrecognized;

pub(crate) use blank::blank_as_none;

pub use amount::{Amount, InvalidAmount};
pub use etag::{ETag, InvalidETag};
pub use id::{EngagementId, InvalidId, ReferralId};
pub use listed::Listed;
pub use patch_value::{InvalidPatchValue, PatchValue};
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use unrecognized::Unrecognized;

/// `JsonSchema` of a type that is text on the wire.
#[cfg(feature = "schemars")]
macro_rules! text_schema {
    ($type:ident, $schema:tt) => {
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}
#[cfg(feature = "schemars")]
pub(crate) use text_schema;
