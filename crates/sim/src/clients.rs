//! Clients: they send commands over a network that delays, doubles and loses, and send again what was not answered.
use isthmus_core::messages::{
    CancelAll, CancelOrder, ClientId, Command, Deposit, Halt, Mark, PlaceOrder, PlaceSpecial, ReduceOrder,
    ReplaceOrder, Resume, SetRule, SetSession, TimePassed, Transfer, Uncross, VenueFilled, Withdraw,
};
use isthmus_core::names::Rule;
use isthmus_core::orders::{
    ALL_OR_NONE, BUY, DAY, FOK, GTC, GTD, HIDDEN, IOC, LIMIT, MARKET, MARKET_TO_LIMIT, PEG, POST_ONLY, REDUCE_ONLY,
    REQUEST, RESPONSE, SELL, SLIDE, STOP, STOP_LIMIT, TRAILING_STOP,
};
use isthmus_core::rules;

use crate::chance::Chance;
use crate::desk::{self, Made};
use crate::router::Router;
use crate::treasury;
use crate::world::{CHANGING, CLIENTS, FIRST_CLIENT, INSTRUMENTS, PLAIN, START, VENUE, lot, middle, tick};

/// A message on its way: when it arrives, and what it says.
#[derive(Debug, Clone, Copy)]
struct Message {
    arrives: u64,
    command: Command,
}

/// An order that was accepted, as its client knows it.
#[derive(Debug, Clone, Copy)]
struct Placed {
    order: u64,
    account: u32,
    price: i64,
    quantity: i64,
}

/// Everybody outside, and the network between.
pub struct Clients {
    chance: Chance,
    on_the_way: Vec<Message>,
    placed: Vec<Placed>,
    made: Vec<Made>,
    pending: Vec<u64>,
    router: Router,
    named: u64,
    step: u64,
}

impl Clients {
    pub fn new(chance: Chance) -> Self {
        Self {
            chance,
            on_the_way: Vec::new(),
            placed: Vec::new(),
            made: Vec::new(),
            pending: Vec::new(),
            router: Router::default(),
            named: 0,
            step: 0,
        }
    }

    /// The next message that arrives.
    pub fn next(&mut self, state: u8) -> Command {
        self.step += 1;
        while self.on_the_way.iter().all(|message| message.arrives > self.step) {
            let command = self.write(state);
            self.send(command);
        }
        let due = |message: &Message| message.arrives <= self.step;
        let at = self.on_the_way.iter().position(due).expect("one has arrived");
        self.on_the_way.remove(at).command
    }

    /// A message may be late, may come twice, and may come twice in the wrong order.
    fn send(&mut self, command: Command) {
        let late = if self.chance.permille(150) { self.chance.below(12) } else { 0 };
        self.on_the_way.push(Message { arrives: self.step + late, command });
        while self.chance.permille(80) {
            let later = self.chance.below(30);
            self.on_the_way.push(Message { arrives: self.step + later, command });
        }
    }

    /// The engine accepted an order: from now on it can be changed.
    pub fn placed(&mut self, order: u64, command: &Command) {
        self.router.placed(order, command);
        let (account, price, quantity) = match command {
            Command::PlaceOrder(c) => (c.account, c.price, c.quantity),
            Command::PlaceSpecial(c) => (c.account, c.price, c.quantity),
            Command::PlaceParent(c) => (c.account, c.price, c.quantity),
            _ => return,
        };
        self.placed.push(Placed { order, account, price, quantity });
    }

    /// A trade was made: an operator may correct it.
    pub fn made(&mut self, trade: Made) {
        self.made.push(trade);
    }

    /// A transfer waits: the treasury may post or void it.
    pub fn pending(&mut self, transfer: u64) {
        self.pending.push(transfer);
    }

    fn client(&mut self) -> u32 {
        FIRST_CLIENT + self.chance.below(CLIENTS.into()) as u32
    }

    fn id(&mut self) -> ClientId {
        let mut id = [0; 16];
        if self.chance.permille(600) {
            self.named += 1;
            id[..8].copy_from_slice(&self.named.to_le_bytes());
        }
        id
    }

    fn price(&mut self, instrument: u32) -> i64 {
        let reach = if self.chance.permille(100) { 40 } else { 6 };
        let away = self.chance.between(-reach, reach) * tick(instrument);
        (middle(instrument) + away).max(tick(instrument))
    }

