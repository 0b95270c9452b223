//! The rule at the end of a zone's data, in the form of POSIX's `TZ` variable:
//! `EET-2EEST,M3.4.4/50,M10.4.4/50`.
//!
//! Only the form `Mm.w.d` of a date is read, the one that IANA uses. A rule in
//! another form is refused, and with it the zone, which the tests over the
//! whole database would show.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Weekday};

use super::transitions::YearlyChange;

const DAY: i32 = 86_400;

/// A zone's rule: standard time and, where the clocks change, daylight time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PosixRule {
    standard: Named,
    daylight: Option<(Named, Onset, Onset)>,
}

#[derive(Debug, PartialEq, Eq)]
struct Named {
    name: &'static str,
    /// Seconds ahead of UTC.
    offset: i32,
}

/// When in each year the clocks change, on the wall clock before the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Onset {
    /// 1 to 12.
    pub(crate) month: u32,
    /// 1 to 4, or 5 for the last.
    pub(crate) week: u32,
    pub(crate) weekday: Weekday,
    /// Seconds from that day's midnight: from -167 to 167 hours.
    pub(crate) seconds: i32,
}

impl Onset {
    /// The wall clock of the change in one year; `None` beyond the calendar.
    pub(crate) fn in_year(&self, year: i32) -> Option<NaiveDateTime> {
        let day = if self.week < 5 {
            let nth = u8::try_from(self.week).ok()?;
            NaiveDate::from_weekday_of_month_opt(year, self.month, self.weekday, nth)?
        } else {
            let last = last_day(year, self.month)?;
            let back = last.weekday().days_since(self.weekday);
            last.checked_sub_days(chrono::Days::new(u64::from(back)))?
        };
        day.and_hms_opt(0, 0, 0)?
            .checked_add_signed(TimeDelta::seconds(i64::from(self.seconds)))
    }

    /// Days by which the time of day moves the date: the rule's time may lie
    /// before 00:00 or at 24:00 and later.
    pub(crate) fn day_shift(&self) -> i32 {
        self.seconds.div_euclid(DAY)
    }

    /// The weekday on which the clocks really change.
    pub(crate) fn shifted_weekday(&self) -> Weekday {
        let shift = self.day_shift().rem_euclid(7);
        (0..shift).fold(self.weekday, |day, _| day.succ())
    }

    /// First and last day of the month on which the clocks can change, where
    /// that is the same in every year and inside the month.
    pub(crate) fn days_of_month(&self) -> Option<(u32, u32)> {
        let length = match self.month {
            2 => None,
            month => Some(i32::try_from(last_day(2001, month)?.day()).ok()?),
        };
        let week = i32::try_from(self.week).ok()?;
        let last = if week < 5 { 7 * week } else { length? };
        let (first, last) = (last - 6 + self.day_shift(), last + self.day_shift());
        let fits = first >= 1 && last <= length.unwrap_or(28);
        fits.then_some((u32::try_from(first).ok()?, u32::try_from(last).ok()?))
    }
}

fn last_day(year: i32, month: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, 1)?
        .checked_add_months(chrono::Months::new(1))?
        .pred_opt()
}

impl PosixRule {
    pub(super) fn parse(text: &'static str) -> Option<PosixRule> {
        let mut rest = Reader(text);
        let standard = Named {
            name: rest.name()?,
            offset: -rest.clock()?,
        };
        if rest.0.is_empty() {
            return Some(PosixRule {
                standard,
                daylight: None,
            });
        }
        let name = rest.name()?;
        let offset = if rest.0.starts_with(',') {
            standard.offset + 3600
        } else {
            -rest.clock()?
        };
        let (start, end) = (rest.onset()?, rest.onset()?);
        let daylight = Some((Named { name, offset }, start, end));
        rest.0
            .is_empty()
            .then_some(PosixRule { standard, daylight })
    }

    /// Both changes of a year, the one to daylight time first.
    pub(super) fn into_yearly(self) -> Option<[YearlyChange; 2]> {
        let standard = self.standard;
        let (daylight, start, end) = self.daylight?;
        Some([
            YearlyChange {
                onset: start,
                offset_before: standard.offset,
                offset: daylight.offset,
                daylight: true,
                name: daylight.name,
            },
            YearlyChange {
                onset: end,
                offset_before: daylight.offset,
                offset: standard.offset,
                daylight: false,
                name: standard.name,
            },
        ])
    }
}

