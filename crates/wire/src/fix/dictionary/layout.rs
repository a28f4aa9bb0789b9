//! What a message or an instance of a group consists of, as a table that a tag is looked up in.
use super::kind::Kind;

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
}

const EMPTY: Slot = Slot { tag: 0, place: 0, group: NONE, codes: NONE, kind: Kind::Text, section: Section::Body };

/// Members by tag.
#[derive(Clone, Debug)]
pub struct Layout {
    slots: Box<[Slot]>,
    shift: u32,
    factor: u32,
    /// Of a message: how many members are required, the ones with the lowest places. Of a group: for each place p the next
    /// required place at or after it, or the number of members.
    pub required: Box<[u16]>,
    /// Tags in the order of their places.
    pub tags: Box<[u32]>,
}

impl Layout {
    /// A table of members in the order of their places; tags differ and are not 0.
    pub fn new(members: &[Slot], required: Box<[u16]>) -> Self {
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
        let layout = Layout::new(&slots, Box::default());
        assert!(slots.iter().all(|slot| layout.member(slot.tag) == Some(slot)));
        assert!(
            (0..1300).filter(|tag| tag % 3 != 0 || *tag == 0 || *tag > 1197).all(|tag| layout.member(tag).is_none())
        );
        assert!(Layout::new(&[], Box::default()).member(7).is_none());
    }
}