    fn lots(&mut self, instrument: u32) -> i64 {
        let most = if self.chance.permille(80) { 60 } else { 9 };
        self.chance.between(1, most) * lot(instrument)
    }

    fn write(&mut self, state: u8) -> Command {
        match self.chance.below(130) {
            0..=51 => self.place().into(),
            52..=61 => self.special().into(),
            62..=74 => self.cancel(),
            75..=83 => self.change(),
            84..=87 => self.money(),
            88..=90 => self.outside().into(),
            100..=111 => self.desk(),
            112.. => self.router.write(&mut self.chance),
            _ => self.operate(state),
        }
    }

    fn desk(&mut self) -> Command {
        let recent: Vec<u64> = self.placed.iter().rev().take(8).map(|placed| placed.order).collect();
        desk::write(&mut self.chance, &recent, &self.made)
    }

    fn instrument(&mut self) -> u32 {
        *self.chance.pick(&INSTRUMENTS)
    }

    fn place(&mut self) -> PlaceOrder {
        let instrument = self.instrument();
        let kind = *self.chance.pick(&[LIMIT, LIMIT, LIMIT, LIMIT, LIMIT, LIMIT, MARKET]);
        let tif = *self.chance.pick(&[GTC, GTC, GTC, GTC, DAY, IOC, FOK]);
        let flags = if kind == LIMIT && tif == GTC && self.chance.permille(100) { POST_ONLY } else { 0 };
        PlaceOrder {
            account: self.client(),
            instrument,
            venue: if instrument != CHANGING && self.chance.permille(30) { VENUE } else { 0 },
            side: *self.chance.pick(&[BUY, SELL]),
            kind,
            tif,
            flags,
            price: if kind == LIMIT { self.price(instrument) } else { 0 },
            quantity: self.lots(instrument),
            client_id: self.id(),
            session: self.chance.below(3) as u32,
        }
    }

    /// Orders with terms of their own; never in the plain instrument.
    fn special(&mut self) -> PlaceSpecial {
        let plain = loop {
            let order = self.place();
            if order.instrument != PLAIN && order.venue == 0 {
                break order;
            }
        };
        let instrument = plain.instrument;
        let mut order = PlaceSpecial {
            account: plain.account,
            instrument,
            venue: 0,
            side: plain.side,
            kind: LIMIT,
            tif: GTC,
            flags: 0,
            price: self.price(instrument),
            quantity: self.lots(instrument),
            client_id: plain.client_id,
            session: plain.session,
            stop: 0,
            offset: 0,
            display: 0,
            display_high: 0,
            seed: 0,
            min_quantity: 0,
            expire: 0,
            one_cancels: 0,
            parent: 0,
            request: 0,
            peg: 0,
            trigger: 0,
        };
        self.specify(&mut order);
        order
    }

    fn specify(&mut self, order: &mut PlaceSpecial) {
        let (tick, lot) = (tick(order.instrument), lot(order.instrument));
        match self.chance.below(14) {
            0 => order.display = lot * self.chance.between(1, order.quantity / lot),
            1 => {
                order.display = lot;
                order.display_high = lot * self.chance.between(1, order.quantity / lot);
                order.seed = self.chance.next();
            }
            2 => (order.kind, order.price, order.stop) = (STOP, 0, self.price(order.instrument)),
            3 => (order.kind, order.stop) = (STOP_LIMIT, self.price(order.instrument)),
            4 => (order.kind, order.price, order.offset) = (TRAILING_STOP, 0, tick * self.chance.between(1, 5)),
            5 => {
                (order.kind, order.peg) = (PEG, 1 + self.chance.below(3) as u8);
                order.offset = tick * self.chance.between(-3, 3);
            }
            6 => order.min_quantity = lot * self.chance.between(0, order.quantity / lot),
            7 => order.flags = *self.chance.pick(&[HIDDEN, ALL_OR_NONE, REDUCE_ONLY, POST_ONLY | SLIDE]),
            8 => (order.kind, order.price) = (MARKET_TO_LIMIT, 0),
            11 => (order.kind, order.instrument, order.price) = (REQUEST, CHANGING, self.asked(order.price)),
            12 | 13 => {
                (order.kind, order.instrument) = (RESPONSE, CHANGING);
                order.request = self.any().order;
            }
            9 => (order.tif, order.expire) = (GTD, START + self.chance.below(4_000_000)),
            _ => {
                if let Some(other) = self.mine(order.account) {
                    if self.chance.permille(500) { order.one_cancels = other } else { order.parent = other }
                }
            }
        }
    }

