// Reads calendar files with `ical.js`; request and answer as in read_ics.py,
// with instants by the files' own VTIMEZONEs only: ical.js knows no other zones.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// Not `import`: this way Node also looks into NODE_PATH, where a caller may
// have installed the package.
const required = createRequire(import.meta.url)("ical.js");
const ICAL = required.default ?? required;

function person(property) {
  const parameter = (name) => property.getParameter(name) ?? null;
  return {
    uri: property.getFirstValue(),
    cn: parameter("cn"),
    role: parameter("role"),
    cutype: parameter("cutype"),
    partstat: parameter("partstat"),
    rsvp: parameter("rsvp"),
  };
}

function readEvent(event) {
  const value = (name) => {
    const found = event.getFirstPropertyValue(name);
    return found === null || found === undefined ? null : String(found);
  };
  const organizer = event.getFirstProperty("organizer");
  return {
    uid: value("uid"),
    summary: value("summary"),
    description: value("description"),
    location: value("location"),
    url: value("url"),
    sequence: Number(value("sequence") ?? 0),
    status: value("status"),
    organizer: organizer ? person(organizer) : null,
    attendees: event.getAllProperties("attendee").map(person),
    alarms: event.getAllSubcomponents("valarm").length,
  };
}

const instant = (time) => time.toUnixTime();

// Every start in [from, to), moved occurrences at their new time.
function starts(calendar, from, to) {
  const all = calendar.getAllSubcomponents("vevent").map((c) => new ICAL.Event(c));
  const found = [];
  const masters = all.filter((event) => !event.isRecurrenceException());
  const moved = all.filter((event) => event.isRecurrenceException());
  for (const master of masters) {
    if (!master.isRecurring()) {
      found.push(instant(master.startDate));
      continue;
    }
    moved.forEach((exception) => master.relateException(exception));
    const iterator = master.iterator();
    // A margin, since the iterator goes by original times.
    for (let next = iterator.next(); next; next = iterator.next()) {
      if (instant(next) >= to + 40 * 86400) break;
      found.push(instant(master.getOccurrenceDetails(next).startDate));
    }
  }
  if (masters.length === 0) moved.forEach((event) => found.push(instant(event.startDate)));
  return found
    .filter((at) => at >= from && at < to)
    .sort((a, b) => a - b)
    .map((at) => new Date(at * 1000).toISOString().replace(".000Z", "Z"));
}

function readFile(request) {
  ICAL.TimezoneService.reset();
  const calendar = new ICAL.Component(ICAL.parse(request.ics));
  const zones = calendar.getAllSubcomponents("vtimezone");
  zones.forEach((zone) => ICAL.TimezoneService.register(zone));
  return {
    name: request.name,
    method: calendar.getFirstPropertyValue("method"),
    zones: zones.map((zone) => zone.getFirstPropertyValue("tzid")),
    events: calendar.getAllSubcomponents("vevent").map(readEvent),
    occurrences: {
      by_file: starts(calendar, Date.parse(request.from) / 1000, Date.parse(request.to) / 1000),
    },
  };
}

const request = JSON.parse(readFileSync(process.argv[2] ?? 0, "utf8"));
process.stdout.write(JSON.stringify({ files: request.files.map(readFile) }));
