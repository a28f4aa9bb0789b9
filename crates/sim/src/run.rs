//! One run after another: clients write, the engine decides, the oracles watch; now and then the state is taken down and
//! set up again, and an engine that began from there must go the same way.
use std::path::Path;

use isthmus_core::Engine;
use isthmus_core::messages::{Command, Effect};

use crate::chance::Chance;
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
pub fn simulate(first: u64, seeds: u64, plant: Plant, _scratch: &Path) -> Report {
    let mut report = Report::default();
    for seed in first..first.saturating_add(seeds) {
        report.seeds += 1;
        let mut run = Run::new(seed, plant);
        if let Err(violation) = run.go() {
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
            shadow: Shadow::default(),
            once: Once::default(),
            now: START,
        }
    }

    fn go(&mut self) -> Result<(), Violation> {
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
        }
        let same = self.follower.as_ref().is_none_or(|follower| follower.state() == self.engine.state());
        self.law(same, "recovery equals the original")
    }

    fn apply(&mut self, command: &Command) -> Result<(), Violation> {
        let mut out = Vec::new();
        self.engine.apply(command, self.now, &mut out);
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
        for effect in effects {
            if let Effect::Accepted(accepted) = effect {
                let row = self.engine.orders.find(accepted.order);
                let account = row.map_or(0, |row| self.engine.orders.get(row).account);
                self.world.placed(accepted.order, account);
            }
        }
        let once = self.once.take(command, effects);
        let shadow = self.shadow.take(sequence, command, effects);
        for broken in [once, shadow, check(&self.engine)] {
            if let Err(oracle) = broken {
                return self.law(false, oracle);
            }
        }
        self.law(self.shadow.agrees(&self.engine), "the book is what its records say")
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
    use super::*;

    #[test]
    fn a_hundred_seeds_break_no_law() {
        let report = simulate(1, 100, Plant::Nothing, Path::new(""));
        assert_eq!(report.violations, []);
        assert_eq!(report.seeds, 100);
    }

    #[test]
    fn the_same_seed_goes_the_same_way() {
        let run = || {
            let mut run = Run::new(7, Plant::Nothing);
            run.go().map(|()| run.engine.state_hash())
        };
        assert_eq!(run(), run());
    }

    #[test]
    fn what_is_planted_is_found() {
        for plant in [Plant::Priority, Plant::Money] {
            assert!(!simulate(1, 200, plant, Path::new("")).violations.is_empty(), "{plant:?} was not found");
        }
    }
}
