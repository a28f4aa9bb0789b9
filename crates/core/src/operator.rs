//! What operators ask: accounts, assets, instruments, money in and out, halts, marks.
use crate::engine::{Effects, Engine};
use crate::instrument::{Asset, Instrument};
use crate::ledger::{ROUNDING, SETTLEMENT, WORLD};
use crate::margining::pay;
use crate::market::Market;
use crate::messages::{
    AccountOpened, AddAsset, AddInstrument, AssetAdded, Deposit, EngineUpgraded, Halt, Halted, InstrumentAdded, Mark,
    Marked, OpenAccount, Posted, Resume, Resumed, Settled, Transfer, UpgradeEngine, Withdraw,
};
use crate::names::{Reason, Template};
use crate::perpetual::Position;
use crate::record::RULES;
use crate::values::{EXPOSURE_MAX, PRICE_MAX};

impl Engine {
    pub(crate) fn open_account(&mut self, c: &OpenAccount, effects: &mut Effects) -> Result<(), Reason> {
        self.once((0, c.client_id), *c, effects, |engine, effects| {
            let account = engine.ledger.open(c.kind, c.side)?;
            engine.watch_account(account);
            effects.push(&AccountOpened { account });
            Ok(false)
        })
    }

    pub(crate) fn add_asset(&mut self, c: &AddAsset, effects: &mut Effects) -> Result<(), Reason> {
        Asset::check(&c.code, c.decimals, &self.assets)?;
        self.assets.push(Asset { code: c.code, decimals: c.decimals });
        effects.push(&AssetAdded { asset: self.assets.len() as u32 });
        Ok(())
    }

    pub(crate) fn add_instrument(&mut self, c: &AddInstrument, effects: &mut Effects) -> Result<(), Reason> {
        let instrument = Instrument::new(c, &self.assets, &self.instruments)?;
        self.instruments.push(instrument);
        self.markets.push(Market::default());
        effects.push(&InstrumentAdded { instrument: self.instruments.len() as u32 });
        Ok(())
    }

    /// The state's hash is compared by whoever runs the record again, which alone can be another release.
    pub(crate) fn upgrade(&mut self, c: &UpgradeEngine, effects: &mut Effects) -> Result<(), Reason> {
        if c.rules != RULES || c.before >= c.rules {
            return Err(Reason::BadTerms);
        }
        effects.push(&EngineUpgraded { before: c.before, rules: c.rules, state: c.state });
        Ok(())
    }

    pub(crate) fn deposit(&mut self, c: &Deposit, effects: &mut Effects) -> Result<(), Reason> {
        self.owner(c.account)?;
        self.once((c.account, c.client_id), *c, effects, |engine, effects| {
            engine.money(c.asset, c.amount)?;
            engine.post(WORLD, c.account, c.asset, c.amount, Template::Deposit, effects);
            Ok(false)
        })
    }

    pub(crate) fn withdraw(&mut self, c: &Withdraw, effects: &mut Effects) -> Result<(), Reason> {
        self.owner(c.account)?;
        self.once((c.account, c.client_id), *c, effects, |engine, effects| {
            engine.money(c.asset, c.amount)?;
            engine.covered(c.account, c.asset, c.amount)?;
            engine.post(c.account, WORLD, c.asset, c.amount, Template::Withdrawal, effects);
            Ok(false)
        })
    }

    pub(crate) fn transfer(&mut self, c: &Transfer, effects: &mut Effects) -> Result<(), Reason> {
        self.owner(c.source)?;
        self.owner(c.target)?;
        self.once((c.source, c.client_id), *c, effects, |engine, effects| {
            if c.asset == 0 || c.asset as usize > engine.assets.len() {
                return Err(Reason::UnknownAsset);
            }
            if c.source == c.target {
                return Err(Reason::SameAccount);
            }
            engine.money(c.asset, c.amount)?;
            if engine.ledger.mixes(c.source, c.target) {
                return Err(Reason::MixesClientMoney);
            }
            engine.covered(c.source, c.asset, c.amount)?;
            engine.post(c.source, c.target, c.asset, c.amount, Template::Transfer, effects);
            Ok(false)
        })
    }

    pub(crate) fn owner(&self, account: u32) -> Result<(), Reason> {
        if self.ledger.trades(account) { Ok(()) } else { Err(Reason::UnknownAccount) }
    }

    pub(crate) fn money(&self, asset: u32, amount: i64) -> Result<(), Reason> {
        if asset == 0 || asset as usize > self.assets.len() {
            return Err(Reason::UnknownAsset);
        }
        if amount <= 0 { Err(Reason::AmountNotPositive) } else { Ok(()) }
    }

    pub(crate) fn covered(&self, account: u32, asset: u32, amount: i64) -> Result<(), Reason> {
        let own = self.ledger.look(account, asset).own() - self.ledger.unrealised_loss(account, asset);
        if i128::from(amount) > own { Err(Reason::InsufficientFunds) } else { Ok(()) }
    }

    pub(crate) fn post(
        &mut self,
        source: u32,
        target: u32,
        asset: u32,
        amount: i64,
        template: Template,
        effects: &mut Effects,
    ) {
        self.ledger.post(source, target, asset, amount);
        effects.push(&Posted { source, target, asset, template: template as u8, amount });
    }

