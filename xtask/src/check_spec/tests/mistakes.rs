//! The mistakes that the rules are held to.

/// A mistake: the first `from` below `after` becomes `to`. The finding must be
/// on the line of the first `at` below `after`, or the first `to` when it is
/// empty.
pub struct Mistake {
    pub code: &'static str,
    after: &'static str,
    from: &'static str,
    to: &'static str,
    at: &'static str,
}

impl Mistake {
    /// The document with the mistake, and the line of the finding.
    pub fn make(&self, text: &str) -> (String, usize) {
        let find = |text: &str, what: &str, from: usize| {
            let found = text[from..].find(what);
            found.unwrap_or_else(|| panic!("{}: {what:?} is not in the document", self.code)) + from
        };
        let start = find(text, self.after, 0);
        let place = find(text, self.from, start);
        let (before, behind) = (&text[..place], &text[place + self.from.len()..]);
        let wrong = format!("{before}{}{behind}", self.to);
        let line = match self.at {
            "" => place,
            at => find(&wrong, at, start),
        };
        let line = wrong[..line].matches('\n').count() + 1;
        (wrong, line)
    }
}

/// Makes the wrong document of the right one.
type Rewrite = fn(&str) -> String;

/// What takes more than one change of the document: by the code of the rule
/// that it breaks.
pub const REWRITES: [(&str, Rewrite); 6] = [
    ("op/responses-one-sided", |text| {
        let (before, rest) = text.split_at(text.find(GET).unwrap());
        let (get, behind) = rest.split_at(rest.find("    put:").unwrap());
        let refused = get.find("        '400':").unwrap();
        format!("{before}{}{behind}", &get[..refused])
    }),
    ("generate/scalar-missing", |text| {
        text.replace("schemas/ETag'", "schemas/Version'").replace(
            "    ETag:\n      type: string",
            "    Version:\n      type: string",
        )
    }),
    ("generate/no-members", |text| {
        text.replace("schemas/Target'", "schemas/Goal'")
            .replace("    Target:\n", "    Goal:\n")
    }),
    ("generate/no-parameters", |text| {
        text.replace("      in: query\n", "      in: header\n")
    }),
    ("generate/no-rights", |text| {
        let said = [
            "x-ms-mutability:",
            "x-stays: true",
            "x-own-patch-paths: true",
            "- create",
            "- read",
            "- update",
        ];
        without(text, &said)
    }),
    ("steps/nothing-to-do", |text| {
        without(text, &["x-set-by-transport: true"])
    }),
];

/// The text without the lines that are one of these.
fn without(text: &str, lines: &[&str]) -> String {
    let kept = text.split_inclusive('\n');
    kept.filter(|line| !lines.contains(&line.trim())).collect()
}

/// The document with what breaks the rule `code`.
pub fn rewritten(code: &str, text: &str) -> String {
    let rewrite = REWRITES.iter().find(|(of, _)| *of == code);
    rewrite
        .unwrap_or_else(|| panic!("{code} is not in the list"))
        .1(text)
}

pub const fn mistake(
    code: &'static str,
    after: &'static str,
    from: &'static str,
    to: &'static str,
    at: &'static str,
) -> Mistake {
    Mistake {
        code,
        after,
        from,
        to,
        at,
    }
}

pub const GET: &str = "    get:\n      operationId: get_referral";
pub const PATCH: &str = "    patch:\n      operationId: patch_referral";
pub const LIFECYCLE: &str = "x-lifecycle:";
pub const LINK: &str = "    Link:\n";

