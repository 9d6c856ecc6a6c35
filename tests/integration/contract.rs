//! The client against a server that somebody else makes of the document, or
//! that somebody else listens to: `cargo xtask contract` starts it.

use futures::TryStreamExt as _;
use partner_referrals::lifecycle::{Status, Transition};
use partner_referrals::shared_referral::{MemoryJournal, SharedReferralPlan};
use partner_referrals::types::{
    AssistanceRequestCode, ClosingReason, NewMember, NewReferral, Qualification, Referral,
};
use partner_referrals::{
    Amount, ListOptions, Patch, Patched, ReferralId, ReferralsClient, RetryPolicy, StaticToken,
    Watermark, filter,
};

use crate::support::published;

const PRIVATE: &str =
    include_str!("../../openapi/examples/create_referral.request.private_2024.json");

/// The address of the server, without a path.
const SERVER: &str = "PARTNER_REFERRALS_CONTRACT_SERVER";

fn client() -> ReferralsClient {
    let server = std::env::var(SERVER)
        .unwrap_or_else(|_| panic!("{SERVER} is not set: run `cargo xtask contract`"));
    ReferralsClient::builder(StaticToken::new("contract").unwrap())
        .base_url(server)
        .allow_insecure_loopback()
        // What a server refuses is to be seen, not to be tried again.
        .retry(RetryPolicy::never())
        .build()
        .unwrap()
}

/// For a server without a memory, which answers any id with any referral.
#[tokio::test]
#[ignore = "needs a server made of the document: cargo xtask contract"]
async fn each_operation_is_answered() {
    let client = client();
    let created = client.create(&published()).await.unwrap();
    assert!(!created.id.as_str().is_empty());

    let id = ReferralId::new("4111fffc-f9ee-4d53-bba6-8d5f5a4b3e2d").unwrap();
    let read = client.get(&id).await.unwrap();
    assert!(!read.engagement_id.as_str().is_empty());

    let options = ListOptions::new()
        .filter(filter::status().eq(Status::New))
        .order_by("createdDateTime desc")
        .top(10)
        .skip(0)
        .count(true);
    if let Err(error) = client.list(&options).await {
        // Who makes up the text of the next page's link makes no link.
        assert!(error.to_string().contains("@odata.nextLink"), "{error}");
    }

    let patch = Patch::new()
        .replace("/details/notes", "Called")
        .add(
            "/team/-",
            NewMember::new("Ada", "Lovelace", "555", "ada@contoso.com"),
        )
        .if_match("\"7a00c4ff\"".parse().unwrap());
    client.patch(&id, &patch).await.unwrap();
    client.patch(&id, &patch.return_referral()).await.unwrap();
}

/// For a server with a memory: everything that the client sends, and what it
/// reads back.
#[tokio::test]
#[ignore = "needs the sandbox behind somebody who listens: cargo xtask contract"]
async fn everything_that_the_client_sends() {
    let client = client();
    let own = client.create(&published()).await.unwrap();
    assert_eq!(own.status, Status::Active);
    let private: NewReferral = serde_json::from_str(PRIVATE).unwrap();
    let private = client.create(&private).await.unwrap();

    changes(&client, &own).await;
    lists(&client).await;
    refusals(&client, &own).await;

    client.show_to_microsoft_sellers(&private.id).await.unwrap();
    let private = client.get(&private.id).await.unwrap();
    client
        .lose(&private, ClosingReason::NotACustomer)
        .await
        .unwrap();

    shared(&client).await;

    let own = client.get(&own.id).await.unwrap();
    client.transition(&own, Transition::won()).await.unwrap();
    assert_eq!(client.get(&own.id).await.unwrap().status, Status::Closed);
}

async fn changes(client: &ReferralsClient, referral: &Referral) {
    let id = &referral.id;
    let amount: Amount = "1234567.80".parse().unwrap();
    let patch = Patch::new()
        .replace("/details/dealValue", amount)
        .replace("/externalReferenceId", "crm-1")
        .if_match(referral.e_tag.clone().unwrap());
    let patched = client.patch(id, &patch).await.unwrap();
    assert!(matches!(patched, Patched::NoContent { .. }));

    let member = NewMember::new("Ada", "Lovelace", "555", "ada@contoso.com");
    client.append_team_member(id, &member).await.unwrap();
    client.append_customer_contact(id, &member).await.unwrap();
    client
        .update(id, |referral| {
            referral.campaign_id = Some("spring".to_owned());
        })
        .await
        .unwrap();

    let mut read = client.get(id).await.unwrap();
    assert_eq!(read.details.as_ref().unwrap().deal_value, Some(amount));
    read.name = Some("Another name".to_owned());
    read.qualification = Some(Qualification::Direct);
    let replaced = client.put(&read).await.unwrap();
    assert_eq!(replaced.name.as_deref(), Some("Another name"));
    assert_eq!(replaced.campaign_id.as_deref(), Some("spring"));
}

async fn lists(client: &ReferralsClient) {
    let options = ListOptions::new()
        .filter(filter::status().eq(Status::Active))
        .order_by("createdDateTime desc")
        .top(1)
        .count(true);
    let page = client.list(&options).await.unwrap();
    assert_eq!(page.referrals.len(), 1);

    // The sandbox that is started for this has pages of one.
    let all: Vec<Referral> = client
        .referrals(ListOptions::new().order_by("updatedDateTime desc"))
        .try_collect()
        .await
        .unwrap();
    assert!(all.len() >= 2, "{}", all.len());

    let mut sync = client.sync_since(&Watermark::beginning());
    let mut synced = 0;
    while let Some(one) = sync.next().await {
        one.unwrap();
        synced += 1;
    }
    assert_eq!(synced, all.len());
}

/// What the service refuses must be in the document too.
async fn refusals(client: &ReferralsClient, referral: &Referral) {
    let unknown = ReferralId::new("00000000-0000-0000-0000-000000000000").unwrap();
    let error = client.get(&unknown).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");

    let stale = Patch::new()
        .replace("/details/notes", "late")
        .if_match("\"stale\"".parse().unwrap());
    let error = client.patch(&referral.id, &stale).await.unwrap_err();
    assert!(error.is_precondition_failed(), "{error}");

    let closed = Patch::new().replace("/status", "Closed");
    let error = client.patch(&referral.id, &closed).await.unwrap_err();
    assert_eq!(error.status(), Some(400));
}

async fn shared(client: &ReferralsClient) {
    let plan = SharedReferralPlan::new(published(), AssistanceRequestCode::ProofOfConceptOrDemo)
        .notes_to_microsoft("Can you join?")
        .with_key("contract");
    let deals = client.shared_referrals(MemoryJournal::new());
    let shared = deals.create(&plan).await.unwrap();
    let halves: Vec<Referral> = client
        .referrals(ListOptions::new().filter(filter::engagement_id().eq(shared.engagement_id)))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(halves.len(), 2);
}
