//! Accounts, assets, instruments and rules as the records so far say them: what all rows of an instrument have in common.
use crate::text::{decimal, hex, moment, number, quoted, quoted_or_null, whole};
use crate::values::Values;
use isthmus_core::messages::{Command, ContractSet, Effect};
use isthmus_core::names::SessionState;
use isthmus_core::record::Origin;
use rustc_hash::FxHashMap;

/// The rule for orders of one owner that meet (O62): its number, and its values with their names; 1 where none was set.
const SELF_TRADE: u16 = 2;
const SELF_TRADES: [&str; 5] = ["none", "newest", "oldest", "both", "decrement"];
const SYSTEM_ACCOUNTS: [&str; 6] =
    ["world", "house:fees", "house:rounding", "house:settlement", "house:insurance", "house:fx"];
const ACCOUNT_KINDS: [(u8, &str); 9] = [
    (1, "client"),
    (2, "house"),
    (3, "venue"),
    (5, "custodian"),
    (6, "omnibus"),
    (7, "tax"),
    (8, "suspense"),
    (9, "insurance"),
    (10, "fee"),
];
/// What an event that is no trade and no refusal has not; no order here has a second limit (O46) or leg (O51), or a rank
/// by size (O67).
const NOTHING: [usize; 9] = [31, 32, 33, 46, 49, 51, 55, 67, 69];
pub const ROLES: [&str; 6] = ["", "client", "trader", "operator", "auditor", "house"];
const GATEWAYS: [(u8, &str); 8] =
    [(1, "rest"), (2, "websocket"), (3, "alpaca"), (4, "app"), (5, "fix"), (6, "grpc"), (11, "mt4"), (12, "lorawan")];

#[derive(Clone)]
pub struct Account {
    kind: u8,
    name: String,
}

#[derive(Clone)]
pub struct Asset {
    pub code: String,
    pub decimals: u8,
}

pub struct Instrument {
    pub symbol: String,
    pub kind: u8,
    pub base: Asset,
    pub quote: Asset,
    pub price_decimals: u8,
    pub quantity_decimals: u8,
    multiplier: i64,
}

impl Instrument {
    /// Is it held as a position and not as an asset?
    pub fn is_position(&self) -> bool {
        self.kind >= 4
    }

    /// What an order of this side holds.
    pub fn held(&self, is_buy: bool) -> &Asset {
        match self.kind {
            5 => &self.base,
            4.. => &self.quote,
            _ if is_buy => &self.quote,
            _ => &self.base,
        }
    }
}

/// Give it every record in order, before anything else of the record.
#[derive(Default)]
pub struct Terms {
    /// Body and hash before it of every record that a state needs again.
    pub records: Vec<(Vec<u8>, [u8; 32])>,
    pub sessions: FxHashMap<u32, u8>,
    pub self_trade: FxHashMap<u32, i64>,
    accounts: FxHashMap<u32, Account>,
    belongs: FxHashMap<u32, (u32, u32)>,
    assets: FxHashMap<u32, Asset>,
    instruments: FxHashMap<u32, Instrument>,
    contracts: FxHashMap<u32, ContractSet>,
}

