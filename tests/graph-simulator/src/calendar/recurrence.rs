//! Recurrence as Graph takes it: patterns with exactly the fields their type
//! needs, and the three kinds of range (graph-protocol §2).

use chrono::{NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::reply::GraphError;

/// Exchange's bound on intervals and counts.
const MAX_COUNT: u32 = 999;

/// A validated recurrence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recurrence {
    pub(crate) pattern: Pattern,
    pub(crate) interval: u32,
    pub(crate) start_date: NaiveDate,
    pub(crate) end: RangeEnd,
    pub(crate) zone: Option<String>,
}

/// The pattern's type with the fields it needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Pattern {
    Daily,
    Weekly {
        days: Vec<Weekday>,
        first: Weekday,
    },
    AbsoluteMonthly {
        day: u32,
    },
    RelativeMonthly {
        days: Vec<Weekday>,
        index: Index,
    },
    AbsoluteYearly {
        day: u32,
        month: u32,
    },
    RelativeYearly {
        days: Vec<Weekday>,
        month: u32,
        index: Index,
    },
}

/// Which of the matching days of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Index {
    First,
    Second,
    Third,
    Fourth,
    Last,
}

/// When the series ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RangeEnd {
    /// On this date at the latest.
    Date(NaiveDate),
    Never,
    /// After so many occurrences.
    Count(u32),
}

const INDEXES: [(&str, Index); 5] = [
    ("first", Index::First),
    ("second", Index::Second),
    ("third", Index::Third),
    ("fourth", Index::Fourth),
    ("last", Index::Last),
];

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("sunday", Weekday::Sun),
    ("monday", Weekday::Mon),
    ("tuesday", Weekday::Tue),
    ("wednesday", Weekday::Wed),
    ("thursday", Weekday::Thu),
    ("friday", Weekday::Fri),
    ("saturday", Weekday::Sat),
];

fn invalid(message: impl Into<String>) -> GraphError {
    GraphError::new(400, "ErrorCalendarInvalidRecurrence", message)
}

fn unreadable(message: impl Into<String>) -> GraphError {
    GraphError::new(400, "RequestBodyRead", message)
}

impl Recurrence {
    /// Reads `{"pattern":{…},"range":{…}}`; the caller compares the start date
    /// with the event's start.
    pub(crate) fn parse(value: &Value) -> Result<Self, GraphError> {
        let object = value
            .as_object()
            .ok_or_else(|| unreadable("'recurrence' must be an object."))?;
        if let Some(extra) = object.keys().find(|k| *k != "pattern" && *k != "range") {
            return Err(unknown_property(extra, "PatternedRecurrence"));
        }
        let part = |name: &str| {
            let found = object.get(name).and_then(Value::as_object);
            // graph-protocol §2: a recurrence has both parts.
            found.ok_or_else(|| invalid(format!("'recurrence.{name}' is required.")))
        };
        let pattern = Fields(part("pattern")?);
        let (start_date, end, zone) = parse_range(&Fields(part("range")?))?;
        let interval = pattern.number("interval", 1, MAX_COUNT)?;
        Ok(Self {
            pattern: parse_pattern(&pattern)?,
            interval,
            start_date,
            end,
            zone,
        })
    }

    /// Graph's answer: every field, those that the type does not use at their defaults.
    pub(crate) fn render(&self, event_zone: &str) -> Value {
        let mut pattern = json!({
            "interval": self.interval, "month": 0, "dayOfMonth": 0, "daysOfWeek": [],
            "firstDayOfWeek": "sunday", "index": "first",
        });
        for (name, value) in self.pattern.fields() {
            pattern[name] = value;
        }
        let (kind, end, count) = match self.end {
            RangeEnd::Date(date) => ("endDate", date.to_string(), 0),
            RangeEnd::Never => ("noEnd", "0001-01-01".into(), 0),
            RangeEnd::Count(count) => ("numbered", "0001-01-01".into(), count),
        };
        json!({"pattern": pattern, "range": {
            "type": kind, "startDate": self.start_date.to_string(), "endDate": end,
            "recurrenceTimeZone": self.zone.as_deref().unwrap_or(event_zone),
            "numberOfOccurrences": count,
        }})
    }
}

