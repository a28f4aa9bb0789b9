//! Everything that can be asked of the engine and everything it can answer, declared once.
//!
//! [`for_each_message!`] hands the whole list to a macro of the caller's: this crate makes the Rust values and their wire
//! form of it, the Python crate makes the Python classes. Wire form: the fields in the order of declaration, little-endian,
//! no padding; a message is preceded by its kind (u16) and its length in bytes (u16). Fields are only appended.

/// A client's own id for a command: the first 16 bytes of the SHA-256 of its text; all zero means that none was given.
pub type ClientId = [u8; 16];
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
                /// Opens an account; the engine gives it the next number. `kind`: 1 client, 2 house, 3 outside venue.
                OpenAccount = 1 { kind: u8, client_id: ClientId }
                /// Makes an asset known. One unit is 10^`decimals` minor units.
                AddAsset = 2 { code: Code, decimals: u8 }
                /// Lists an instrument. `kind`: 1 equity, 2 FX spot, 3 crypto spot, 4 linear perpetual.
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
                /// Cancels every resting order that matches; zero means any.
                CancelAll = 9 { account: u32, instrument: u32, side: u8 }
                /// Places an order. `venue` 0 is the house book, else the account of the outside venue it is sent to.
                /// `side`: 1 buy, 2 sell. `kind`: 1 limit, 2 market. `tif`: 1 GTC, 2 IOC, 3 FOK, 4 day. `flags`: 1 post-only.
                PlaceOrder = 10 {
                    account: u32, instrument: u32, venue: u32, side: u8, kind: u8, tif: u8, flags: u8,
                    price: i64, quantity: i64, client_id: ClientId
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
            }
            effects {
                /// The command changed nothing; `reason` is a [`crate::Reason`].
                Rejected = 1 { reason: u16 }
                /// The order passed the gate; `hold` is what it holds now, `price` its limit or protection price.
                Accepted = 2 { order: u64, hold: i64, price: i64 }
                /// A trade and its postings. Spot: the buyer pays `buyer_pays`, the seller gets `seller_gets` (quote minor units;
                /// the rest goes to house:rounding) and delivers the base asset. Perpetual: both are the signed settlement
                /// against the mark. Fees may be negative (rebates). Holds are those after the trade. `flags`: 1 filled at
                /// an outside venue (its order id is 0), 2 beyond what was held.
                Traded = 3 {
                    maker_order: u64, taker_order: u64, maker: u32, taker: u32, instrument: u32, taker_side: u8, flags: u8,
                    price: i64, quantity: i64, buyer_pays: i64, seller_gets: i64, maker_fee: i64, taker_fee: i64,
                    maker_hold: i64, taker_hold: i64
                }
                /// The rest of the order is gone: `quantity` lots; `released` is what it held. `reason`: [`crate::CancelReason`].
                Cancelled = 4 { order: u64, quantity: i64, reason: u8, released: i64 }
                /// The order has a new price and total quantity; `hold` is what it holds before it matches again.
                Replaced = 5 { order: u64, price: i64, quantity: i64, hold: i64, priority_kept: u8 }
                /// The same command was answered before, at sequence `first`: that answer stands. `reason` 0 if accepted then.
                Repeated = 6 { first: u64, reason: u16 }
                /// Double entry: `amount` minor units of `asset` from `source` to `target`. `template`: [`crate::Template`].
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
                /// The outside venue is asked to cancel.
                CancelRequested = 17 { order: u64, venue: u32, reason: u8 }
                /// The outside venue is asked to replace; `hold` covers the old and the new order.
                ReplaceRequested = 18 { order: u64, venue: u32, price: i64, quantity: i64, hold: i64 }
                /// The outside venue acknowledged.
                Acknowledged = 19 { order: u64, venue: u32 }
            }
        }
    };
}

/// A value with a fixed place on the wire.
pub trait Field: Copy {
    const SIZE: usize;
    fn write(self, out: &mut [u8]);
    fn read(bytes: &[u8]) -> Self;
}

macro_rules! integer_fields {
    ($($ty:ty),*) => {$(
        impl Field for $ty {
            const SIZE: usize = size_of::<$ty>();
            #[inline(always)]
            fn write(self, out: &mut [u8]) {
                out.copy_from_slice(&self.to_le_bytes());
            }
            #[inline(always)]
            fn read(bytes: &[u8]) -> Self {
                let mut raw = [0; size_of::<$ty>()];
                raw.copy_from_slice(bytes);
                Self::from_le_bytes(raw)
            }
        }
    )*};
}
integer_fields!(u8, u16, u32, u64, i32, i64);

