//! The public signatures of what is generated from the document.

/// An edit of the document shows here what it does to the API. To accept it:
/// `INSTA_UPDATE=always cargo test --test integration generated`.
#[test]
fn the_generated_api_is_the_committed_one() {
    let api = include_str!(concat!(env!("OUT_DIR"), "/public_api.txt"));
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("generated_api", api);
    });
}

#[test]
fn the_table_is_the_documents() {
    use partner_referrals::lifecycle::TABLE;

    let shown: Vec<String> = TABLE
        .iter()
        .map(|row| format!("{}: {:?} {:?}", row.status, row.becomes, row.substatuses))
        .collect();
    assert_eq!(
        shown,
        [
            "New: [New, Active, Closed] [Pending, Received]",
            "Active: [Active, Closed] [Accepted]",
            "Closed: [Closed] [Won, Lost, Declined, Expired]",
        ]
    );
}
