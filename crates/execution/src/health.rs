//! Which sources can be believed: stale, crossed, skewed, clock-shifted or malformed ones, feeds that do not fit their
//! snapshot, and sources that behave as they never do.
//!
//! A source is held against its own recent past and against the others of its family. What it is marked for and when the
//! mark is taken back is a rule; every mark set or taken back is an event with its figures. A marked source keeps being
//! watched, but counts for nobody else's verdict.
use crate::clock::{Track, Verdict};
use crate::consolidated::{ConsolidatedBook, Shown};
use crate::distribution::{Bound, Distribution};
use crate::events::{Event, Reason};
use crate::feed::{Feed, Message};
use crate::lead::{Lead, Mover};
use crate::values::{PPM, SECOND, Side, VENUES_MAX, apart_ppm, median, narrow};

/// When a source is marked, and when the mark is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Stale: no update for so long while the others' middles moved so often.
    pub stale_ns: u64,
    pub stale_moves: u64,
    /// Crossed with most of the others in this share of its updates of late.
    pub crossed_share_ppm: i64,
    /// Skewed: so far from the others' median.
    pub skew_ppm: i64,
    /// Updates a second, spread in 10^-9, lag in ns: what is unusual.
    pub rate: Bound,
    pub spread: Bound,
    pub lead: Bound,
    /// A quarantine ends after so many good updates over so long.
    pub good_updates: u32,
    pub good_ns: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            stale_ns: 10 * SECOND,
            stale_moves: 20,
            crossed_share_ppm: 500_000,
            skew_ppm: 1_000,
            rate: Bound { times: 16, floor: 30 },
            spread: Bound { times: 16, floor: 500_000 },
            lead: Bound { times: 16, floor: 200_000_000 },
            good_updates: 20,
            good_ns: 5 * SECOND,
        }
    }
}

/// A share counts once so many updates were seen; each new one weighs 1 in so many.
const SHARE_UPDATES: i64 = 64;
/// Momentary faults are taken back after so many good updates.
const MOMENT_UPDATES: u32 = 3;
/// Updates in a row with an unusual figure before the source is quarantined for it.
const RUN_SPREAD: u32 = 2;
const RUN_LEAD: u32 = 3;
/// Crossed updates in a row after which an unchanged side is called left over.
const RUN_STALE_LEVEL: u32 = 8;
/// Times that a clock shift must be found again.
const RUN_CLOCK: u32 = 2;
/// Gaps of more seconds than this count as so many without an update.
const QUIET_SECONDS_MAX: u64 = 8;
const REASONS: usize = Reason::NAMES.len();
/// A source with one of these does not even count as crossed with another.
const NO_PRICE: u16 = 1 << Reason::Stale as u8
    | 1 << Reason::Crossed as u8
    | 1 << Reason::Sequence as u8
    | 1 << Reason::StaleLevel as u8
    | 1 << Reason::Malformed as u8;
const UNUSUAL_RATE: u8 = 1;
const UNUSUAL_SPREAD: u8 = 2;
const UNUSUAL_LEAD: u8 = 4;

/// One source.
#[derive(Clone, Debug, Default)]
struct Source {
    /// Its clock and price are believed where it and another disagree.
    reference: bool,
    /// Its own limit of quiet; 0: that of the settings.
    stale_ns: u64,
    marks: u16,
    /// Since when and how often each mark's cause has not been seen.
    good: [(u32, u64); REASONS],
    seen_at: u64,
    moves: u64,
    middle: i64,
    crossed_share: i64,
    shared: i64,
    crossed_run: u32,
    /// Its bid was over its ask, not only at it, when it last was crossed.
    over: bool,
    /// Updates since the best price of a side changed.
    still: [(i64, u32); 2],
    second: u64,
    in_second: i64,
    rate: Distribution,
    spread: Distribution,
    spread_run: u32,
    lag: Distribution,
    lag_run: u32,
    last_lag: i64,
    unusual: u8,
    lead: Lead,
    track: Track,
    /// Shift in ns to each other source, and how often in a row it was found; None: not known.
    shifts: Vec<Option<(i64, u32)>>,
    turn: usize,
    feed: Feed,
}

