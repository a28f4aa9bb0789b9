//! The levels of many venues in one order: best all-in price first, equal ones by the venues' places.
use crate::consolidated::{ConsolidatedBook, Level};
use crate::values::{Side, VENUES_MAX};

/// What no level ranks behind.
const NOTHING: i64 = i64::MAX;

/// Yields (place of the venue, level). Looks at the head of every venue's side each time, since ten heads lie in two
/// cache lines and a heap of ten is slower.
pub struct Merge<'a> {
    heads: usize,
    sign: i64,
    ranks: [i64; VENUES_MAX],
    places: [u8; VENUES_MAX],
    next: [u8; VENUES_MAX],
    book: &'a ConsolidatedBook,
    side: Side,
}

impl<'a> Merge<'a> {
    /// Over the venues of the mask (bit = place).
    pub fn new(book: &'a ConsolidatedBook, side: Side, mask: u64) -> Self {
        let mut merge = Self {
            heads: 0,
            sign: side.sign(),
            ranks: [NOTHING; VENUES_MAX],
            places: [0; VENUES_MAX],
            next: [0; VENUES_MAX],
            book,
            side,
        };
        let mut left = mask;
        while left != 0 {
            let place = left.trailing_zeros() as usize;
            left &= left - 1;
            if let Some(level) = book.side(place, side).first() {
                merge.ranks[merge.heads] = merge.sign * level.all_in;
                merge.places[merge.heads] = place as u8;
                merge.heads += 1;
            }
        }
        merge
    }

    /// No more levels of the venue that the last level was of.
    pub fn close(&mut self, place: usize) {
        if let Some(at) = self.places[..self.heads].iter().position(|known| usize::from(*known) == place) {
            self.ranks[at] = NOTHING;
        }
    }
}

impl<'a> Iterator for Merge<'a> {
    type Item = (usize, &'a Level);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (mut best, mut at) = (NOTHING, 0);
        for (head, rank) in self.ranks[..self.heads].iter().enumerate() {
            if *rank < best {
                (best, at) = (*rank, head);
            }
        }
        if best == NOTHING {
            return None;
        }
        let place = usize::from(self.places[at]);
        let levels = self.book.side(place, self.side);
        let level = &levels[usize::from(self.next[at])];
        self.next[at] += 1;
        self.ranks[at] = levels.get(usize::from(self.next[at])).map_or(NOTHING, |level| self.sign * level.all_in);
        Some((place, level))
    }
}
