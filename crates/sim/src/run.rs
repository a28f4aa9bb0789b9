//! One run after another: clients write, the engine decides, the oracles watch; now and then the state is taken down and
//! set up again, and an engine that began from there must go the same way.
use std::path::Path;

use isthmus_core::Engine;
use isthmus_core::messages::{Command, Effect};

use crate::chance::Chance;
use crate::desk::Made;
use crate::journal::Journal;
use crate::oracles::{Once, check};
use crate::plant::Plant;
use crate::shadow::Shadow;
use crate::world::{CHANGING, START, World};

/// Commands of one run.
const STEPS: u64 = 300;

/// A law that was broken: in which seed, at which command of it, which law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub seed: u64,
    pub step: u64,
    pub oracle: &'static str,
}

/// What the runs came to.
#[derive(Debug, Default)]
pub struct Report {
    pub seeds: u64,
    pub commands: u64,
    pub violations: Vec<Violation>,
}

/// Runs `seeds` seeds from `first` on. A seed ends at its first violation.
pub fn simulate(first: u64, seeds: u64, plant: Plant, scratch: &Path) -> Report {
    let mut report = Report::default();
    for seed in first..first.saturating_add(seeds) {
        report.seeds += 1;
        let mut run = Run::new(seed, plant);
        let data = scratch.join(format!("seed-{seed}"));
        let broken = run.go(&data);
        let _ = std::fs::remove_dir_all(&data);
        if let Err(violation) = broken {
            report.violations.push(violation);
        }
        report.commands += run.engine.sequence;
    }
    report
}

struct Run {
    seed: u64,
    plant: Plant,
    chance: Chance,
    world: World,
    engine: Engine,
    follower: Option<Engine>,
    journal: Option<Journal>,
    /// Every record of the run so far.
    history: Vec<(Command, Vec<Effect>)>,
    shadow: Shadow,
    once: Once,
    now: u64,
}

impl Run {
    fn new(seed: u64, plant: Plant) -> Self {
        Self {
            seed,
            plant,
            chance: Chance::new(!seed),
            world: World::new(seed),
            engine: Engine::default(),
            follower: None,
            journal: None,
            history: Vec::new(),
            shadow: Shadow::default(),
            once: Once::default(),
            now: START,
        }
    }

    /// Half of the seeds have a journal on a virtual disk.
    fn go(&mut self, data: &Path) -> Result<(), Violation> {
        if self.chance.permille(500) || self.plant == Plant::Flush {
            let made = Journal::new(data, Chance::new(self.chance.next()), self.plant == Plant::Flush);
            self.journal = Some(self.lawful(made)?);
        }
        for command in self.world.opening() {
            self.apply(&command)?;
        }
        for _ in 0..STEPS {
            let state = self.engine.markets.get(CHANGING as usize - 1).map_or(0, |market| market.state as u8);
            let (at, command) = self.world.next(state);
            self.now = at;
            self.apply(&command)?;
            if self.chance.permille(10) {
                self.follow()?;
            }
            self.live()?;
        }
        if let Some(mut journal) = self.journal.take() {
            self.lawful(journal.examine())?;
        }
        let same = self.follower.as_ref().is_none_or(|follower| follower.state() == self.engine.state());
        self.law(same, "recovery equals the original")
    }

    fn apply(&mut self, command: &Command) -> Result<(), Violation> {
        let mut out = Vec::new();
        match &mut self.journal {
            Some(journal) => out = journal.apply(&mut self.engine, command, self.now),
            None => {
                self.engine.apply(command, self.now, &mut out);
            }
        }
        let mut effects = Vec::new();
        let mut rest = &out[..];
        while !rest.is_empty() {
            let Ok((effect, length)) = Effect::decode(rest) else {
                return self.law(false, "effects that read back");
            };
            effects.push(effect);
            rest = &rest[length..];
        }
        if let Some(follower) = &mut self.follower {
            let mut again = Vec::new();
            follower.apply(command, self.now, &mut again);
            self.law(again == out, "the same record from a snapshot")?;
        }
        self.harm(&effects);
        self.watch(command, &effects)
    }

