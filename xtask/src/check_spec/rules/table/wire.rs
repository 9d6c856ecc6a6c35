//! What YAML, OpenAPI, references and operations must be.

use super::super::super::report::Severity::{Error, Warning};
use super::super::Rule;
use super::rule;

pub const RULES: &[Rule] = &[
    rule(
        "yaml/syntax",
        Error,
        "The document is one YAML document of mappings, lists and scalars. Readers disagree about \
         anchors and tags, so those are refused.",
        "title: [A",
        "title: A",
    ),
    rule(
        "yaml/duplicate-key",
        Error,
        "A name stands once in a mapping: most readers keep the last and say nothing.",
        "type: string\ntype: integer",
        "type: string",
    ),
    rule(
        "yaml/bare-key",
        Warning,
        "A name that looks like a number or a truth value stands in quotes, because readers differ about it.",
        "201: {description: ..}",
        "'201': {description: ..}",
    ),
    rule(
        "yaml/bare-value",
        Warning,
        "A text that looks like a number, a date or a truth value stands in quotes: readers of \
         YAML 1.1 and 1.2 take `no`, `2026-01-31`, `12:30` or `0123` for different things.",
        "enum: [Yes, No]",
        "enum: ['Yes', 'No']",
    ),
    rule(
        "yaml/unseen-character",
        Error,
        "What nobody sees must not be in a name or a value: with a space of no width in it a member \
         is another member. Descriptions may hold what lays out a text, such as spaces that do not break.",
        "sta<U+200B>tus: {type: string}",
        "status: {type: string}",
    ),
    rule(
        "oas/version",
        Error,
        "The generator reads OpenAPI 3.0 and nothing else.",
        "openapi: 3.1.0",
        "openapi: 3.0.3",
    ),
    rule(
        "oas/invalid",
        Error,
        "The document follows the schema of OpenAPI 3.0. The generator ignores what it does not \
         know, so a misspelt keyword changes the code without a word.",
        "additonalProperties: {}",
        "additionalProperties: {}",
    ),
    rule(
        "oas/unknown-extension",
        Error,
        "An extension is one that is read here, stands on the part that is read, and has the value \
         that is read. Tools ignore all others, so a misspelt one says nothing.",
        "x-ms-mutabilty: [read]",
        "x-ms-mutability: [read]",
    ),
    rule(
        "oas/no-server",
        Error,
        "The default base address of the client is that of the first server.",
        "servers: []",
        "servers:\n  - url: https://api.example.com",
    ),
    rule(
        "ref/dangling",
        Error,
        "A reference leads to a part of the document.",
        "$ref: '#/components/schemas/Refferal'",
        "$ref: '#/components/schemas/Referral'",
    ),
    rule(
        "ref/external",
        Error,
        "The generator reads one file.",
        "$ref: common.yaml#/Referral",
        "$ref: '#/components/schemas/Referral'",
    ),
    rule(
        "ref/wrong-section",
        Error,
        "The generator looks at the last word of a reference only, and takes a response for a schema.",
        "schema:\n  $ref: '#/components/responses/NotFound'",
        "schema:\n  $ref: '#/components/schemas/ServiceError'",
    ),
    rule(
        "ref/circular",
        Error,
        "A reference that leads back to itself names no part: the generator follows it for ever. For \
         schemas the rule is `schema/endless`.",
        "NotFound: {$ref: '#/components/responses/NotFound'}",
        "NotFound: {description: .., content: ..}",
    ),
    rule(
        "ref/path-item",
        Error,
        "The generator does not look for a path that stands elsewhere.",
        "/referrals: {$ref: '#/paths/~1v1~1referrals'}",
        "/referrals: {get: ..}",
    ),
    rule(
        "ref/siblings",
        Error,
        "OpenAPI 3.0 ignores what stands next to a reference.",
        "$ref: '#/components/schemas/Status'\nnullable: true",
        "allOf:\n  - $ref: '#/components/schemas/Status'\nnullable: true",
    ),
    rule(
        "ref/unused",
        Warning,
        "A part that nothing refers to is kept right by nobody.",
        "components: {schemas: {Forgotten: {type: object}}}",
        "components: {schemas: {}}",
    ),
    rule(
        "op/header-name",
        Error,
        "A header is called in one response as in the others: no reader misses one that is misspelt.",
        "headers: {requestid: ..}",
        "headers: {request-id: ..}",
    ),
    rule(
        "op/no-id",
        Error,
        "The generated function is named by the `operationId`.",
        "get:\n  responses: ..",
        "get:\n  operationId: get_referral\n  responses: ..",
    ),
    rule(
        "op/duplicate-id",
        Error,
        "Two functions cannot have one name.",
        "get: {operationId: get_referral}\nput: {operationId: get_referral}",
        "get: {operationId: get_referral}\nput: {operationId: replace_referral}",
    ),
    rule(
        "op/id-name",
        Error,
        "The id becomes the name of a function and of a value of an enum, and the generated client has \
         functions of its own.",
        "operationId: client",
        "operationId: get_client",
    ),
    rule(
        "op/path-parameter",
        Error,
        "What stands in braces in a path is declared, required, and the other way round.",
        "/referrals/{id}:\n  get:\n    parameters: []",
        "/referrals/{id}:\n  get:\n    parameters:\n      - {name: id, in: path, required: true, ..}",
    ),
    rule(
        "op/responses-one-sided",
        Error,
        "An operation documents a success and at least one error: without both, either answers or \
         refusals cannot be judged.",
        "responses: {'200': ..}",
        "responses: {'200': .., '404': ..}",
    ),
    rule(
        "op/default-response",
        Error,
        "The generator takes `default` for a success and for an error at once.",
        "responses: {'200': .., default: ..}",
        "responses: {'200': .., '404': .., '500': ..}",
    ),
    rule(
        "op/optional-body",
        Error,
        "The generated function always sends the body, whatever the document says.",
        "requestBody:\n  content: ..",
        "requestBody:\n  required: true\n  content: ..",
    ),
    rule(
        "op/same-path",
        Error,
        "Two templates of one shape are one path; which of them a server takes is chance.",
        "/referrals/{id}: ..\n/referrals/{key}: ..",
        "/referrals/{id}: ..",
    ),
    rule(
        "op/body-unread",
        Error,
        "A body of GET, HEAD or DELETE has no meaning, and the generated function sends it all the same.",
        "get:\n  requestBody: ..",
        "post:\n  requestBody: ..",
    ),
    rule(
        "op/security-unknown",
        Error,
        "A security requirement names a scheme that is described.",
        "security: [{barer: []}]",
        "security: [{bearer: []}]",
    ),
    rule(
        "op/tag-unknown",
        Error,
        "A tag is described once, at the top.",
        "tags: [Referals]",
        "tags: [Referrals]",
    ),
    rule(
        "op/server",
        Error,
        "The address is a whole one of https, because the client sends its token there, and the generated \
         client fills in no variables.",
        "url: http://{host}/api",
        "url: https://api.example.com",
    ),
    rule(
        "op/path",
        Error,
        "A path has no query, each placeholder once, and both braces of each.",
        "/referrals/{id}/{id}?full=1: ..",
        "/referrals/{id}/{part}: ..",
    ),
    rule(
        "op/parameter-twice",
        Error,
        "The generator keeps the parameters of an operation by their names: of two with one name, one \
         argument is missing.",
        "parameters:\n  - {name: If-Match, in: header, ..}\n  - {name: if-match, in: header, ..}",
        "parameters:\n  - {name: If-Match, in: header, ..}",
    ),
    rule(
        "op/header-ignored",
        Error,
        "OpenAPI ignores header parameters named Accept, Content-Type and Authorization.",
        "{name: Authorization, in: header, ..}",
        "security: [{bearer: []}]",
    ),
    rule(
        "op/body-unsent",
        Error,
        "An answer 204 or 304 ends with its headers.",
        "'204': {content: ..}",
        "'200': {content: ..}",
    ),
    rule(
        "op/tag-twice",
        Error,
        "A tag is described once, or nobody knows which words are its own.",
        "tags:\n  - {name: Referrals}\n  - {name: Referrals, description: ..}",
        "tags:\n  - {name: Referrals, description: ..}",
    ),
    rule(
        "op/component-name",
        Error,
        "The name of a component has letters, digits, `.`, `-` and `_`, and that of a schema becomes a type.",
        "components: {schemas: {Link of a page: ..}}",
        "components: {schemas: {PageLink: ..}}",
    ),
    rule(
        "op/two-types",
        Error,
        "A function has one type of success and one of error. A success without a body may stand beside one with a body.",
        "responses:\n  '200': (a Referral)\n  '202': (a list)",
        "responses:\n  '200': (a Referral)\n  '204': (nothing)",
    ),
];