    /// A request for quotes names no price; a lot for sale or a conditional order may.
    fn asked(&mut self, price: i64) -> i64 {
        if self.chance.permille(500) { 0 } else { price }
    }

    fn any(&mut self) -> Placed {
        let recent = self.placed.len().saturating_sub(25);
        if self.placed.is_empty() || self.chance.permille(20) {
            return Placed { order: self.chance.below(60), account: self.client(), price: 0, quantity: 0 };
        }
        self.placed[recent + self.chance.below((self.placed.len() - recent) as u64) as usize]
    }

    fn mine(&mut self, account: u32) -> Option<u64> {
        self.placed.iter().rev().find(|placed| placed.account == account).map(|placed| placed.order)
    }

    fn cancel(&mut self) -> Command {
        let Placed { order, account, .. } = self.any();
        CancelOrder { order, account, reason: 0, client_id: self.id() }.into()
    }

    fn change(&mut self) -> Command {
        let (Placed { order, account, price, quantity }, instrument) = (self.any(), self.instrument());
        let client_id = self.id();
        if self.chance.permille(300) {
            return ReduceOrder { order, account, quantity: self.lots(instrument), client_id }.into();
        }
        if self.chance.permille(400) {
            let quantity = self.chance.between(1, quantity.max(1));
            return ReplaceOrder { order, account, price, quantity, client_id }.into();
        }
        let price = if self.chance.permille(500) { middle(instrument) } else { self.price(instrument) };
        ReplaceOrder { order, account, price, quantity: self.lots(instrument), client_id }.into()
    }

    fn money(&mut self) -> Command {
        let (account, asset) = (self.client(), 1 + self.chance.below(3) as u32);
        let amount = self.chance.between(1, 20_000);
        let client_id = self.id();
        match self.chance.below(5) {
            0 => Deposit { account, asset, amount, client_id }.into(),
            1 => Withdraw { account, asset, amount, client_id }.into(),
            2 => Transfer { source: account, target: self.client(), asset, amount, client_id }.into(),
            _ => treasury::write(&mut self.chance, &self.pending, client_id, START + self.step * 1_500),
        }
    }

    fn outside(&mut self) -> VenueFilled {
        let Placed { order, account, .. } = self.any();
        let instrument = INSTRUMENTS[self.chance.below(3) as usize];
        let mut fill_id = [1; 16];
        fill_id[..8].copy_from_slice(&self.chance.below(200).to_le_bytes());
        VenueFilled {
            order,
            venue: VENUE,
            account,
            instrument,
            side: *self.chance.pick(&[BUY, SELL]),
            liquidity: 1 + self.chance.below(2) as u8,
            price: self.price(instrument),
            quantity: self.lots(instrument),
            fill_id,
        }
    }

    fn operate(&mut self, state: u8) -> Command {
        let instrument = self.instrument();
        match self.chance.below(12) {
            0 => Halt { instrument: if self.chance.permille(100) { 0 } else { instrument }, reason: 0 }.into(),
            1 | 2 => Resume { instrument: if self.chance.permille(300) { 0 } else { instrument } }.into(),
            3 => {
                let (account, side) = (self.client(), self.chance.below(3) as u8);
                CancelAll { account, instrument, side, session: 0, reason: 0 }.into()
            }
            4 | 5 => {
                let settlement = u8::from(instrument == crate::world::PERPETUAL && self.chance.permille(700));
                Mark { instrument, settlement, source: 0, price: self.price(instrument) }.into()
            }
            6 => {
                SetRule { instrument: CHANGING, rule: Rule::SelfTrade as u16, value: self.chance.between(0, 4) }.into()
            }
            7 => {
                let kinds = [
                    rules::LIT,
                    rules::PRO_RATA,
                    rules::MIXED,
                    rules::DARK,
                    rules::CALL,
                    rules::RFQ,
                    rules::NEGOTIATED,
                    rules::SEALED,
                ];
                SetRule { instrument: CHANGING, rule: Rule::Book as u16, value: *self.chance.pick(&kinds) }.into()
            }
            8 if state == 3 => SetSession { instrument: CHANGING, state: 1 + self.chance.below(6) as u8 }.into(),
            8 | 9 => SetSession { instrument: CHANGING, state: 3 }.into(),
            10 => Uncross { instrument: CHANGING }.into(),
            _ => TimePassed {}.into(),
        }
    }
}
