//! The same for the calls that follow a deal: filters, updates, closing,
//! waiting, synchronising, inviting, registering. Every one of them in every
//! failure; what fails and what comes back is searched.

use std::fmt::Debug;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use futures::TryStreamExt as _;
use partner_referrals::filter::{self, Filter};
use partner_referrals::registration::RegistrationError;
use partner_referrals::types::{
    ContractTerm, NewMember, NewRegistration, NewRegistrationContract, NewRegistrationSolution,
    RegistrationType,
};
use partner_referrals::{Amount, Error, Invitation, ReferralId, Timestamp, Watermark};

use super::*;

/// What was said, by which call.
#[derive(Default)]
struct Said {
    text: String,
    failed: usize,
    went_well: usize,
}

impl Said {
    fn note<T: Debug, E: std::error::Error>(&mut self, call: &str, result: Result<T, E>) {
        match result {
            Ok(value) => {
                self.went_well += 1;
                let _ = writeln!(self.text, "{call}: {value:?} {value:#?}");
            }
            Err(error) => {
                self.failed += 1;
                let _ = writeln!(self.text, "{call}: {}", shown(&error));
            }
        }
    }
}

fn member() -> NewMember {
    NewMember::new(CANARY, CANARY, CANARY, "canary@contoso.com").with_member(CANARY, CANARY)
}

fn registration(value: Amount) -> NewRegistration {
    let now = |days: i64| Timestamp::from(Utc::now() - TimeDelta::days(days));
    let term = ContractTerm::Perpetual;
    let mut contract = NewRegistrationContract::new(value, "USD", term, now(1), now(2));
    contract.extra.insert(CANARY.to_owned(), CANARY.into());
    let solution = NewRegistrationSolution::new(CANARY, value, CANARY);
    NewRegistration::new(RegistrationType::AzureIpCoSell, contract, [solution])
}

/// A referral with a canary in every text; a state of its own.
fn insert(sandbox: &Sandbox, status: &str, substatus: &str) -> ReferralId {
    let mut value = serde_json::to_value(canaried()).unwrap();
    value["status"] = status.into();
    value["substatus"] = substatus.into();
    value["type"] = "Independent".into();
    value["inviteContext"] = json!({"notes": CANARY});
    value["createdDateTime"] = json!(Timestamp::from(Utc::now() - TimeDelta::days(30)));
    value["updatedDateTime"] = json!(Timestamp::from(Utc::now()));
    value["consent"]["consentToShareReferralWithMicrosoftSellers"] = true.into();
    value["registrations"] = json!([{
        "id": CANARY, "status": "ReviewPending", "statusReason": CANARY,
        "contract": {"value": NUMBER, "currency": CANARY},
        "solutionDetails": [{"id": CANARY, "name": CANARY, "value": NUMBER, CANARY: CANARY}],
    }]);
    let made = sandbox.insert(value);
    made["id"].as_str().unwrap().parse().unwrap()
}

fn filters() -> Filter {
    filter::team_email()
        .eq("canary@contoso.com")
        .and(filter::country().eq(CANARY))
        .and(Filter::raw("name eq 'canary'"))
}

