//! Names with numbers: the wire and the state know the number, people read the name.

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

            /// The one with this number.
            #[allow(clippy::manual_range_patterns)]
            pub fn of(number: $repr) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
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
        UnknownRule = 45 "unknown_rule",
        BadRule = 46 "bad_rule",
        BookNotEmpty = 47 "book_not_empty",
        WrongSession = 48 "wrong_session",
        UnknownState = 49 "unknown_state",
        BadStop = 50 "bad_stop",
        BadOffset = 51 "bad_offset",
        BadDisplay = 52 "bad_display",
        BadMinimum = 53 "bad_minimum",
        BadExpire = 54 "bad_expire",
        BadPeg = 55 "bad_peg",
        BadLink = 56 "bad_link",
        ReduceOnly = 57 "reduce_only",
        NoLocate = 58 "no_locate",
        Killed = 59 "killed",
        NotKilled = 60 "not_killed",
        SameOperator = 61 "same_operator",
        InstructionNotAllowed = 62 "instruction_not_allowed",
        InstrumentNotAllowed = 63 "instrument_not_allowed",
        OutsideCollar = 64 "outside_collar",
        OutsideBand = 65 "outside_band",
        OrderTooLarge = 66 "order_too_large",
        NotionalLimit = 67 "notional_limit",
        UnusualSize = 68 "unusual_size",
        RateLimit = 69 "rate_limit",
        OpenOrdersLimit = 70 "open_orders_limit",
        PositionLimit = 71 "position_limit",
        DuplicateOrder = 72 "duplicate_order",
        UnknownScope = 73 "unknown_scope",
        UnknownLimit = 74 "unknown_limit",
        BadLimit = 75 "bad_limit",
        NotAMaker = 76 "not_a_maker",
        MakerProtected = 77 "maker_protected",
        BadMaker = 78 "bad_maker",
        UnknownTrade = 79 "unknown_trade",
        AlreadyCorrected = 80 "already_corrected",
        UnknownRequest = 81 "unknown_request",
        WrongBook = 82 "wrong_book",
        BelowMinimumNotional = 83 "below_minimum_notional",
        Expired = 84 "expired",
        BadTimeout = 85 "bad_timeout",
        BadTerms = 86 "bad_terms",
        BadPath = 87 "bad_path",
        UnknownParent = 88 "unknown_parent",
        ParentEnding = 89 "parent_ending",
        AlreadyPlaced = 90 "already_placed",
        BadOrdinal = 91 "bad_ordinal",
        BeyondParent = 92 "beyond_parent",
        BeyondLimit = 93 "beyond_limit",
        ChildOfParent = 94 "child_of_parent",
        // Money between accounts: 95 to 104.
        MixesClientMoney = 95 "mixes_client_money",
        CustodianOverdrawn = 96 "custodian_overdrawn",
        UnknownPurpose = 97 "unknown_purpose",
        PurposeNotAllowed = 98 "purpose_not_allowed",
        WrongSide = 99 "wrong_side",
        UnknownTransfer = 100 "unknown_transfer",
        BeyondPending = 101 "beyond_pending",
        SameAsset = 102 "same_asset",

        // Margined positions: 105 to 114.
        NotAPerpetual = 105 "not_a_perpetual",
        BadTier = 106 "bad_tier",
        BadLeverage = 107 "bad_leverage",
        BadRate = 108 "bad_rate",
        WrongPrice = 109 "wrong_price",
        BeyondMargin = 110 "beyond_margin",
        NotLiquidatable = 111 "not_liquidatable",
        WrongSize = 112 "wrong_size",
        SameOwner = 113 "same_owner",
        OutOfTurn = 114 "out_of_turn",

        // Contracts that expire: 115 to 124.
        NoContract = 115 "no_contract",
        BadContract = 116 "bad_contract",
        NotExpired = 117 "not_expired",
        NoSettlementPrice = 118 "no_settlement_price",
        AlreadySettled = 119 "already_settled",
        NotExercisable = 120 "not_exercisable",
        UnderliesOptions = 121 "underlies_options",
        InsufficientMargin = 122 "insufficient_margin",
        BadRisk = 123 "bad_risk",
        UnknownMode = 124 "unknown_mode",

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
        OneCancels = 11 "one_cancels",
        ReduceOnly = 12 "reduce_only",
        Band = 13 "band",
        Protection = 14 "protection",
        Minimum = 15 "minimum",
        Parent = 16 "parent",
        DeadMan = 17 "dead_man",
        Cleared = 18 "cleared",
        Requoted = 19 "requoted",
        Funds = 20 "funds",
        Limit = 21 "limit",
        Liquidation = 22 "liquidation",
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
        Correction = 9 "correction",
        Custody = 10 "custody",
        Tax = 11 "tax",
        Interest = 12 "interest",
        TopUp = 13 "top_up",
        Excess = 14 "excess",
        Allocation = 15 "allocation",
        Dividend = 16 "dividend",
        Insurance = 17 "insurance",
        Collateral = 18 "collateral",
        Invoice = 19 "invoice",
        Exchange = 20 "exchange",
        Funding = 30 "funding",
    }
}