/// One or more for each rule, but those of `OTHERS`.
#[rustfmt::skip] // One mistake a line, to be read as a table.
pub const MISTAKES: &[Mistake] = &[
    mistake("yaml/syntax", "info:", "  title: ", "  title: [", "  version:"),
    mistake("yaml/duplicate-key", "info:", "  title:", "  version: 1\n  title:", "  version: 0"),
    mistake("yaml/bare-key", GET, "'200':", "200:", ""),
    mistake("yaml/bare-key", LINK, "        method:", "        on: {type: string, description: Odd.}\n        method:", ""),
    mistake("yaml/bare-key", LINK, "        method:", "        Yes: {type: string, description: Odd.}\n        method:", ""),
    mistake("yaml/bare-value", LINK, "type: string", "type: string\n          example: 2026-01-31", "          example:"),
    mistake("yaml/bare-value", LINK, "type: string", "type: string\n          enum: ['GET', On]", "          enum:"),
    mistake("yaml/unseen-character", LINK, "        method:", "        met\u{200b}hod:", ""),
    mistake("yaml/unseen-character", "info:", "  title: ", "  title: \u{1}", ""),
    mistake("yaml/unseen-character", LINK, "        method:", "        'met\u{a0}hod':", ""),
    mistake("oas/version", "openapi", "3.0.3", "3.1.0", ""),
    mistake("oas/invalid", "    Referral:", "additionalProperties", "additonalProperties", ""),
    mistake("oas/invalid", "    Referral:", "type: string", "type: strng", ""),
    mistake("oas/invalid", "paths:", "    get:", "    gett:", ""),
    mistake("oas/invalid", GET, "'200':", "'2O0':", ""),
    mistake("oas/invalid", "info:", "  version: 0.1.0\n", "", "info:"),
    mistake("oas/unknown-extension", "    Referral:\n", "          x-ms-mutability:", "          x-ms-mutabilty:", ""),
    mistake("oas/unknown-extension", "    Consent:\n", "x-stays: true", "x-stays: 'true'", ""),
    mistake("oas/unknown-extension", LINK, "          nullable: true", "          x-set-by-transport: true\n          nullable: true", ""),
    mistake("oas/unknown-extension", "info:", "  title:", "  x-title: A\n  title:", ""),
    mistake("oas/unknown-extension", "servers:", "    description:", "    x-region: A\n    description:", ""),
    mistake("oas/no-server", "openapi: 3", "\nservers:", "\nx-servers:", "openapi"),
    mistake("ref/dangling", GET, "responses/NotFound", "responses/NotFund", ""),
    mistake("ref/external", GET, "'#/components/schemas/Referral'", "other.yaml", ""),
    mistake("ref/wrong-section", GET, "schemas/Referral'", "responses/NotFound'", ""),
    mistake("ref/circular", "  responses:\n    ", "    NotFound:\n", "    Lost: {$ref: '#/components/responses/Lost'}\n    NotFound:\n", ""),
    mistake("ref/circular", "  parameters:\n    Id:", "    Top:\n", "    First: {$ref: '#/components/parameters/Second'}\n    Second: {$ref: '#/components/parameters/First'}\n    Top:\n", ""),
    mistake("ref/dangling", GET, "      responses:\n", "      callbacks: {done: {'{$request.body#/url}': {post: {requestBody: {$ref: '#/components/requestBodies/Lost'}}}}}\n      responses:\n", "      callbacks"),
    mistake("ref/path-item", "paths:", "  /v1.0/engagements/referrals:", "  /v2: {$ref: '#/paths/~1v1.0~1engagements~1referrals'}\n  /v1.0/engagements/referrals:", ""),
    mistake("ref/siblings", GET, "s/Referral'", "s/Referral'\n                nullable: true", "nullable"),
    mistake("ref/unused", "  schemas:", "    ReferralId:", "    Old: {type: string, description: Old.}\n    ReferralId:", ""),
    mistake("op/header-name", GET, "            request-id:", "            requestid:", ""),
    mistake("op/no-id", GET, "      operationId: get_referral\n", "", "    get:"),
    mistake("op/id-name", GET, "get_referral", "new", ""),
    mistake("op/id-name", GET, "get_referral", "baseurl", ""),
    mistake("op/id-name", GET, "get_referral", "2get", ""),
    mistake("op/id-name", GET, "get_referral", "_", ""),
    mistake("op/id-name", GET, "get_referral", "self", ""),
    mistake("op/duplicate-id", GET, "get_referral", "list_referrals", ""),
    mistake("op/path-parameter", "paths:", "referrals/{id}:", "referrals/{key}:", "    get:\n      operationId: get_"),
    mistake("op/path-parameter", "    Id:", "required: true", "required: false", ""),
    mistake("op/path-parameter", "    Id:", "      required: true\n", "", "    Id:"),
    mistake("op/default-response", GET, "'500':", "default:", ""),
    mistake("op/optional-body", PATCH, "required: true", "required: false", "requestBody"),
    mistake("op/same-path", "paths:", "  /v1.0/engagements/referrals/{id}:", "  /v1.0/engagements/referrals/{key}: {}\n  /v1.0/engagements/referrals/{id}:", "  /v1.0/engagements/referrals/{key}"),
    mistake("op/body-unread", GET, "      responses:", "      requestBody: {$ref: '#/components/requestBodies/None'}\n      responses:", "requestBody"),
    mistake("op/security-unknown", "security:", "bearer", "barer", ""),
    mistake("op/security-unknown", GET, "      responses:", "      security:\n        - barer: []\n      responses:", "barer"),
    mistake("op/tag-unknown", GET, "- Referrals", "- Referals", ""),
    mistake("op/server", "servers:", "https://", "http://", ""),
    mistake("op/server", "servers:", "https://api.", "https://{host}.", ""),
    mistake("op/path", "paths:", "  /v1.0/engagements/referrals:", "  /v1.0/engagements/referrals?x=1:", ""),
    mistake("op/path", "paths:", "referrals/{id}:", "referrals/{id}/{id}:", ""),
    mistake("op/path", "paths:", "referrals/{id}:", "referrals/{id:", ""),
    mistake("op/parameter-twice", PATCH, "        - $ref: '#/components/parameters/IfMatch'\n", "        - $ref: '#/components/parameters/IfMatch'\n        - $ref: '#/components/parameters/IfMatchRequired'\n", "IfMatchRequired"),
    mistake("op/header-ignored", "    Prefer:\n", "name: Prefer", "name: authorization", ""),
    mistake("op/body-unsent", GET, "'200':", "'204':", ""),
    mistake("op/tag-twice", "\ntags:", "  - name: Referrals\n", "  - name: Referrals\n    x-twice: true\n  - name: Referrals\n", "  - name: Referrals\n    description:"),
    mistake("op/component-name", "  schemas:\n", "    Link:\n", "    Link of:\n", ""),
    mistake("op/component-name", "  schemas:\n", "    ReferralId:", "    2nd: {type: string, description: Odd.}\n    ReferralId:", ""),
    mistake("op/two-types", "operationId: create_referral", "'201':", "'202': {description: x, content: {application/json: {schema: {type: object}}}}\n        '201':", "'202'"),
    mistake("op/two-types", GET, "'400':", "'402': {description: x, content: {application/json: {schema: {type: object}}}}\n        '400':", "'402'"),
    mistake("schema/nullable-alone", LINK, "type: string\n          nullable", "nullable", ""),
    mistake("schema/format-unknown", LINK, "type: string", "type: string\n          format: date-tme", "format"),
    mistake("schema/pattern", LINK, "type: string", "type: string\n          pattern: '^[$'", "pattern"),
    mistake("schema/pattern-open", LINK, "type: string", "type: string\n          pattern: '[0-9]'", "pattern"),
    mistake("schema/exclusive-alone", LINK, "type: string", "type: integer\n          exclusiveMinimum: true", "exclusiveM"),
    mistake("schema/rights", "    Referral:\n", "            - read", "            - raed", ""),
    mistake("schema/rights", "    Referral:\n", "            - read", "            - read\n            - read # again", "            - read # again"),
    mistake("schema/rights", "    Referral:\n", "x-ms-mutability:\n            - read\n", "x-ms-mutability: []\n", ""),
    mistake("schema/rights", "    Referral:\n", "            - read\n", "            - read\n            - create\n", "          readOnly: true"),
    mistake("schema/sent-and-read", "    NewReferral:\n", "        statusReason:", "        statusReasn:", ""),
    mistake("schema/sent-and-read", "        statusReason:\n", "        statusReason:", "        statusReasn:", "          x-ms-mutability:"),
    mistake("schema/known-paths", "x-known-paths:", "/campaignId", "/campainId", ""),
    mistake("schema/known-paths", "x-known-paths:", "/campaignId", "/id", ""),
    mistake("schema/known-paths", "x-known-paths:", "/details/notes", "/details/currency # again", ""),
    mistake("schema/known-paths", "x-known-paths:", "/details/notes", "details/notes", ""),
    mistake("schema/known-paths", "    PatchOperation:\n", "- `/team`", "- `/teams`", "      description:"),
    mistake("schema/untyped", "    Link:\n", "      type: object\n", "", "    Link:"),
    mistake("schema/untyped", LINK, "          type: string\n          nullable: true\n", "", "        uri:"),
    mistake("schema/untyped", "    PatchValue:\n", "      x-any: true", "      type: object\n      x-any: true", "      x-any: true"),
    mistake("schema/same-twice", "    CustomerProfileIds:\n", "        - ", "        - $ref: '#/components/schemas/CustomerProfileId'\n        - $ref: '#/components/schemas/CustomerProfileId' # again\n        - ", "        - $ref: '#/components/schemas/CustomerProfileId' # again"),
    mistake("schema/keyword-type", LINK, "type: string", "type: string\n          minimum: 3", "minimum"),
    mistake("schema/keyword-type", LINK, "type: string", "type: integer\n          maxLength: 3", "maxLength"),
    mistake("schema/format-type", "    Timestamp:\n      type", "type: string", "type: integer", "format"),
    mistake("schema/no-items", LINK, "type: string", "type: array", ""),
    mistake("schema/no-branch", LINK, "type: string", "anyOf: []", ""),
    mistake("schema/no-direction", LINK, "type: string", "type: string\n          readOnly: true\n          writeOnly: true", "writeOnly"),
    mistake("schema/min-max", LINK, "type: string", "type: integer\n          maximum: 5\n          exclusiveMaximum: true\n          minimum: 5", "minimum"),
    mistake("schema/pattern-open", LINK, "type: string", "type: string\n          pattern: '^a|b$'", "pattern"),
    mistake("schema/all-of", LINK, "type: string", "allOf: [{$ref: '#/components/schemas/Status'}, {$ref: '#/components/schemas/Direction'}]", ""),
    mistake("schema/all-of", LINK, "type: string", "allOf: [{type: string}, {type: integer}]", ""),
    mistake("schema/mixed", LINK, "type: string", "oneOf: [{type: string}, {type: object}]", ""),
    mistake("schema/discriminator", "    ServiceError:", "      oneOf:", "      discriminator:\n        propertyName: kind\n      oneOf:", "propertyName"),
    mistake("schema/read-only-required", "    NewReferral:", "        consent:\n", "        consent:\n          readOnly: true\n", "- consent"),
    mistake("transitions/unreachable", LIFECYCLE, "              - Active\n              - Closed\n", "              - Closed\n", "          Active:"),
    mistake("progenitor/parameter-content", "    Prefer:", "      schema:\n        $ref: '#/components/schemas/Preference'\n", "      content:\n        application/json: {schema: {$ref: '#/components/schemas/Preference'}}\n", "content"),
    mistake("progenitor/parameter-style", "    Top:", "in: query", "in: cookie", ""),
    mistake("progenitor/parameter-style", "    Top:", "in: query", "in: query\n      style: deepObject", "style"),
    mistake("progenitor/media-type", PATCH, "application/json:", "application/json-patch+json:", ""),
    mistake("progenitor/media-type", PATCH, "application/json:", "multipart/form-data:", ""),
    mistake("progenitor/media-type", GET, "application/json:", "aplication/json:", ""),
    mistake("progenitor/two-bodies", PATCH, "          application/json:", "          text/plain: {schema: {type: string}}\n          application/json:", "          application/json:"),
    mistake("progenitor/no-schema", GET, "              schema:\n                $ref: '#/components/schemas/Referral'\n", "", "application/json"),
    mistake("progenitor/media-parameter", GET, "application/json:", "application/json;odata.metadata=minimal:", ""),
    mistake("schema/required-unknown", "    NewReferral:", "- consent", "- content", ""),
    mistake("schema/enum-inline", LINK, "type: string", "type: string\n          enum: [a]", "enum:"),
    mistake("schema/enum-duplicate", "    Substatus:", "- Won", "- Pending", ""),
    mistake("schema/enum-type", "    PricingModel:", "      enum:", "      enum:\n        - 7", "- 7"),
    mistake("schema/enum-names", "    Direction:", "- Outgoing", "- Outgoing\n        - outgoing", "- outgoing"),
    mistake("schema/min-max", LINK, "type: string", "type: string\n          maxLength: 5\n          minLength: 9", "minL"),
    mistake("schema/names", LINK, "        method:", "        Uri: {type: string, description: x}\n        method:", "        uri:"),
    mistake("schema/endless", LINK, "      properties:", "      allOf: [{$ref: '#/components/schemas/Link'}]\n      properties:", "    Link:"),
    mistake("schema/endless", LINK, "    Link:\n", "    Link:\n      $ref: '#/components/schemas/Link'\n", "    Link:"),
    mistake("schema/closed", LINK, "additionalProperties: {}", "additionalProperties: false", ""),
    mistake("schema/extra", LINK, "        method:", "        extra:", ""),
    mistake("types/differs", "    Timestamp:\n      type: string\n      format", "      format: date-time\n", "", "    Timestamp:"),
    mistake("transitions/missing", "    Status:", "        states:", "        x-states:", "    Status:"),
    mistake("transitions/unknown-value", LIFECYCLE, "- Active", "- Actve", ""),
    mistake("transitions/unknown-value", "        ended:\n", "- Closed", "- Clsoed", ""),
    mistake("transitions/unknown-value", "        outside:\n", "- None", "- Nowhere", ""),
    mistake("transitions/unknown-value", "        outside:\n", "- Error", "- Err", ""),
    mistake("transitions/unknown-key", LIFECYCLE, "            substatuses:\n", "            subStatuses:\n", ""),
    mistake("transitions/unknown-key", "        outside:\n", "substatuses:", "substatus:", ""),
    mistake("transitions/unknown-key", LIFECYCLE, "        ended:\n", "        ends:\n", ""),
    mistake("transitions/unknown-value", LIFECYCLE, "          Closed:", "          Done:", ""),
    mistake("transitions/empty-cell", LIFECYCLE, "substatuses:\n              - Accepted", "substatuses: []", ""),
    mistake("transitions/no-row", LIFECYCLE, "              - Won\n", "", "states:"),
    mistake("docs/no-description", LINK, "          description: The address; not always valid, spaces are not encoded.\n", "", "        uri:"),
    mistake("docs/no-description", LINK, "      description: One address.\n", "", "    Link:"),
    mistake("docs/no-description", GET, "      description:", "      x-text:", "    get:"),
    mistake("docs/enum-values", "    PatchOp:", "        replace:", "        remove:", ""),
    mistake("docs/enum-values", "    PatchOp:", "        replace:", "        x-replace:", "- replace"),
    mistake("example/missing-file", "paths:", "examples/get_referral.response", "examples/get.response", ""),
    mistake("example/missing-file", "paths:", "examples/get_referral.response", "http://a/response", ""),
    mistake("example/nearly-known", LINK, "      properties:", "      example:\n        uri: /a\n        methd: GET\n      properties:", "        methd"),
    mistake("example/violates-schema", GET, "externalValue:", "value: {id: 7} #", ""),
    mistake("example/violates-schema", "    Top:", "format: int32", "format: int32\n        default: ten", "default"),
    mistake("progenitor/operation", PATCH, "application/json:", "text/plain:", "requestBody"),
    mistake("progenitor/schema", "  schemas:", "    ReferralId:", "    Odd: {not: {type: string}, description: Odd.}\n    Odder: {type: object, description: Odder., properties: {odd: {$ref: '#/components/schemas/Odd'}}}\n    ReferralId:", ""),
    mistake("progenitor/httpmock", "paths:", "'416':", "'499':", "paths:"),
    mistake("generate/optional-field", "    NewOrganization:", "          type: string\n          description: Its", "          type: string\n          default: a\n          description: Its", "    NewOrganization:"),
    mistake("generate/no-microsoft-half", "    NewTarget:", "x-microsoft-half", "x-half", "    NewTarget:"),
    mistake("generate/no-microsoft-half", "    NewTarget:", "        type: BusinessProfileLocation", "        type: BusinesProfileLocation", "      x-microsoft-half:"),
    mistake("generate/no-name", "    Referral:\n", "      properties:\n", "      properties:\n        ².: {type: string, description: Odd.}\n", "        ²"),
    mistake("generate/no-ended", "    Status:\n", "        ended:\n", "        x-ends:\n", "    Status:\n"),
    mistake("generate/no-registration-rules", "    NewRegistration:\n", "        daysSinceStart: 90\n", "        daysSinceStart: many\n", "    NewRegistration:\n"),
    mistake("generate/no-registration-rules", "    RegistrationStatus:\n", "x-ended:", "x-ends:", "    RegistrationStatus:\n"),
    mistake("generate/no-struct", "  schemas:", "    ReferralId:", "    NewOdd: {oneOf: [{type: string}, {type: boolean}], description: Odd.}\n    ReferralId:", ""),
];
