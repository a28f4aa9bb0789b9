//! A record taken apart, and what its command is to an order.
use isthmus_core::messages::{Command, Effect};
use isthmus_core::names::Reason;
use isthmus_core::record::{Body, Origin};
use std::fmt;

/// The record is not the next one, or not one that an engine makes.
#[derive(Debug)]
pub struct Fault(pub String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A record taken apart; `prev` is the hash of the one before.
pub struct Record<'a> {
    pub body: Body<'a>,
    pub prev: [u8; 32],
    pub origin: Origin,
    pub effects: Vec<Effect>,
}

impl<'a> Record<'a> {
    pub fn read(body: &'a [u8], prev: [u8; 32]) -> Result<Self, Fault> {
        let unreadable = || Fault("body: not a record of this format".into());
        let body = Body::read(body).map_err(|_| unreadable())?;
        let origin = Origin::decode(body.origin).ok_or_else(unreadable)?;
        let mut effects = Vec::with_capacity(body.count as usize);
        body.each_effect(|effect| effects.push(effect)).map_err(|_| unreadable())?;
        Ok(Self { body, prev, origin, effects })
    }

    pub fn reason(&self) -> Option<&'static str> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Rejected(made) => Some(reason(made.reason).unwrap_or("unknown")),
            _ => None,
        })
    }

    pub fn command(&self) -> &Command {
        &self.body.command
    }
}

pub fn reason(number: u16) -> Option<&'static str> {
    Reason::of(number).map(Reason::text)
}

/// The event when a command about an order is refused, and the order; None for other commands.
pub fn refusal(command: &Command) -> Option<(&'static str, u64)> {
    Some(match command {
        Command::CancelOrder(made) => ("cancel_refused", made.order),
        Command::ReplaceOrder(made) => ("amend_refused", made.order),
        Command::ReplaceSpecial(made) => ("amend_refused", made.order),
        Command::ReduceOrder(made) => ("reduce_refused", made.order),
        Command::AcceptQuote(made) => ("accept_refused", made.response),
        Command::VenueAccepted(made) => ("venue_answer_refused", made.order),
        Command::VenueCancelled(made) => ("venue_answer_refused", made.order),
        Command::VenueReplaced(made) => ("venue_answer_refused", made.order),
        Command::VenueFilled(made) => ("venue_answer_refused", made.order),
        _ => return None,
    })
}

/// Who sent a command about an order, or places one; 0 where it does not say.
pub fn account_of(command: &Command) -> u32 {
    match command {
        Command::PlaceOrder(made) => made.account,
        Command::PlaceSpecial(made) => made.account,
        Command::PlaceParent(made) => made.account,
        Command::CancelOrder(made) => made.account,
        Command::ReplaceOrder(made) => made.account,
        Command::ReplaceSpecial(made) => made.account,
        Command::ReduceOrder(made) => made.account,
        Command::AcceptQuote(made) => made.account,
        Command::VenueFilled(made) => made.account,
        _ => 0,
    }
}

/// The event of a Cancelled.
pub fn ended_as(command: &Command, reason: &str) -> &'static str {
    let by_owner = |account: u32| if account != 0 { "cancel" } else { "cancel_by_operator" };
    let is_wish = matches!(reason, "user" | "mass");
    match command {
        _ if reason == "expired" => "expire",
        Command::VenueCancelled(_) => "cancel_by_venue",
        Command::CancelOrder(made) if is_wish => by_owner(made.account),
        Command::CancelAll(made) if is_wish => by_owner(made.account),
        Command::ReduceOrder(made) if is_wish => by_owner(made.account),
        _ if reason == "user" => "cancel",
        _ => "cancel_by_market",
    }
}
