//! What a message or an instance of a group consists of, as a table that a tag is looked up in.
use super::codes::Codes;
use super::kind::Kind;

/// A set of members by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places([u64; SEEN_WORDS]);

impl Places {
    pub const NONE: Self = Self([0; SEEN_WORDS]);

    /// Puts a place in; says whether it was in before.
    #[inline]
    pub fn insert(&mut self, place: u16) -> bool {
        put(&mut self.0[usize::from(place / 64) % SEEN_WORDS], place % 64)
    }

    /// The lowest 64 places, as bits.
    #[inline]
    pub fn set_low(&mut self, places: u64) {
        self.0[0] = places;
    }

    /// Whether a place is in.
    pub fn has(&self, place: u16) -> bool {
        self.0[usize::from(place / 64) % SEEN_WORDS] & (1 << (place % 64)) != 0
    }

    /// Whether the first `count` places are in.
    #[inline]
    pub fn has_first(&self, count: u16) -> bool {
        let (words, rest) = self.0.split_at(usize::from(count / 64) % SEEN_WORDS);
        let wanted = (1 << (count % 64)) - 1;
        words.iter().all(|word| *word == u64::MAX) && rest[0] & wanted == wanted
    }
}

/// Sets a bit below the 64th; says whether it was set before.
#[inline]
pub fn put(word: &mut u64, bit: u16) -> bool {
    let was = *word >> (bit & 63) & 1 != 0;
    *word |= 1 << (bit & 63);
    was
}

/// No group, or no list of codes.
pub const NONE: u16 = u16::MAX;
/// A message or a group has at most so many members of its own.
pub const MEMBERS_MAX: usize = 64 * SEEN_WORDS;
/// Words of a set of members.
pub const SEEN_WORDS: usize = 32;

/// Where in a message a field belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Section {
    Header,
    Body,
    Trailer,
}

/// A member: what is asked of a field of this tag at this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub tag: u32,
    /// Of a group: its place in the order. Of a message: its number, required members first.
    pub place: u16,
    /// The layout of the group that it counts.
    pub group: u16,
    /// The list of codes.
    pub codes: u16,
    pub kind: Kind,
    pub section: Section,
    /// Which single ASCII characters are values.
    pub single: [u64; 2],
}

impl Slot {
    /// A slot whose place is not given yet.
    pub fn new(tag: u32, kind: Kind, group: u16, codes: (u16, Option<&Codes>), section: Section) -> Self {
        let (number, codes) = codes;
        let fits = |byte: &u8| kind.fits(&[*byte]) && codes.is_none_or(|codes| codes.allow(kind, &[*byte]));
        let mut single = [0; 2];
        (0..128).filter(fits).for_each(|byte| single[usize::from(byte >> 6)] |= 1 << (byte & 63));
        Self { tag, place: 0, group, codes: number, kind, section, single }
    }

    /// Whether a single byte is surely a value.
    #[inline]
    pub fn has_single(&self, byte: u8) -> bool {
        self.single.get(usize::from(byte >> 6)).is_some_and(|word| word & (1 << (byte & 63)) != 0)
    }

    /// Whether any text is a value.
    #[inline]
    pub fn is_free(&self) -> bool {
        self.codes == NONE && matches!(self.kind, Kind::Text | Kind::Data)
    }
}

const EMPTY: Slot =
    Slot { tag: 0, place: 0, group: NONE, codes: NONE, kind: Kind::Text, section: Section::Body, single: [0; 2] };

/// What members are required.
#[derive(Clone, Debug)]
pub enum Required {
    /// Of a message so many, those with the lowest places.
    Lowest(u16),
    /// Of a group, for each place (and the one behind the last) the next required one at or after it, or the number of members.
    Next(Box<[u16]>),
}

/// Members by tag.
#[derive(Clone, Debug)]
pub struct Layout {
    slots: Box<[Slot]>,
    shift: u32,
    factor: u32,
    /// What is required.
    pub required: Required,
    /// Tags in the order of their places.
    pub tags: Box<[u32]>,
}

impl Layout {
    /// A table of members in the order of their places; tags differ and are not 0.
    pub fn new(members: &[Slot], required: Required) -> Self {
        let bits = (members.len() * 2).next_power_of_two().trailing_zeros().max(2);
        let factor = best_factor(members, bits);
        let mut slots = vec![EMPTY; 1 << bits].into_boxed_slice();
        let shift = 32 - bits;
        for member in members {
            let mut at = slot_of(member.tag, factor, shift);
            while slots[at].tag != 0 {
                at = (at + 1) & (slots.len() - 1);
            }
            slots[at] = *member;
        }
        Self { slots, shift, factor, required, tags: members.iter().map(|member| member.tag).collect() }
    }

    /// The member of a tag.
    #[inline]
    pub fn member(&self, tag: u32) -> Option<&Slot> {
        let mask = self.slots.len() - 1;
        let mut at = slot_of(tag, self.factor, self.shift);
        // at least half of the slots are empty, so the search ends
        loop {
            let slot = self.slots.get(at & mask)?;
            if slot.tag == tag {
                return if tag == 0 { None } else { Some(slot) };
            }
            if slot.tag == 0 {
                return None;
            }
            at += 1;
        }
    }
}

#[inline]
fn slot_of(tag: u32, factor: u32, shift: u32) -> usize {
    (tag.wrapping_mul(factor) >> shift) as usize
}

/// The factor, of some, under which the fewest members have to be looked for further on.
fn best_factor(members: &[Slot], bits: u32) -> u32 {
    // Knuth, The Art of Computer Programming 3, section 6.4: odd factors near 2^32 / golden ratio scatter well
    let candidates = (0..32u32).map(|n| 0x9E37_79B1u32.wrapping_add(n * 0x0002_4A5E) | 1);
    let collisions = |factor: &u32| {
        let mut seen = vec![false; 1 << bits];
        let taken = |member: &&Slot| std::mem::replace(&mut seen[slot_of(member.tag, *factor, 32 - bits)], true);
        members.iter().filter(taken).count()
    };
    candidates.min_by_key(collisions).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_member_is_found_and_nothing_else() {
        let slots: Vec<Slot> = (1..400u32).map(|n| Slot { tag: n * 3, place: n as u16 - 1, ..EMPTY }).collect();
        let layout = Layout::new(&slots, Required::Next(Box::default()));
        assert!(slots.iter().all(|slot| layout.member(slot.tag) == Some(slot)));
        assert!(
            (0..1300).filter(|tag| tag % 3 != 0 || *tag == 0 || *tag > 1197).all(|tag| layout.member(tag).is_none())
        );
        assert!(Layout::new(&[], Required::Next(Box::default())).member(7).is_none());
    }
}
