//! Where connections are kept, and in which order they fall due.
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const FAR_SIDE: u64 = 1 << 63;

/// Which connection, and which one of those that had the same room: news of an earlier one finds nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    room: u32,
    guest: u32,
}

impl Place {
    const GUESTS: u32 = (1 << 31) - 2;

    /// As epoll carries it; `far` marks the descriptor that is not the client's.
    pub fn token(self, far: bool) -> u64 {
        (u64::from(self.guest) << 32) | u64::from(self.room) | if far { FAR_SIDE } else { 0 }
    }

    pub fn of(token: u64) -> Self {
        let low = u32::try_from(token & u64::from(u32::MAX)).expect("32 bits");
        Self { room: low, guest: u32::try_from((token & !FAR_SIDE) >> 32).expect("31 bits") }
    }
}

/// A slab whose places are never mistaken for another's.
pub(super) struct Rooms<T> {
    rooms: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Rooms<T> {
    pub fn new() -> Self {
        Self { rooms: Vec::new(), free: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.rooms.len() - self.free.len()
    }

    pub fn add(&mut self, guest: T) -> Place {
        let room = self.free.pop().unwrap_or_else(|| {
            self.rooms.push((0, None));
            u32::try_from(self.rooms.len() - 1).expect("descriptors are fewer than 2^32")
        });
        let (number, held) = &mut self.rooms[room as usize];
        *number = *number % Place::GUESTS + 1;
        *held = Some(guest);
        Place { room, guest: *number }
    }

    /// The guest, whose room stays reserved until `put_back` or `leave`.
    pub fn lift(&mut self, place: Place) -> Option<T> {
        self.rooms.get_mut(place.room as usize).filter(|(guest, _)| *guest == place.guest)?.1.take()
    }

    pub fn put_back(&mut self, place: Place, guest: T) {
        self.rooms[place.room as usize].1 = Some(guest);
    }

    /// The lifted guest is gone.
    pub fn leave(&mut self, place: Place) {
        self.free.push(place.room);
    }
}

/// A row of `Waiting`: when it is due, and its number.
pub(super) type Row = (Instant, u64);

/// Those who wait, each for the same time from when it began.
pub(super) struct Waiting {
    patience: Duration,
    next: u64,
    rows: BTreeMap<Row, Place>,
}

impl Waiting {
    pub fn new(patience: Duration) -> Self {
        Self { patience, next: 0, rows: BTreeMap::new() }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row, to take it out again.
    pub fn add(&mut self, place: Place, since: Instant) -> Row {
        self.next += 1;
        let row = (since + self.patience, self.next);
        self.rows.insert(row, place);
        row
    }

    pub fn remove(&mut self, row: Row) {
        self.rows.remove(&row);
    }

    pub fn first_due(&self) -> Option<Instant> {
        self.rows.first_key_value().map(|((due, _), _)| *due)
    }

    pub fn longest(&self) -> Option<Place> {
        self.rows.first_key_value().map(|(_, place)| *place)
    }

    pub fn due(&self, now: Instant) -> Option<Place> {
        self.longest().filter(|_| self.first_due().is_some_and(|due| due <= now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_of_a_guest_who_left_finds_nobody_even_when_the_room_is_taken_again() {
        let mut rooms = Rooms::new();
        let first = rooms.add("first");
        assert_eq!(rooms.lift(first), Some("first"));
        rooms.leave(first);
        let second = rooms.add("second");
        assert_eq!((second.room, rooms.len()), (first.room, 1));
        assert_eq!(rooms.lift(first), None);
        assert_eq!(rooms.lift(Place::of(second.token(true))), Some("second"));
    }

    #[test]
    fn who_waited_longest_is_due_first() {
        let mut waiting = Waiting::new(Duration::from_secs(10));
        let mut rooms = Rooms::new();
        let now = Instant::now();
        let (one, two) = (rooms.add(1), rooms.add(2));
        let row = waiting.add(one, now);
        waiting.add(two, now + Duration::from_secs(1));
        assert_eq!((waiting.due(now), waiting.due(now + Duration::from_secs(10))), (None, Some(one)));
        waiting.remove(row);
        assert_eq!((waiting.due(now + Duration::from_secs(10)), waiting.longest()), (None, Some(two)));
        assert_eq!(waiting.due(now + Duration::from_secs(11)), Some(two));
    }
}
