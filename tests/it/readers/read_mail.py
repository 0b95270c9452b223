"""Reads a mail with Python's own email package and tells what is in it.

Standard input: the message in base64. Standard output: JSON with the headers as a reader sees them, every line's
longest length, what the parser found wrong, and the parts in order (a multipart lists its own under "parts").
"""

import base64
import hashlib
import json
import sys
from email import message_from_bytes
from email.policy import default


def parameters(part):
    return {name: str(value) for name, value in part["Content-Type"].params.items() if name != "boundary"}


def read(part):
    told = {"type": part.get_content_type(), "parameters": parameters(part)}
    if part.is_multipart():
        told["parts"] = [read(child) for child in part.iter_parts()]
        return told
    octets = part.get_payload(decode=True)
    told["encoding"] = str(part["Content-Transfer-Encoding"])
    told["sha256"] = hashlib.sha256(octets).hexdigest()
    told["text"] = octets.decode("utf-8")
    told["disposition"] = part.get_content_disposition()
    told["file_name"] = part.get_filename()
    return told


def defects(part):
    found = [str(type(defect).__name__) for defect in part.defects]
    for value in part.values():
        found += [str(type(defect).__name__) for defect in getattr(value, "defects", [])]
    for child in part.iter_parts() if part.is_multipart() else []:
        found += defects(child)
    return found


def people(header):
    return [[address.display_name, address.addr_spec] for address in header.addresses]


octets = base64.b64decode(sys.stdin.read())
message = message_from_bytes(octets, policy=default)
json.dump(
    {
        "names": message.keys(),
        "subject": str(message["Subject"]),
        "from": people(message["From"]),
        "to": people(message["To"]),
        "date": message["Date"].datetime.isoformat(),
        "mail_id": str(message["X-Convoke-Message-Id"]),
        "auto_submitted": str(message["Auto-Submitted"]),
        "longest_line": max(len(line) for line in octets.split(b"\r\n")),
        "bare_breaks": octets.replace(b"\r\n", b"").count(b"\n") + octets.replace(b"\r\n", b"").count(b"\r"),
        "defects": defects(message),
        "body": read(message),
    },
    sys.stdout,
)
