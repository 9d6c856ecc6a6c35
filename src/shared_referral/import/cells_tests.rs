use super::*;
use proptest::prelude::*;

fn draft() -> Draft {
    Draft::new(false)
}

#[test]
fn a_day_is_month_first_or_iso_8601_and_nothing_else() {
    let read = |cell: &str| {
        let mut draft = draft();
        close_date(&mut draft, cell)
            .map(|()| draft.own.details.closing_date_time.unwrap().to_string())
    };
    for (cell, time) in [
        ("1/30/2020", "2020-01-30T00:00:00Z"),
        ("02/03/2031", "2031-02-03T00:00:00Z"),
        ("2031-02-03", "2031-02-03T00:00:00Z"),
        ("2031-02-03T10:00:00+02:00", "2031-02-03T08:00:00Z"),
    ] {
        assert_eq!(read(cell), Ok(time.to_owned()), "{cell}");
    }
    for cell in [
        "30/1/2020",
        "1/30/20",
        "2/29/2031",
        "1/30",
        "30.1.2020",
        "+1/30/2020",
        "1/30/2020/1",
    ] {
        assert_eq!(read(cell), Err(Wrong::Form), "{cell}");
    }
}

#[test]
fn an_amount_is_exact_and_never_guessed() {
    let read = |cell, decimal_comma| {
        let mut draft = Draft::new(decimal_comma);
        value(&mut draft, cell).map(|()| draft.own.details.deal_value.unwrap().to_string())
    };
    for cell in [
        "12563",
        "12563.50",
        "0.10",
        "-5",
        "9007199254740993.01",
        "12.563",
    ] {
        assert_eq!(read(cell, false), Ok(cell.to_owned()));
    }
    for cell in [
        "12,563",
        "12.563,50",
        "1e3",
        "USD 5",
        "5.",
        ".5",
        "1_000",
        "+5",
        "--5",
        "",
        "99999999999999999999999999999999",
        "0.12345678901234567890123456789",
    ] {
        assert_eq!(read(cell, false), Err(Wrong::Form), "{cell}");
    }
    assert!(matches!(read("12.563", true), Err(Wrong::Told(_))));
    assert_eq!(read("12.56", true), Ok("12.56".to_owned()));
}

#[test]
fn help_is_a_number_of_the_form_or_a_code() {
    let read = |cell: &str| {
        let mut draft = draft();
        help(&mut draft, cell).map(|()| draft.help.unwrap().to_string())
    };
    for (cell, code) in [
        ("1", "WorkloadSpecificValueProposition"),
        ("2", "CustomerTechnicalArchitecture"),
        ("3", "ProofOfConceptOrDemo"),
        ("4", "QuotesOrLicensing"),
        ("5", "PostSalesCustomerSuccess"),
        ("6", "GeneralOrOther"),
        ("general or other", "GeneralOrOther"),
    ] {
        assert_eq!(read(cell), Ok(code.to_owned()), "{cell}");
    }
    for cell in ["0", "7", "-1", "Unknown", "all of it"] {
        assert_eq!(read(cell), Err(Wrong::Form), "{cell}");
    }
}

#[test]
fn a_solution_has_an_id_and_up_to_three_more_parts() {
    let read = |cell: &str, decimal_comma| {
        let mut draft = Draft::new(decimal_comma);
        solution(&mut draft, cell).map(|()| serde_json::to_value(&draft.solutions[0]).unwrap())
    };
    assert_eq!(
        read("SOL-1234-PQRS, usd, 10.50, 100", false),
        Ok(serde_json::json!({
            "id": "SOL-1234-PQRS", "type": "Name", "currency": "USD", "price": 10.50, "quantity": 100
        }))
    );
    assert_eq!(
        read("SOL-1234-PQRS,,,7", false),
        Ok(serde_json::json!({"id": "SOL-1234-PQRS", "type": "Name", "quantity": 7}))
    );
    for cell in [
        ", USD",
        "SOL-1, dollars",
        "SOL-1, USD, ten",
        "SOL-1, USD, 1, 2, 3",
        "SOL-1, USD, 1, x",
    ] {
        assert_eq!(read(cell, false), Err(Wrong::Form), "{cell}");
    }
    assert!(matches!(
        read("SOL-1, USD, 10,50", true),
        Err(Wrong::Told(_))
    ));
    assert!(read("SOL-1, USD, 10, 50", true).is_ok());
}

#[test]
fn a_team_member_has_four_parts() {
    let read = |cell: &str| {
        let mut draft = draft();
        member(&mut draft, cell).map(|()| draft.team[0].email.clone())
    };
    let good = "Bob, Partner, 999999, Bob.partner@Contoso.example";
    assert_eq!(read(good), Ok("Bob.partner@Contoso.example".to_owned()));
    for cell in [
        "Bob",
        "Bob, Partner, 999999",
        "Bob, , 1, a@b",
        "Bob, Partner, a@b, 1",
        "Bob, Partner, jr., 1, a@b",
    ] {
        assert_eq!(read(cell), Err(Wrong::Form), "{cell}");
    }
}

#[test]
fn only_the_intent_with_a_known_value_is_sent() {
    let read = |cell: &str| {
        let mut draft = draft();
        let read = intent(&mut draft, cell);
        let attributes = draft.additional().attributes.take();
        (
            read,
            attributes.map_or(0, |all| all.len()),
            draft.note.is_some(),
        )
    };
    assert_eq!(read("Have not decided"), (Ok(()), 1, false));
    assert_eq!(read("HaveNotDecided"), (Ok(()), 1, false));
    assert_eq!(read("Yes"), (Ok(()), 0, true));
    assert_eq!(read("no"), (Ok(()), 0, true));
    assert_eq!(read("maybe"), (Err(Wrong::Form), 0, false));
}

proptest! {
    #[test]
    fn no_cell_panics(cell in "[0-9A-Za-z/:.,+ -]{0,24}|.{0,24}", decimal_comma: bool) {
        for column in super::super::columns::COLUMNS {
            let mut draft = Draft::new(decimal_comma);
            let _ = (column.read)(&mut draft, &cell);
        }
    }

    #[test]
    fn every_decimal_that_is_read_is_written_the_same(whole in 0u64.., cents in 0u8..100) {
        let cell = format!("{whole}.{cents:02}");
        prop_assert_eq!(decimal(&cell).unwrap().to_string(), cell);
    }
}