    pub(crate) fn halt(&mut self, c: &Halt, effects: &mut Effects) -> Result<(), Reason> {
        if std::mem::replace(self.halt_state(c.instrument)?, true) {
            return Err(Reason::InstrumentHalted);
        }
        self.touch_makers((c.instrument as usize).checked_sub(1));
        effects.push(&Halted { instrument: c.instrument });
        Ok(())
    }

    pub(crate) fn resume(&mut self, c: &Resume, effects: &mut Effects) -> Result<(), Reason> {
        if !std::mem::replace(self.halt_state(c.instrument)?, false) {
            return Err(Reason::NotHalted);
        }
        self.touch_makers((c.instrument as usize).checked_sub(1));
        effects.push(&Resumed { instrument: c.instrument });
        let all = 0..self.markets.len();
        all.filter(|at| c.instrument == 0 || *at + 1 == c.instrument as usize).for_each(|at| self.touch(at));
        Ok(())
    }

    fn halt_state(&mut self, instrument: u32) -> Result<&mut bool, Reason> {
        if instrument == 0 {
            return Ok(&mut self.halted);
        }
        let at = self.at(instrument)?;
        Ok(&mut self.instruments[at].halted)
    }

    pub(crate) fn mark(&mut self, c: &Mark, effects: &mut Effects) -> Result<(), Reason> {
        let at = self.at(c.instrument)?;
        let settles = c.settlement == 1;
        let price_ok = (1..=PRICE_MAX).contains(&c.price);
        if c.settlement > 1 || (settles && !self.instruments[at].is_perpetual()) || !price_ok {
            return Err(Reason::BadMark);
        }
        if settles && !self.instruments[at].positions.values().all(|p| self.bears(at, p, c.price)) {
            return Err(Reason::NotionalTooLarge);
        }
        let instrument = &mut self.instruments[at];
        (instrument.mark, instrument.latest) = (c.price, c.price);
        self.markets[at].auction_price = 0;
        effects.push(&Marked { instrument: c.instrument, settlement: c.settlement, price: c.price });
        self.band_moved(at, effects);
        if settles {
            self.settle(at, c, effects);
        } else if self.instruments[at].is_perpetual() {
            self.revalue_all(at);
        }
        self.touch(at);
        Ok(())
    }

    /// Do the settlement and the exposure after it stay within their limits?
    fn bears(&self, at: usize, position: &Position, price: i64) -> bool {
        let instrument = &self.instruments[at];
        let units = i128::from(position.quantity.abs()) + i128::from(position.buy) + i128::from(position.sell);
        if instrument.is_inverse() {
            return instrument.notional(units, price) <= EXPOSURE_MAX;
        }
        let worth = |units: i128, price: i64| (units * i128::from(price)).checked_mul(i128::from(instrument.num));
        let way = if instrument.is_option() { 0 } else { (price - instrument.settlement_mark).abs() };
        let strike = instrument.contract.map_or(0, |contract| contract.terms.strike.abs());
        worth(units, price.max(strike)).is_some_and(|value| value <= EXPOSURE_MAX)
            && worth(position.quantity.abs().into(), way).is_some_and(|amount| amount <= i128::from(i64::MAX))
    }

    /// Pays every open position the way from the old settlement mark to the new; what an inverse perpetual rounds stays with
    /// house:rounding. An option's mark changes what is held for it only.
    fn settle(&mut self, at: usize, c: &Mark, effects: &mut Effects) {
        let Self { instruments, ledger, .. } = self;
        let instrument = &mut instruments[at];
        let asset = instrument.margin_asset();
        let before = instrument.settlement_mark;
        instrument.settlement_mark = c.price;
        let mut positions = std::mem::take(&mut instrument.positions);
        let mut rest = 0;
        for (account, position) in &mut positions {
            let held = position.hold;
            let hold = instrument.hold_of(ledger, *account, position);
            // live sales of an option hold by its mark too
            if position.quantity == 0 && hold == held {
                continue;
            }
            let way = instrument.worth(position.quantity, c.price) - instrument.worth(position.quantity, before);
            let amount = if instrument.is_option() { 0 } else { way as i64 };
            rest -= amount;
            pay(ledger, effects, Template::Settlement, (SETTLEMENT, *account), (asset, amount));
            ledger.earn(*account, asset, amount);
            instrument.revalue(ledger, *account, position);
            effects.push(&Settled {
                account: *account,
                instrument: c.instrument,
                position: position.quantity,
                amount,
                hold,
            });
        }
        pay(ledger, effects, Template::Rounding, (SETTLEMENT, ROUNDING), (asset, rest));
        instrument.positions = positions;
    }

    /// A mark that settles nothing changes what positions gained, and may change what their accounts may do.
    fn revalue_all(&mut self, at: usize) {
        let Self { instruments, ledger, .. } = self;
        let mut positions = std::mem::take(&mut instruments[at].positions);
        for (account, position) in &mut positions {
            instruments[at].revalue(ledger, *account, position);
        }
        instruments[at].positions = positions;
    }
}
