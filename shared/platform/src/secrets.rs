//! Secrets Manager: the root secret and the deployment's own Microsoft secret,
//! each read once, when first needed.

use std::sync::Arc;

use convoke_domain::error::Error;
use tokio::sync::OnceCell;

use crate::keyring::{KEY_ID_LEN, Keyring};
use crate::store::describe;

/// Reads and keeps the secrets of this process.
#[derive(Clone)]
pub struct Secrets {
    client: aws_sdk_secretsmanager::Client,
    root_secret_arn: Arc<str>,
    current: Arc<OnceCell<Keyring>>,
    previous: Arc<OnceCell<Option<Keyring>>>,
}

impl Secrets {
    /// Over a client and the root secret's ARN.
    pub fn new(client: aws_sdk_secretsmanager::Client, root_secret_arn: &str) -> Self {
        Self {
            client,
            root_secret_arn: root_secret_arn.into(),
            current: Arc::default(),
            previous: Arc::default(),
        }
    }

    /// The keys to sign and seal with.
    pub async fn keyring(&self) -> Result<&Keyring, Error> {
        self.current
            .get_or_try_init(|| async {
                let secret = self.read(&self.root_secret_arn, "AWSCURRENT").await?;
                Ok(Keyring::of_root(&secret.ok_or_else(|| {
                    Error::internal("the root secret has no value")
                })?))
            })
            .await
    }

    /// The keys that `id` names: the current ones or those before the last rotation.
    pub async fn keyring_of(&self, id: [u8; KEY_ID_LEN]) -> Result<Option<&Keyring>, Error> {
        let current = self.keyring().await?;
        if current.id() == id {
            return Ok(Some(current));
        }
        let previous = self
            .previous
            .get_or_try_init(|| async {
                let secret = self.read(&self.root_secret_arn, "AWSPREVIOUS").await?;
                Ok::<_, Error>(secret.map(|secret| Keyring::of_root(&secret)))
            })
            .await?;
        Ok(previous.as_ref().filter(|ring| ring.id() == id))
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
