//! When a session is open: every day between two times, or from one day of the week to another. Times are those of a fixed
//! offset from UTC; a session that follows summer time gets its offset changed by whoever writes the settings.

const SECOND: u64 = 1_000_000_000;
const DAY_S: i64 = 86_400;
const WEEK_S: i64 = 7 * DAY_S;
/// 1970-01-01 was a Thursday; days count from Monday.
const EPOCH_DAY: i64 = 3;

/// Seconds after midnight of a day (0 Monday .. 6 Sunday).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub day: u8,
    pub second: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hours {
    Always,
    /// On these days (of the start) from one second of the day to another, through midnight if the end is not later.
    Daily {
        days: [bool; 7],
        start: u32,
        end: u32,
    },
    Weekly {
        start: Moment,
        end: Moment,
    },
}

/// The hours of a session. Numbers begin with 1 again at each start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    hours: Hours,
    offset_s: i32,
}

impl Schedule {
    /// Open at all times, and never reset by time.
    pub fn always() -> Self {
        Self { hours: Hours::Always, offset_s: 0 }
    }

    /// On `days` (Monday first) from `start` to `end`, seconds of the day at `offset_s` east of UTC; None if out of range.
    pub fn daily(days: [bool; 7], start: u32, end: u32, offset_s: i32) -> Option<Self> {
        let fits = i64::from(start.max(end)) < DAY_S && i64::from(offset_s).abs() < DAY_S && days.contains(&true);
        fits.then_some(Self { hours: Hours::Daily { days, start, end }, offset_s })
    }

    /// From one moment of the week to another; None if out of range.
    pub fn weekly(start: Moment, end: Moment, offset_s: i32) -> Option<Self> {
        let fits = |moment: Moment| moment.day < 7 && i64::from(moment.second) < DAY_S;
        let fits = fits(start) && fits(end) && start != end && i64::from(offset_s).abs() < DAY_S;
        fits.then_some(Self { hours: Hours::Weekly { start, end }, offset_s })
    }

    /// The start (ns since 1970) of the hours in which `now` lies; None outside of them. `always` began in 1970.
    pub fn opened(&self, now: u64) -> Option<u64> {
        let local = (now / SECOND) as i64 + i64::from(self.offset_s);
        let start = match &self.hours {
            Hours::Always => return Some(0),
            Hours::Daily { days, start, end } => daily(local, days, i64::from(*start), i64::from(*end))?,
            Hours::Weekly { start, end } => weekly(local, *start, *end)?,
        };
        Some((start - i64::from(self.offset_s)).max(0) as u64 * SECOND)
    }
}

fn daily(local: i64, days: &[bool; 7], start: i64, end: i64) -> Option<i64> {
    let midnight = local - local.rem_euclid(DAY_S);
    let length = if end > start { end - start } else { end - start + DAY_S };
    [midnight, midnight - DAY_S].into_iter().find_map(|day| {
        let weekday = (day / DAY_S + EPOCH_DAY).rem_euclid(7) as usize;
        let opened = day + start;
        (days[weekday] && opened <= local && local < opened + length).then_some(opened)
    })
}

fn weekly(local: i64, start: Moment, end: Moment) -> Option<i64> {
    let of_week = |moment: Moment| i64::from(moment.day) * DAY_S + i64::from(moment.second);
    let length = (of_week(end) - of_week(start)).rem_euclid(WEEK_S);
    let since = (local + EPOCH_DAY * DAY_S - of_week(start)).rem_euclid(WEEK_S);
    (since < length).then_some(local - since)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-05 was a Monday.
    const MONDAY: u64 = 1_767_571_200;
    const HOUR: u64 = 3_600;

    fn at(day: u64, hour: u64) -> u64 {
        (MONDAY + day * 86_400 + hour * HOUR) * SECOND
    }

    const WORKDAYS: [bool; 7] = [true, true, true, true, true, false, false];

    #[test]
    fn a_daily_session_opens_and_closes_on_its_days() {
        let schedule = Schedule::daily(WORKDAYS, 8 * 3600, 17 * 3600, 0).unwrap();
        assert_eq!(schedule.opened(at(0, 7)), None);
        assert_eq!(schedule.opened(at(0, 8)), Some(at(0, 8)));
        assert_eq!(schedule.opened(at(4, 16)), Some(at(4, 8)));
        assert_eq!(schedule.opened(at(4, 17)), None);
        assert_eq!(schedule.opened(at(5, 12)), None);
    }

    #[test]
    fn a_session_through_midnight_belongs_to_the_day_it_began() {
        let schedule = Schedule::daily(WORKDAYS, 17 * 3600, 16 * 3600, 0).unwrap();
        assert_eq!(schedule.opened(at(1, 3)), Some(at(0, 17)));
        assert_eq!(schedule.opened(at(1, 16)), None);
        assert_eq!(schedule.opened(at(0, 3)), None, "Sunday is not one of its days");
        assert_eq!(schedule.opened(at(5, 3)), Some(at(4, 17)), "Friday's session ends on Saturday");
    }

    #[test]
    fn an_offset_moves_the_hours() {
        let schedule = Schedule::daily(WORKDAYS, 8 * 3600, 17 * 3600, -5 * 3600).unwrap();
        assert_eq!(schedule.opened(at(0, 12)), None);
        assert_eq!(schedule.opened(at(0, 13)), Some(at(0, 13)));
        assert_eq!(schedule.opened(at(0, 21)), Some(at(0, 13)));
    }

    #[test]
    fn a_weekly_session_is_open_from_sunday_to_friday() {
        let moment = |day, hour: u32| Moment { day, second: hour * 3600 };
        let schedule = Schedule::weekly(moment(6, 17), moment(4, 16), 0).unwrap();
        assert_eq!(schedule.opened(at(6, 16)), None);
        assert_eq!(schedule.opened(at(6, 17)), Some(at(6, 17)));
        assert_eq!(schedule.opened(at(10, 15)), Some(at(6, 17)));
        assert_eq!(schedule.opened(at(11, 17)), None);
    }

    #[test]
    fn hours_out_of_range_are_refused() {
        assert_eq!(Schedule::daily([false; 7], 0, 1, 0), None);
        assert_eq!(Schedule::daily(WORKDAYS, 86_400, 1, 0), None);
        assert_eq!(Schedule::weekly(Moment { day: 7, second: 0 }, Moment { day: 0, second: 0 }, 0), None);
    }
}