async fn every_call(sandbox: &Sandbox, said: &mut Said) {
    let client = || loud(sandbox);
    let options = || ListOptions::new().filter(filters());
    said.note("filter", Ok::<_, Error>(filters()));
    said.note("field", Ok::<_, Error>(filter::team_email()));
    said.note("options", Ok::<_, Error>(options()));
    said.note("list", client().list(&options()).await);
    let bad = ListOptions::new().filter(filter::country().eq("canary\n"));
    said.note("list", client().list(&bad).await);
    let mut pages = client().pages(options());
    said.note("pages", pages.try_next().await);
    let mut all = client().referrals(ListOptions::new());
    said.note("referrals", all.try_next().await);
    said.note("stream", Ok::<_, Error>(all));

    let open = insert(sandbox, "Active", "Accepted");
    let notes = |one: &mut Referral| {
        one.details.as_mut().unwrap().notes = Some(format!("{CANARY} again"));
        one.team.as_mut().unwrap()[0].first_name = Some(CANARY.to_owned());
        one.extra
            .insert(CANARY.to_owned(), "canary, changed".into());
    };
    said.note("update", client().update(&open, notes).await);
    let away = |one: &mut Referral| one.details.as_mut().unwrap().notes = None;
    said.note("update", client().update(&open, away).await);
    let own = |one: &mut Referral| one.mpn_id = Some(CANARY.to_owned());
    said.note("update", client().update(&open, own).await);
    let unknown = |one: &mut Referral| one.substatus = "Won".into();
    said.note("update", client().update(&open, unknown).await);
    said.note(
        "append",
        client().append_team_member(&open, &member()).await,
    );
    said.note(
        "append",
        client().append_customer_contact(&open, &member()).await,
    );
    said.note("show", client().show_to_microsoft_sellers(&open).await);
    let invitation = Invitation::new("GeneralOrOther").notes(CANARY);
    let invitation = invitation.connected(canaried());
    said.note("invite", Ok::<_, Error>(&invitation));
    said.note(
        "invite",
        client().invite_microsoft(&open, &invitation).await,
    );
    let invitation = Invitation::new("GeneralOrOther").notes(CANARY);
    let invitation = invitation.without_portal_rules();
    said.note(
        "invite",
        client().invite_microsoft(&open, &invitation).await,
    );
    let waiting = client();
    let wait = waiting.wait_until(&open, |_| false, Duration::from_secs(1));
    said.note("wait", wait.await);
    let mut sync = client().sync_since(&Watermark::at(Utc::now()));
    said.note(
        "sync",
        sync.next().await.unwrap_or_else(|| client_error(&client())),
    );
    said.note("sync", Ok::<_, Error>((sync.watermark().clone(), sync)));

    for (index, reason) in [CANARY, CANARY, CANARY, CANARY, CANARY].iter().enumerate() {
        let id = insert(sandbox, "New", "Received");
        let Ok(referral) = client().get(&id).await else {
            continue;
        };
        let client = client();
        let closed = match index {
            0 => client.accept(&referral).await,
            1 => client.decline(&referral, *reason).await,
            2 => client.win(&referral).await,
            3 => client.lose(&referral, *reason).await,
            _ => client.close_as_error(&referral, *reason).await,
        };
        said.note("close", closed);
    }

    let won = insert(sandbox, "Closed", "Won");
    for one in [
        registration(NUMBER.to_string().parse().unwrap()),
        registration(200.into()),
    ] {
        said.note("register", Ok::<_, Error>(&one));
        let result = client().register_deal(&won, &one).await;
        if let Err(RegistrationError::Refused { problems, .. }) = &result {
            said.note("register", Ok::<_, Error>(problems.clone()));
        }
        said.note("register", result);
        said.note(
            "register",
            client().register_deal_unchecked(&won, &one).await,
        );
    }
    let value = |one: &mut partner_referrals::types::Registration| {
        one.contract.as_mut().unwrap().value = Some(7.into());
    };
    said.note("correct", client().update_registration(&won, value).await);
    let name = |one: &mut partner_referrals::types::Registration| {
        one.status_reason = Some(CANARY.to_owned());
    };
    said.note("correct", client().update_registration(&won, name).await);
}

/// A call that fails in any case, where a run of a synchronisation is empty.
fn client_error(client: &ReferralsClient) -> Result<Referral, Error> {
    let bad = ListOptions::new().filter(filter::country().eq("canary\n"));
    let list = futures::executor::block_on(client.list(&bad));
    Err(list.unwrap_err())
}

#[tokio::test]
async fn no_canary_is_in_what_a_call_says_that_follows_a_deal() {
    let (log, _guard) = Recorder::start();
    let mut plans = vec![FaultPlan::new()];
    plans.extend(failures());
    // Where every read goes well, the writes are reached.
    for fault in writes_fail() {
        for method in ["PATCH", "POST"] {
            plans.push(FaultPlan::new().rule(FaultRule::new(fault.clone()).method(method)));
        }
    }
    let mut said = Said::default();
    for plan in plans {
        let sandbox = sandbox().await;
        sandbox.set_faults(plan);
        every_call(&sandbox, &mut said).await;
        let sent = sandbox.requests();
        let out = sent.iter().any(|one| {
            one.query
                .as_deref()
                .is_some_and(|query| query.contains(CANARY))
                || String::from_utf8_lossy(&one.body).contains(CANARY)
        });
        assert!(out, "the canaries did go out");
    }
    assert!(
        said.went_well > 100 && said.failed > 300,
        "{} {}",
        said.went_well,
        said.failed
    );
    for expected in [
        "HTTP 503",
        "portal's rules",
        "Refused",
        "TimeOver",
        "Changed",
        "/mpnId",
    ] {
        assert!(said.text.contains(expected), "{expected}");
    }
    clean(&said.text);
    clean(&log.text());
}

fn writes_fail() -> Vec<Fault> {
    let text = || FaultBody::Text(format!("{CANARY} {NUMBER}"));
    vec![
        Fault::status(503, quoting()),
        Fault::status(400, quoting()),
        Fault::status(412, text()),
        Fault::StatusAfterWrite {
            status: 200,
            body: text(),
            headers: vec![("etag".to_owned(), CANARY.to_owned())],
        },
        Fault::CutAfterWrite,
        Fault::CutBody,
    ]
}
