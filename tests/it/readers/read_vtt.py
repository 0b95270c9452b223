"""Reads WebVTT with `webvtt-py`.

Request, on standard input: {"files": ["WEBVTT…"]}. Answer, on standard output:
for each file its cues, with their times as they are written, the first voice
and the text without tags. Reading further than character references is left to
read_vtt.mjs: this library stops at them, and at the first voice.
"""

import html
import io
import json
import sys

import webvtt


def read(vtt):
    return [
        {
            "start": caption.start,
            "end": caption.end,
            "id": caption.identifier,
            "voice": caption.voice and html.unescape(caption.voice).strip(),
            "text": html.unescape(caption.text),
        }
        for caption in webvtt.from_buffer(io.StringIO(vtt)).captions
    ]


request = json.load(sys.stdin)
json.dump({"files": [read(vtt) for vtt in request["files"]]}, sys.stdout)
