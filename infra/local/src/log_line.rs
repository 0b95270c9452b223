//! A function's log line, as a person reads it: the JSON is for CloudWatch.

use serde_json::{Map, Value};

/// Fields that say nothing here, or are shown in front.
const LEFT_OUT: [&str; 17] = [
    "_aws",
    "timestamp",
    "level",
    "operation",
    "outcome",
    "status",
    "duration_ms",
    "message",
    "target",
    "span",
    "spans",
    "request_id",
    "requestId",
    "client_request_id",
    "graph_request_id",
    "ses_message_id",
    "tenant",
];

/// Shortens a JSON log line; other lines stay as they are.
pub(crate) fn readable(text: &str) -> String {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else {
        return text.to_owned();
    };
    let mut words = vec![];
    if let Some(level) = fields.get("level").and_then(Value::as_str)
        && level != "INFO"
    {
        words.push(level.to_owned());
    }
    for name in ["operation", "message", "status"] {
        words.extend(fields.get(name).map(plain));
    }
    if let Some(duration) = fields.get("duration_ms") {
        words.push(format!("{duration} ms"));
    }
    words.extend(rest(&fields));
    words.join(" ")
}

fn rest(fields: &Map<String, Value>) -> impl Iterator<Item = String> {
    fields
        .iter()
        .filter(|(name, value)| !LEFT_OUT.contains(&name.as_str()) && **value != "")
        .map(|(name, value)| format!("{name}={}", plain(value)))
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn a_unit_of_work_reads_as_one_short_line() {
        let line = r#"{"_aws":{"x":1},"duration_ms":12,"level":"INFO","operation":"create_meeting","outcome":"done","request_id":"r","status":201,"tenant":"acme","control_id":"c1"}"#;
        assert_eq!(readable(line), "create_meeting 201 12 ms control_id=c1");
    }

    #[test]
    fn what_is_empty_or_only_leads_to_other_logs_is_left_out() {
        let line = r#"{"level":"INFO","operation":"approve","message":"graph call","attempt":1,"graph_code":"","graph_request_id":"g","requestId":"r","graph_status":201}"#;
        assert_eq!(
            readable(line),
            "approve graph call attempt=1 graph_status=201"
        );
    }

    #[test]
    fn a_warning_says_so_and_other_text_stays() {
        let line = r#"{"level":"WARN","message":"to be tried again","target":"x","code":"graph_unavailable"}"#;
        assert_eq!(
            readable(line),
            "WARN to be tried again code=graph_unavailable"
        );
        assert_eq!(readable("thread panicked"), "thread panicked");
    }
}
