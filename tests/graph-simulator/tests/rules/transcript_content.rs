//! The forms of a transcript's content (graph-protocol §5).

use graph_simulator::{Content, NewArtifact, StoredArtifact};
use reqwest::Method;

use crate::held::Held;

const UNATTRIBUTED: &str = "application/vnd.microsoft.graph.transcript+text";

async fn accepted(held: &Held, transcript: &StoredArtifact, accept: &str) -> (u16, String, String) {
    let request = held.ask(transcript).header("accept", accept);
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let media_type = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    (status, media_type, response.text().await.unwrap())
}

#[tokio::test]
async fn web_vtt_is_the_default() {
    let held = Held::start().await;
    let transcript = held.transcribe(NewArtifact::default());
    let (status, media_type, plain) = accepted(&held, &transcript, "*/*").await;
    assert_eq!((status, media_type.as_str()), (200, "text/vtt"));
    assert!(plain.starts_with("WEBVTT\n\n00:00:03.120 --> 00:00:07.480\n<v Zoë Åkesson>"));
    assert!(plain.contains("<v José Núñez>"));
    let spans_lines = "I have read the draft,\nand there are two points";
    assert!(plain.contains(spans_lines));
    let (_, _, asked) = accepted(&held, &transcript, "text/vtt").await;
    assert_eq!(asked, plain);
    let path = format!("{}?$format=text%2Fvtt", held.content(&transcript));
    let request = held.peer.request(Method::GET, &path);
    let by_format = request.header("accept", "application/json").send().await;
    assert_eq!(by_format.unwrap().text().await.unwrap(), plain);
}

#[tokio::test]
async fn the_unattributed_form_is_asked_for_by_header_only() {
    let held = Held::start().await;
    let text = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v Ann>One\ntwo</v>\n\n00:00:03.000 --> 00:00:04.000\n<v Bob>Three</v>\n";
    let transcript = held.transcribe(NewArtifact::of(Content::text(text)));
    let (status, media_type, plain) = accepted(&held, &transcript, UNATTRIBUTED).await;
    assert_eq!((status, media_type.as_str()), (200, UNATTRIBUTED));
    let expected =
        "00:00:01.000 --> 00:00:02.000\n\nOne\ntwo\n\n00:00:03.000 --> 00:00:04.000\n\nThree\n\n";
    assert_eq!(plain, expected);
    for format in [
        "application/vnd.microsoft.graph.transcript%2Btext",
        "docx",
        "",
    ] {
        let path = format!("{}?$format={format}", held.content(&transcript));
        assert_eq!(held.peer.get(&path).await.status, 400, "{format}");
    }
    let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    let (status, ..) = accepted(&held, &transcript, docx).await;
    assert_eq!(status, 406);
}

#[tokio::test]
async fn metadata_tell_who_spoke_when() {
    let held = Held::start().await;
    let from = "2026-11-02T08:02:00Z".parse().unwrap();
    let to = "2026-11-02T08:58:00Z".parse().unwrap();
    let transcript = held.transcribe(NewArtifact::default().made(from, to));
    let path = format!("{}/metadataContent", held.path(&transcript));
    let response = held.peer.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/vtt");
    let text = response.text().await.unwrap();
    assert!(text.starts_with("WEBVTT\n\n"));
    let lines = text.lines().filter(|line| line.starts_with('{'));
    let cues: Vec<serde_json::Value> = lines.map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(cues.len(), 8);
    assert_eq!(cues[0]["startDateTime"], "2026-11-02T08:02:03.1200000Z");
    assert_eq!(cues[0]["speakerName"], "Zoë Åkesson");
    let said =
        "Good morning! I have read the draft, and there are two points I would like to raise.";
    assert_eq!(cues[1]["spokenText"], said);
}
