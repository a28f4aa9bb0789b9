//! Places one limit order over shared memory and says what became of it:
//! `cargo run --release -p isthmus-port --example gateway -- NAME ACCOUNT INSTRUMENT buy|sell PRICE QUANTITY`.
use std::time::{Duration, Instant};

use isthmus_core::messages::{Command, PlaceOrder};
use isthmus_core::names::Reason;
use isthmus_core::orders::{BUY, GTC, LIMIT, SELL};
use isthmus_core::row::{REFUSED, row};
use isthmus_port::lane::MORE;
use isthmus_port::{Fault, Gateway};

const PATIENCE: Duration = Duration::from_secs(5);
const GATEWAY: u8 = 1;

fn main() -> Result<(), Fault> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, account, instrument, side, price, quantity] = &words[..] else {
        return Err(Fault("NAME ACCOUNT INSTRUMENT buy|sell PRICE QUANTITY".to_owned()));
    };
    let order = PlaceOrder {
        account: number(account)? as u32,
        instrument: number(instrument)? as u32,
        venue: 0,
        side: if side == "sell" { SELL } else { BUY },
        kind: LIMIT,
        tif: GTC,
        flags: 0,
        price: number(price)?,
        quantity: number(quantity)?,
        client_id: [0; 16],
        session: 0,
    };
    let mut gateway = Gateway::open(name, GATEWAY, PATIENCE)?;
    let started = Instant::now();
    gateway.send(row(&Command::PlaceOrder(order)).expect("rows carry orders"));
    loop {
        let Some(reply) = gateway.wait(PATIENCE) else { return Err(Fault("the engine does not answer".to_owned())) };
        for fill in reply.fills() {
            println!("  {} at {} with order {}", fill.quantity, fill.price, fill.maker_order);
        }
        if reply.status == MORE {
            continue;
        }
        let refused =
            Reason::ALL.iter().find(|(number, _)| *number == reply.reason).filter(|_| reply.status == REFUSED);
        match refused {
            Some((_, reason)) => println!("refused: {reason}"),
            None => println!("order {}: {} traded", reply.order, reply.filled),
        }
        println!("{} ns from order to answer", started.elapsed().as_nanos());
        return Ok(());
    }
}

fn number(text: &str) -> Result<i64, Fault> {
    text.parse().map_err(|_| Fault(format!("{text}: no number")))
}
