//! One JSON line per unit of work (XC-9).
//!
//! The line is at once the log entry and an EMF metric (CloudWatch's embedded
//! format): what is counted needs no second line and no call. Events in
//! between (a Graph call, a failure with its context) come from `tracing` in
//! the same form, inside the unit's span.

mod flat;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use tracing_subscriber::fmt::format::JsonFields;

use self::flat::FlatJson;

/// Starts logging in JSON on standard output; `level` is a `tracing` level
/// word, `info` where absent.
pub fn start(level: Option<&str>) {
    let level = level
        .and_then(|level| level.parse().ok())
        .unwrap_or(tracing::Level::INFO);
    // A second start (tests) keeps the first.
    let _ = tracing_subscriber::fmt()
        .fmt_fields(JsonFields::new())
        .event_format(FlatJson)
        .with_max_level(level)
        .try_init();
}

/// How a unit of work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As asked.
    Done,
    /// Refused for what the caller sent.
    Refused,
    /// Failed; to be looked at.
    Failed,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    const fn level(self) -> &'static str {
        match self {
            Self::Done | Self::Refused => "INFO",
            Self::Failed => "WARN",
        }
    }
}

/// A unit of work, while it goes on.
#[derive(Debug)]
pub struct Work {
    operation: &'static str,
    began: std::time::Instant,
    fields: Map<String, Value>,
    counts: Vec<&'static str>,
}

impl Work {
    /// Begins a unit; `operation` is one of few fixed words.
    pub fn begin(operation: &'static str) -> Self {
        Self {
            operation,
            began: std::time::Instant::now(),
            fields: Map::new(),
            counts: vec![],
        }
    }

    /// Adds a field: ids, codes and counts, never text that people wrote.
    pub fn note(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.insert(name.to_owned(), value.into());
    }

    /// Adds a count, which is a metric of its own as well; none of nothing.
    pub fn count(&mut self, name: &'static str, count: u64) {
        if count > 0 {
            self.note(name, count);
            self.counts.push(name);
        }
    }

    /// Writes the line.
    #[allow(
        clippy::print_stdout,
        reason = "standard output is the log of a Lambda function; this is its one place"
    )]
    pub fn end(self, outcome: Outcome, now: DateTime<Utc>) {
        println!("{}", self.line(outcome, now));
    }

    fn line(self, outcome: Outcome, now: DateTime<Utc>) -> Value {
        let duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut line = self.fields;
        let mut metrics = vec![json!({ "Name": "duration_ms", "Unit": "Milliseconds" })];
        let counts = self.counts.iter();
        metrics.extend(counts.map(|name| json!({ "Name": name, "Unit": "Count" })));
        line.insert("timestamp".to_owned(), json!(now));
        line.insert("level".to_owned(), json!(outcome.level()));
        line.insert("operation".to_owned(), json!(self.operation));
        line.insert("outcome".to_owned(), json!(outcome.as_str()));
        line.insert("duration_ms".to_owned(), json!(duration_ms));
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": now.timestamp_millis(),
                "CloudWatchMetrics": [{
                    "Namespace": "Convoke",
                    "Dimensions": [["operation", "outcome"]],
                    "Metrics": metrics,
                }],
            }),
        );
        Value::Object(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XC-9: one JSON line with its operation and duration, which is also a metric.
    #[test]
    fn a_unit_of_work_is_one_json_line_and_one_metric() {
        let mut work = Work::begin("get_meeting");
        work.note("request_id", "r\n1");
        work.count("forged", 3);
        work.count("unknown", 0);
        let line = work.line(Outcome::Failed, DateTime::UNIX_EPOCH);
        let text = line.to_string();
        assert!(!text.contains('\n'));
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["operation"], "get_meeting");
        assert!(line["duration_ms"].is_u64());
        let metric = &line["_aws"]["CloudWatchMetrics"][0];
        for dimension in metric["Dimensions"][0].as_array().unwrap() {
            assert!(line[dimension.as_str().unwrap()].is_string());
        }
        let metrics = metric["Metrics"].as_array().unwrap();
        assert_eq!(metrics.len(), 2);
        for metric in metrics {
            assert!(line[metric["Name"].as_str().unwrap()].is_number());
        }
        assert_eq!(line["forged"], 3);
    }
}
