//! The status table: `x-lifecycle` on the schema of the status, as a static.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use serde_json::{Map, Value};

use super::document::{Document, join};
use super::enums::variant;
use super::problem::Problem;
use super::schema::{SCHEMAS, schemas};

/// The schema that carries the table.
const STATUS: &str = "Status";
/// The schema of what it allows beside a status.
const SUBSTATUS: &str = "Substatus";

/// What the table may say.
const TABLE_KEYS: [&str; 4] = ["substatus", "states", "ended", "outside"];
/// What a row of it may say.
const ROW_KEYS: [&str; 2] = ["becomes", "substatuses"];
/// Of what stands in no row.
const OUTSIDE_KEYS: [&str; 2] = ["statuses", "substatuses"];

const UNKNOWN_KEY: &str = "transitions/unknown-key";

/// A misspelt name would be read by nobody.
fn unknown_keys(
    document: &Document,
    holder: &Value,
    pointer: &str,
    known: &[&str],
    problems: &mut Vec<Problem>,
) {
    for key in holder.as_object().into_iter().flat_map(Map::keys) {
        if !known.contains(&key.as_str()) && !key.starts_with("x-") {
            problems.push(document.problem(
                UNKNOWN_KEY,
                join(pointer, key),
                format!("`{key}` means nothing here"),
                format!("one of: {}", known.join(", ")),
            ));
        }
    }
}

/// Every value of the list must be one of its enum.
fn unknown_values(
    document: &Document,
    list: &Value,
    pointer: &str,
    known: &[&str],
    schema: &str,
    problems: &mut Vec<Problem>,
) {
    for (index, cell) in list.as_array().into_iter().flatten().enumerate() {
        if !cell.as_str().is_some_and(|cell| known.contains(&cell)) {
            problems.push(document.problem(
                "transitions/unknown-value",
                join(pointer, &index.to_string()),
                format!("{cell} is not a value of `{schema}`"),
                format!("one of: {}", known.join(", ")),
            ));
        }
    }
}

/// Every mistake in the table.
pub fn problems(document: &Document) -> Vec<Problem> {
    let mut problems = Vec::new();
    let pointer = join(&join(SCHEMAS, STATUS), "x-lifecycle");
    let Ok(schemas) = schemas(document) else {
        return problems;
    };
    let known = |schema: &str| -> Vec<&str> {
        schemas
            .get(schema)
            .and_then(|schema| schema["enum"].as_array())
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    };
    let (statuses, substatuses) = (known(STATUS), known(SUBSTATUS));
    let Some(states) = document
        .value
        .pointer(&pointer)
        .and_then(|table| table["states"].as_object())
    else {
        problems.push(document.problem(
            "transitions/missing",
            join(SCHEMAS, STATUS),
            "the status schema has no table `x-lifecycle.states`",
            "give it one row for each status: `becomes` and `substatuses`",
        ));
        return problems;
    };
    let table = &document.value.pointer(&pointer).unwrap_or(&Value::Null);
    unknown_keys(document, table, &pointer, &TABLE_KEYS, &mut problems);
    let outside_pointer = join(&pointer, "outside");
    unknown_keys(
        document,
        &table["outside"],
        &outside_pointer,
        &OUTSIDE_KEYS,
        &mut problems,
    );
    for (list, at, allowed, schema) in [
        (&table["ended"], join(&pointer, "ended"), &statuses, STATUS),
        (
            &table["outside"]["statuses"],
            join(&outside_pointer, "statuses"),
            &statuses,
            STATUS,
        ),
        (
            &table["outside"]["substatuses"],
            join(&outside_pointer, "substatuses"),
            &substatuses,
            SUBSTATUS,
        ),
    ] {
        unknown_values(document, list, &at, allowed, schema, &mut problems);
    }
    let states_pointer = join(&pointer, "states");
    for (status, row) in states {
        let row_pointer = join(&states_pointer, status);
        let before = problems.len();
        unknown_keys(document, row, &row_pointer, &ROW_KEYS, &mut problems);
        let is_misspelt = problems.len() > before;
        if !statuses.contains(&status.as_str()) {
            problems.push(document.problem(
                "transitions/unknown-value",
                &row_pointer,
                format!("the table has a row for `{status}`, which `{STATUS}` does not name"),
                format!("one of: {}", statuses.join(", ")),
            ));
        }
        for (column, allowed, schema) in [
            ("becomes", &statuses, STATUS),
            ("substatuses", &substatuses, SUBSTATUS),
        ] {
            let column_pointer = join(&row_pointer, column);
            let cells = row[column].as_array();
            // What is missing may stand under the name that nobody knows.
            if cells.is_none_or(Vec::is_empty) && !is_misspelt {
                problems.push(document.problem(
                    "transitions/empty-cell",
                    &column_pointer,
                    format!("the row `{status}` has no `{column}`"),
                    "list at least one value",
                ));
            }
            unknown_values(
                document,
                &row[column],
                &column_pointer,
                allowed,
                schema,
                &mut problems,
            );
        }
    }
    if problems.iter().any(|one| one.code == UNKNOWN_KEY) {
        return problems; // What is missing stands under a wrong name.
    }
    let outside = |of: &str| -> Vec<String> {
        document
            .value
            .pointer(&join(&join(&pointer, "outside"), of))
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect()
    };
    let outside_statuses = outside("statuses");
    for status in &statuses {
        if !states.contains_key(*status) && !outside_statuses.iter().any(|one| one == status) {
            problems.push(document.problem(
                "transitions/no-row",
                &states_pointer,
                format!("`{status}` has no row in the table"),
                "add a row, or name it under `outside.statuses`",
            ));
        }
    }
    let outside_substatuses = outside("substatuses");
    for substatus in &substatuses {
        let used = states.values().any(|row| {
            row["substatuses"]
                .as_array()
                .is_some_and(|cells| cells.iter().any(|cell| cell == substatus))
        });
        if !used && !outside_substatuses.iter().any(|one| one == substatus) {
            problems.push(document.problem(
                "transitions/no-row",
                &states_pointer,
                format!("no status allows the substatus `{substatus}`"),
                "add it to a row, or name it under `outside.substatuses`",
            ));
        }
    }
    // A misspelt cell leads nowhere; that is said already.
    if problems.is_empty() {
        problems = unreachable(document, &statuses, states, &states_pointer);
    }
    problems
}