impl Pattern {
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let names = |days: &[Weekday]| days.iter().map(|day| weekday_name(*day)).collect::<Value>();
        let of = |index: Index| {
            let found = INDEXES.iter().find(|(_, i)| *i == index);
            Value::from(found.map_or("first", |(name, _)| *name))
        };
        match self {
            Self::Daily => vec![("type", "daily".into())],
            Self::Weekly { days, first } => vec![
                ("type", "weekly".into()),
                ("daysOfWeek", names(days)),
                ("firstDayOfWeek", weekday_name(*first).into()),
            ],
            Self::AbsoluteMonthly { day } => vec![
                ("type", "absoluteMonthly".into()),
                ("dayOfMonth", (*day).into()),
            ],
            Self::RelativeMonthly { days, index } => vec![
                ("type", "relativeMonthly".into()),
                ("daysOfWeek", names(days)),
                ("index", of(*index)),
            ],
            Self::AbsoluteYearly { day, month } => vec![
                ("type", "absoluteYearly".into()),
                ("dayOfMonth", (*day).into()),
                ("month", (*month).into()),
            ],
            Self::RelativeYearly { days, month, index } => vec![
                ("type", "relativeYearly".into()),
                ("daysOfWeek", names(days)),
                ("month", (*month).into()),
                ("index", of(*index)),
            ],
        }
    }
}

/// The two parts of a recurrence, with typed access to their fields.
struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    fn present(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<&str>, GraphError> {
        let Some(value) = self.present(name) else {
            return Ok(None);
        };
        let wrong = || unreadable(format!("Cannot convert '{name}' to a string."));
        value.as_str().map(Some).ok_or_else(wrong)
    }

    fn number(&self, name: &str, min: u32, max: u32) -> Result<u32, GraphError> {
        let value = self
            .present(name)
            .ok_or_else(|| invalid(format!("'{name}' is required for this recurrence.")))?;
        let number = value.as_u64().and_then(|n| u32::try_from(n).ok());
        number
            .filter(|n| (min..=max).contains(n))
            .ok_or_else(|| invalid(format!("'{name}' must be a number from {min} to {max}.")))
    }

    fn days(&self) -> Result<Vec<Weekday>, GraphError> {
        let list = self.present("daysOfWeek").and_then(Value::as_array);
        let list = list
            .filter(|list| !list.is_empty())
            .ok_or_else(|| invalid("'daysOfWeek' is required for this recurrence pattern."))?;
        let day = |value: &Value| {
            let name = value.as_str().unwrap_or_default();
            parse_weekday(name).ok_or_else(|| unreadable(format!("'{name}' is not a day of week.")))
        };
        list.iter().map(day).collect()
    }

    fn index(&self) -> Result<Index, GraphError> {
        // graph-protocol §2: the index defaults to `first`.
        let name = self.text("index")?.unwrap_or("first");
        let found = INDEXES.iter().find(|(known, _)| *known == name);
        let wrong = || unreadable(format!("'{name}' is not a week index."));
        found.map(|(_, index)| *index).ok_or_else(wrong)
    }

    fn date(&self, name: &str) -> Result<NaiveDate, GraphError> {
        let text = self
            .text(name)?
            .ok_or_else(|| invalid(format!("'{name}' is required for this recurrence range.")))?;
        // graph-protocol §2: dates are YYYY-MM-DD.
        let shaped = text.len() == 10 && text.is_ascii();
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        date.filter(|_| shaped)
            .ok_or_else(|| unreadable(format!("Cannot convert the literal '{text}' to a date.")))
    }
}

