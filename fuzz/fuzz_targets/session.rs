//! Whatever is sent, an engine answers: no panic; a refusal changes no more than the time that passed; money adds up to
//! zero; the state reads back as itself.
//!
//! The input is a list of commands: how far the clock moves (a byte), the kind (a byte, one of those that there are),
//! the fields. The engine that they are sent to was opened as those of the golden sessions are.
#![no_main]
use isthmus_core::messages::{HEAD, TimePassed};
use isthmus_core::names::Reason;
use isthmus_core::{Command, Effect, Engine};
use libfuzzer_sys::fuzz_target;

#[path = "../../crates/core/tests/golden/packed.rs"]
mod packed;

/// Commands of a golden session before anything trades.
const OPENING: usize = 34;
const COMMANDS_MAX: usize = 80;
/// The state is written and read back after so many commands, since that takes far longer than a command.
const RESTORED_EVERY: usize = 16;
/// A clock byte from here on is a power of two of ns, so that days go by as well.
const POWERS: u8 = 200;
const STEP_NS: u64 = 1_000;

macro_rules! sizes {
    (commands { $($(#[doc = $doc:literal])+ $name:ident = $kind:literal { $($field:ident : $ty:ty),* $(,)? })* } $($rest:tt)*) => {
        const KINDS: &[(u16, usize)] = &[$((isthmus_core::messages::$name::KIND, isthmus_core::messages::$name::SIZE)),*];
    };
}
isthmus_core::for_each_message!(sizes);

fn opened() -> Engine {
    let sessions = packed::sessions(include_bytes!("../../tests/golden/sessions/plain.bin"));
    let mut engine = Engine::default();
    for (command, at) in &sessions[0].commands[..OPENING] {
        engine.apply(command, *at, &mut Vec::new());
    }
    engine
}

/// The command at the front and the bytes behind it; a command that is cut off goes on with zeros.
fn next(bytes: &[u8]) -> Option<(u8, Command, &[u8])> {
    let [clock, kind, fields @ ..] = bytes else { return None };
    let (kind, size) = KINDS[*kind as usize % KINDS.len()];
    let (fields, rest) = fields.split_at(size.min(fields.len()));
    let mut message = Vec::with_capacity(HEAD + size);
    message.extend_from_slice(&kind.to_le_bytes());
    message.extend_from_slice(&(size as u16).to_le_bytes());
    message.extend_from_slice(fields);
    message.resize(HEAD + size, 0);
    let (command, _) = Command::decode(&message).expect("kind and length are right");
    Some((*clock, command, rest))
}

fn moved(stamp: u64, clock: u8) -> u64 {
    let passed = if clock < POWERS { u64::from(clock) * STEP_NS } else { 1 << (clock - POWERS) };
    stamp.saturating_add(passed)
}

fn applied(engine: &mut Engine, command: &Command, at: u64) -> Vec<Effect> {
    let (mut out, mut told) = (Vec::new(), Vec::new());
    let passed = engine.apply(command, at, &mut out);
    let mut rest = &out[..];
    while !rest.is_empty() {
        let (effect, length) = Effect::decode(rest).expect("effects are well formed");
        told.push(effect);
        rest = &rest[length..];
    }
    assert_eq!(told.len(), passed.effects as usize);
    told
}

/// Refused, and not remembered under a client's id?
fn is_refused(command: &Command, told: &[Effect]) -> bool {
    let refused = |effect: &Effect| matches!(effect, Effect::Rejected(r) if Reason::of(r.reason).is_some());
    told.iter().any(refused) && !is_named(command)
}

macro_rules! named {
    ($command:ident, $($name:ident)*) => {
        match $command { $(Command::$name(c) => c.client_id != [0; 16],)* Command::VenueFilled(c) => c.fill_id != [0; 16], _ => false }
    };
}

fn is_named(command: &Command) -> bool {
    named!(
        command, OpenAccount Deposit Withdraw Transfer PlaceOrder CancelOrder ReplaceOrder PlaceSpecial ReplaceSpecial
        ReduceOrder AcceptQuote
    )
}

fn check_money(engine: &Engine) {
    for asset in 1..=engine.assets.len() as u32 {
        let balances = engine.ledger.accounts.iter().flat_map(|account| &account.balances);
        let total: i128 = balances.filter(|balance| balance.asset == asset).map(|balance| balance.amount).sum();
        assert_eq!(total, 0, "asset {asset} does not add up");
    }
}

thread_local! {
    static OPENED: Engine = opened();
}

/// What `command` does to the engine, and time alone in its place to the other if it is refused: the same.
fn step(engine: &mut Engine, other: &mut Engine, command: &Command, at: u64) {
    let told = applied(engine, command, at);
    if !is_refused(command, &told) {
        assert_eq!(applied(other, command, at), told);
        return;
    }
    let alone = applied(other, &Command::TimePassed(TimePassed {}), at);
    let others: Vec<Effect> = told.iter().filter(|effect| !matches!(effect, Effect::Rejected(_))).copied().collect();
    assert_eq!(others, alone, "refused, but it had effects: {command:?}");
}

fuzz_target!(|bytes: &[u8]| {
    // the other engine never gets a command that was refused, and is never read back
    let (mut engine, mut other, mut rest) = (OPENED.with(Engine::clone), OPENED.with(Engine::clone), bytes);
    for number in 1..=COMMANDS_MAX {
        let Some((clock, command, behind)) = next(rest) else { break };
        rest = behind;
        let at = moved(engine.stamp, clock);
        step(&mut engine, &mut other, &command, at);
        if number % RESTORED_EVERY == 0 {
            engine = Engine::from_state(&engine.state()).expect("its own state");
            assert!(engine.state() == other.state(), "a refusal or the way through the state changed something");
            check_money(&engine);
        }
    }
    assert!(engine.state() == other.state(), "a refusal or the way through the state changed something");
    check_money(&engine);
});
