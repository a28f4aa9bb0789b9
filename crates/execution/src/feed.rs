//! Whether the numbers of a source's feed follow one another, and its snapshot.
//!
//! The rule is the one that venues document for a local book: the first update after a snapshot holds the number after
//! the snapshot's, each further one follows the one before. A loader that threw away what came before a snapshot in
//! mid-stream breaks it at the first update.

/// One message as it was applied to the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// The whole book as of a number.
    Snapshot { last: u64 },
    /// Changes with the numbers from first to last; `previous` is the last number of the update before where venues tell.
    Update { first: u64, last: u64, previous: Option<u64> },
}

/// What was expected and what came instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit {
    pub expected: u64,
    pub got: u64,
}

/// The numbers of one source.
#[derive(Clone, Copy, Debug, Default)]
pub struct Feed {
    last: Option<u64>,
    after_snapshot: bool,
}

impl Feed {
    /// A message: None when it fits. Old updates that a snapshot holds already fit: they change nothing.
    pub fn see(&mut self, message: Message) -> Option<Misfit> {
        match message {
            Message::Snapshot { last } => {
                (self.last, self.after_snapshot) = (Some(last), true);
                None
            }
            Message::Update { first, last, previous } => {
                let Some(before) = self.last else {
                    self.last = Some(last);
                    return None;
                };
                if last <= before {
                    return None;
                }
                let straddles = first <= before.saturating_add(1);
                let fits = if self.after_snapshot { straddles } else { previous.map_or(straddles, |p| p == before) };
                (self.last, self.after_snapshot) = (Some(last), false);
                let misfit = Misfit { expected: before.saturating_add(1), got: first };
                (!fits && previous != Some(before)).then_some(misfit)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(first: u64, last: u64) -> Message {
        Message::Update { first, last, previous: None }
    }

    #[test]
    fn updates_that_follow_one_another_fit() {
        let mut feed = Feed::default();
        for (first, last) in [(5, 9), (10, 10), (11, 40)] {
            assert_eq!(feed.see(update(first, last)), None);
        }
        assert_eq!(feed.see(update(42, 50)), Some(Misfit { expected: 41, got: 42 }));
        assert_eq!(feed.see(update(51, 52)), None);
    }

    #[test]
    fn the_first_update_after_a_snapshot_straddles_it_or_follows_it() {
        for (first, last, fits) in [(8, 12, true), (11, 12, true), (5, 9, true), (12, 14, false)] {
            let mut feed = Feed::default();
            feed.see(Message::Snapshot { last: 10 });
            assert_eq!(feed.see(update(first, last)).is_none(), fits, "{first}..{last}");
        }
    }

    #[test]
    fn the_binance_recording_without_what_came_before_its_snapshot_does_not_fit() {
        let mut feed = Feed::default();
        feed.see(Message::Snapshot { last: 50_093_239_218 });
        let next = update(50_093_239_225, 50_093_239_231);
        assert_eq!(feed.see(next), Some(Misfit { expected: 50_093_239_219, got: 50_093_239_225 }));
    }

    #[test]
    fn venues_that_name_the_update_before_are_held_to_it() {
        let mut feed = Feed::default();
        feed.see(Message::Update { first: 1, last: 5, previous: Some(0) });
        assert_eq!(feed.see(Message::Update { first: 9, last: 12, previous: Some(5) }), None);
        assert!(feed.see(Message::Update { first: 13, last: 20, previous: Some(11) }).is_some());
    }
}