/// All sources of one instrument, by the places of the book.
#[derive(Clone, Debug)]
pub struct Health {
    pub settings: Settings,
    sources: Vec<Source>,
    agreements: [Mover; 256],
    moves: u64,
    now: u64,
}

/// What a source is held against.
struct Others {
    places: u64,
    count: usize,
    median: Option<i64>,
}

impl Health {
    /// Nobody yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, sources: Vec::new(), agreements: [Mover::default(); 256], moves: 0, now: 0 }
    }

    /// The source of the next place.
    pub fn list(&mut self, reference: bool, stale_ns: Option<u64>) {
        self.sources.push(Source { reference, stale_ns: stale_ns.unwrap_or(0), ..Source::default() });
    }

    /// The marks of a source, by the bits of their reasons.
    pub fn marks(&self, place: usize) -> u16 {
        self.sources[place].marks
    }

    /// Places with any mark.
    pub fn marked(&self) -> u64 {
        self.sources.iter().enumerate().fold(0, |mask, (place, source)| mask | u64::from(source.marks != 0) << place)
    }

    /// What the source sent was refused.
    pub fn malformed(&mut self, place: usize, book: &ConsolidatedBook, at: u64, events: &mut Vec<Event>) {
        let venue = &book.venues()[place];
        let figures = [narrow(i128::from(venue.updates)), 0, 0];
        self.rule((place, venue.terms.number), at, (Reason::Malformed, true, figures), events);
    }

    /// A message of the source's feed was applied to its book.
    pub fn feed(&mut self, place: usize, venue: u32, at: u64, message: Message) -> Option<Event> {
        let misfit = self.sources[place].feed.see(message);
        let mut events = Vec::new();
        if let Some(misfit) = misfit {
            let figures = [narrow(i128::from(misfit.expected)), narrow(i128::from(misfit.got)), 0];
            self.rule((place, venue), at, (Reason::Sequence, true, figures), &mut events);
        } else if matches!(message, Message::Snapshot { .. }) {
            self.rule((place, venue), at, (Reason::Sequence, false, [0; 3]), &mut events);
        }
        events.pop()
    }

    /// The median of the other good sources of the family, for whoever asks for it.
    pub fn median_of_others(&self, book: &ConsolidatedBook, place: usize, shut: u64) -> Option<i64> {
        self.others(book, place, shut).median
    }

    /// The source's book was replaced. `shut`: places that are locked or held for other reasons.
    pub fn see(&mut self, place: usize, at: u64, book: &ConsolidatedBook, shut: u64, events: &mut Vec<Event>) {
        self.now = self.now.max(at);
        let (now, shown) = (self.now, &book.venues()[place]);
        let id = (place, shown.terms.number);
        self.rule(id, now, (Reason::Stale, false, [0; 3]), events);
        self.rule(id, now, (Reason::Malformed, false, [0; 3]), events);
        let others = self.others(book, place, shut);
        self.crossed(id, shown, events);
        self.still_levels(id, shown, events);
        self.crossed_with_others(id, book, events);
        if let Some(middle) = shown.middle() {
            self.skewed(id, middle, &others, events);
            self.unusual_spread(id, shown, middle, events);
            self.agreement(id, book, middle, &others, events);
            if self.sources[place].track.see(at, middle) {
                self.compare_clocks(id, book, events);
            }
            if middle != self.sources[place].middle {
                self.moves += 1;
                self.sources[place].middle = middle;
            }
        }
        self.unusual_rate(id, at, events);
        let source = &mut self.sources[place];
        (source.seen_at, source.moves) = (now, self.moves);
        self.quiet_ones(book, events);
    }

    /// Sets a mark or, by its rule, takes it back.
    fn rule(&mut self, id: (usize, u32), at: u64, found: (Reason, bool, [i64; 3]), events: &mut Vec<Event>) {
        let (reason, holds, figures) = found;
        let (updates, over) = self.returns(id.0, reason);
        let source = &mut self.sources[id.0];
        let good = &mut source.good[reason as usize];
        if holds {
            *good = (0, 0);
            if source.marks & reason.bit() == 0 {
                source.marks |= reason.bit();
                events.push(Event { venue: id.1, at, reason, on: true, figures });
            }
        } else if source.marks & reason.bit() != 0 {
            if good.0 == 0 {
                good.1 = at;
            }
            good.0 = good.0.saturating_add(1);
            if good.0 >= updates && at.saturating_sub(good.1) >= over {
                source.marks &= !reason.bit();
                events.push(Event { venue: id.1, at, reason, on: false, figures });
            }
        }
    }

    /// Good updates, over how long, until a mark is taken back.
    fn returns(&self, place: usize, reason: Reason) -> (u32, u64) {
        match reason {
            // some dealers quote no spread at all for a moment
            Reason::Crossed if !self.sources[place].over => (1, 0),
            Reason::Crossed | Reason::Skewed | Reason::StaleLevel => (MOMENT_UPDATES, 0),
            Reason::CrossedWithOthers | Reason::Rate | Reason::Spread | Reason::Lead => {
                (self.settings.good_updates, self.settings.good_ns)
            }
            _ => (1, 0),
        }
    }

    /// Others of its family that may be asked about a source: for a reference only references.
    fn peers(&self, book: &ConsolidatedBook, place: usize, without: u16) -> u64 {
        let (family, reference) = (book.venues()[place].terms.family, self.sources[place].reference);
        let mut peers = 0;
        for (at, (source, shown)) in self.sources.iter().zip(book.venues()).enumerate() {
            let asked = at != place && shown.terms.family == family && (!reference || source.reference);
            if asked && source.marks & without == 0 && shown.middle().is_some() {
                peers |= 1 << at;
            }
        }
        peers
    }

    fn others(&self, book: &ConsolidatedBook, place: usize, shut: u64) -> Others {
        let places = self.peers(book, place, u16::MAX) & !shut;
        let (mut middles, mut count) = ([0; VENUES_MAX], 0);
        for other in book.places(places) {
            middles[count] = book.venues()[other].middle().unwrap_or(0);
            count += 1;
        }
        Others { places, count, median: median(&mut middles[..count]) }
    }

    fn crossed(&mut self, id: (usize, u32), shown: &Shown, events: &mut Vec<Event>) {
        let holds = shown.spread().is_some_and(|spread| spread <= 0);
        let source = &mut self.sources[id.0];
        source.crossed_run = if holds { source.crossed_run.saturating_add(1) } else { 0 };
        if holds {
            source.over = shown.spread().is_some_and(|spread| spread < 0);
        }
        let top = |side: Side| shown.top(side).unwrap_or(0);
        let figures = [top(Side::Bids), top(Side::Asks), 0];
        self.rule(id, self.now, (Reason::Crossed, holds, figures), events);
    }

    /// Crossed for a while, and a side has not moved all the while.
    fn still_levels(&mut self, id: (usize, u32), shown: &Shown, events: &mut Vec<Event>) {
        let source = &mut self.sources[id.0];
        for side in Side::BOTH {
            let (price, run) = source.still[side as usize];
            let top = shown.top(side).unwrap_or(0);
            source.still[side as usize] = if top == price { (price, run.saturating_add(1)) } else { (top, 0) };
        }
        let run = source.crossed_run;
        let older = if source.still[0].1 >= source.still[1].1 { 0 } else { 1 };
        let (price, still) = source.still[older];
        let holds = run >= RUN_STALE_LEVEL && still + 1 >= run;
        let holds = holds || (source.marks & Reason::StaleLevel.bit() != 0 && run > 0);
        self.rule(id, self.now, (Reason::StaleLevel, holds, [price, older as i64, i64::from(still)]), events);
    }

    /// An exponentially weighted share of the updates after which it is crossed with more than half of the others.
    fn crossed_with_others(&mut self, id: (usize, u32), book: &ConsolidatedBook, events: &mut Vec<Event>) {
        let peers = self.peers(book, id.0, NO_PRICE);
        let own = &book.venues()[id.0];
        if peers == 0 || own.spread().is_none_or(|spread| spread <= 0) {
            return;
        }
        let over =
            |bid: &Shown, ask: &Shown| bid.top(Side::Bids) > ask.top(Side::Asks) && ask.top(Side::Asks).is_some();
        let with = book.places(peers).filter(|other| {
            let other = &book.venues()[*other];
            over(own, other) || over(other, own)
        });
        let sample = if 2 * with.count() > peers.count_ones() as usize { PPM } else { 0 };
        let source = &mut self.sources[id.0];
        source.shared = (source.shared + 1).min(SHARE_UPDATES);
        source.crossed_share += (sample - source.crossed_share) / source.shared;
        let share = source.crossed_share;
        let holds = source.shared == SHARE_UPDATES && share >= self.settings.crossed_share_ppm;
        let figures = [share, i64::from(peers.count_ones()), 0];
        self.rule(id, self.now, (Reason::CrossedWithOthers, holds, figures), events);
    }

    /// Between two sources whoever moved away is blamed: it is marked at its own update and counts no more.
    fn skewed(&mut self, id: (usize, u32), middle: i64, others: &Others, events: &mut Vec<Event>) {
        let Some(median) = others.median else { return };
        let apart = apart_ppm(middle, median);
        self.rule(id, self.now, (Reason::Skewed, apart > self.settings.skew_ppm, [apart, middle, median]), events);
    }

    fn unusual_spread(&mut self, id: (usize, u32), shown: &Shown, middle: i64, events: &mut Vec<Event>) {
        let bound = self.settings.spread;
        let source = &mut self.sources[id.0];
        let spread = narrow(i128::from(shown.spread().unwrap_or(0)) * 1_000_000_000 / i128::from(middle.max(1)));
        let most = source.spread.most(bound);
        source.spread_run = if source.spread.is_high(spread, bound) { source.spread_run + 1 } else { 0 };
        source.spread.learn(spread, bound);
        let unusual = source.spread_run >= RUN_SPREAD;
        self.quarantine(id, (Reason::Spread, UNUSUAL_SPREAD, unusual), [spread, most, 0], events);
    }

    /// Updates of one second so far; the second that ended is learnt from.
    fn unusual_rate(&mut self, id: (usize, u32), at: u64, events: &mut Vec<Event>) {
        let bound = self.settings.rate;
        let source = &mut self.sources[id.0];
        let second = at / SECOND;
        if second > source.second {
            if source.second > 0 {
                source.rate.learn(source.in_second, bound);
                for _ in 0..(second - source.second - 1).min(QUIET_SECONDS_MAX) {
                    source.rate.learn(0, bound);
                }
            }
            (source.second, source.in_second) = (second, 0);
        }
        source.in_second += 1;
        let (updates, most) = (source.in_second, source.rate.most(bound));
        let unusual = source.rate.is_high(updates, bound);
        self.quarantine(id, (Reason::Rate, UNUSUAL_RATE, unusual), [updates, most, 0], events);
    }

    /// Lags behind, and leads before, the moves of the family's agreement.
    fn agreement(
        &mut self,
        id: (usize, u32),
        book: &ConsolidatedBook,
        middle: i64,
        others: &Others,
        events: &mut Vec<Event>,
    ) {
        let now = self.now;
        if let Some(lag) = self.sources[id.0].lead.own(now, middle) {
            self.lagged(id, lag, others.count, events);
        }
        if self.sources[id.0].marks != 0 || others.count == 0 {
            return;
        }
        let family = book.venues()[id.0].terms.family;
        let (mut middles, mut count) = ([middle; VENUES_MAX], 1);
        for other in book.places(others.places) {
            middles[count] = book.venues()[other].middle().unwrap_or(middle);
            count += 1;
        }
        let agreed = median(&mut middles[..count]).unwrap_or(middle);
        let Some(up) = self.agreements[usize::from(family)].see(agreed) else { return };
        for place in 0..self.sources.len() {
            let shown = &book.venues()[place];
            if shown.terms.family == family
                && let Some(lag) = self.sources[place].lead.theirs(now, up)
            {
                self.lagged((place, shown.terms.number), lag, others.count, events);
            }
        }
    }

    fn lagged(&mut self, id: (usize, u32), lag: i64, others: usize, events: &mut Vec<Event>) {
        let bound = self.settings.lead;
        let source = &mut self.sources[id.0];
        let usual = source.lag.mean();
        source.lag_run = if source.lag.is_far(lag, bound) { source.lag_run + 1 } else { 0 };
        source.lag.learn(lag, bound);
        source.last_lag = lag;
        // of two that differ nobody knows which one is late
        let unusual = source.lag_run >= RUN_LEAD && others >= 2;
        self.quarantine(id, (Reason::Lead, UNUSUAL_LEAD, unusual), [lag, usual, 0], events);
    }

    /// A figure that is unusual for most of the others too is the market's, not the source's; that of an only source cannot
    /// be told from the market's, and there is nothing to use in its place.
    fn quarantine(&mut self, id: (usize, u32), found: (Reason, u8, bool), figures: [i64; 3], events: &mut Vec<Event>) {
        let (reason, bit, unusual) = found;
        let source = &mut self.sources[id.0];
        source.unusual = if unusual { source.unusual | bit } else { source.unusual & !bit };
        if !unusual && source.marks & reason.bit() == 0 {
            return;
        }
        let others = self.sources.iter().enumerate().filter(|(at, other)| *at != id.0 && other.middle > 0);
        let (count, same) =
            others.fold((0, 0), |(count, same), (_, other)| (count + 1, same + u32::from(other.unusual & bit != 0)));
        let holds = unusual && count > 0 && 2 * same < count;
        self.rule(id, self.now, (reason, holds, figures), events);
    }

    /// One other source at a time, since all shifts are tried.
    fn compare_clocks(&mut self, id: (usize, u32), book: &ConsolidatedBook, events: &mut Vec<Event>) {
        let peers = self.peers(book, id.0, 0);
        let count = peers.count_ones() as usize;
        if count == 0 {
            return;
        }
        let turn = self.sources[id.0].turn % count;
        let Some(other) = book.places(peers).nth(turn) else { return };
        let verdict = self.sources[id.0].track.compare(&self.sources[other].track);
        let source = &mut self.sources[id.0];
        source.turn = turn + 1;
        source.shifts.resize(VENUES_MAX, None);
        let (shift, correlation) = match verdict {
            Verdict::Unclear => return,
            Verdict::Aligned => (0, PPM),
            Verdict::Shifted(shift, correlation) => (shift, correlation),
        };
        let again = source.shifts[other].filter(|known| known.0 == shift).map_or(0, |known| known.1);
        source.shifts[other] = Some((shift, again.saturating_add(1)));
        let known = source.shifts.iter().flatten().filter(|known| known.1 >= RUN_CLOCK);
        let (off, right) =
            known.fold((0, 0), |(off, right), known| if known.0 == 0 { (off, right + 1) } else { (off + 1, right) });
        let figures = [shift, correlation, i64::from(book.venues()[other].terms.number)];
        self.rule(id, self.now, (Reason::ClockShift, off > right, figures), events);
    }

    /// Sources that were quiet while the others moved.
    fn quiet_ones(&mut self, book: &ConsolidatedBook, events: &mut Vec<Event>) {
        for place in 0..self.sources.len() {
            let source = &self.sources[place];
            let (age, moved) = (self.now.saturating_sub(source.seen_at), self.moves - source.moves);
            let limit = if source.stale_ns > 0 { source.stale_ns } else { self.settings.stale_ns };
            let quiet = source.seen_at > 0 && age > limit && moved >= self.settings.stale_moves;
            if quiet && source.marks & Reason::Stale.bit() == 0 {
                let figures = [narrow(i128::from(age)), narrow(i128::from(moved)), 0];
                self.rule((place, book.venues()[place].terms.number), self.now, (Reason::Stale, true, figures), events);
            }
        }
    }
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
