//! Everything that can be asked of the engine and everything it can answer, declared once.
//!
//! [`for_each_message!`] hands the whole list to a macro of the caller's: this crate makes the Rust values and their wire
//! form (`wire.rs`) of it, the Python crate makes the Python classes. Fields are only appended.
use crate::wire::declare;
pub use crate::wire::{BadMessage, Field, HEAD, Message};

/// A client's own id for a command: the first 16 bytes of the SHA-256 of its text; all zero means that none was given.
pub type ClientId = [u8; 16];
/// A SHA-256.
pub type Hash = [u8; 32];
/// A short code in ASCII, padded with zeros: an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(pub [u8; 16]);
/// A symbol in ASCII, padded with zeros: an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol(pub [u8; 32]);

/// Calls `$callback! { commands { ... } effects { ... } }` with every message, its kind and its fields.
#[macro_export]
macro_rules! for_each_message {
    ($callback:ident) => {
        $callback! {
            commands {
                /// Opens an account; the engine gives it the next number. `kind`: 1 client, 2 house, 3 outside venue, 5 custodian
                /// (a bank that holds money), 6 omnibus, 7 tax, 8 suspense, 9 insurance, 10 fee. `side` of the wall, of custodians and
                /// suspense accounts: 1 client money, 2 the firm's; 0 for the others, whose kind tells it.
                OpenAccount = 1 { kind: u8, client_id: ClientId, side: u8 }
                /// Makes an asset known. One unit is 10^`decimals` minor units.
                AddAsset = 2 { code: Code, decimals: u8 }
                /// Lists an instrument. `kind`: 1 equity, 2 FX spot, 3 crypto spot, 4 linear perpetual, 5 inverse perpetual (a contract
                /// is worth `multiplier` quote units, and margined and settled in the base asset).
                /// A price of 1 is 10^-`price_decimals` of the quote asset; a quantity of 1 is 10^-`quantity_decimals` of the
                /// base asset (of a contract on `multiplier` base units for a perpetual). Zero `collar_bps`: no collar.
                AddInstrument = 3 {
                    symbol: Symbol, kind: u8, base: u32, quote: u32, price_decimals: u8, quantity_decimals: u8,
                    tick: i64, lot: i64, multiplier: i64, maker_fee_ppm: i32, taker_fee_ppm: i32,
                    collar_bps: u32, initial_margin_bps: u32, mark: i64
                }
                /// Brings money or assets in from outside; `amount` in minor units.
                Deposit = 4 { account: u32, asset: u32, amount: i64, client_id: ClientId }
                /// Takes money or assets out; never more than is available.
                Withdraw = 5 { account: u32, asset: u32, amount: i64, client_id: ClientId }
                /// Moves money or assets between two accounts; never more than is available.
                Transfer = 6 { source: u32, target: u32, asset: u32, amount: i64, client_id: ClientId }
                /// Stops new orders and replacements in an instrument, or everywhere (0). Cancels stay allowed.
                Halt = 7 { instrument: u32, reason: u8 }
                /// Ends a halt of an instrument, or the halt of everything (0).
                Resume = 8 { instrument: u32 }
                /// Cancels every live order that matches; zero means any. `reason`: 0 for a mass cancel.
                CancelAll = 9 { account: u32, instrument: u32, side: u8, session: u32, reason: u8 }
                /// Places an order. `venue` 0 is the house book, else the account of the outside venue it is sent to.
                /// `side`: 1 buy, 2 sell. `kind`: 1 limit, 2 market, 3 market-to-limit (the others need PlaceSpecial).
                /// `tif`: 1 GTC, 2 IOC, 3 FOK, 4 day, 6 at-open, 7 at-close, 8 good-for-auction (5, GTD, needs PlaceSpecial).
                /// `flags`: 1 post-only, 2 hidden, 4 all-or-none, 8 reduce-only, 16 short sale, 32 a post-only order
                /// slides instead of going, 64 a market maker's quote, 128 first of a mass quote: the maker's earlier
                /// quotes in the instrument go first. `session`: who sent it, for cancel-on-disconnect; 0 nobody.
                PlaceOrder = 10 {
                    account: u32, instrument: u32, venue: u32, side: u8, kind: u8, tif: u8, flags: u8,
                    price: i64, quantity: i64, client_id: ClientId, session: u32
                }
                /// Cancels an order. `account` is its owner, or 0 for an operator. `reason`: 0 for the user's own wish.
                CancelOrder = 11 { order: u64, account: u32, reason: u8, client_id: ClientId }
                /// Changes price and total quantity (what is filled included). Only a smaller quantity keeps the priority.
                ReplaceOrder = 12 { order: u64, account: u32, price: i64, quantity: i64, client_id: ClientId }
                /// Brings a price that money depends on. `settlement` 1 settles every open perpetual position against it.
                Mark = 13 { instrument: u32, settlement: u8, source: u32, price: i64 }
                /// An outside venue took the order.
                VenueAccepted = 14 { order: u64, venue: u32 }
                /// An outside venue filled (a part of) the order; `fill_id` makes it count once. `liquidity`: 1 maker, 2 taker.
                VenueFilled = 15 {
                    order: u64, venue: u32, account: u32, instrument: u32, side: u8, liquidity: u8,
                    price: i64, quantity: i64, fill_id: ClientId
                }
                /// An outside venue ended the order.
                VenueCancelled = 16 { order: u64, venue: u32, reason: u8 }
                /// An outside venue changed the order (or kept it as it was: the old price and quantity).
                VenueReplaced = 17 { order: u64, venue: u32, price: i64, quantity: i64 }
                /// Nothing but the time.
                TimePassed = 18 { }
                /// Sets a rule of an instrument's book; `rule`: [`crate::names::Rule`].
                SetRule = 19 { instrument: u32, rule: u16, value: i64 }
                /// From the price `lowest` on the instrument ticks so. Rows are added from low to high; the first is AddInstrument's.
                SetTick = 20 { instrument: u32, lowest: i64, tick: i64 }
                /// Moves an instrument to another trading state; `state`: [`crate::names::SessionState`].
                SetSession = 21 { instrument: u32, state: u8 }
                /// Ends the call of an auction: one price, then continuous trading.
                Uncross = 22 { instrument: u32 }
                /// Places an order with terms beyond PlaceOrder's. `kind` also: 4 stop, 5 stop-limit, 6 trailing stop
                /// (with a price: stop-limit, both trail), 7 peg, 8 request for quotes (in a dark pool a conditional order),
                /// 9 response to one (in a dark pool the firm order that takes its place).
                /// `stop`: trigger price. `offset`: trailing distance, or what a peg adds to its reference (signed).
                /// `display`: what an iceberg shows (0: all of it); with `display_high` each peak is drawn from
                /// `display`..=`display_high` by `seed`. `min_quantity`: least execution. `expire`: ns, GTD.
                /// `one_cancels`: whatever ends or fills one ends the other. `parent`: rests until that order is done.
                /// `request`: what a response answers. `peg`: 1 primary, 2 mid, 3 market. `trigger`: 0 the book's
                /// rule, 1 last trade, 2 mark, 3 either.
                PlaceSpecial = 23 {
                    account: u32, instrument: u32, venue: u32, side: u8, kind: u8, tif: u8, flags: u8,
                    price: i64, quantity: i64, client_id: ClientId, session: u32,
                    stop: i64, offset: i64, display: i64, display_high: i64, seed: u64, min_quantity: i64, expire: u64,
                    one_cancels: u64, parent: u64, request: u64, peg: u8, trigger: u8
                }
                /// Changes the terms that `given` names: 1 price, 2 total quantity (what is filled included), 4 stop,
                /// 8 offset, 16 display, 32 min_quantity, 64 expire.
                ReplaceSpecial = 24 {
                    order: u64, account: u32, given: u16, price: i64, quantity: i64, stop: i64, offset: i64, display: i64,
                    min_quantity: i64, expire: u64, client_id: ClientId
                }
                /// Takes `quantity` lots off an order where it stands; all that is left, or more, ends it.
                ReduceOrder = 25 { order: u64, account: u32, quantity: i64, client_id: ClientId }
                /// The one who asked for quotes (or sells by negotiation) takes a response; `quantity` 0: all of it.
                AcceptQuote = 26 { response: u64, account: u32, quantity: i64, client_id: ClientId }
                /// Opens the sealed bids of an instrument and awards them.
                ClearSealed = 27 { instrument: u32 }
                /// Puts an account into a group and under a firm (0: none).
                SetAccount = 28 { account: u32, group: u32, firm: u32 }
                /// How far the account may go below zero in the asset: a credit line, or borrowed stock located for short
                /// sales. The greatest amount means without end.
                SetCredit = 29 { account: u32, asset: u32, amount: i64 }
                /// Sets a limit of the gate. `scope`: [`crate::names::Scope`]; `instrument` 0: every one; `limit`: [`crate::Limit`];
                /// a negative `value` takes the limit away.
                SetLimit = 30 { scope: u8, of: u32, instrument: u32, limit: u16, value: i64 }
                /// Purges every order in the scope and refuses new ones until two operators re-arm it.
                Kill = 31 { scope: u8, of: u32, user: u32 }
                /// One of the two agreements that end a kill; the second must be another operator's.
                Rearm = 32 { scope: u8, of: u32, user: u32 }
                /// Unless it comes again within `timeout_ns`, the orders of the account (and session, if not 0) are
                /// cancelled; 0 ends it.
                SetDeadMan = 33 { account: u32, session: u32, timeout_ns: u64 }
                /// Registers a market maker with its obligations: both sides within `spread` price steps, at least
                /// `quantity` lots each, for `presence_bps` of continuous trading. `quantity` 0 ends it.
                RegisterMaker = 34 { account: u32, instrument: u32, spread: i64, quantity: i64, presence_bps: u32 }
                /// Pulls the maker's quotes when more than this trades in a window: lots, net lots, share of what was
                /// quoted; 0: not watched. Sent again it re-opens quoting after a pull.
                SetProtection = 35 {
                    account: u32, instrument: u32, window_ns: u64, quantity: i64, delta: i64, percent_bps: u32
                }
                /// Busts a trade (`new_price` 0) or moves it to another price, by compensating postings. Record, place
                /// among its trades (from 0) and amounts are those of the trade's own record.
                CorrectTrade = 36 {
                    sequence: u64, index: u16, instrument: u32, maker: u32, taker: u32, taker_side: u8, price: i64,
                    quantity: i64, buyer_pays: i64, seller_gets: i64, maker_fee: i64, taker_fee: i64, new_price: i64
                }
                /// Places a parent: an order that is worked by children (PlaceChild) and enters no book itself. It passes the gate and
                /// takes its hold as an order of that quantity. `path`: how it is worked, 1 to 255; copied, never read. `price` 0:
                /// at the market, held for and limited by the protection price. `expire`: ns, when it is cancelled; 0 never.
                PlaceParent = 37 {
                    account: u32, instrument: u32, side: u8, path: u8, price: i64, quantity: i64, expire: u64,
                    client_id: ClientId, session: u32
                }
                /// Places the next child of a parent, whose account, instrument and side it has, and which holds for it. `ordinal`:
                /// from 1, each once. `venue`, `kind` (1 limit, 7 peg, 8 conditional order and 9 firm order of a dark pool), `tif`,
                /// `flags` and terms as PlaceSpecial's. `tape`: offset of the market data that the decision saw; copied, never read.
                PlaceChild = 38 {
                    parent: u64, ordinal: u32, venue: u32, kind: u8, tif: u8, flags: u8, price: i64, quantity: i64,
                    tape: u64, display: i64, display_high: i64, seed: u64, min_quantity: i64, offset: i64, peg: u8,
                    expire: u64, request: u64
                }
                /// What an outside venue charges for fills in an instrument instead of the instrument's own fees.
                SetVenueFees = 39 { venue: u32, instrument: u32, maker_fee_ppm: i32, taker_fee_ppm: i32 }
                // Money between accounts: 40 to 44.
                /// Moves money or assets between any two accounts that `purpose` ([`crate::names::Purpose`]) may join; a source that
                /// holds money never pays more than is available, a custodian never pays more than it has.
                Move = 40 { source: u32, target: u32, asset: u32, amount: i64, purpose: u8, client_id: ClientId }
                /// As Move, in two steps: the source holds the amount until it is posted or voided. `expire`: ns, when it is voided by
                /// itself; 0 never.
                MovePending = 41 {
                    source: u32, target: u32, asset: u32, amount: i64, purpose: u8, client_id: ClientId, expire: u64
                }
                /// Posts a pending transfer (`transfer`: the sequence that made it): all of it (0), or so much, which voids the rest.
                PostPending = 42 { transfer: u64, amount: i64, client_id: ClientId }
                /// Voids a pending transfer.
                VoidPending = 43 { transfer: u64, client_id: ClientId }
                /// Changes one asset of an account into another at amounts that are given, through house:fx.
                Exchange = 44 {
                    account: u32, sell_asset: u32, sell_amount: i64, buy_asset: u32, buy_amount: i64, client_id: ClientId
                }

                // Margined positions: 45 to 52.
                /// A row of a perpetual's tier table: from this notional on (minor units of the asset it settles in) the whole
                /// position is margined so. Both rates 0 take the row away.
                SetMarginTier = 45 { instrument: u32, from_notional: i64, initial_bps: u32, maintenance_bps: u32 }
                /// The leverage that an account chooses in a perpetual, as the initial margin that it holds; never below that of
                /// the tier. 0: the instrument's own.
                SetLeverage = 46 { account: u32, instrument: u32, initial_bps: u32 }
                /// The daily close of an asset: equities are noted, losses count from here on, freezes for losses end.
                CloseDay = 47 { asset: u32 }
                /// Pays funding at the mark: `rate_ppb` (10^-9) of the value, longs to shorts where it is positive.
                Fund = 48 { instrument: u32, rate_ppb: i64 }
                /// Closes (a part of) the position of an account that the engine itself finds liquidatable, no worse than at
                /// `limit`; its orders in the instrument go first. It never trades with its own group or firm.
                Liquidate = 49 { account: u32, instrument: u32, quantity: i64, limit: i64 }
                /// Closes it against the account that is first in the queue of deleveraging, at the bankruptcy price.
                Deleverage = 50 { account: u32, against: u32, instrument: u32, quantity: i64, price: i64 }
                /// How an asset's margin accounts are treated. `loss_bps`: a loss since the daily close of more than this share of
                /// equity freezes opening (0: never). `call_ns`: how long a margin call stands before the account may be
                /// liquidated (0: without end). `fee_ppm`: the most that the insurance fund takes of a liquidation's value.
                SetMarginPolicy = 51 { asset: u32, loss_bps: u32, call_ns: u64, fee_ppm: u32 }
                /// An operator ends an account's freeze for a loss; the loss counts anew from here.
                EndFreeze = 52 { account: u32, asset: u32 }

                // Contracts that expire: 53 to 59, 61 to 64.
                /// Sets the terms of a dated future or an option, once, before it trades. `underlying`: an instrument, or 0: the
                /// base asset. `delivery`: 1 cash, 2 physical. `right`: 1 call, 2 put. `style`: 1 European, 2 American; these
                /// and `strike` are an option's (else 0). `floor`: 0, or the (negative) price that a future's prices are counted
                /// from, so that it can trade below zero. `expire`: ns, when it trades for the last time.
                SetContract = 53 {
                    instrument: u32, underlying: u32, delivery: u8, right: u8, style: u8, strike: i64, floor: i64, expire: u64
                }
                /// Settles an expired contract for the last time, at the price of what it is on, and takes its positions away.
                /// `priced` 0 says that there is no such price: refused.
                SettleExpiry = 54 { instrument: u32, priced: u8, price: i64 }
                /// The holder of an American option uses it.
                Exercise = 55 { account: u32, instrument: u32, quantity: i64, client_id: ClientId }
                /// How positions of the account are margined. `mode`: 1 each by itself, 2 all that have risk arrays together.
                SetMarginMode = 56 { account: u32, mode: u8 }
                /// A product of the risk parameters, margined in `asset` (0: there is none any more). As all SetRisk commands it
                /// counts from the next ApplyRisk on. `minimum`: 1 short calls and puts both, 2 the greater. `caps`: 1: option
                /// value beyond the product's risk is lost. `price_risk` of credits: 0 scanned, 1 at most and 2 just `scan` for
                /// a delta.
                SetRiskProduct = 57 { product: u32, asset: u32, minimum: u8, caps: u8, price_risk: u8, scan: i64 }
                /// What one contract of the instrument loses in 16 scenarios, in minor units. `product` 0: it has no array any
                /// more. `delta` in millionths, `value` of a long option, `short_minimum` of a short one.
                SetRiskArray = 58 {
                    instrument: u32, product: u32, month: u32, delta: i64, value: i64, short_minimum: i64, loss_1: i64,
                    loss_2: i64, loss_3: i64, loss_4: i64, loss_5: i64, loss_6: i64, loss_7: i64, loss_8: i64,
                    loss_9: i64, loss_10: i64, loss_11: i64, loss_12: i64, loss_13: i64, loss_14: i64, loss_15: i64,
                    loss_16: i64
                }
                /// Months that are scanned (`list` 1) or offset other products (2) together; the first after the last: no such
                /// tier. Tiers count in the order of `place`, as spreads and credits do.
                SetRiskTier = 59 { product: u32, list: u8, place: u16, first: u32, last: u32 }
                /// A spread between months: what one costs, and the deltas of its legs (in millionths; 0: no leg; none at all: no
                /// such spread). `side`: 1 and 2, of which one is long while the other is short.
                SetRiskSpread = 61 {
                    product: u32, place: u16, charge: i64, first_1: u32, last_1: u32, side_1: u8, ratio_1: i64,
                    first_2: u32, last_2: u32, side_2: u8, ratio_2: i64, first_3: u32, last_3: u32, side_3: u8,
                    ratio_3: i64, first_4: u32, last_4: u32, side_4: u8, ratio_4: i64
                }
                /// A credit between products: `tier` of the product from 0, `rate` of the leg's price risk given back.
                SetRiskCredit = 62 {
                    place: u16, product_1: u32, tier_1: u32, side_1: u8, ratio_1: i64, rate_1: i64, product_2: u32,
                    tier_2: u32, side_2: u8, ratio_2: i64, rate_2: i64, product_3: u32, tier_3: u32, side_3: u8,
                    ratio_3: i64, rate_3: i64, product_4: u32, tier_4: u32, side_4: u8, ratio_4: i64, rate_4: i64
                }
                /// What a delta costs in a month near its delivery: one that a spread took, and one that is left.
                SetRiskDelivery = 63 { product: u32, month: u32, spread_charge: i64, outright_charge: i64 }
                /// The risk parameters as they were set count from now on; whoever is margined by them holds anew.
                ApplyRisk = 64 { }

                /// A release with other rules goes on from here: `state` is the SHA-256 of the state that it begins with, in its
                /// own form. `before`: the rules of the records so far.
                UpgradeEngine = 60 { before: u16, rules: u16, state: Hash }
            }
            effects {
                /// The command changed nothing; `reason` is a [`crate::names::Reason`].
                Rejected = 1 { reason: u16 }
                /// The order passed the gate; `hold` is what it holds now, `price` its limit or protection price.
                Accepted = 2 { order: u64, hold: i64, price: i64 }
                /// A trade and its postings. Spot: the buyer pays `buyer_pays`, the seller gets `seller_gets` (quote minor units;
                /// the rest goes to house:rounding) and delivers the base asset. Perpetual: both are the signed settlement
                /// against the mark. Fees may be negative (rebates). Holds are those after the trade. `flags`: 1 filled at
                /// an outside venue (its order id is 0), 2 beyond what was held, 4 in a dark pool, 8 by request, negotiation or
                /// sealed bids, 16 by deleveraging (both order ids are 0). Inverse perpetuals round: the difference goes to
                /// house:rounding.
                Traded = 3 {
                    maker_order: u64, taker_order: u64, maker: u32, taker: u32, instrument: u32, taker_side: u8, flags: u8,
                    price: i64, quantity: i64, buyer_pays: i64, seller_gets: i64, maker_fee: i64, taker_fee: i64,
                    maker_hold: i64, taker_hold: i64
                }
                /// The rest of the order is gone: `quantity` lots; `released` is what it held. `reason`: [`crate::names::CancelReason`].
                Cancelled = 4 { order: u64, quantity: i64, reason: u8, released: i64 }
                /// The order has a new price and total quantity; `hold` is what it holds before it matches again.
                Replaced = 5 { order: u64, price: i64, quantity: i64, hold: i64, priority_kept: u8 }
                /// The same command was answered before, at sequence `first`: that answer stands. `reason` 0 if accepted then.
                Repeated = 6 { first: u64, reason: u16 }
                /// Double entry: `amount` minor units of `asset` from `source` to `target`. `template`: [`crate::names::Template`].
                Posted = 7 { source: u32, target: u32, asset: u32, template: u8, amount: i64 }
                /// A perpetual position was settled against a mark; `amount` was credited (debited if negative).
                Settled = 8 { account: u32, instrument: u32, position: i64, amount: i64, hold: i64 }
                /// The balance fell under the holds: no order that opens a position is taken.
                Frozen = 9 { account: u32, asset: u32 }
                /// The balance covers the holds again.
                Unfrozen = 10 { account: u32, asset: u32 }
                /// The account number given.
                AccountOpened = 11 { account: u32 }
                /// The asset number given.
                AssetAdded = 12 { asset: u32 }
                /// The instrument number given.
                InstrumentAdded = 13 { instrument: u32 }
                /// The instrument (0: everything) takes no new orders.
                Halted = 14 { instrument: u32 }
                /// The instrument (0: everything) takes orders again.
                Resumed = 15 { instrument: u32 }
                /// The reference price is now this.
                Marked = 16 { instrument: u32, settlement: u8, price: i64 }
                /// The outside venue is asked to cancel; of a parent (`venue` 0): it takes no more children and ends with the last.
                CancelRequested = 17 { order: u64, venue: u32, reason: u8 }
                /// The outside venue is asked to replace; `hold` covers the old and the new order.
                ReplaceRequested = 18 { order: u64, venue: u32, price: i64, quantity: i64, hold: i64 }
                /// The outside venue acknowledged.
                Acknowledged = 19 { order: u64, venue: u32 }
                /// The rule holds from now on.
                RuleSet = 20 { instrument: u32, rule: u16, value: i64 }
                /// The row of the tick table was added.
                TickSet = 21 { instrument: u32, lowest: i64, tick: i64 }
                /// The instrument is in this state. `cause`: [`crate::names::SessionCause`].
                SessionChanged = 22 { instrument: u32, state: u8, cause: u8 }
                /// An auction found its price (0: none), its volume and what was left over there (more to buy: positive).
                Auctioned = 23 { instrument: u32, price: i64, quantity: i64, imbalance: i64, reference: i64 }
                /// The order waits outside the book. `status`: 1 for its trigger, 2 for its session or its parent.
                Parked = 24 { order: u64, status: u8 }
                /// The order's trigger came; `price` is what set it off (0: its session or parent).
                Triggered = 25 { order: u64, price: i64 }
                /// An iceberg shows a new peak, behind the others at its price.
                Refreshed = 26 { order: u64, display: i64 }
                /// The order moved by itself (peg, slide, market-to-limit); `hold` is what it holds now.
                Repriced = 27 { order: u64, price: i64, hold: i64 }
                /// A trailing stop's trigger (and limit, if it has one) followed the market; `hold` is what it holds now.
                Trailed = 28 { order: u64, stop: i64, price: i64, hold: i64 }
                /// Lots went off the order where it stands; `left` is its rest.
                Reduced = 29 { order: u64, quantity: i64, left: i64, released: i64 }
                /// Group and firm of an account.
                AccountSet = 30 { account: u32, group: u32, firm: u32 }
                /// The account may go so far below zero in the asset.
                CreditSet = 31 { account: u32, asset: u32, amount: i64 }
                /// The limit holds from now on.
                LimitSet = 32 { scope: u8, of: u32, instrument: u32, limit: u16, value: i64 }
                /// The scope is killed: nothing new is taken.
                Killed = 33 { scope: u8, of: u32, user: u32 }
                /// So many orders went at once: `digest` is the SHA-256 over (order u64, lots left i64) of each, by order.
                Purged = 34 { scope: u8, of: u32, orders: u64, lots_low: u64, lots_high: i64, digest: Hash }
                /// What a purge released of an asset, over all accounts (a 128-bit sum in two words).
                Released = 35 { asset: u32, amount_low: u64, amount_high: i64 }
                /// The first operator agreed to re-arm.
                RearmAsked = 36 { scope: u8, of: u32, user: u32 }
                /// Two operators agreed: the scope trades again.
                Rearmed = 37 { scope: u8, of: u32, first: u32, second: u32 }
                /// The dead-man timer runs (0: stands).
                DeadManSet = 38 { account: u32, session: u32, timeout_ns: u64 }
                /// Nothing was heard in time; the cancels follow.
                DeadManFired = 39 { account: u32, session: u32 }
                /// The maker's obligations.
                MakerRegistered = 40 { account: u32, instrument: u32, spread: i64, quantity: i64, presence_bps: u32 }
                /// A trading session ended: how long the maker met its obligations, of how long it was open.
                MakerScored = 41 { account: u32, instrument: u32, quoted_ns: u64, open_ns: u64, met: u8 }
                /// The maker's protection.
                ProtectionSet = 42 {
                    account: u32, instrument: u32, window_ns: u64, quantity: i64, delta: i64, percent_bps: u32
                }
                /// The maker's quotes are pulled. `cause`: 1 lots, 2 net lots, 3 share.
                Protected = 43 { account: u32, instrument: u32, cause: u8 }
                /// The trade is busted (`price` 0) or stands at this price; the compensating postings follow.
                TradeCorrected = 44 { sequence: u64, index: u16, price: i64 }
                /// The book reached the edge of its band (`entered` 1) or came back; `price` is the edge.
                LimitState = 45 { instrument: u32, entered: u8, side: u8, price: i64 }
                /// A conditional order could trade: it goes at `until` (ns) unless a response firms it up before.
                Invited = 46 { order: u64, until: u64 }
                /// The order holds this much from now on, because the other of its pair holds otherwise or is gone, or, of a
                /// parent, because a child traded or went (a perpetual's: of the position).
                Reheld = 47 { order: u64, hold: i64 }
                /// Fills at the venue in the instrument are charged this from now on.
                VenueFeesSet = 48 { venue: u32, instrument: u32, maker_fee_ppm: i32, taker_fee_ppm: i32 }
                // Money between accounts: 49 to 51.
                /// The amount waits to be posted or voided; where the source holds money, it holds so much more.
                Pending = 49 { transfer: u64, source: u32, target: u32, asset: u32, amount: i64, expire: u64 }
                /// The transfer waits no longer: `posted` of it is posted (the posting follows), `released` is not.
                /// `cause`: [`crate::names::PendingEnd`].
                PendingEnded = 50 { transfer: u64, posted: i64, released: i64, cause: u8 }

                // Margined positions: 52 to 57, 67 to 69.
                /// The row of the tier table holds from now on.
                TierSet = 52 { instrument: u32, from_notional: i64, initial_bps: u32, maintenance_bps: u32 }
                /// The account's leverage; `hold` is that of its position.
                LeverageSet = 53 { account: u32, instrument: u32, initial_bps: u32, hold: i64 }
                /// Where a margin account stands: 0 well, 1 called (equity below the initial margin), 2 liquidatable (below the
                /// maintenance margin), 3 overdue (called, and `due` is past: liquidatable too). `due`: ns, 0 none.
                MarginState = 54 {
                    account: u32, asset: u32, state: u8, equity: i64, initial: i64, maintenance: i64, due: u64
                }
                /// The day is closed; so many accounts had their equity noted.
                DayClosed = 55 { asset: u32, accounts: u32 }
                /// The account lost too much since the daily close: nothing that opens is taken (`frozen` 1), or it may open again.
                /// `loss` of `base`: what was there at the close, and what came in since.
                LossFreeze = 56 { account: u32, asset: u32, frozen: u8, loss: i64, base: i64 }
                /// How the asset's margin accounts are treated from now on.
                MarginPolicySet = 57 { asset: u32, loss_bps: u32, call_ns: u64, fee_ppm: u32 }
                /// Funding was paid at this price; the postings follow.
                Funded = 67 { instrument: u32, rate_ppb: i64, price: i64 }
                /// A liquidation is done: lots that traded, what they brought after fees (signed as money), what they had to bring
                /// for the account to bear its share, and what the insurance fund received (negative: paid).
                Liquidated = 68 {
                    account: u32, instrument: u32, quantity: i64, quote: i64, bankruptcy: i64, insurance: i64
                }
                /// The account's position is closed against `against` at this price; the trade follows.
                Deleveraged = 69 { account: u32, against: u32, instrument: u32, quantity: i64, price: i64 }

                // Contracts that expire: 58, 59, 61 to 66.
                /// The contract's terms; from now on it trades.
                ContractSet = 58 {
                    instrument: u32, underlying: u32, delivery: u8, right: u8, style: u8, strike: i64, floor: i64, expire: u64
                }
                /// The contract was settled for the last time; what follows takes its positions away.
                ExpirySettled = 59 { instrument: u32, price: i64 }
                /// The holder used an option.
                Exercised = 61 { account: u32, instrument: u32, quantity: i64 }
                /// The account, which is short the option, is the one to fulfil so much of it.
                Assigned = 62 { account: u32, instrument: u32, quantity: i64 }
                /// How the account's positions are margined from now on.
                MarginModeSet = 63 { account: u32, mode: u8 }
                /// A risk parameter waits for ApplyRisk. `command`: which one set it; `of`: the product or instrument.
                RiskSet = 64 { command: u8, of: u32, place: u32 }
                /// The account's positions that are margined together hold so much of the asset, their orders included.
                Margined = 65 { account: u32, asset: u32, hold: i64 }
                /// So many products and contracts are margined by arrays.
                RiskApplied = 66 { products: u32, contracts: u32 }

                /// From here on these rules hold.
                EngineUpgraded = 60 { before: u16, rules: u16, state: Hash }
            }
        }
    };
}

for_each_message!(declare);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_back_as_it_was_written() {
        let order = PlaceOrder {
            account: 16,
            instrument: 1,
            venue: 0,
            side: 1,
            kind: 1,
            tif: 1,
            flags: 0,
            price: 10_000,
            quantity: 5,
            client_id: [7; 16],
            session: 9,
        };
        let mut bytes = Vec::new();
        order.encode(&mut bytes);
        assert_eq!(bytes.len(), HEAD + 52);
        assert_eq!(Command::decode(&bytes), Ok((Command::PlaceOrder(order), bytes.len())));
    }

    #[test]
    fn an_unknown_kind_or_a_wrong_length_is_refused() {
        assert!(Command::decode(&[99, 0, 0, 0]).is_err());
        assert!(Command::decode(&[10, 0, 4, 0, 1, 2, 3, 4]).is_err());
        assert!(Command::decode(&[10, 0, 52, 0, 1]).is_err());
    }
}
