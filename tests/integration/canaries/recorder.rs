//! A log that a test can look into.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

pub type Fields = BTreeMap<String, String>;

#[derive(Default)]
struct Log {
    spans: Vec<(String, Fields)>,
    events: Vec<Fields>,
    /// Everything, of every library.
    text: String,
}

/// Keeps every span and event of this thread.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Log>>);

struct Collect<'a>(&'a mut Fields);

impl Visit for Collect<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::new();
        span.record(&mut Collect(&mut fields));
        let mut log = self.0.lock().unwrap();
        let _ = writeln!(log.text, "{} {fields:?}", span.metadata().name());
        log.spans.push((span.metadata().name().to_owned(), fields));
        Id::from_u64(log.spans.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let mut log = self.0.lock().unwrap();
        let at = usize::try_from(id.into_u64()).unwrap() - 1;
        values.record(&mut Collect(&mut log.spans[at].1));
        let fields = format!("{:?}", log.spans[at].1);
        log.text.push_str(&fields);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::new();
        event.record(&mut Collect(&mut fields));
        let mut log = self.0.lock().unwrap();
        let _ = writeln!(log.text, "{} {fields:?}", event.metadata().target());
        log.events.push(fields);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Recorder {
    pub fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let recorder = Self::default();
        let guard = tracing::subscriber::set_default(recorder.clone());
        (recorder, guard)
    }

    /// The fields of each call, in order.
    pub fn spans(&self) -> Vec<Fields> {
        let log = self.0.lock().unwrap();
        let ours = log
            .spans
            .iter()
            .filter(|span| span.0 == "partner_referrals");
        ours.map(|span| span.1.clone()).collect()
    }

    pub fn retries(&self) -> Vec<Fields> {
        let mut events = self.0.lock().unwrap().events.clone();
        events.retain(|fields| {
            fields
                .get("message")
                .is_some_and(|text| text == "sending again")
        });
        events
    }

    /// Everything that was said, of every library.
    pub fn text(&self) -> String {
        self.0.lock().unwrap().text.clone()
    }
}
