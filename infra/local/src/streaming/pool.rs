//! As many processes as there are requests at once, up to a limit; idle ones are used again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Semaphore, oneshot};

use super::answer::Answer;
use super::environment::{Asked, Environment, Invocation};
use crate::deployment::REGION;
use crate::host::Control;

/// How many requests are answered at once; more wait.
const AT_ONCE: usize = 8;
/// The longest that Lambda lets a function run, and what the template asks for.
const WITHIN: Duration = Duration::from_mins(15);

/// The processes of one function.
pub(super) struct Pool {
    function: String,
    arn: String,
    control: Control,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Arc<Environment>>>,
    running: Mutex<HashMap<u16, Arc<Environment>>>,
}

impl Pool {
    /// Of a function of the stack with this prefix; nothing is started yet.
    pub(super) fn new(function: &str, prefix: &str, control: Control) -> Arc<Self> {
        Arc::new(Self {
            function: function.to_owned(),
            arn: format!("arn:aws:lambda:{REGION}:000000000000:function:{prefix}{function}"),
            control,
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            idle: Mutex::default(),
            running: Mutex::default(),
        })
    }

    /// Notes which processes are gone, for as long as the local AWS tells.
    pub(super) async fn watch(self: Arc<Self>, mut ended: UnboundedReceiver<u16>) {
        while let Some(port) = ended.recv().await {
            let Some(environment) = lock(&self.running).remove(&port) else {
                continue;
            };
            environment.end();
            let idle = &mut *lock(&self.idle);
            if let Some(place) = idle.iter().position(|it| it.port() == port) {
                idle.swap_remove(place).close();
            }
        }
    }

    /// Has a request answered; none where the function fails before it begins to answer.
    pub(super) async fn invoke(self: &Arc<Self>, id: String, event: Value) -> Option<Answer> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok()?;
        let (answer, answered) = oneshot::channel();
        let pool = Arc::clone(self);
        // On its own, so that an invocation runs to its end whether or not its reader stays.
        tokio::spawn(async move {
            let _permit = permit;
            pool.conduct(id, event, answer).await;
        });
        answered.await.ok()
    }

    async fn conduct(&self, id: String, event: Value, answer: oneshot::Sender<Answer>) {
        let (free, mut freed) = oneshot::channel();
        let mut invocation = Invocation {
            id,
            event,
            arn: self.arn.clone(),
            within: WITHIN,
            asked: Asked { answer, free },
        };
        loop {
            let Ok((environment, is_new)) = self.take().await else {
                return;
            };
            environment.hand(invocation).await;
            let usable = tokio::select! {
                biased;
                free = &mut freed => free.is_ok(),
                () = environment.ended() => false,
                () = tokio::time::sleep(WITHIN) => false,
            };
            if usable && !environment.is_gone() {
                lock(&self.idle).push(environment);
                return;
            }
            let _ = self.control.end(environment.port());
            match environment.close() {
                // An idle process that was killed before it asked: the next one does it.
                Some(back) if !is_new => invocation = back,
                _ => return,
            }
        }
    }

    /// An idle process, or a new one.
    async fn take(&self) -> Result<(Arc<Environment>, bool)> {
        while let Some(environment) = self.take_idle() {
            if !environment.is_gone() {
                return Ok((environment, false));
            }
            environment.close();
        }
        let environment = Environment::open().await?;
        let port = environment.port();
        lock(&self.running).insert(port, Arc::clone(&environment));
        if let Err(error) = self.control.start(&self.function, port) {
            lock(&self.running).remove(&port);
            environment.close();
            return Err(error);
        }
        Ok((environment, true))
    }

    fn take_idle(&self) -> Option<Arc<Environment>> {
        lock(&self.idle).pop()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
