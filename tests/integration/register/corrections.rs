//! Corrections of a registration.

use super::*;

#[tokio::test]
async fn a_correction_sends_each_member_by_its_own_path() {
    let (sandbox, client, id) = deal().await;
    client.register_deal(&id, &new()).await.unwrap();
    sandbox.edit(id.as_str(), |stored| {
        stored["registrations"][0]["later"] = json!({"kept": 1});
    });
    let before = stored(&sandbox, &id);
    let changed = client
        .update_registration(&id, |one| {
            let contract = one.contract.as_mut().unwrap();
            contract.value = "130000.10".parse().ok();
            let solution = &mut one.solution_details.as_mut().unwrap()[0];
            solution.is_deployed_on_azure = Some(true);
        })
        .await
        .unwrap();
    let sent = writes(&sandbox).pop().unwrap();
    assert_eq!(sent.header("if-match"), before["eTag"].as_str());
    let body = String::from_utf8(sent.body.to_vec()).unwrap();
    assert!(body.contains(r#""value":130000.10"#), "{body}");
    assert_eq!(
        patched(&sent),
        [
            "replace /registrations/0/contract/value",
            "add /registrations/0/solutionDetails/0/isDeployedOnAzure"
        ]
    );
    let after = stored(&sandbox, &id)["registrations"][0].clone();
    assert_eq!(after["later"], json!({"kept": 1}));
    assert_eq!(after["id"], before["registrations"][0]["id"]);
    let one = changed
        .into_referral()
        .unwrap()
        .registrations
        .unwrap()
        .remove(0);
    assert_eq!(one.contract.unwrap().value, "130000.10".parse().ok());
    let same = client.update_registration(&id, |_| {}).await.unwrap();
    assert!(!same.is_changed());
}

fn signed(one: &mut Registration, when: Timestamp) {
    one.contract.as_mut().unwrap().sign_date_time = Some(when);
}

#[tokio::test]
async fn a_correction_is_refused_for_what_it_breaks_and_not_for_what_was_broken() {
    let (sandbox, client, id) = deal().await;
    let nothing = client.update_registration(&id, |_| {}).await.unwrap_err();
    let RegistrationError::Failed(nothing) = nothing else {
        panic!("{nothing}");
    };
    assert_eq!(nothing.kind(), ErrorKind::InvalidRequest);
    assert!(nothing.to_string().contains("no registration"), "{nothing}");
    client.register_deal(&id, &new()).await.unwrap();
    // Registered 50 days ago: the days count to then.
    sandbox.edit(id.as_str(), |stored| {
        stored["createdDateTime"] = json!(days_ago(200));
        let one = &mut stored["registrations"][0];
        one["registrationDateTime"] = json!(days_ago(50));
        one["contract"]["value"] = json!(1);
    });
    let sent = writes(&sandbox).len();
    client
        .update_registration(&id, |one| signed(one, days_ago(109)))
        .await
        .unwrap();
    let error = client
        .update_registration(&id, |one| signed(one, days_ago(111)))
        .await
        .unwrap_err();
    let path = "/registrations/0/contract/signDateTime";
    assert_eq!(rules(&error), [(Rule::SignedLately, path)]);
    let error = client
        .update_registration(&id, |one| {
            one.contract.as_mut().unwrap().currency = Some("EUR".to_owned());
        })
        .await
        .unwrap_err();
    let RegistrationError::Failed(error) = error else {
        panic!("{error}");
    };
    let shown = error.to_string();
    assert!(
        shown.contains("/registrations/0/contract/currency"),
        "{shown}"
    );

    assert!(sandbox.registration_reviewed(id.as_str(), "Failed", Some("too late")));
    let error = client
        .update_registration(&id, |one| signed(one, days_ago(108)))
        .await
        .unwrap_err();
    assert_eq!(rules(&error), [(Rule::NotEnded, "/registrations/0/status")]);
    // Where it does not say so itself, the referral does.
    sandbox.edit(id.as_str(), |stored| {
        stored["registrations"][0]["status"] = Value::Null;
    });
    let error = client
        .update_registration(&id, |one| signed(one, days_ago(108)))
        .await
        .unwrap_err();
    assert_eq!(rules(&error)[0].0, Rule::NotEnded);
    assert_eq!(writes(&sandbox).len(), sent + 1);
}

#[tokio::test]
async fn a_solution_may_not_come_to_be_worth_more_than_its_contract() {
    let (sandbox, client, id) = deal().await;
    client.register_deal(&id, &new()).await.unwrap();
    let sent = writes(&sandbox).len();
    // An answer does not repeat the currency of a solution.
    let error = client
        .update_registration(&id, |one| {
            let solution = &mut one.solution_details.as_mut().unwrap()[0];
            solution.value = "50000.11".parse().ok();
        })
        .await
        .unwrap_err();
    let path = "/registrations/0/solutionDetails/0/value";
    assert_eq!(rules(&error), [(Rule::SolutionWithinContract, path)]);
    assert_eq!(writes(&sandbox).len(), sent);
}
