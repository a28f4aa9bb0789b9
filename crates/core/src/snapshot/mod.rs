//! The whole state as canonical bytes: the same state gives the same bytes, whatever way it was reached.
//!
//! Little-endian, in one fixed order; lists are preceded by their length (u64). The state hash is the SHA-256 of it.
mod bytes;
mod contracts;
mod limits;
mod makers;
mod margining;
mod markets;
mod orders;
mod parents;
mod rules_1;
mod transfers;

use sha2::{Digest, Sha256};

pub use bytes::BadState;
use bytes::{In, Out};
use makers::{put_makers, take_makers};
use markets::{put_instrument, put_market, take_instrument, take_market};

use crate::deadlines::DEAD_MAN;
use crate::engine::Engine;
use crate::instrument::{ASSET_DECIMALS_MAX, Asset};
use crate::ledger::{Account, Balance};
use crate::memory::{Answer, Ended, Key};
use crate::orders::NAMED;
use crate::record::RULES;

impl Engine {
    /// The canonical bytes of the state.
    pub fn state(&self) -> Vec<u8> {
        let mut out = Out::default();
        out.put(self.sequence);
        out.put(self.stamp);
        out.put(u8::from(self.halted));
        out.list(self.assets.iter(), |out, asset| {
            out.put(asset.code);
            out.put(asset.decimals);
        });
        out.list(self.instruments.iter(), put_instrument);
        out.list(self.ledger.accounts.iter(), put_account);
        out.list(self.markets.iter(), put_market);
        self.put_orders(&mut out);
        out.list(self.memory.ended.iter(), |out, ended| {
            out.put(ended.sequence);
            out.put(ended.stamp);
            put_answer(out, &ended.key, &self.memory.answers[&ended.key]);
        });
        out.list(self.corrected.iter(), |out, (sequence, index)| {
            out.put(*sequence);
            out.put(*index);
        });
        out.list(self.kills.iter(), |out, ((scope, of), agreed)| {
            out.put(*scope);
            out.put(*of);
            out.put(u8::from(agreed.is_some()));
            out.put(agreed.unwrap_or(0));
        });
        out.list(self.timers.iter(), |out, ((account, session), due)| {
            out.put(*account);
            out.put(*session);
            out.put(*due);
        });
        self.put_limits(&mut out);
        put_makers(&mut out, &self.makers, self.stamp);
        let alive: Vec<Key> = self.keys_alive();
        out.list(alive.iter(), |out, key| put_answer(out, key, &self.memory.answers[key]));
        self.put_parents(&mut out);
        self.put_transfers(&mut out);
        self.put_margining(&mut out);
        self.put_contracts(&mut out);
        out.0
    }

    /// SHA-256 of the canonical state.
    pub fn state_hash(&self) -> [u8; 32] {
        Sha256::digest(self.state()).into()
    }

    /// Keys whose order still lives, by the order's id.
    fn keys_alive(&self) -> Vec<Key> {
        let rows = self.orders.by_id().filter(|row| self.orders.get(*row).marks & NAMED != 0);
        rows.map(|row| (self.orders.get(row).account, self.orders.details(row).client_id)).collect()
    }

    /// The engine with a state that a release of these rules wrote. Its own form is of its own rules; that of rules 3 ended
    /// before transfers in two steps, margin and contracts that expire, that of rules 2 before parents; that of rules 1 is
    /// read by the module of that name. The system's accounts are those of today.
    pub fn from_state_of(rules: u16, bytes: &[u8]) -> Result<Self, BadState> {
        let mut rest = In(bytes);
        let mut engine = match rules {
            RULES => return Self::from_state(bytes),
            3 => Self::from_state_of_rules_3(&mut rest)?,
            2 => Self::from_state_of_rules_2(&mut rest)?,
            1 => rules_1::from_state(&mut rest)?,
            _ => return Err(BadState),
        };
        engine.ledger.found_system();
        engine.ledger.find_places();
        engine.begin_margining()?;
        if rest.0.is_empty() { Ok(engine) } else { Err(BadState) }
    }

