//! Terms and risk arrays of contracts that expire, in the state.
use std::collections::BTreeMap;

use super::bytes::{BadState, In, Out};
use crate::contracts::Contract;
use crate::engine::Engine;
use crate::messages::{
    Field, SetRiskArray, SetRiskCredit, SetRiskDelivery, SetRiskProduct, SetRiskSpread, SetRiskTier,
};
use crate::portfolio::Portfolio;
use crate::risk::Risk;

impl Engine {
    pub(super) fn put_contracts(&self, out: &mut Out) {
        let contracts: Vec<&Contract> = self.instruments.iter().filter_map(|i| i.contract.as_ref()).collect();
        out.list(contracts.into_iter(), |out, contract| {
            out.put(contract.terms);
            out.put(contract.base_units);
            out.put(u8::from(contract.settled));
        });
        put_risk(out, &self.contracts.staged);
        put_risk(out, &self.contracts.applied);
        out.list(self.ledger.portfolios.iter(), |out, (account, portfolio)| {
            out.put(*account);
            out.list(portfolio.instruments.iter(), |out, number| out.put(*number));
            out.list(portfolio.holds.iter(), |out, (asset, hold)| {
                out.put(*asset);
                out.put(*hold);
            });
        });
    }

    pub(super) fn take_contracts(&mut self, bytes: &mut In) -> Result<(), BadState> {
        let contracts = bytes.list(|b| Ok(Contract { terms: b.take()?, base_units: b.take()?, settled: b.flag()? }))?;
        for contract in contracts {
            let at = self.at(contract.terms.instrument).map_err(|_| BadState)?;
            self.instruments[at].contract = Some(contract);
        }
        self.contracts.staged = take_risk(bytes)?;
        self.contracts.applied = take_risk(bytes)?;
        let portfolios = bytes.list(|b| {
            let account = b.take()?;
            let instruments = b.list(|b| b.take())?.into_iter().collect();
            let holds = b.list(|b| Ok((b.take()?, b.take()?)))?.into_iter().collect();
            Ok((account, Portfolio { instruments, holds, ..Portfolio::default() }))
        })?;
        self.ledger.portfolios = portfolios.into_iter().collect();
        let listed = |number: &u32| self.at(*number).is_ok();
        let known = self.ledger.portfolios.values().all(|portfolio| portfolio.instruments.iter().all(listed));
        let arrays = [&self.contracts.staged, &self.contracts.applied].into_iter().flat_map(|risk| risk.arrays.keys());
        if !known || !arrays.into_iter().all(listed) {
            return Err(BadState);
        }
        self.restore_risk().map_err(|_| BadState)?;
        self.count_portfolios();
        Ok(())
    }
}

fn put_risk(out: &mut Out, risk: &Risk) {
    out.list(risk.products.values(), put_row);
    out.list(risk.arrays.values(), put_row);
    out.list(risk.tiers.values(), put_row);
    out.list(risk.spreads.values(), put_row);
    out.list(risk.credits.values(), put_row);
    out.list(risk.deliveries.values(), put_row);
}

fn take_risk(bytes: &mut In) -> Result<Risk, BadState> {
    Ok(Risk {
        products: take_rows(bytes, |row: &SetRiskProduct| row.product)?,
        arrays: take_rows(bytes, |row: &SetRiskArray| row.instrument)?,
        tiers: take_rows(bytes, |row: &SetRiskTier| (row.product, row.list, row.place))?,
        spreads: take_rows(bytes, |row: &SetRiskSpread| (row.product, row.place))?,
        credits: take_rows(bytes, |row: &SetRiskCredit| row.place)?,
        deliveries: take_rows(bytes, |row: &SetRiskDelivery| (row.product, row.month))?,
    })
}

fn put_row<F: Field>(out: &mut Out, row: &F) {
    out.put(*row);
}

fn take_rows<K: Ord, F: Field>(bytes: &mut In, key: impl Fn(&F) -> K) -> Result<BTreeMap<K, F>, BadState> {
    Ok(bytes.list(|b| b.take::<F>())?.into_iter().map(|row| (key(&row), row)).collect())
}
