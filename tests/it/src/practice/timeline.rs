//! Interactions: a client's or contact's timeline, as staff use it.

use convoke_domain::id::OnlineMeetingId;
use serde_json::{Value, json};

use super::{CONTACT, Practice};
use crate::api::Answer;
use crate::requests::id_of;

impl Practice {
    /// Calls the interactions, as staff.
    pub async fn interactions(&self, method: &str, rest: &str, body: Option<&Value>) -> Answer {
        let path = format!("/api/v1/interactions{rest}");
        self.process.api(self.staff(method, &path, body)).await
    }

    /// The interaction of an online meeting, with the meeting.
    pub async fn interaction(&self, id: OnlineMeetingId) -> Value {
        let answer = self.interactions("GET", &format!("/{id}"), None).await;
        answer.expect(200)
    }

    /// A call with the contact; `fields` replace or add. Answers with its id.
    pub async fn logged(&self, fields: &Value) -> String {
        let mut body = json!({ "type": "Call", "title": "Asked about it", "contact_id": CONTACT });
        for (name, value) in fields.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let made = self.interactions("POST", "", Some(&body)).await.expect(201);
        id_of(&made, "interaction_id")
    }
}
