//! A journal that earlier rules wrote: what its records say adds up to the state that its snapshot holds.
use isthmus_core::Engine;
use isthmus_core::ledger::{FX, INSURANCE, SYSTEM};
use isthmus_core::recorded::Whole;
use isthmus_core::wall::Place;
use std::path::PathBuf;

/// Bytes of the empty lists that a state got between rules 2 and 3.
const SINCE_RULES_2: usize = 2 * 8;

/// What of a state rules 3 had: the only beginning that reads as theirs.
fn of_rules_3(state: &[u8]) -> &[u8] {
    let beginnings = (0..state.len()).rev().map(|length| &state[..length]);
    let mut read = beginnings.filter(|beginning| Engine::from_state_of(3, beginning).is_ok());
    let found = read.next().expect("a state begins as one of rules 3");
    assert_eq!(read.next(), None);
    found
}

#[test]
fn records_of_rules_1_add_up_to_the_snapshot_behind_them() {
    let fixture = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/journals/rules_1");
    let whole = Whole::run(&fixture).unwrap();
    assert_eq!((whole.recorded.records, whole.replay.engine.sequence), (334, 334));
    assert!(whole.recorded.agrees(&whole.replay.engine));
    // as expected.json has it
    let orders = &whole.replay.engine.orders;
    let rows: Vec<u32> = orders.by_id().collect();
    let sums = |of: &dyn Fn(u32) -> i64| rows.iter().map(|row| of(*row)).sum::<i64>();
    assert_eq!((rows.len(), sums(&|row| orders.details(row).quantity)), (23, 4_354));
    assert_eq!((sums(&|row| orders.filled(row)), sums(&|row| orders.get(row).hold)), (92, 301));
    assert_eq!(sums(&|row| orders.details(row).venue.into()), 194);
    let state = whole.replay.engine.state(); // which looks up what is remembered under the orders' client ids
    assert!(Engine::from_state(&state).unwrap().state() == state);
    let mut richer = whole.replay.engine.clone();
    let balance = richer.ledger.accounts.iter_mut().flat_map(|account| &mut account.balances).next().unwrap();
    balance.amount += 1;
    assert!(!whole.recorded.agrees(&richer));
}

#[test]
fn records_of_rules_2_add_up_to_the_snapshot_behind_them() {
    let fixture = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/journals/rules_2");
    let whole = Whole::run(&fixture).unwrap();
    assert_eq!((whole.recorded.records, whole.replay.engine.sequence), (334, 334));
    let engine = &whole.replay.engine;
    assert!(whole.recorded.agrees(engine) && engine.parents.families.is_empty() && engine.venue_fees.is_empty());
    let state = engine.state();
    assert!(Engine::from_state(&state).unwrap().state() == state);
    // rules 3 ended before sides, pending transfers, margin and contracts, rules 2 before parents: two empty lists
    let third = of_rules_3(&state);
    let second = &third[..third.len() - SINCE_RULES_2];
    let begun = Engine::from_state_of(3, third).unwrap().state();
    assert!(begun.starts_with(third) && Engine::from_state(&begun).unwrap().state() == begun);
    assert!(Engine::from_state_of(2, second).unwrap().state() == begun);
    assert!(Engine::from_state_of(2, third).is_err() && Engine::from_state_of(3, second).is_err());
    assert!(Engine::from_state_of(3, &state).is_err() && Engine::from_state_of(4, third).is_err());
}

#[test]
fn records_of_rules_3_add_up_to_the_snapshot_behind_them() {
    let fixture = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/journals/rules_3");
    let whole = Whole::run(&fixture).unwrap();
    assert_eq!((whole.recorded.records, whole.replay.engine.sequence), (334, 334));
    let engine = &whole.replay.engine;
    assert!(whole.recorded.agrees(engine) && engine.transfers.pending.is_empty());
    for account in [INSURANCE, FX] {
        assert_eq!((engine.ledger.kind(account), engine.ledger.place(account)), (SYSTEM, Place::Firm));
    }
}
