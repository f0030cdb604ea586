//! The two ways a message leaves the house: e-mail by SMTP, text messages by an HTTP gateway.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};
use uuid::Uuid;

/// How long a server or gateway may take: shorter than the lease of a delivery.
const PATIENCE: Duration = Duration::from_secs(20);

/// A message in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageText {
    /// The idempotency key: the same again is the same message.
    pub id: Uuid,
    /// An address or a telephone number.
    pub to: String,
    /// The subject of an e-mail; a text message is this alone.
    pub subject: String,
    /// The text of an e-mail.
    pub body: String,
}

/// Sends e-mail.
#[derive(Clone)]
pub struct Email {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address may hold a password.
        f.debug_struct("Email").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Email {
    /// By an SMTP server: `smtp://`, `smtps://`, with a user and password where it wants them.
    ///
    /// # Errors
    /// The address of the server or of the sender cannot be read.
    pub fn new(url: &str, from: &str) -> Result<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| {
                anyhow::anyhow!(
                    "PORTAIL_SMTP_URL: smtp://host:port or smtps://user:password@host is expected"
                )
            })?
            .timeout(Some(PATIENCE))
            .build();
        let from = from
            .parse()
            .with_context(|| format!("PORTAIL_MAIL_FROM={from}: an e-mail address is expected"))?;
        Ok(Self { transport, from })
    }

    /// Sends a message; its id is the message's own, so that a mail server or reader that sees it
    /// twice knows.
    ///
    /// # Errors
    /// The address is wrong, or the server did not take it.
    pub async fn send(&self, words: &MessageText) -> Result<()> {
        let domain = self.from.email.domain();
        let message = Message::builder()
            .from(self.from.clone())
            .to(words.to.parse().context("the recipient's address")?)
            .message_id(Some(format!("<{}@{domain}>", words.id)))
            .subject(words.subject.as_str())
            .header(ContentType::TEXT_PLAIN)
            .body(words.body.clone())?;
        self.transport.send(message).await?;
        Ok(())
    }
}

/// Sends text messages through a gateway: `POST` of `{"to", "text"}` with an `Idempotency-Key`.
#[derive(Debug, Clone)]
pub struct Sms {
    client: reqwest::Client,
    url: String,
}

impl Sms {
    /// Through the gateway at an address.
    pub fn new(url: &str) -> Self {
        Self { client: reqwest::Client::new(), url: url.to_owned() }
    }

    /// Sends a message.
    ///
    /// # Errors
    /// The gateway did not take it.
    pub async fn send(&self, words: &MessageText) -> Result<()> {
        let answer = self
            .client
            .post(&self.url)
            .timeout(PATIENCE)
            .header("Idempotency-Key", words.id.to_string())
            .json(&serde_json::json!({ "to": words.to, "text": words.subject }))
            .send()
            .await
            // The address may hold a secret.
            .map_err(reqwest::Error::without_url)?;
        ensure!(answer.status().is_success(), "the gateway answered {}", answer.status());
        Ok(())
    }
}