fn padded(bytes: &[u8]) -> String {
    let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

impl Terms {
    pub fn new() -> Self {
        let account = |(at, name): (usize, &&str)| (at as u32 + 1, Account { kind: 4, name: (*name).into() });
        Self { accounts: SYSTEM_ACCOUNTS.iter().enumerate().map(account).collect(), ..Self::default() }
    }

    /// Whether records of the command are read again from a state.
    pub fn keeps(command: &Command) -> bool {
        use Command::{AddAsset, AddInstrument, OpenAccount, SetAccount, SetContract};
        matches!(command, OpenAccount(_) | AddAsset(_) | AddInstrument(_) | SetAccount(_) | SetContract(_))
    }

    pub fn take(&mut self, command: &Command, origin: &Origin, effect: &Effect) -> Option<()> {
        match (effect, command) {
            (Effect::SessionChanged(made), _) => _ = self.sessions.insert(made.instrument, made.state),
            (Effect::RuleSet(made), _) if made.rule == SELF_TRADE => {
                self.self_trade.insert(made.instrument, made.value);
            }
            (Effect::ContractSet(made), _) => _ = self.contracts.insert(made.instrument, *made),
            (Effect::AccountSet(made), Command::SetAccount(_)) => {
                self.belongs.insert(made.account, (made.group, made.firm));
            }
            (Effect::AccountOpened(made), Command::OpenAccount(asked)) => {
                let named = !origin.text.is_empty();
                let name = if named { origin.text.clone() } else { format!("account:{}", made.account) };
                self.accounts.insert(made.account, Account { kind: asked.kind, name });
            }
            (Effect::AssetAdded(made), Command::AddAsset(asked)) => {
                self.assets.insert(made.asset, Asset { code: padded(&asked.code.0), decimals: asked.decimals });
            }
            (Effect::InstrumentAdded(made), Command::AddInstrument(asked)) => {
                let instrument = Instrument {
                    symbol: padded(&asked.symbol.0),
                    kind: asked.kind,
                    base: self.assets.get(&asked.base)?.clone(),
                    quote: self.assets.get(&asked.quote)?.clone(),
                    price_decimals: asked.price_decimals,
                    quantity_decimals: asked.quantity_decimals,
                    multiplier: asked.multiplier,
                };
                self.instruments.insert(made.instrument, instrument);
            }
            _ => {}
        }
        Some(())
    }

    pub fn instrument(&self, number: u32) -> Option<&Instrument> {
        self.instruments.get(&number)
    }

    /// Group and firm of an account; 0 for none.
    pub fn belongs(&self, account: u32) -> (u32, u32) {
        self.belongs.get(&account).copied().unwrap_or_default()
    }

    /// "house" or the outside venue's name.
    pub fn venue_name(&self, number: u32) -> &str {
        match self.accounts.get(&number).filter(|_| number != 0) {
            None => "house",
            Some(account) => match account.name.split_once(':') {
                Some((_, short)) if !short.is_empty() => short,
                _ => &account.name,
            },
        }
    }

    /// What the instrument says (of an unknown one nothing): O22 (no trade yet), O35, O39 to O44, O50, O62, O68.
    pub fn of_instrument(&self, found: u32, values: &mut Values) {
        if let Some(instrument) = self.instrument(found) {
            values.empty(22);
            values.text(35, &instrument.symbol);
            values.put(42, |out| whole(out, instrument.multiplier));
            values.text(43, &instrument.quote.code);
            values.put(50, |out| {
                out.push_str("{\"currency\":");
                quoted(out, &instrument.quote.code);
                out.push_str(",\"notation\":\"MONE\"}");
            });
            match instrument.kind {
                4 | 5 => {
                    values.text(39, &instrument.base.code);
                    values.empty(40);
                    values.empty(41);
                    values.text(44, "CASH");
                }
                6 | 7 => self.of_contract(found, instrument, values),
                _ => [39, 40, 41, 44].into_iter().for_each(|number| values.empty(number)),
            }
            self.phase(found, values);
        }
        NOTHING.into_iter().for_each(|number| values.empty(number));
    }

    fn of_contract(&self, found: u32, instrument: &Instrument, values: &mut Values) {
        let Some(contract) = self.contracts.get(&found) else {
            return;
        };
        let under = self.instrument(contract.underlying);
        values.text(39, under.map_or(&instrument.base.code, |under| &under.symbol));
        values.put(40, |out| moment(out, contract.expire));
        match contract.right {
            0 => values.empty(41),
            right => values.put(41, |out| {
                out.push_str("{\"right\":");
                quoted_or_null(out, [None, Some("call"), Some("put")].get(usize::from(right)).copied().flatten());
                out.push_str(",\"strike\":\"");
                decimal(out, contract.strike, instrument.price_decimals);
                out.push_str("\"}");
            }),
        }
        match contract.delivery {
            1 => values.text(44, "CASH"),
            2 => values.text(44, "PHYS"),
            _ => {}
        }
    }

    /// O62 and O68, which change while orders live.
    fn phase(&self, number: u32, values: &mut Values) {
        let rule = self.self_trade.get(&number).copied().unwrap_or(1);
        if let Some(name) = usize::try_from(rule).ok().and_then(|rule| SELF_TRADES.get(rule)) {
            values.text(62, name);
        }
        let state = self.sessions.get(&number).and_then(|state| SessionState::of(*state));
        values.text(68, state.unwrap_or(SessionState::Continuous).text());
    }

    /// O03, O05, O13.
    pub fn of_account(&self, found: u32, values: &mut Values) {
        values.put(3, |out| {
            out.push_str("acc-");
            number(out, u64::from(found));
        });
        let Some(account) = self.accounts.get(&found) else {
            return;
        };
        let name = ACCOUNT_KINDS.iter().find(|(kind, _)| *kind == account.kind);
        values.text(5, name.map_or("system", |(_, name)| name));
        match account.kind {
            2 => values.text(13, "DEAL"),
            1 | 6 => values.text(13, "AOTC"),
            _ => {}
        }
    }
}

/// O16, O75, O76: when the gateway had it, who came in how, and the hash of the instruction.
pub fn of_source(origin: &Origin, values: &mut Values) {
    if origin.received_at >= crate::text::NS_PER_S {
        values.put(16, |out| moment(out, origin.received_at));
    } else {
        values.unknown(16);
    }
    if origin.user != 0 || origin.role != 0 || origin.gateway != 0 || origin.session != 0 {
        values.put(75, |out| {
            let gateway = GATEWAYS.iter().find(|(number, _)| *number == origin.gateway);
            out.push_str("{\"gateway\":\"");
            out.push_str(gateway.map_or("", |(_, name)| name));
            out.push_str("\",\"role\":\"");
            out.push_str(role(origin));
            out.push_str("\",\"session\":");
            number(out, u64::from(origin.session));
            out.push_str(",\"user\":");
            number(out, u64::from(origin.user));
            out.push('}');
        });
    } else {
        values.unknown(75);
    }
    match &origin.instruction {
        Some(hash) => values.put(76, |out| hex(out, hash)),
        None => values.unknown(76),
    }
}

pub fn role(origin: &Origin) -> &'static str {
    ROLES.get(usize::from(origin.role)).copied().unwrap_or_default()
}
