//! Terms and risk arrays of contracts that expire, in the state.
use super::bytes::{BadState, In, Out};
use crate::contracts::Contract;
use crate::engine::Engine;
use crate::messages::SetContract;

impl Engine {
    pub(super) fn put_contracts(&self, out: &mut Out) {
        let contracts: Vec<&Contract> = self.instruments.iter().filter_map(|i| i.contract.as_ref()).collect();
        out.list(contracts.into_iter(), |out, contract| {
            let at = out.0.len();
            out.0.resize(at + SetContract::SIZE, 0);
            contract.terms.write(&mut out.0[at..]);
            out.put(contract.base_units);
            out.put(u8::from(contract.settled));
        });
    }

    pub(super) fn take_contracts(&mut self, bytes: &mut In) -> Result<(), BadState> {
        let contracts = bytes.list(|b| {
            let (head, rest) = b.0.split_at_checked(SetContract::SIZE).ok_or(BadState)?;
            b.0 = rest;
            Ok(Contract { terms: SetContract::read(head), base_units: b.take()?, settled: b.flag()? })
        })?;
        for contract in contracts {
            let at = self.at(contract.terms.instrument).map_err(|_| BadState)?;
            self.instruments[at].contract = Some(contract);
        }
        Ok(())
    }
}