/// The table begins at the status that no other one becomes; each of the rest
/// is reached from there.
fn unreachable(
    document: &Document,
    statuses: &[&str],
    states: &Map<String, Value>,
    pointer: &str,
) -> Vec<Problem> {
    let becomes = |status: &str| -> Vec<&str> {
        let cells = states
            .get(status)
            .and_then(|row| row["becomes"].as_array())
            .into_iter()
            .flatten();
        cells.filter_map(Value::as_str).collect()
    };
    // In the order of the enum: JSON objects have none.
    let rows = || {
        statuses
            .iter()
            .filter(|status| states.contains_key(**status))
    };
    let entered =
        |status: &str| rows().any(|from| *from != status && becomes(from).contains(&status));
    let first = rows().find(|status| !entered(status)).or(rows().next());
    let mut reached: Vec<&str> = first.into_iter().copied().collect();
    let mut next = 0;
    while let Some(status) = reached.get(next).copied() {
        for to in becomes(status) {
            if !reached.contains(&to) {
                reached.push(to);
            }
        }
        next += 1;
    }
    let first = first.copied().unwrap_or_default();
    rows()
        .filter(|status| !reached.contains(status))
        .map(|status| {
            document.problem(
                "transitions/unreachable",
                join(pointer, status),
                format!("no way leads from `{first}` to `{status}`"),
                "let a row become it, or name it under `outside.statuses`",
            )
        })
        .collect()
}

/// Writes the table.
pub fn emit(document: &Document) -> Result<TokenStream, Problem> {
    if let Some(problem) = problems(document).into_iter().next() {
        return Err(problem);
    }
    let states = &schemas(document)?[STATUS]["x-lifecycle"]["states"];
    let idents = |cells: &Value| -> Vec<Ident> {
        cells
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(|cell| Ident::new(&variant(cell), Span::call_site()))
            .collect()
    };
    // In the order of the enum: JSON objects have none.
    let statuses = schemas(document)?[STATUS]["enum"].as_array();
    let statuses = statuses.into_iter().flatten().filter_map(Value::as_str);
    let rows = statuses.filter_map(|status| Some((status, states.get(status)?)));
    let rows = rows.map(|(status, row)| {
        let status = Ident::new(&variant(status), Span::call_site());
        let becomes = idents(&row["becomes"]);
        let substatuses = idents(&row["substatuses"]);
        quote! {
            Row {
                status: Status::#status,
                becomes: &[#(Status::#becomes),*],
                substatuses: &[#(Substatus::#substatuses),*],
            }
        }
    });
    let ended = idents(&schemas(document)?[STATUS]["x-lifecycle"]["ended"]);
    if ended.is_empty() {
        return Err(document.problem(
            "generate/no-ended",
            join(SCHEMAS, STATUS),
            "`x-lifecycle` does not say in which statuses a referral has ended",
            "give it `ended`, a list of statuses",
        ));
    }
    Ok(quote! {
        use super::enums::{Status, Substatus};

        /// One row of the status table.
        #[derive(Debug)]
        #[non_exhaustive]
        pub struct Row {
            /// The status that the row is about.
            pub status: Status,
            /// The statuses it may become.
            pub becomes: &'static [Status],
            /// The substatuses it may have.
            pub substatuses: &'static [Substatus],
        }

        /// The status table of the document.
        pub static TABLE: &[Row] = &[#(#rows),*];

        /// The statuses in which a referral has ended and is changed no more.
        pub static ENDED: &[Status] = &[#(Status::#ended),*];
    })
}
