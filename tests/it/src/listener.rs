//! What leaves the deployment: queues, the bus, and the table's outbox as its
//! stream would hand it over.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::MessageSystemAttributeName;
use convoke_local::Stack;
use serde_json::{Map, Value, json};

use crate::process::sdk_config;

/// How long events may take, a missed stream record and its sweep included.
const PATIENCE: Duration = Duration::from_mins(3);

/// SQS of a stack.
pub fn sqs(stack: &Stack) -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::new(&sdk_config(&stack.aws_endpoint))
}

/// A queue that gets an organisation's events from the bus.
pub struct Listener {
    sqs: aws_sdk_sqs::Client,
    queue: String,
}

impl Listener {
    /// A queue and a rule that fills it.
    pub async fn start(stack: &Stack, org: &str) -> Self {
        let sqs = sqs(stack);
        let events = aws_sdk_eventbridge::Client::new(&sdk_config(&stack.aws_endpoint));
        let queue = sqs
            .create_queue()
            .queue_name(org)
            .send()
            .await
            .unwrap()
            .queue_url
            .unwrap();
        let bus = &stack.outputs.event_bus_name;
        let pattern = json!({ "source": ["convoke"], "detail": { "org_id": [org] } });
        events
            .put_rule()
            .name(org)
            .event_bus_name(bus)
            .event_pattern(pattern.to_string())
            .send()
            .await
            .unwrap();
        let target = aws_sdk_eventbridge::types::Target::builder()
            .id("listener")
            .arn(format!("arn:aws:sqs:us-east-1:000000000000:{org}"))
            .build()
            .unwrap();
        events
            .put_targets()
            .rule(org)
            .event_bus_name(bus)
            .targets(target)
            .send()
            .await
            .unwrap();
        Self { sqs, queue }
    }

    /// Events as they come, until each of these kinds has come so often.
    pub async fn hear(&self, wanted: &[(&str, usize)]) -> Vec<Value> {
        let mut heard: Vec<Value> = vec![];
        let count = |heard: &[Value], kind: &str| {
            heard
                .iter()
                .filter(|event| event["detail-type"] == kind)
                .count()
        };
        let listening = async {
            while wanted
                .iter()
                .any(|(kind, times)| count(&heard, kind) < *times)
            {
                for message in receive(&self.sqs, &self.queue, 1).await {
                    heard.push(serde_json::from_str(message.body().unwrap()).unwrap());
                }
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, listening).await;
        assert!(in_time.is_ok(), "heard only {heard:?}");
        heard
    }
}

/// Takes what a queue has.
pub async fn receive(
    sqs: &aws_sdk_sqs::Client,
    queue: &str,
    wait: i32,
) -> Vec<aws_sdk_sqs::types::Message> {
    let answer = sqs
        .receive_message()
        .queue_url(queue)
        .max_number_of_messages(10)
        .wait_time_seconds(wait)
        .message_system_attribute_names(MessageSystemAttributeName::MessageGroupId)
        .send()
        .await
        .unwrap();
    for message in answer.messages() {
        let handle = message.receipt_handle().unwrap();
        sqs.delete_message()
            .queue_url(queue)
            .receipt_handle(handle)
            .send()
            .await
            .unwrap();
    }
    answer.messages.unwrap_or_default()
}

/// The table's outbox items, as the stream would hand them over.
pub async fn outbox_records(stack: &Stack) -> Vec<Value> {
    let dynamodb = aws_sdk_dynamodb::Client::new(&sdk_config(&stack.aws_endpoint));
    let items = dynamodb
        .scan()
        .table_name(&stack.outputs.table_name)
        .send()
        .await
        .unwrap()
        .items
        .unwrap_or_default();
    let outbox = items
        .into_iter()
        .filter(|item| item["sk"] == AttributeValue::S("OUTBOX".to_owned()));
    outbox
        .enumerate()
        .map(|(at, item)| {
            let image: Map<_, _> = item.iter().map(|(name, value)| (name.clone(), wire(value))).collect();
            json!({ "eventID": at.to_string(), "eventName": "INSERT", "eventSource": "aws:dynamodb", "eventVersion": "1.1",
                "awsRegion": "us-east-1", "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/s",
                "dynamodb": { "ApproximateCreationDateTime": 1_795_233_600, "Keys": { "pk": image["pk"], "sk": image["sk"] },
                    "NewImage": image, "SequenceNumber": (at + 100).to_string(), "SizeBytes": 1,
                    "StreamViewType": "NEW_IMAGE" } })
        })
        .collect()
}

/// An attribute in DynamoDB's JSON.
fn wire(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(truth) => json!({ "BOOL": truth }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(wire).collect::<Vec<_>>() }),
        AttributeValue::M(map) => {
            let map: Map<_, _> = map
                .iter()
                .map(|(name, value)| (name.clone(), wire(value)))
                .collect();
            json!({ "M": map })
        }
        _ => json!({ "NULL": true }),
    }
}