named! {
    /// What a move of money is for; its posting has the template of the same number.
    Purpose: u8 {
        Deposit = 1 "deposit",
        Withdrawal = 2 "withdrawal",
        Fee = 6 "fee",
        Settlement = 8 "settlement",
        Correction = 9 "correction",
        Custody = 10 "custody",
        Tax = 11 "tax",
        Interest = 12 "interest",
        TopUp = 13 "top_up",
        Excess = 14 "excess",
        Allocation = 15 "allocation",
        Dividend = 16 "dividend",
        Insurance = 17 "insurance",
        Collateral = 18 "collateral",
        Invoice = 19 "invoice",
    }
}

named! {
    /// How a pending transfer ended.
    PendingEnd: u8 {
        Posted = 1 "posted",
        Voided = 2 "voided",
        Expired = 3 "expired",
    }
}

named! {
    /// Rules of an instrument's book; docs/reference/engine.md has values, defaults and the rule books they are from.
    Rule: u16 {
        Book = 1 "book",
        SelfTrade = 2 "self_trade",
        HiddenAfterVisible = 3 "hidden_after_visible",
        MinQuantity = 4 "min_quantity",
        HiddenRemainder = 5 "hidden_remainder_below_minimum",
        AuctionTie = 6 "auction_tie",
        StopOrder = 7 "stop_order",
        StopTrigger = 8 "stop_trigger",
        ReplaceKeepsPriority = 9 "replace_keeps_priority",
        FifoShare = 10 "fifo_share_bps",
        ProRataMinimum = 11 "pro_rata_minimum",
        TopOrder = 12 "top_order",
        MakerShare = 13 "maker_share_bps",
        Collar = 14 "collar_bps",
        StaticBand = 15 "static_band_bps",
        DynamicBand = 16 "dynamic_band_bps",
        BandAction = 17 "band_action",
        LimitStateTime = 18 "limit_state_ns",
        PauseTime = 19 "pause_ns",
        MinNotional = 20 "min_notional",
        Expiry = 21 "expiry",
        DarkPriority = 22 "dark_priority",
        DarkMinimum = 23 "dark_minimum",
        SealedPrice = 24 "sealed_price",
        Locate = 25 "locate",
        AllOrNone = 26 "all_or_none",
        MakerPriority = 27 "maker_priority",
        FirmUp = 28 "firm_up_ns",
    }
}

named! {
    /// Trading states of an instrument.
    SessionState: u8 {
        PreOpen = 1 "pre_open",
        OpeningAuction = 2 "opening_auction",
        Continuous = 3 "continuous",
        VolatilityAuction = 4 "volatility_auction",
        Halted = 5 "halted",
        ClosingAuction = 6 "closing_auction",
        Closed = 7 "closed",
    }
}

named! {
    /// Why a trading state changed.
    SessionCause: u8 {
        Command = 1 "command",
        Uncrossed = 2 "uncross",
        Band = 3 "band",
        Timer = 4 "timer",
        Expiry = 5 "expiry",
    }
}

named! {
    /// Whom a limit or a kill is for.
    Scope: u8 {
        Everything = 0 "everything",
        Account = 1 "account",
        Group = 2 "group",
        Firm = 3 "firm",
        Session = 4 "session",
        Instrument = 5 "instrument",
        Venue = 6 "venue",
    }
}

named! {
    /// Limits of the gate, in the order in which they are checked.
    Limit: u16 {
        Instructions = 1 "instructions",
        Permission = 2 "permission",
        Collar = 3 "collar_bps",
        OrderQuantity = 4 "order_quantity",
        OrderNotional = 5 "order_notional",
        SizeMultiple = 6 "size_multiple",
        NotionalMultiple = 7 "notional_multiple",
        OrderRate = 8 "order_rate",
        OpenOrders = 9 "open_orders",
        PositionNet = 10 "position_net",
        PositionGross = 11 "position_gross",
        OpenNotional = 12 "open_notional",
        Duplicate = 13 "duplicate_ns",
    }
}