fn parse_pattern(fields: &Fields<'_>) -> Result<Pattern, GraphError> {
    let kind = fields
        .text("type")?
        .ok_or_else(|| invalid("'type' is required."))?;
    // graph-protocol §2: the fields of each type; an extra one is an error,
    // even at the value that Graph itself would fill in.
    let used: &[&str] = match kind {
        "daily" => &[],
        "weekly" => &["daysOfWeek", "firstDayOfWeek"],
        "absoluteMonthly" => &["dayOfMonth"],
        "relativeMonthly" => &["daysOfWeek", "index"],
        "absoluteYearly" => &["dayOfMonth", "month"],
        "relativeYearly" => &["daysOfWeek", "month", "index"],
        other => {
            let message =
                format!("Cannot convert the literal '{other}' to a RecurrencePatternType.");
            return Err(unreadable(message));
        }
    };
    let known = [
        "daysOfWeek",
        "firstDayOfWeek",
        "dayOfMonth",
        "month",
        "index",
    ];
    for name in fields.0.keys().map(String::as_str) {
        if name == "type" || name == "interval" || fields.present(name).is_none() {
            continue;
        }
        if !known.contains(&name) {
            return Err(unknown_property(name, "RecurrencePattern"));
        }
        if !used.contains(&name) {
            return Err(invalid(format!(
                "'{name}' is not supported by a {kind} pattern."
            )));
        }
    }
    Ok(match kind {
        "daily" => Pattern::Daily,
        "weekly" => Pattern::Weekly {
            days: fields.days()?,
            first: first_day(fields)?,
        },
        "absoluteMonthly" => Pattern::AbsoluteMonthly {
            day: fields.number("dayOfMonth", 1, 31)?,
        },
        "relativeMonthly" => Pattern::RelativeMonthly {
            days: fields.days()?,
            index: fields.index()?,
        },
        "absoluteYearly" => Pattern::AbsoluteYearly {
            day: fields.number("dayOfMonth", 1, 31)?,
            month: fields.number("month", 1, 12)?,
        },
        _ => Pattern::RelativeYearly {
            days: fields.days()?,
            month: fields.number("month", 1, 12)?,
            index: fields.index()?,
        },
    })
}

fn first_day(fields: &Fields<'_>) -> Result<Weekday, GraphError> {
    // graph-protocol §2: the table says required, Microsoft's own sample omits
    // it: the default is sunday.
    let name = fields.text("firstDayOfWeek")?.unwrap_or("sunday");
    parse_weekday(name).ok_or_else(|| unreadable(format!("'{name}' is not a day of week.")))
}

fn parse_range(fields: &Fields<'_>) -> Result<(NaiveDate, RangeEnd, Option<String>), GraphError> {
    let known = [
        "type",
        "startDate",
        "endDate",
        "numberOfOccurrences",
        "recurrenceTimeZone",
    ];
    if let Some(extra) = fields.0.keys().find(|k| !known.contains(&k.as_str())) {
        return Err(unknown_property(extra, "RecurrenceRange"));
    }
    let kind = fields
        .text("type")?
        .ok_or_else(|| invalid("'range.type' is required."))?;
    let start = fields.date("startDate")?;
    let end = match kind {
        "endDate" => {
            let end = fields.date("endDate")?;
            if end < start {
                return Err(invalid("'endDate' must not be before 'startDate'."));
            }
            RangeEnd::Date(end)
        }
        "noEnd" => RangeEnd::Never,
        // graph-protocol §2: more than 0 occurrences.
        "numbered" => RangeEnd::Count(fields.number("numberOfOccurrences", 1, MAX_COUNT)?),
        other => {
            let message = format!("Cannot convert the literal '{other}' to a RecurrenceRangeType.");
            return Err(unreadable(message));
        }
    };
    let zone = fields.text("recurrenceTimeZone")?.filter(|z| !z.is_empty());
    Ok((start, end, zone.map(String::from)))
}

fn unknown_property(name: &str, on: &str) -> GraphError {
    unreadable(format!(
        "The property '{name}' does not exist on type 'microsoft.graph.{on}'."
    ))
}

fn parse_weekday(name: &str) -> Option<Weekday> {
    let found = WEEKDAYS.iter().find(|(known, _)| *known == name);
    found.map(|(_, day)| *day)
}

fn weekday_name(day: Weekday) -> &'static str {
    let found = WEEKDAYS.iter().find(|(_, known)| *known == day);
    found.map_or("sunday", |(name, _)| *name)
}
