//! Secrets Manager: the root secret and the deployment's own Microsoft secret,
//! each read once, when first needed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use convoke_domain::error::Error;
use tokio::sync::RwLock;

use crate::keyring::{KEY_ID_LEN, Keyring};
use crate::store::describe;

/// How long an unknown key id is answered from what was read last: a forged one
/// must not make every call read the secret.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Reads and keeps the secrets of this process.
#[derive(Clone)]
pub struct Secrets {
    client: aws_sdk_secretsmanager::Client,
    root_secret_arn: Arc<str>,
    rings: Arc<RwLock<Option<Rings>>>,
}

/// The keys of the present root, and of the one before it.
#[derive(Clone)]
struct Rings {
    current: Keyring,
    previous: Option<Keyring>,
    read_at: Instant,
}

impl Secrets {
    /// Over a client and the root secret's ARN.
    pub fn new(client: aws_sdk_secretsmanager::Client, root_secret_arn: &str) -> Self {
        Self {
            client,
            root_secret_arn: root_secret_arn.into(),
            rings: Arc::default(),
        }
    }

    /// The keys to sign and seal with.
    pub async fn keyring(&self) -> Result<Keyring, Error> {
        if let Some(rings) = &*self.rings.read().await {
            return Ok(rings.current.clone());
        }
        let mut held = self.rings.write().await;
        if let Some(rings) = &*held {
            return Ok(rings.current.clone());
        }
        let current = self.read_current().await?;
        *held = Some(Rings {
            current: current.clone(),
            previous: None,
            read_at: Instant::now(),
        });
        Ok(current)
    }

    /// The keys that `id` names: the current ones, or those of the root before
    /// or after the one that this process has read.
    pub async fn keyring_of(&self, id: [u8; KEY_ID_LEN]) -> Result<Option<Keyring>, Error> {
        let current = self.keyring().await?;
        if current.id() == id {
            return Ok(Some(current));
        }
        let mut held = self.rings.write().await;
        if let Some(rings) = &mut *held
            && (rings.previous.is_none() || rings.read_at.elapsed() > READ_AGAIN_AFTER)
        {
            let previous = self.read(&self.root_secret_arn, "AWSPREVIOUS").await?;
            *rings = Rings {
                current: self.read_current().await?,
                // Nothing before it: the present one stands for "looked already".
                previous: Some(previous.map_or(current, |secret| Keyring::of_root(&secret))),
                read_at: Instant::now(),
            };
        }
        let rings = held.as_ref();
        Ok(rings
            .into_iter()
            .flat_map(|rings| [Some(&rings.current), rings.previous.as_ref()])
            .flatten()
            .find(|ring| ring.id() == id)
            .cloned())
    }

    async fn read_current(&self) -> Result<Keyring, Error> {
        let secret = self.read(&self.root_secret_arn, "AWSCURRENT").await?;
        let secret = secret.ok_or_else(|| Error::internal("the root secret has no value"))?;
        Ok(Keyring::of_root(&secret))
    }

    /// The text of another secret, by ARN.
    pub async fn text(&self, arn: &str) -> Result<Option<String>, Error> {
        self.read(arn, "AWSCURRENT").await
    }

    async fn read(&self, arn: &str, stage: &str) -> Result<Option<String>, Error> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(arn)
            .version_stage(stage)
            .send()
            .await;
        match answer {
            Ok(value) => Ok(value.secret_string),
            Err(error) if error.as_service_error().is_some_and(aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError::is_resource_not_found_exception) => Ok(None),
            Err(error) => {
                tracing::warn!(error = describe(&error), "a secret could not be read");
                Err(Error::Upstream {
                    code: "secrets_unavailable",
                    message: "the deployment's secrets cannot be read; try again".to_owned(),
                    retry_after: None,
                })
            }
        }
    }
}