    fn harm(&mut self, effects: &[Effect]) {
        let kept = effects.iter().find_map(|effect| match effect {
            Effect::Replaced(r) if r.priority_kept == 1 => Some(r.order),
            _ => None,
        });
        let traded = effects.iter().any(|effect| matches!(effect, Effect::Traded(_)));
        self.plant.harm(&mut self.engine, kept, traded);
    }

    fn watch(&mut self, command: &Command, effects: &[Effect]) -> Result<(), Violation> {
        let sequence = self.engine.sequence;
        let mut index = 0;
        for effect in effects {
            match effect {
                Effect::Accepted(accepted) => self.world.placed(accepted.order, command),
                Effect::Traded(trade) => {
                    self.world.made(Made { sequence, index, trade: *trade });
                    index += 1;
                }
                Effect::Pending(pending) => self.world.pending(pending.transfer),
                _ => {}
            }
        }
        self.history.push((*command, effects.to_vec()));
        let once = self.once.take(command, effects);
        let shadow = self.shadow.take(sequence, command, effects);
        for broken in [once, shadow, check(&self.engine)] {
            if let Err(oracle) = broken {
                return self.law(false, oracle);
            }
        }
        self.law(self.shadow.agrees(&self.engine), "the book is what its records say")
    }

    /// The journal lives on; after a crash the run goes on from what came back.
    fn live(&mut self) -> Result<(), Violation> {
        let Some(mut journal) = self.journal.take() else {
            return Ok(());
        };
        let came_back = journal.live(&self.engine);
        self.journal = Some(journal);
        if let Some(engine) = self.lawful(came_back)? {
            self.engine = engine;
            self.follower = None;
            self.rewind()?;
        }
        Ok(())
    }

    /// The watchers forget what did not come back.
    fn rewind(&mut self) -> Result<(), Violation> {
        self.history.truncate(self.engine.sequence as usize);
        (self.shadow, self.once) = (Shadow::default(), Once::default());
        for (sequence, (command, effects)) in (1..).zip(self.history.clone()) {
            let taken = self.shadow.take(sequence, &command, &effects).and(self.once.take(&command, &effects));
            self.lawful(taken)?;
        }
        self.law(self.shadow.agrees(&self.engine), "the book is what its records say")
    }

    fn lawful<T>(&self, found: Result<T, &'static str>) -> Result<T, Violation> {
        found.map_err(|oracle| Violation { seed: self.seed, step: self.engine.sequence, oracle })
    }

    /// Takes the state down and sets it up again beside the engine.
    fn follow(&mut self) -> Result<(), Violation> {
        let state = self.engine.state();
        match Engine::from_state(&state) {
            Ok(follower) => {
                self.law(follower.state() == state, "a snapshot that reads back")?;
                self.follower = Some(follower);
                Ok(())
            }
            Err(_) => self.law(false, "a snapshot that reads back"),
        }
    }

    fn law(&self, holds: bool, oracle: &'static str) -> Result<(), Violation> {
        if holds { Ok(()) } else { Err(Violation { seed: self.seed, step: self.engine.sequence, oracle }) }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    static COUNT: AtomicU64 = AtomicU64::new(0);

    /// Goes with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let name = format!("isthmus-sim-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_hundred_seeds_break_no_law() {
        let folder = Folder::new();
        let report = simulate(1, 100, Plant::Nothing, &folder.0);
        assert_eq!(report.violations, []);
        assert_eq!(report.seeds, 100);
    }

    #[test]
    fn the_same_seed_goes_the_same_way() {
        let run = || {
            let folder = Folder::new();
            let mut run = Run::new(7, Plant::Nothing);
            run.go(&folder.0).map(|()| run.engine.state_hash())
        };
        assert_eq!(run(), run());
    }

    #[test]
    fn what_is_planted_is_found() {
        let folder = Folder::new();
        for plant in [Plant::Priority, Plant::Money, Plant::Flush] {
            assert!(!simulate(1, 200, plant, &folder.0).violations.is_empty(), "{plant:?} was not found");
        }
    }
}
