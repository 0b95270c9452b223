"""Reads calendar files with `icalendar` and `recurring-ical-events`.

Request, from the file named as argument or from standard input:

    {"files": [{"name": "…", "ics": "…", "from": "2027-01-01T00:00:00Z", "to": "…"}]}

Answer, on standard output: for each file what its events say and the instants
at which they start in [from, to).

The instants are given twice: with the zones of the pinned package `tzdata`,
found by name as these libraries always do, and with the files' own VTIMEZONEs,
read by `dateutil`. For the latter each TZID gets a prefix that no database
knows before the file is read. This machine's zone data is never used.
"""

import json
import re
import sys
import zoneinfo
from datetime import datetime, timezone

import recurring_ical_events
from icalendar import Calendar

zoneinfo.reset_tzpath(to=[])

UNKNOWN = "convoke.test-"


def with_own_zones(ics):
    """The file with TZIDs that only its own VTIMEZONEs explain."""
    ics = re.sub(r"(?m)^TZID:", f"TZID:{UNKNOWN}", ics)
    return re.sub(r";TZID=", f";TZID={UNKNOWN}", ics)


def unfolded(ics):
    return ics.replace("\r\n ", "")


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def text(component, name):
    value = component.get(name)
    return None if value is None else str(value)


def person(address):
    def parameter(name):
        value = address.params.get(name)
        return None if value is None else str(value)

    return {
        "uri": str(address),
        "cn": parameter("CN"),
        "role": parameter("ROLE"),
        "cutype": parameter("CUTYPE"),
        "partstat": parameter("PARTSTAT"),
        "rsvp": parameter("RSVP"),
    }


def several(component, name):
    value = component.get(name, [])
    return value if isinstance(value, list) else [value]


def read_event(event):
    organizer = event.get("ORGANIZER")
    return {
        "uid": text(event, "UID"),
        "summary": text(event, "SUMMARY"),
        "description": text(event, "DESCRIPTION"),
        "location": text(event, "LOCATION"),
        "url": text(event, "URL"),
        "sequence": int(event.get("SEQUENCE", 0)),
        "status": text(event, "STATUS"),
        "organizer": None if organizer is None else person(organizer),
        "attendees": [person(attendee) for attendee in several(event, "ATTENDEE")],
        "alarms": len(event.walk("VALARM")),
    }


def starts(calendar, begin, end):
    found = recurring_ical_events.of(calendar).between(begin, end)
    instants = sorted(event.start.astimezone(timezone.utc) for event in found)
    return [
        at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in instants if begin <= at < end
    ]


def read_file(request):
    with_zones = Calendar.from_ical(with_own_zones(unfolded(request["ics"])))
    as_written = Calendar.from_ical(request["ics"])
    begin, end = instant(request["from"]), instant(request["to"])
    return {
        "name": request["name"],
        "method": text(as_written, "METHOD"),
        "zones": [text(zone, "TZID") for zone in as_written.walk("VTIMEZONE")],
        "events": [read_event(event) for event in as_written.walk("VEVENT")],
        "occurrences": {
            "by_name": starts(as_written, begin, end),
            "by_file": starts(with_zones, begin, end),
        },
    }


def main():
    source = open(sys.argv[1], encoding="utf-8") if len(sys.argv) > 1 else sys.stdin
    with source:
        request = json.load(source)
    json.dump({"files": [read_file(file) for file in request["files"]]}, sys.stdout)


main()
