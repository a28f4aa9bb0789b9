//! The consolidated book with its guards: what stands in it can be believed and may be routed to.
//!
//! One call takes a venue's update, judges the source and the route, and shuts what is not to be used before anybody can
//! read the book again.
use crate::breaker::{Breaker, Breakers, Held, Ruling};
use crate::consolidated::{ConsolidatedBook, Indication, OwnLevel, Print};
use crate::events::{Event, Reason};
use crate::feed::Message;
use crate::health::{Health, Settings};
use crate::statistics::{After, Route};
use crate::terms::{Kind, Terms};
use crate::values::{Refused, Side, refuse};

/// How a source is looked after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Care {
    /// Its clock and price are believed where it and another disagree.
    pub reference: bool,
    /// The venue that stands in for it; it is not used otherwise.
    pub backup: Option<u32>,
    /// It may be quiet for so long while others move; None: as long as the settings say.
    pub stale_ns: Option<u64>,
}

/// One instrument over all its venues.
#[derive(Clone, Debug)]
pub struct WatchedBook {
    book: ConsolidatedBook,
    health: Health,
    rules: Breakers,
    breakers: Vec<Breaker>,
    routes: Vec<Route>,
    after: After,
    cares: Vec<Care>,
    reference: Option<i64>,
    locked: u64,
    held: u64,
    standing_in: u64,
    doubted: u64,
    events: Vec<Event>,
}

impl WatchedBook {
    /// No venues yet.
    pub fn new(settings: Settings, rules: Breakers) -> Self {
        Self {
            book: ConsolidatedBook::new(),
            health: Health::new(settings),
            rules,
            breakers: Vec::new(),
            routes: Vec::new(),
            after: After::default(),
            cares: Vec::new(),
            reference: None,
            locked: 0,
            held: 0,
            standing_in: 0,
            doubted: 0,
            events: Vec::new(),
        }
    }

    /// The book; what is marked, locked or held is shut.
    pub fn book(&self) -> &ConsolidatedBook {
        &self.book
    }

    /// A venue that trades the instrument. A backup may be listed before or after what it stands in for.
    pub fn list(&mut self, terms: Terms, care: Care) -> Result<(), Refused> {
        if care.backup == Some(terms.number) {
            return refuse("backup", "is the venue itself");
        }
        self.book.list(terms)?;
        self.health.list(care.reference, care.stale_ns);
        self.breakers.push(Breaker::default());
        self.routes.push(Route::default());
        self.cares.push(care);
        self.settle(0);
        Ok(())
    }

    /// The price that the hard band lies around, in price steps x 10^6: a mark, a close, an auction's.
    pub fn set_reference(&mut self, price: Option<i64>) {
        self.reference = price;
    }

    /// The venue's whole book now. What became of sources and routes is in `events`. A refused update changes no level and
    /// marks the source.
    pub fn update(&mut self, venue: u32, at: u64, bids: &[OwnLevel], asks: &[OwnLevel]) -> Result<(), Refused> {
        self.events.clear();
        let place = self.book.known(venue)?;
        if let Err(refused) = self.book.update(venue, at, bids, asks) {
            if self.book.venues()[place].terms.kind.shows() {
                self.health.malformed(place, &self.book, at, &mut self.events);
                self.settle(at);
            }
            return Err(refused);
        }
        // our own book is no source to be believed or not: its bands and states are the engine's
        if self.book.venues()[place].terms.kind != Kind::House {
            self.health.see(place, at, &self.book, self.locked | self.held, &mut self.events);
            self.judge(place, venue, at);
        }
        self.settle(at);
        if self.after.is_due(at)
            && let Some(middle) = self.book.middle()
        {
            self.after.see(at, middle, &mut self.routes);
        }
        Ok(())
    }

    /// A message of a venue's feed was applied to its book: do its numbers follow?
    pub fn feed(&mut self, venue: u32, at: u64, message: Message) -> Result<(), Refused> {
        self.events.clear();
        let place = self.book.known(venue)?;
        self.events.extend(self.health.feed(place, venue, at, message));
        self.settle(at);
        Ok(())
    }

    /// A dark pool or a dealer says what it would do; None takes it back.
    pub fn indicate(&mut self, venue: u32, side: Side, said: Option<Indication>) -> Result<(), Refused> {
        self.book.indicate(venue, side, said).map(|_| ())
    }

    /// Others traded at a venue.
    pub fn trade(&mut self, venue: u32, print: Print) -> Result<(), Refused> {
        self.book.trade(venue, print).map(|_| ())
    }

