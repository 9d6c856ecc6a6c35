//! A walk along the pages of a list, one page ahead of its reader.

use std::mem;

use serde::de::DeserializeOwned;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::ReferralsClient;
use crate::error::{Error, ErrorKind, Operation, Outcome};
use crate::list::{Ask, ListOptions, Page, RawPage, Trail, item};
use crate::transport::unreadable;

/// A list, from page to page.
pub(super) struct Walk {
    client: ReferralsClient,
    prefetch: bool,
    step: Step,
    trail: Trail,
    /// Pages without an item, the last ones in a row.
    empty: usize,
    /// Items of the pages that were handed out.
    items: usize,
}

/// What comes next.
enum Step {
    Ask(Ask),
    Ahead(Ahead),
    Fail(Error),
    End,
}

impl Walk {
    pub(super) fn new(client: ReferralsClient, options: ListOptions) -> Self {
        let prefetch = options.prefetch;
        let ask = options.into_ask();
        let mut trail = Trail::default();
        if let Ask::Next(next) = &ask {
            trail.step(next);
        }
        Self {
            client,
            prefetch,
            step: Step::Ask(ask),
            trail,
            empty: 0,
            items: 0,
        }
    }

    /// The next page with the number of its first item; none after the last.
    /// After an error there is no other page.
    pub(super) async fn next(&mut self) -> Result<Option<(RawPage, usize)>, Error> {
        let page = match mem::replace(&mut self.step, Step::End) {
            Step::End => return Ok(None),
            Step::Fail(error) => return Err(error),
            Step::Ask(ask) => self.client.raw_page(&ask).await?,
            Step::Ahead(ahead) => ahead.page().await?,
        };
        let first = self.items;
        self.items = self.items.saturating_add(page.items.len());
        self.empty = if page.items.len() == 0 {
            self.empty + 1
        } else {
            0
        };
        self.step = self.after(&page);
        Ok(Some((page, first)))
    }

    fn after(&mut self, page: &RawPage) -> Step {
        let Some(next) = &page.next else {
            return Step::End;
        };
        if !self.trail.step(next) {
            return Step::Fail(unreadable(
                &page.call,
                "its `@odata.nextLink` leads back to a page that was already read",
            ));
        }
        if self.empty >= ListOptions::MAX_EMPTY_PAGES {
            let most = ListOptions::MAX_EMPTY_PAGES;
            let detail = format!("{most} pages in a row were empty, and another one is named");
            return Step::Fail(unreadable(&page.call, &detail));
        }
        let ask = Ask::Next(next.clone());
        match Handle::try_current() {
            Ok(runtime) if self.prefetch => {
                let client = self.client.clone();
                let fetch = async move { client.raw_page(&ask).await };
                Step::Ahead(Ahead(runtime.spawn(fetch.in_current_span())))
            }
            _ => Step::Ask(ask),
        }
    }
}

/// A page that is fetched while the one before it is read. Dropped, it is not
/// fetched any more.
struct Ahead(JoinHandle<Result<RawPage, Error>>);

impl Ahead {
    async fn page(mut self) -> Result<RawPage, Error> {
        (&mut self.0).await.unwrap_or_else(|_| {
            let (operation, kind) = (Operation::ListReferrals, ErrorKind::Interrupted);
            let error = Error::new(operation, kind, Outcome::Unknown);
            Err(error.with(|parts| parts.detail = Some("the runtime ended".to_owned())))
        })
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The items of a walk.
pub(super) struct Items {
    walk: Walk,
    page: Option<(RawPage, usize)>,
}

impl Items {
    pub(super) fn new(walk: Walk) -> Self {
        Self { walk, page: None }
    }

    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> Option<Result<T, Error>> {
        loop {
            if let Some((page, position)) = &mut self.page
                && let Some(raw) = page.items.next()
            {
                let at = *position;
                *position = at.saturating_add(1);
                return Some(item(&page.call, &raw, at));
            }
            // What was read is given back before more is held.
            self.page = None;
            match self.walk.next().await {
                Ok(Some(page)) => self.page = Some(page),
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// The pages of a walk, read.
pub(super) async fn page<T: DeserializeOwned>(walk: &mut Walk) -> Option<Result<Page<T>, Error>> {
    match walk.next().await {
        Ok(page) => page.map(|(page, first)| Ok(page.into_page(first))),
        Err(error) => Some(Err(error)),
    }
}
