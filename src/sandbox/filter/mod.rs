//! `$filter`: the forms that the documentation shows, and OData's comparisons.
//!
//! Shown for this service (D19, D20): `eq` with quoted literals, `and`,
//! parentheses, paths with `/`, `team/any(t:t/email eq '..')`; a bare guid occurs
//! in the service's own links (payloads 2022). `ne gt ge lt le or not` are plain
//! OData 4.0: nothing says that the service takes them, which is why they can be
//! switched off.

mod eval;
mod lexer;
mod parser;

use serde_json::Value;

use super::answer::Refusal;

/// A filter that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter(parser::Expression);

impl Filter {
    /// Reads a filter; `documented_only` refuses what no page shows.
    pub(super) fn parse(text: &str, documented_only: bool) -> Result<Self, Refusal> {
        let refuse = |message: String| Refusal::invalid("$filter", message);
        let tokens = lexer::tokens(text).map_err(refuse)?;
        let expression = parser::parse(&tokens).map_err(refuse)?;
        if documented_only {
            parser::check_documented(&expression).map_err(refuse)?;
        }
        Ok(Self(expression))
    }

    /// Whether a referral passes.
    pub(super) fn passes(&self, referral: &Value) -> bool {
        eval::holds(&self.0, referral, &mut Vec::new())
    }

    /// The top-level members that the filter looks at.
    pub(super) fn members(&self) -> Vec<&str> {
        parser::members(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn referral() -> Value {
        json!({
            "id": "65edc0b5-3485-41b7-a17e-dfa9ef4706e2",
            "engagementId": "65EDC0B5-3485-41b7-a17e-dfa9ef4706e2",
            "name": "O'Brien's deal",
            "status": "New",
            "type": "Shared",
            "direction": "Incoming",
            "favorite": true,
            "externalReferenceId": null,
            "updatedDateTime": "2024-03-01T10:00:00.0000000Z",
            "customerProfile": { "address": { "country": "US" } },
            "details": { "dealValue": 1000.5 },
            "team": [{ "email": "r2d2@contoso.com" }, { "email": "c3po@contoso.com" }],
        })
    }

    fn passes(filter: &str) -> bool {
        Filter::parse(filter, false)
            .unwrap_or_else(|refusal| panic!("{filter}: {refusal:?}"))
            .passes(&referral())
    }

    #[test]
    fn the_documented_forms_are_understood() {
        for filter in [
            "engagementId eq '65edc0b5-3485-41b7-a17e-dfa9ef4706e2'",
            "engagementId eq 65edc0b5-3485-41b7-a17e-dfa9ef4706e2",
            "status eq 'New' and type eq 'Shared'",
            "customerProfile/address/country eq 'US' and direction eq 'Incoming'",
            "(type eq 'Shared' and direction eq 'Incoming')",
            "status eq 'New' and (direction eq 'Incoming' and type eq 'Shared') and \
             team/any(t:t/email eq 'c3po@contoso.com')",
            "team/any(t: t/email eq 'r2d2@contoso.com')",
            "  ( ( status eq 'New' ) )  ",
        ] {
            assert!(passes(filter), "{filter}");
            Filter::parse(filter, true).unwrap();
        }
    }

    #[test]
    fn what_does_not_match_does_not_pass() {
        for filter in [
            "status eq 'new'",
            "status eq 'New' and type eq 'Independent'",
            "team/any(t:t/email eq 'sue@contoso.com')",
            "customerProfile/address/region eq 'US'",
            "favorite eq false",
            "favorite eq 'true'",
            "not (status eq 'New')",
        ] {
            assert!(!passes(filter), "{filter}");
        }
    }

    #[test]
    fn the_comparisons_of_odata_are_understood_and_can_be_refused() {
        for filter in [
            "updatedDateTime ge 2024-03-01T10:00:00Z",
            "updatedDateTime gt '2024-03-01T09:59:59.9999999Z'",
            "updatedDateTime lt 2024-03-01T11:00:00.5+00:00",
            "updatedDateTime le 2024-03-02T00:00:00Z and status ne 'Closed'",
            "status eq 'Closed' or status eq 'New'",
            "status eq 'Closed' and status eq 'Closed' or status eq 'New'",
            "details/dealValue gt 1000 and details/dealValue lt 1e4",
            "favorite eq true",
            "externalReferenceId eq null",
            "not (status eq 'Closed')",
            "not not (status eq 'New')",
            "name eq 'O''Brien''s deal'",
        ] {
            assert!(passes(filter), "{filter}");
            let refusal = Filter::parse(filter, true).unwrap_err();
            assert_eq!(refusal.status, 400, "{filter}");
        }
    }

    #[test]
    fn a_malformed_filter_is_refused() {
        for filter in [
            "",
            "status",
            "status eq",
            "status eq New",
            "status eq 'New",
            "status == 'New'",
            "status eq 'New' and",
            "status eq 'New' type eq 'Shared'",
            "(status eq 'New'",
            "status eq 'New')",
            "eq 'New'",
            "/status eq 'New'",
            "customerProfile//city eq 'x'",
            "team/any(t/email eq 'x')",
            "team/any(t:u/email eq 'x')",
            "team/any(t:t/email eq 'x'",
            "team/all(t:t/email eq 'x')",
            "contains(name,'x')",
            "status in ('New')",
            "updatedDateTime ge 2024-03-01",
            "details/dealValue gt 1.2.3",
            "engagementId eq 65edc0b5-3485",
        ] {
            let refusal = Filter::parse(filter, false).expect_err(filter);
            assert_eq!(refusal.status, 400, "{filter}");
        }
    }

    #[test]
    fn a_filter_as_deep_as_the_sea_is_refused() {
        let deep = format!(
            "{}status eq 'New'{}",
            "(".repeat(100_000),
            ")".repeat(100_000)
        );
        assert!(Filter::parse(&deep, false).is_err());
        assert!(Filter::parse(&"not ".repeat(100_000), false).is_err());
    }

    #[test]
    fn the_members_of_a_filter_are_named_and_its_variables_are_not() {
        let filter = "team/any(t:t/email eq 'x' and status eq 'New') and name eq 'y'";
        let mut members = Filter::parse(filter, false)
            .unwrap()
            .members()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>();
        members.sort();
        assert_eq!(members, ["name", "status", "team"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            if let Ok(filter) = Filter::parse(&text, false) {
                filter.passes(&referral());
            }
        }

        #[test]
        fn no_pile_of_tokens_makes_it_panic(
            tokens in proptest::collection::vec(
                proptest::sample::select(vec![
                    "status", "team", "/", "any", "(", ")", "t", ":", "eq", "ge", "and", "or",
                    "not", "'New'", "''", "null", "true", "-1", "2024-03-01T10:00:00Z", "5e1",
                ]),
                0..25,
            ),
            glue in proptest::sample::select(vec!["", " "]),
        ) {
            if let Ok(filter) = Filter::parse(&tokens.join(glue), false) {
                filter.passes(&referral());
            }
        }

        #[test]
        fn any_quoted_text_is_found_again(name in ".{0,40}") {
            let filter = format!("name eq '{}'", name.replace('\'', "''"));
            let filter = Filter::parse(&filter, false).unwrap();
            assert!(filter.passes(&json!({ "name": name })));
        }
    }
}