impl<const N: usize> Field for [u8; N] {
    const SIZE: usize = N;
    #[inline(always)]
    fn write(self, out: &mut [u8]) {
        out.copy_from_slice(&self);
    }
    #[inline(always)]
    fn read(bytes: &[u8]) -> Self {
        let mut raw = [0; N];
        raw.copy_from_slice(bytes);
        raw
    }
}

macro_rules! text_fields {
    ($($ty:ident $size:literal),*) => {$(
        impl Field for $ty {
            const SIZE: usize = $size;
            fn write(self, out: &mut [u8]) {
                self.0.write(out);
            }
            fn read(bytes: &[u8]) -> Self {
                Self(Field::read(bytes))
            }
        }
    )*};
}
text_fields!(Code 16, Symbol 32);

/// Something with a wire form.
pub trait Message {
    /// Appends head and fields.
    fn encode(&self, out: &mut Vec<u8>);
}

/// A message's kind does not exist, or its length is not that of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadMessage {
    pub kind: u16,
    pub length: usize,
}

/// Bytes of the head of a message: kind and length.
pub const HEAD: usize = 4;

macro_rules! declare {
    (commands { $($commands:tt)* } effects { $($effects:tt)* }) => {
        declare! { @family Command $($commands)* }
        declare! { @family Effect $($effects)* }
    };
    (@family $family:ident $(
        $(#[doc = $doc:literal])+
        $name:ident = $kind:literal { $($field:ident : $ty:ty),* $(,)? }
    )*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub struct $name { $(pub $field: $ty),* }

            impl $name {
                pub const KIND: u16 = $kind;
                pub const SIZE: usize = 0 $(+ <$ty as Field>::SIZE)*;

                #[inline(always)]
                #[allow(unused_variables, unused_mut, unused_assignments)]
                pub fn write(&self, out: &mut [u8]) {
                    let mut at = 0;
                    $(
                        self.$field.write(&mut out[at..at + <$ty as Field>::SIZE]);
                        at += <$ty as Field>::SIZE;
                    )*
                }

                #[inline(always)]
                #[allow(unused_variables, unused_mut, unused_assignments)]
                pub fn read(bytes: &[u8]) -> Self {
                    let mut at = 0;
                    $(
                        let $field = <$ty as Field>::read(&bytes[at..at + <$ty as Field>::SIZE]);
                        at += <$ty as Field>::SIZE;
                    )*
                    Self { $($field),* }
                }

            }

            impl Message for $name {
                #[inline]
                fn encode(&self, out: &mut Vec<u8>) {
                    let mut raw = [0u8; HEAD + Self::SIZE];
                    raw[..2].copy_from_slice(&Self::KIND.to_le_bytes());
                    raw[2..4].copy_from_slice(&(Self::SIZE as u16).to_le_bytes());
                    self.write(&mut raw[HEAD..]);
                    out.extend_from_slice(&raw);
                }
            }

            impl From<$name> for $family {
                fn from(message: $name) -> Self {
                    Self::$name(message)
                }
            }
        )*

        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $family { $($name($name)),* }

        impl Message for $family {
            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                match self { $(Self::$name(message) => message.encode(out)),* }
            }
        }

        impl $family {
            pub fn kind(&self) -> u16 {
                match self { $(Self::$name(_) => $name::KIND),* }
            }

            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name)),* }
            }


            /// Reads one message; returns it and the bytes it took.
            pub fn decode(bytes: &[u8]) -> Result<(Self, usize), BadMessage> {
                if bytes.len() < HEAD {
                    return Err(BadMessage { kind: 0, length: bytes.len() });
                }
                let kind = u16::from_le_bytes([bytes[0], bytes[1]]);
                let length = u16::from_le_bytes([bytes[2], bytes[3]]) as usize;
                let bad = BadMessage { kind, length };
                let fields = bytes.get(HEAD..HEAD + length).ok_or(bad)?;
                match kind {
                    $($name::KIND if length == $name::SIZE => Ok((Self::$name($name::read(fields)), HEAD + length)),)*
                    _ => Err(bad),
                }
            }
        }
    };
}
for_each_message!(declare);

