//! Telling families what happened: takes the outbox's messages, puts them into words, and sends
//! them to those who consented. At least once, with an idempotency key; what cannot be sent is
//! tried again, later each time, and given up visibly.

mod channel;

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use chrono::NaiveDate;
use portail_domain::{
    families::family_file::{Document, Section},
    i18n::{Language, text},
};
use portail_projections::{
    correspondence::outbox::{self, Channel, DeliveryStatus, Due},
    families::{family, family_file},
};

pub use channel::{Email, MessageText, Sms};

use crate::application::Application;

/// How often the outbox is looked at.
const TICK: Duration = Duration::from_secs(1);

/// How many messages one look takes.
const MOST: i64 = 100;

/// What happened longer ago is no news: a town that begins to send does not send its past.
const NEWS: chrono::Duration = chrono::Duration::days(3);

/// How often a delivery is tried before it is given up: for about a day and a half.
const ATTEMPTS: i32 = 17;

/// How long one try may take before another node may try.
const LEASE_SECONDS: f64 = 60.0;

/// Sends the outbox.
#[derive(Debug, Clone)]
pub struct Notifier {
    application: Arc<Application>,
    email: Option<Email>,
    sms: Option<Sms>,
}

impl Notifier {
    /// A notifier with its channels; none where there is no channel.
    pub fn new(application: Arc<Application>, email: Option<Email>, sms: Option<Sms>) -> Option<Self> {
        (email.is_some() || sms.is_some()).then_some(Self { application, email, sms })
    }

    /// Looks at the outbox for as long as the application runs.
    pub async fn run(self) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tick.tick().await;
            if let Err(error) = self.send_due().await {
                tracing::warn!(%error, "the outbox cannot be read");
            }
        }
    }

    async fn send_due(&self) -> Result<()> {
        let email = self.email.as_ref().map(|_| Channel::Email);
        let sms = self.sms.as_ref().map(|_| Channel::Sms);
        let channels: Vec<Channel> = email.into_iter().chain(sms).collect();
        let (pool, since) = (self.application.pool(), self.application.clock().now() - NEWS);
        for message in outbox::due(pool, &channels, since, MOST).await? {
            if let Some(attempt) = outbox::claim(pool, &message, LEASE_SECONDS).await? {
                self.deliver(&message, attempt).await?;
            }
        }
        Ok(())
    }

    async fn deliver(&self, message: &Due, attempt: i32) -> Result<()> {
        let pool = self.application.pool();
        let Some(words) = self.words(message).await? else {
            outbox::settle(pool, message, DeliveryStatus::Skipped, 0.0, None).await?;
            return Ok(());
        };
        let sent = match (message.channel, &self.email, &self.sms) {
            (Channel::Email, Some(email), _) => email.send(&words).await,
            (Channel::Sms, _, Some(sms)) => sms.send(&words).await,
            // Only those are asked for that are there.
            (Channel::Email, None, _) | (Channel::Sms, _, None) => return Ok(()),
        };
        match sent {
            Ok(()) => outbox::settle(pool, message, DeliveryStatus::Sent, 0.0, None).await?,
            Err(error) => {
                let status = if attempt >= ATTEMPTS { DeliveryStatus::Dead } else { DeliveryStatus::Pending };
                // Two seconds, then twice as long each time.
                let wait = f64::from(2u32.pow(attempt.clamp(1, 16).unsigned_abs()));
                let said = format!("{error:#}");
                tracing::warn!(notification = %message.id, error = said, channel = %message.channel, attempt, %status, "not sent");
                outbox::settle(pool, message, status, wait, Some(&said)).await?;
            }
        }
        Ok(())
    }

    /// The message in words; none when the family did not consent, or cannot be reached.
    async fn words(&self, message: &Due) -> Result<Option<MessageText>> {
        let Some(number) = &message.family else { return Ok(None) };
        let pool = self.application.pool();
        let sections = family_file::sections(pool, std::slice::from_ref(number)).await?;
        let card = sections.into_iter().find(|s| s.section == Section::Responsible).and_then(|s| s.value);
        let Some(to) = card.and_then(|card| reachable(&card, message.channel)) else { return Ok(None) };
        let child = match message.child {
            Some(id) => {
                let rows = family::children_by_id(pool, &[id]).await?;
                rows.into_iter().next().and_then(|c| c.identity).map(|i| i.first_name).unwrap_or_default()
            }
            None => String::new(),
        };
        let catalogue = self.application.catalogue().get().await?;
        let activity = message.activity.as_deref().and_then(|id| catalogue.activities.get(&id.parse().ok()?));
        let activity = activity.and_then(|a| a.latest()).map(|s| s.name.clone()).unwrap_or_default();
        let arguments = [("child", child), ("activity", activity), ("dates", days(&message.dates))];
        let say = |part: &str| text(&format!("MAIL_{}_{part}", message.template), Language::Fr, &arguments);
        let end = text("MAIL_END", Language::Fr, &[]);
        Ok(Some(MessageText {
            id: message.id,
            to,
            subject: say("SUBJECT"),
            body: format!("{}\n\n{end}\n", say("BODY")),
        }))
    }
}

/// Where a card's person can be reached on a channel they consented to.
fn reachable(card: &Document, channel: Channel) -> Option<String> {
    let (consent, address) = match channel {
        Channel::Email => ("email_consent", "email"),
        Channel::Sms => ("sms_consent", "mobile_phone"),
    };
    let agreed = card.get(consent).and_then(serde_json::Value::as_bool).unwrap_or(false);
    let address = card.get(address)?.as_str()?;
    agreed.then(|| address.to_owned())
}

fn days(dates: &[NaiveDate]) -> String {
    let all: Vec<String> = dates.iter().map(|d| d.format("%d/%m/%Y").to_string()).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use portail_projections::correspondence::outbox::Template;
    use serde_json::json;
    use strum::VariantArray;

    use super::*;

    #[test]
    fn every_message_has_its_words() {
        for template in Template::VARIANTS {
            for part in ["SUBJECT", "BODY"] {
                assert!(portail_domain::i18n::has(&format!("MAIL_{template}_{part}")), "{template}");
            }
        }
    }

    #[test]
    fn only_those_who_consented_and_can_be_reached_are_told() {
        let card = |value: serde_json::Value| value.as_object().unwrap().clone();
        let agreed =
            card(json!({ "email": "a@b.fr", "email_consent": true, "mobile_phone": "06 01 02 03 04" }));
        assert_eq!(reachable(&agreed, Channel::Email).as_deref(), Some("a@b.fr"));
        assert_eq!(reachable(&agreed, Channel::Sms), None, "no consent is no");
        assert_eq!(reachable(&card(json!({ "email_consent": true })), Channel::Email), None);
    }
}