/// What of the text is still to be read.
struct Reader(&'static str);

impl Reader {
    fn name(&mut self) -> Option<&'static str> {
        let (name, rest) = if let Some(quoted) = self.0.strip_prefix('<') {
            quoted.split_once('>')?
        } else {
            let end = self
                .0
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(self.0.len());
            self.0.split_at(end)
        };
        self.0 = rest;
        (!name.is_empty()).then_some(name)
    }

    /// `[-+]h[h][:mm[:ss]]`, in seconds.
    fn clock(&mut self) -> Option<i32> {
        let sign = match self.0.as_bytes().first()? {
            b'-' => -1,
            _ => 1,
        };
        self.0 = self.0.strip_prefix(['-', '+']).unwrap_or(self.0);
        let mut seconds = 3600 * self.number()?;
        for unit in [60, 1] {
            if let Some(rest) = self.0.strip_prefix(':') {
                self.0 = rest;
                seconds += unit * self.number()?;
            }
        }
        Some(sign * seconds)
    }

    /// `,Mm.w.d[/time]`, the time being 02:00 where absent.
    fn onset(&mut self) -> Option<Onset> {
        self.0 = self.0.strip_prefix(",M")?;
        let month = u32::try_from(self.number()?).ok()?;
        self.0 = self.0.strip_prefix('.')?;
        let week = u32::try_from(self.number()?).ok()?;
        self.0 = self.0.strip_prefix('.')?;
        let weekday = match self.number()? {
            0 => Weekday::Sun,
            day => Weekday::try_from(u8::try_from(day - 1).ok()?).ok()?,
        };
        let seconds = match self.0.strip_prefix('/') {
            None => 2 * 3600,
            Some(rest) => {
                self.0 = rest;
                self.clock()?
            }
        };
        let valid = (1..=12).contains(&month) && (1..=5).contains(&week);
        valid.then_some(Onset {
            month,
            week,
            weekday,
            seconds,
        })
    }

    fn number(&mut self) -> Option<i32> {
        let end = self
            .0
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        (digits.len() <= 3).then(|| digits.parse().ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn onset(month: u32, week: u32, weekday: Weekday, seconds: i32) -> Onset {
        Onset {
            month,
            week,
            weekday,
            seconds,
        }
    }

    #[test]
    fn a_rule_with_odd_names_and_times_is_read() {
        let rule = PosixRule::parse("<-02>2<-01>,M3.5.0/-1,M10.5.0/0").expect("a rule");
        let [summer, winter] = rule.into_yearly().expect("the clocks change");
        assert_eq!(
            (summer.name, summer.offset_before, summer.offset),
            ("-01", -7200, -3600)
        );
        assert_eq!(summer.onset, onset(3, 5, Weekday::Sun, -3600));
        assert_eq!(
            (winter.name, winter.offset_before, winter.offset),
            ("-02", -3600, -7200)
        );
        assert_eq!(winter.onset, onset(10, 5, Weekday::Sun, 0));
    }

    #[test]
    fn minutes_and_the_default_time_are_read() {
        let rule = PosixRule::parse("<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45");
        let [summer, _] = rule
            .and_then(PosixRule::into_yearly)
            .expect("the clocks change");
        assert_eq!((summer.offset_before, summer.offset), (45_900, 49_500));
        assert_eq!(summer.onset.seconds, 9900);
        let rule = PosixRule::parse("CST6CDT,M3.2.0,M11.1.0").and_then(PosixRule::into_yearly);
        assert_eq!(rule.expect("the clocks change")[0].onset.seconds, 7200);
    }

    #[test]
    fn what_is_not_such_a_rule_is_refused() {
        for text in [
            "",
            "EST",
            "EST5EDT",
            "EST5EDT,J60,J300",
            "EST5EDT,M13.1.0,M11.1.0",
            "5",
            "<E5",
        ] {
            assert_eq!(PosixRule::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_outside_the_day_moves_weekday_and_days() {
        let nuuk = onset(3, 5, Weekday::Sun, -3600);
        assert_eq!(nuuk.shifted_weekday(), Weekday::Sat);
        assert_eq!(nuuk.days_of_month(), Some((24, 30)));
        let gaza = onset(3, 4, Weekday::Thu, 50 * 3600);
        assert_eq!(gaza.shifted_weekday(), Weekday::Sat);
        assert_eq!(gaza.days_of_month(), Some((24, 30)));
        let april = onset(4, 5, Weekday::Sun, -3600);
        assert_eq!(april.days_of_month(), Some((23, 29)));
        let cairo = onset(10, 5, Weekday::Thu, 24 * 3600);
        assert_eq!(
            cairo.days_of_month(),
            None,
            "the week reaches into November"
        );
        let at = cairo.in_year(2030).expect("in the calendar");
        assert_eq!(at.to_string(), "2030-11-01 00:00:00");
    }
}
