//! The fifty-two mistakes that other checkers were tried with, each made in our
//! document: found on its line, once, and nothing else beside it.

use std::sync::LazyLock;

use super::mistakes::{GET, LIFECYCLE, LINK, Mistake, PATCH, mistake};
use super::{DOCUMENT, Isolation, Report, codes, document, judge};

/// In the order of the list that they come from.
#[rustfmt::skip] // One mistake a line, to be read as a table.
static FIFTY_TWO: [Mistake; 52] = [
    mistake("op/duplicate-id", GET, "get_referral", "list_referrals", ""),
    mistake("op/path-parameter", GET, "        - $ref: '#/components/parameters/Id'\n", "", "    get:"),
    mistake("ref/dangling", GET, "responses/NotFound", "responses/NotFund", ""),
    mistake("example/violates-schema", PATCH, "            examples:\n", "            examples:\n              wrong:\n                value: [{op: rplace, path: /status, value: x}]\n", "rplace"),
    mistake("example/violates-schema", "    ErrorBody:\n", "      type: object\n", "      type: object\n      example: {}\n", "      example"),
    mistake("example/violates-schema", "    Top:", "format: int32", "format: int32\n        default: ten", "default"),
    mistake("schema/required-unknown", "    NewReferral:", "- consent", "- content", ""),
    mistake("oas/invalid", LINK, "type: string", "type: strng", ""),
    mistake("schema/nullable-alone", LINK, "type: string\n          nullable", "nullable", ""),
    mistake("oas/invalid", LINK, "type: string", "type: [string, 'null']", ""),
    mistake("docs/no-description", LINK, "          description: The address; not always valid, spaces are not encoded.\n", "", "        uri:"),
    mistake("ref/unused", "  schemas:", "    ReferralId:", "    Old: {type: string, description: Old.}\n    ReferralId:", ""),
    mistake("oas/invalid", "    Referral:", "additionalProperties", "additonalProperties", ""),
    mistake("yaml/duplicate-key", LINK, "type: string", "type: string\n          type: integer", "type: integer"),
    mistake("docs/no-description", GET, "          description: The referral.\n", "", "        '200'"),
    mistake("op/responses-one-sided", GET, "        '400':\n          $ref: '#/components/responses/BadRequest'\n        '401':\n          $ref: '#/components/responses/Unauthorized'\n        '403':\n          $ref: '#/components/responses/Forbidden'\n        '404':\n          $ref: '#/components/responses/NotFound'\n        '405':\n          $ref: '#/components/responses/MethodNotAllowed'\n        '406':\n          $ref: '#/components/responses/NotAcceptable'\n        '410':\n          $ref: '#/components/responses/Gone'\n        '416':\n          $ref: '#/components/responses/RangeNotSatisfiable'\n        '429':\n          $ref: '#/components/responses/TooManyRequests'\n        '500':\n          $ref: '#/components/responses/InternalServerError'\n        '501':\n          $ref: '#/components/responses/NotImplemented'\n        '503':\n          $ref: '#/components/responses/ServiceUnavailable'\n        '504':\n          $ref: '#/components/responses/GatewayTimeout'\n", "", "      responses:"),
    mistake("op/security-unknown", "security:", "bearer", "barer", ""),
    mistake("schema/enum-duplicate", "    Substatus:", "        - Won\n", "        - Won\n        - Pending\n", "- Pending\n        - Lost"),
    mistake("op/two-types", "operationId: create_referral", "'201':", "'202': {description: x, content: {application/json: {schema: {type: object}}}}\n        '201':", "'202'"),
    mistake("transitions/unknown-value", LIFECYCLE, "              - Active", "              - Actve", ""),
    mistake("schema/pattern", LINK, "type: string", "type: string\n          pattern: '^[$'", "pattern"),
    mistake("op/no-id", GET, "      operationId: get_referral\n", "", "    get:"),
    mistake("progenitor/parameter-content", "    Prefer:", "      schema:\n        $ref: '#/components/schemas/Preference'\n", "      content:\n        application/json: {schema: {$ref: '#/components/schemas/Preference'}}\n", "content"),
    mistake("schema/min-max", LINK, "type: string", "type: string\n          maxLength: 5\n          minLength: 9", "minL"),
    mistake("schema/all-of", LINK, "type: string", "allOf: [{type: string}, {type: integer}]", ""),
    mistake("schema/enum-names", "    Direction:", "- Outgoing\n      x-enum-descriptions:\n", "- Outgoing\n        - outgoing\n      x-enum-descriptions:\n        outgoing: The same.\n", "- outgoing"),
    mistake("schema/format-unknown", LINK, "type: string", "type: string\n          format: date-tme", "format"),
    mistake("op/same-path", "paths:", "  /v1.0/engagements/referrals/{id}:", "  /v1.0/engagements/referrals/{key}: {}\n  /v1.0/engagements/referrals/{id}:", "  /v1.0/engagements/referrals/{key}"),
    mistake("op/body-unread", GET, "      responses:", "      requestBody: {required: true, description: x, content: {application/json: {schema: {type: object}}}}\n      responses:", "requestBody"),
    mistake("yaml/syntax", "info:", "  title: ", "  title: [", "  version:"),
    mistake("schema/mixed", LINK, "type: string", "oneOf: [{type: string}, {type: object}]", ""),
    mistake("progenitor/media-type", PATCH, "application/json:", "application/json-patch+json:", ""),
    mistake("progenitor/parameter-style", "    Top:", "in: query", "in: cookie", ""),
    mistake("progenitor/parameter-style", "    Top:", "in: query", "in: query\n      style: deepObject", "style"),
    mistake("progenitor/two-bodies", PATCH, "          application/json:", "          text/plain: {schema: {type: string}}\n          application/json:", "          application/json:"),
    mistake("progenitor/media-type", PATCH, "application/json:", "multipart/form-data:", ""),
    mistake("progenitor/media-parameter", GET, "application/json:", "application/json;odata.metadata=minimal:", ""),
    mistake("op/two-types", GET, "'400':", "'402': {description: x, content: {application/json: {schema: {type: object}}}}\n        '400':", "'402'"),
    mistake("op/optional-body", PATCH, "required: true", "required: false", "requestBody"),
    mistake("schema/enum-type", "    PricingModel:", "      enum:", "      enum:\n        - 7", "- 7"),
    mistake("op/path-parameter", "    Id:", "required: true", "required: false", ""),
    mistake("oas/invalid", GET, "'200':", "'2O0':", ""),
    mistake("example/violates-schema", "    Timestamp:\n      type", "      format: date-time\n", "      format: date-time\n      example: yesterday\n", "      example"),
    mistake("oas/invalid", "info:", "  version: 0.1.0\n", "", "info:"),
    mistake("transitions/no-row", LIFECYCLE, "              - Won\n", "", "states:"),
    mistake("schema/read-only-required", "    NewReferral:", "        consent:\n", "        consent:\n          readOnly: true\n", "- consent"),
    mistake("schema/discriminator", "    ServiceError:", "      oneOf:", "      discriminator:\n        propertyName: kind\n      oneOf:", "propertyName"),
    mistake("ref/siblings", GET, "s/Referral'", "s/Referral'\n                nullable: true", "nullable"),
    mistake("oas/invalid", LINK, "type: string", "type: integer\n          exclusiveMinimum: 3", "exclusiveM"),
    mistake("yaml/bare-key", GET, "'200':", "200:", ""),
    mistake("op/default-response", GET, "'500':", "default:", ""),
    mistake("progenitor/no-schema", GET, "              schema:\n                $ref: '#/components/schemas/Referral'\n", "", "application/json"),
];

/// A mistake that was made and judged.
pub struct Judged {
    pub mistake: &'static Mistake,
    pub text: String,
    /// Of the finding.
    pub line: usize,
    pub report: Report,
}

/// All of them, made once for all tests.
pub static JUDGED: LazyLock<Vec<Judged>> = LazyLock::new(|| {
    let document = document();
    let judged = |mistake: &'static Mistake| {
        let (text, line) = mistake.make(&document);
        let report = judge(&text, Isolation::SameProcess);
        Judged {
            mistake,
            text,
            line,
            report,
        }
    };
    FIFTY_TWO.iter().map(judged).collect()
});

#[test]
fn each_of_fifty_two_mistakes_is_found_once_and_on_its_line() {
    let mut wrong = Vec::new();
    for (index, one) in JUDGED.iter().enumerate() {
        let (mistake, line, report) = (one.mistake, one.line, &one.report);
        let alone = match &report.findings[..] {
            [one] => one.code == mistake.code && one.place.line == line && one.file == DOCUMENT,
            _ => false,
        };
        if !alone {
            wrong.push(format!(
                "{:02} {} on line {line}; found:\n  {}",
                index + 1,
                mistake.code,
                codes(report).join("\n  ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