    /// The engine with this state.
    pub fn from_state(bytes: &[u8]) -> Result<Self, BadState> {
        let mut bytes = In(bytes);
        let mut engine = Self::from_state_of_rules_3(&mut bytes)?;
        engine.take_transfers(&mut bytes)?;
        engine.take_margining(&mut bytes)?;
        engine.take_contracts(&mut bytes)?;
        if bytes.0.is_empty() { Ok(engine) } else { Err(BadState) }
    }

    /// What rules 3 knew.
    fn from_state_of_rules_3(bytes: &mut In) -> Result<Self, BadState> {
        let mut engine = Self::from_state_of_rules_2(bytes)?;
        engine.take_parents(bytes)?;
        Ok(engine)
    }

    /// What rules 2 knew: everything but parents and fees of venues.
    fn from_state_of_rules_2(bytes: &mut In) -> Result<Self, BadState> {
        let mut engine =
            Self { sequence: bytes.take()?, stamp: bytes.take()?, halted: bytes.flag()?, ..Self::default() };
        engine.assets = bytes.list(take_asset)?;
        let assets = engine.assets.clone();
        engine.instruments = bytes.list(|b| take_instrument(b, &assets))?;
        engine.ledger.accounts = bytes.list(take_account)?;
        engine.markets = bytes.list(take_market)?;
        if engine.markets.len() != engine.instruments.len() {
            return Err(BadState);
        }
        engine.watch_clock();
        engine.take_orders(bytes)?;
        let ended = bytes.list(|b| Ok((b.take::<u64>()?, b.take::<u64>()?, take_answer(b)?)))?;
        for (sequence, stamp, (key, answer)) in ended {
            engine.memory.answers.insert(key, answer);
            engine.memory.ended.push_back(Ended { sequence, stamp, key });
        }
        engine.corrected = bytes.list(|b| Ok((b.take()?, b.take()?)))?.into_iter().collect();
        let kills = bytes.list(|b| Ok(((b.take()?, b.take()?), (b.flag()?, b.take::<u32>()?))))?;
        engine.kills = kills.into_iter().map(|(key, (agreed, user))| (key, agreed.then_some(user))).collect();
        for (account, session, due) in bytes.list(|b| Ok((b.take::<u32>()?, b.take::<u32>()?, b.take::<u64>()?)))? {
            engine.timers.insert((account, session), due);
            engine.deadlines.add(due, DEAD_MAN, u64::from(account) << 32 | u64::from(session));
        }
        engine.take_limits(bytes)?;
        engine.makers = take_makers(bytes, engine.stamp)?;
        engine.memory.answers.extend(bytes.list(take_answer)?);
        engine.orders.count_changed(); // quotes are known before the first command, which may purge them
        Ok(engine)
    }
}

fn take_asset(bytes: &mut In) -> Result<Asset, BadState> {
    let asset = Asset { code: bytes.take()?, decimals: bytes.take()? };
    if asset.decimals <= ASSET_DECIMALS_MAX { Ok(asset) } else { Err(BadState) }
}

fn put_account(out: &mut Out, account: &Account) {
    out.put(account.kind);
    out.put(account.group);
    out.put(account.firm);
    out.list(account.balances.iter(), |out, balance| {
        out.put(balance.asset);
        out.put(u8::from(balance.margined));
        out.put(balance.frozen);
        out.put(balance.credit);
        out.wide(balance.amount);
        out.wide(balance.held);
    });
}

fn take_account(bytes: &mut In) -> Result<Account, BadState> {
    let (kind, group, firm) = (bytes.take()?, bytes.take()?, bytes.take()?);
    let balances = bytes.list(|b| {
        Ok(Balance {
            asset: b.take()?,
            margined: b.flag()?,
            frozen: b.take()?,
            credit: b.take()?,
            amount: b.wide()?,
            held: b.wide()?,
        })
    })?;
    Ok(Account { kind, group, firm, balances, ..Account::default() })
}

fn put_answer(out: &mut Out, key: &Key, answer: &Answer) {
    out.put(key.0);
    out.put(key.1);
    out.put(answer.content);
    out.put(answer.first);
    out.put(answer.reason);
}

fn take_answer(bytes: &mut In) -> Result<(Key, Answer), BadState> {
    let key = (bytes.take()?, bytes.take()?);
    Ok((key, Answer { content: bytes.take()?, first: bytes.take()?, reason: bytes.take()? }))
}
