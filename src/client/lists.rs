//! Lists: one page, all pages, all referrals.

use std::sync::Arc;

use futures::stream::unfold;
use serde::de::DeserializeOwned;

use super::ReferralsClient;
use super::walk::{Items, Walk, page};
use crate::error::{Error, Operation};
use crate::list::{Ask, Body, Continuation, ListOptions, Page, Pages, RawPage, Referrals};
use crate::transport::{read, unreadable};

/// # Lists
impl ReferralsClient {
    /// Reads the first page of a list.
    ///
    /// # Errors
    /// [`Error`] where the page cannot be had. A referral that cannot be read
    /// is in [`Page::unreadable`], and the others are there.
    pub async fn list(&self, options: &ListOptions) -> Result<Page, Error> {
        self.list_as(options).await
    }

    /// Reads the first page of a list into a type of your own: with
    /// [`ListOptions::select`] one that has only what was asked for.
    ///
    /// ```no_run
    /// # async fn run(client: partner_referrals::ReferralsClient) -> Result<(), partner_referrals::Error> {
    /// use partner_referrals::{ListOptions, ReferralId};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Slim {
    ///     id: ReferralId,
    ///     name: Option<String>,
    /// }
    ///
    /// let page = client.list_as::<Slim>(&ListOptions::new().select("id,name")).await?;
    /// # let _ = page.referrals.iter().map(|one| (&one.id, &one.name)).count();
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_as<T: DeserializeOwned>(
        &self,
        options: &ListOptions,
    ) -> Result<Page<T>, Error> {
        let page = self.raw_page(&options.clone().into_ask()).await?;
        Ok(page.into_page(0))
    }

    /// Reads the page that another page named as its next. The
    /// [places](Error::list_position) of its errors are counted within this page;
    /// [`pages`](Self::pages) counts on.
    ///
    /// # Errors
    /// As [`list`](Self::list); a page that names itself as its next is an
    /// error.
    pub async fn list_next(&self, next: &Continuation) -> Result<Page, Error> {
        let page = self.raw_page(&Ask::Next(next.clone())).await?;
        if page.next.as_ref() == Some(next) {
            return Err(unreadable(
                &page.call,
                "its `@odata.nextLink` leads back to a page that was already read",
            ));
        }
        Ok(page.into_page(0))
    }

    /// All referrals of a list.
    ///
    /// # Expected flow
    /// Nothing is sent before the stream is polled. While the referrals of one
    /// page are handed out, the next page is fetched
    /// ([`ListOptions::prefetch`] turns that off); two pages are held at most,
    /// whatever the length of the list.
    ///
    /// # Guarantees
    /// A referral that cannot be read is an error with
    /// [`Error::list_position`] and, where it can be told, its id
    /// ([`Error::referral_id`]); the stream goes on behind it.
    ///
    /// # Caveats
    /// The service's list is no snapshot, as far as is known: what changes
    /// while it is read may be there twice or not at all.
    ///
    /// # Errors
    /// An error without a `list_position` ends the stream: a page that cannot
    /// be had, one that leads back to an earlier one, or
    /// [`ListOptions::MAX_EMPTY_PAGES`] empty ones in a row. Where the list must
    /// be gone on with later, read [`pages`](Self::pages).
    pub fn referrals(&self, options: ListOptions) -> Referrals {
        self.referrals_as(options)
    }

    /// All referrals of a list, each read into a type of your own; see
    /// [`list_as`](Self::list_as).
    ///
    /// # Errors
    /// As [`referrals`](Self::referrals).
    pub fn referrals_as<T>(&self, options: ListOptions) -> Referrals<T>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let items = Items::new(Walk::new(self.clone(), options));
        Referrals::new(unfold(items, |mut items| async move {
            let item = items.next().await?;
            Some((item, items))
        }))
    }

    /// All pages of a list. The [`next`](Page::next) of each can be kept, and
    /// the list be gone on with from there by [`ListOptions::resume`], in
    /// another process too.
    ///
    /// ```no_run
    /// # async fn run(client: partner_referrals::ReferralsClient) -> Result<(), Box<dyn std::error::Error>> {
    /// use futures::TryStreamExt as _;
    /// use partner_referrals::{Continuation, ListOptions};
    ///
    /// let mut pages = client.pages(ListOptions::new().order_by("createdDateTime"));
    /// let first = pages.try_next().await?;
    /// if let Some(next) = first.and_then(|page| page.next) {
    ///     let kept = next.as_str().to_owned();
    ///     let rest = client.referrals(ListOptions::resume(Continuation::try_from(kept)?));
    ///     # let _ = rest;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The stream ends after the first error, as that of
    /// [`referrals`](Self::referrals) does; referrals that cannot be read are in
    /// [`Page::unreadable`].
    pub fn pages(&self, options: ListOptions) -> Pages {
        self.pages_as(options)
    }

    /// All pages of a list, of a type of your own; see
    /// [`list_as`](Self::list_as).
    ///
    /// # Errors
    /// As [`pages`](Self::pages).
    pub fn pages_as<T>(&self, options: ListOptions) -> Pages<T>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let walk = Walk::new(self.clone(), options);
        Pages::new(unfold(walk, |mut walk| async move {
            let page = page(&mut walk).await?;
            Some((page, walk))
        }))
    }

    pub(super) async fn raw_page(&self, ask: &Ask) -> Result<RawPage, Error> {
        let operation = Operation::ListReferrals;
        let call = self.begin(operation);
        let (call, query) = match ask {
            Ask::First(options) => {
                if let Some(problem) = options.problem() {
                    return Err(Error::invalid(operation, problem));
                }
                (call, options.query())
            }
            Ask::Next(next) => (call.with_raw_query(next.query()), Vec::new()),
        };
        let call = Arc::new(call);
        let request = || async {
            let bytes = read(&self.generated, operation, operation.path(), &query).await?;
            Body::read(&bytes)
                .map_err(|error| progenitor_client::Error::InvalidResponsePayload(bytes, error))
        };
        let body = self.generated.inner.call(&call, request).await?;
        RawPage::new(body, call)
    }
}
