//! The bodies of webhook endpoints. Whether a URL may be sent to is the route's to judge.

use serde::Deserialize;

use super::field::Int;
use super::{Wire, check};
use crate::http::problem::{Faults, Problem};
use crate::ledger::types::Text;
use crate::limits::WEBHOOK_EVENTS_MAX;

/// The body of `POST …/webhook_endpoints`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookWire {
    url: Text,
    events: Option<Vec<Text>>,
    description: Option<Text>,
    after_seq: Option<Int>,
}

/// An endpoint to make.
#[derive(Debug)]
pub struct NewWebhook {
    /// Where to.
    pub url: String,
    /// The types it wants.
    pub events: Vec<String>,
    /// What its owner calls it.
    pub description: String,
    /// The record after which it begins; now, where it was not given.
    pub after_seq: Option<u64>,
}

impl Wire<'_> for WebhookWire {
    type Input = NewWebhook;

    fn check(self) -> Result<NewWebhook, Problem> {
        let mut faults = Faults::default();
        let events = events(&mut faults, self.events.unwrap_or_default());
        let description = self.description.unwrap_or_default();
        check::text(&mut faults, "/description", &description);
        let after_seq = self.after_seq.map(|Int(seq)| {
            u64::try_from(seq).unwrap_or_else(|_| {
                faults.add("/after_seq", "must not be below 0");
                0
            })
        });
        let (url, description) = (self.url.to_string(), description.to_string());
        faults.into_result(NewWebhook { url, events, description, after_seq })
    }
}

/// The body of `PATCH …/webhook_endpoints/{endpoint}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookChangeWire {
    url: Option<Text>,
    events: Option<Vec<Text>>,
    description: Option<Text>,
    status: Option<Text>,
}

/// What of an endpoint is to change.
#[derive(Debug)]
pub struct WebhookChange {
    /// Where to.
    pub url: Option<String>,
    /// The types it wants.
    pub events: Option<Vec<String>>,
    /// What its owner calls it.
    pub description: Option<String>,
    /// Whether it is sent to.
    pub enabled: Option<bool>,
}

impl Wire<'_> for WebhookChangeWire {
    type Input = WebhookChange;

    fn check(self) -> Result<WebhookChange, Problem> {
        let mut faults = Faults::default();
        let events = self.events.map(|listed| events(&mut faults, listed));
        if let Some(text) = &self.description {
            check::text(&mut faults, "/description", text);
        }
        let enabled = self.status.as_deref().map(|status| {
            if !matches!(status, "enabled" | "disabled") {
                faults.add("/status", "expected enabled or disabled");
            }
            status == "enabled"
        });
        let (url, description) = (self.url.map(String::from), self.description.map(String::from));
        faults.into_result(WebhookChange { url, events, description, enabled })
    }
}

fn events(faults: &mut Faults, listed: Vec<Text>) -> Vec<String> {
    if listed.len() > WEBHOOK_EVENTS_MAX {
        faults.add("/events", format!("has {} entries; at most {WEBHOOK_EVENTS_MAX} are accepted", listed.len()));
    }
    for (at, pattern) in listed.iter().enumerate() {
        let name = pattern.strip_suffix('*').unwrap_or(pattern);
        let plain = |b: u8| b.is_ascii_lowercase() || matches!(b, b'_' | b'.');
        if pattern.is_empty() || pattern.len() > 64 || !name.bytes().all(plain) {
            faults.add(format_args!("/events/{at}"), "expected a type such as purchase.posted, or purchase.*");
        }
    }
    listed.into_iter().map(String::from).collect()
}
