// Reads WebVTT with W3C's `webvtt-parser`, which is a validator as well.
//
// Request, on standard input: {"files": ["WEBVTT…"]}. Answer, on standard
// output: for each file what is wrong with it, and its cues voice by voice.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// Not `import`: this way Node also looks into NODE_PATH.
const required = createRequire(import.meta.url);
const { WebVTTParser } = required("webvtt-parser");
const entities = required("webvtt-parser/html-entities.json");

// The validator leaves the character references of a name as they are.
const unescaped = (name) =>
  name.replace(/&(amp|lt|gt);/g, (reference) => entities[reference]);

const text = (node) => (node.type === "text" ? node.value : node.children.map(text).join(""));

function voices(cue) {
  const all = cue.tree.children.map((node) =>
    node.type === "object" && node.name === "v"
      ? { speaker: unescaped(node.value), text: text(node) }
      : { speaker: null, text: text(node).replace(/^\n|\n$/g, "") },
  );
  return all.filter((voice) => voice.text !== "");
}

function read(vtt) {
  const { cues, errors } = new WebVTTParser(entities).parse(vtt, "subtitles");
  return {
    errors: errors.map((error) => `${error.line}: ${error.message}`),
    cues: cues.map((cue) => ({
      start: Math.round(cue.startTime * 1000),
      end: Math.round(cue.endTime * 1000),
      voices: voices(cue),
    })),
  };
}

const request = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify({ files: request.files.map(read) }));
