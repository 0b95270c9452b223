//! A process that dies at a chosen call to table or bucket: that call has its
//! effect or not, and after it nothing that the process does has any.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Whether the fatal call has its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It never leaves.
    Before,
    /// It is done, and nobody hears of it.
    After,
}

#[derive(Debug, Clone, Default)]
enum Fate {
    #[default]
    Alive,
    Doomed {
        operation: &'static str,
        calls_before: u32,
        moment: Moment,
    },
    Dead,
}

/// See the module; clones share one fate.
#[derive(Debug, Clone, Default)]
pub struct Death(Arc<Mutex<Fate>>);

impl Death {
    /// Dies at the `nth` call of an SDK operation from now, from 1.
    pub fn at(&self, operation: &'static str, nth: u32, moment: Moment) {
        *self.0.lock().unwrap() = Fate::Doomed {
            operation,
            calls_before: nth - 1,
            moment,
        };
    }

    /// Whether it has died.
    pub fn has_come(&self) -> bool {
        matches!(*self.0.lock().unwrap(), Fate::Dead)
    }

    fn strikes(&self, called: &str, at: Moment) -> bool {
        let mut fate = self.0.lock().unwrap();
        match &mut *fate {
            Fate::Alive => false,
            Fate::Dead => true,
            Fate::Doomed {
                operation,
                calls_before,
                moment,
            } => {
                if called != *operation || at != *moment {
                    return false;
                }
                if *calls_before > 0 {
                    *calls_before -= 1;
                    return false;
                }
                *fate = Fate::Dead;
                true
            }
        }
    }

    fn pass(&self, bag: &ConfigBag, at: Moment) -> Result<(), BoxError> {
        let called = bag.load::<Metadata>().map_or("", Metadata::name);
        if self.strikes(called, at) {
            return Err("the process is dead".into());
        }
        Ok(())
    }
}

#[dyn_dispatch_hint]
impl Intercept for Death {
    fn name(&self) -> &'static str {
        "Death"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.pass(bag, Moment::Before)
    }

    fn read_before_deserialization(
        &self,
        _: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.pass(bag, Moment::After)
    }
}