    /// An operator or a forecast takes a route out, or gives it back.
    pub fn hold(&mut self, venue: u32, at: u64, out: bool) -> Result<(), Refused> {
        self.events.clear();
        let place = self.book.known(venue)?;
        if (self.held >> place & 1 == 1) != out {
            self.held ^= 1 << place;
            self.events.push(Event { venue, at, reason: Reason::Held, on: out, figures: [0; 3] });
        }
        self.settle(at);
        Ok(())
    }

    /// What the last call did to sources and routes.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Reasons why a venue is not used, by their bits; 0 for one that is, or that only stands by.
    pub fn why_not(&self, venue: u32) -> Result<u16, Refused> {
        let place = self.book.known(venue)?;
        let bit = |mask: u64, reason: Reason| if mask >> place & 1 == 1 { reason.bit() } else { 0 };
        Ok(self.health.marks(place) | bit(self.locked, Reason::Locked) | bit(self.held, Reason::Held))
    }

    /// An order went out on a route.
    pub fn sent(&mut self, venue: u32, lots: i64) -> Result<(), Refused> {
        let place = self.book.known(venue)?;
        self.routes[place].sent(positive(lots)?);
        Ok(())
    }

    /// Its first answer came.
    pub fn answered(&mut self, venue: u32, latency_ns: u64, rejected: bool) -> Result<(), Refused> {
        let place = self.book.known(venue)?;
        self.routes[place].answered(latency_ns, rejected);
        Ok(())
    }

    /// A fill came. `taken`: the side that it took from (asks: we bought).
    pub fn filled(&mut self, venue: u32, at: u64, taken: Side, lots: i64) -> Result<(), Refused> {
        let place = self.book.known(venue)?;
        self.routes[place].filled_lots = self.routes[place].filled_lots.saturating_add(positive(lots)?);
        if let Some(middle) = self.book.middle() {
            self.after.filled(place, at, taken, middle);
        }
        Ok(())
    }

    /// How a route has done.
    pub fn route(&self, venue: u32) -> Result<&Route, Refused> {
        Ok(&self.routes[self.book.known(venue)?])
    }

    /// The breaker's vote on the quote that the venue shows now.
    fn judge(&mut self, place: usize, venue: u32, at: u64) {
        let shown = &self.book.venues()[place];
        let single = || shown.top(Side::Bids).or(shown.top(Side::Asks));
        let Some(middle) = shown.middle().or_else(single) else { return };
        let others = self.health.median_of_others(&self.book, place, self.locked | self.held);
        let held = Held { others, reference: self.reference };
        let ruling = self.breakers[place].quote(&self.rules, at, middle, held);
        let against = others.or(self.reference).unwrap_or(0);
        let event = |reason: Reason, on: bool, votes: u8| Event {
            venue,
            at,
            reason,
            on,
            figures: [i64::from(votes), middle, against],
        };
        let was_doubted = self.doubted >> place & 1 == 1;
        self.doubted &= !(1 << place);
        match ruling {
            Ruling::Locked(votes) => {
                self.locked |= 1 << place;
                self.events.push(event(Reason::Locked, true, votes));
            }
            Ruling::Unlocked => {
                self.locked &= !(1 << place);
                self.events.push(event(Reason::Locked, false, 0));
            }
            Ruling::Doubted(votes) => {
                self.doubted |= 1 << place;
                if !was_doubted {
                    self.events.push(event(Reason::Doubted, true, votes));
                }
            }
            Ruling::Passed if was_doubted => self.events.push(event(Reason::Doubted, false, 0)),
            Ruling::Passed | Ruling::Stays => {}
        }
    }

    /// Shuts what is not to be used, and lets backups stand in for it.
    fn settle(&mut self, at: u64) {
        let bad = self.health.marked() | self.locked | self.held;
        let (mut backups, mut standing_in) = (0, 0);
        for (place, care) in self.cares.iter().enumerate() {
            let Some(backup) = care.backup.and_then(|backup| self.book.place(backup)) else { continue };
            backups |= 1 << backup;
            if bad >> place & 1 == 1 && bad >> backup & 1 == 0 {
                standing_in |= 1 << backup;
            }
        }
        for place in self.book.places(standing_in ^ self.standing_in) {
            let on = standing_in >> place & 1 == 1;
            let venue = self.book.venues()[place].terms.number;
            let served = self.cares.iter().position(|care| care.backup == Some(venue)).unwrap_or(place);
            let principal = i64::from(self.book.venues()[served].terms.number);
            self.events.push(Event { venue, at, reason: Reason::Backup, on, figures: [principal, 0, 0] });
        }
        self.standing_in = standing_in;
        self.book.shut(bad | (backups & !standing_in));
    }
}

fn positive(lots: i64) -> Result<i64, Refused> {
    if lots < 1 { refuse("lots", "must be at least 1") } else { Ok(lots) }
}

#[cfg(test)]
#[path = "watched_tests.rs"]
mod tests;