/// Names in a list with numbers: the wire knows the number, people read the name.
macro_rules! named {
    ($(#[doc = $doc:literal])+ $name:ident : $repr:ty { $($variant:ident = $number:literal $text:literal,)* }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr($repr)]
        pub enum $name { $($variant = $number),* }

        impl $name {
            pub const ALL: &'static [(u16, &'static str)] = &[$(($number, $text)),*];

            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }
    };
}

named! {
    /// Why a command was refused, in the order in which the gate checks; the first failure is the answer.
    Reason: u16 {
        UnknownAccount = 1 "unknown_account",
        AccountNotTrading = 2 "account_not_trading",
        DuplicateClientId = 3 "duplicate_client_id",
        UnknownAsset = 4 "unknown_asset",
        UnknownInstrument = 5 "unknown_instrument",
        UnknownOrder = 6 "unknown_order",
        NotYourOrder = 7 "not_your_order",
        UnknownSide = 8 "unknown_side",
        UnknownKind = 9 "unknown_kind",
        UnknownTif = 10 "unknown_tif",
        UnknownFlag = 11 "unknown_flag",
        PostOnlyConflict = 12 "post_only_conflict",
        UnknownVenue = 13 "unknown_venue",
        InstrumentHalted = 14 "instrument_halted",
        QuantityNotPositive = 15 "quantity_not_positive",
        QuantityTooLarge = 16 "quantity_too_large",
        OffLot = 17 "off_lot",
        QuantityNotAboveFilled = 18 "quantity_not_above_filled",
        PriceOnMarket = 19 "price_on_market",
        PriceNotPositive = 20 "price_not_positive",
        PriceTooLarge = 21 "price_too_large",
        OffTick = 22 "off_tick",
        NoReferencePrice = 23 "no_reference_price",
        NotionalTooLarge = 24 "notional_too_large",
        AccountFrozen = 25 "account_frozen",
        InsufficientFunds = 26 "insufficient_funds",
        AmountNotPositive = 27 "amount_not_positive",
        SameAccount = 28 "same_account",
        AlreadyExists = 29 "already_exists",
        BadCode = 30 "bad_code",
        BadDecimals = 31 "bad_decimals",
        BadTick = 32 "bad_tick",
        BadLot = 33 "bad_lot",
        BadMultiplier = 34 "bad_multiplier",
        BadFee = 35 "bad_fee",
        BadCollar = 36 "bad_collar",
        BadMargin = 37 "bad_margin",
        BadMark = 38 "bad_mark",
        LimitReached = 39 "limit_reached",
        NotHalted = 40 "not_halted",
        WrongVenue = 41 "wrong_venue",
        UnknownLiquidity = 42 "unknown_liquidity",
        NoClientId = 43 "no_client_id",
        UnknownReason = 44 "unknown_reason",
    }
}

named! {
    /// Why the rest of an order went.
    CancelReason: u8 {
        User = 0 "user",
        Ioc = 1 "ioc",
        Fok = 2 "fok",
        SelfTrade = 3 "self_trade",
        Expired = 4 "expired",
        Mass = 5 "mass",
        Session = 6 "session",
        PostOnly = 7 "post_only",
        Kill = 8 "kill",
        RecordingRestarted = 9 "recording_restarted",
        VenueRefused = 10 "venue_refused",
    }
}

named! {
    /// What a posting is for.
    Template: u8 {
        Deposit = 1 "deposit",
        Withdrawal = 2 "withdrawal",
        Transfer = 3 "transfer",
        Payment = 4 "payment",
        Delivery = 5 "delivery",
        Fee = 6 "fee",
        Rounding = 7 "rounding",
        Settlement = 8 "settlement",
    }
}

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
        };
        let mut bytes = Vec::new();
        order.encode(&mut bytes);
        assert_eq!(bytes.len(), HEAD + 48);
        assert_eq!(Command::decode(&bytes), Ok((Command::PlaceOrder(order), bytes.len())));
    }

    #[test]
    fn an_unknown_kind_or_a_wrong_length_is_refused() {
        assert!(Command::decode(&[99, 0, 0, 0]).is_err());
        assert!(Command::decode(&[10, 0, 4, 0, 1, 2, 3, 4]).is_err());
        assert!(Command::decode(&[10, 0, 48, 0, 1]).is_err());
    }
}
