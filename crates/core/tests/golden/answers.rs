//! The digest of what can be asked of an engine, as `answers` in tests/oracle/golden.py makes it of the twin.
use isthmus_core::Engine;
use isthmus_core::orders::{NONE, Orders};
use sha2::{Digest, Sha256};

/// Balances, positions, references, indicative prices, levels and orders.
pub fn digest(engine: &Engine) -> [u8; 32] {
    let mut told = Vec::new();
    let accounts = engine.ledger.accounts.iter().enumerate().filter(|(_, account)| account.kind != 0);
    let accounts: Vec<u32> = accounts.map(|(number, _)| number as u32).collect();
    for account in &accounts {
        for asset in 1..=engine.assets.len() as u32 {
            let (amount, held) = engine.ledger.peek(*account, asset);
            told.extend_from_slice(&amount.to_le_bytes());
            told.extend_from_slice(&held.to_le_bytes());
        }
    }
    for (at, instrument) in engine.instruments.iter().enumerate() {
        let found = engine.indicative(at);
        words(&mut told, &[instrument.reference(), found.price, found.volume, found.imbalance]);
        for account in &accounts {
            let (quantity, hold) = instrument.positions.get(account).map_or((0, 0), |p| (p.quantity, p.hold));
            words(&mut told, &[quantity, hold]);
        }
        for buys in [true, false] {
            side(engine, at, buys, &mut told);
        }
    }
    Sha256::digest(told).into()
}

fn words(told: &mut Vec<u8>, numbers: &[i64]) {
    numbers.iter().for_each(|number| told.extend_from_slice(&number.to_le_bytes()));
}

fn side(engine: &Engine, at: usize, buys: bool, told: &mut Vec<u8>) {
    let (orders, market): (&Orders, _) = (&engine.orders, &engine.markets[at]);
    let levels: Vec<(i64, i64, u32)> = market.shown(orders, buys).collect();
    for (price, shown, count) in &levels {
        words(told, &[*price, *shown]);
        told.extend_from_slice(&count.to_le_bytes());
    }
    assert_eq!(market.best_shown(buys), levels.first().map(|(price, shown, _)| (*price, *shown)));
    let sides = [market.unpriced.side(buys), market.book.side(buys), market.hidden.side(buys)];
    let mut rows: Vec<u32> = sides.iter().flat_map(|side| side.in_priority(orders)).collect();
    rows.sort_by_key(|row| if buys { -orders.get(*row).price } else { orders.get(*row).price });
    for row in rows {
        assert_ne!(row, NONE);
        let order = orders.get(row);
        assert_eq!(orders.find(order.id), Some(row));
        told.extend_from_slice(&order.id.to_le_bytes());
        words(told, &[order.price, orders.shown(row), order.left]);
    }
}
