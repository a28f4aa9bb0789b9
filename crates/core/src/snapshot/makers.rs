//! Market makers in the state.
use super::bytes::{BadState, In, Out};
use crate::makers::{Counted, Maker, Makers, Protection};

/// Times are written as they stand at `now`, whenever they were looked at last.
pub(super) fn put_makers(out: &mut Out, makers: &Makers, now: u64) {
    out.list(makers.iter(), |out, ((at, account), maker)| {
        out.put(*at as u64);
        out.put(*account);
        out.put(maker.spread);
        out.put(maker.quantity);
        out.put(maker.presence_bps);
        let (quoted_ns, open_ns) = maker.score(now);
        out.put(quoted_ns);
        out.put(open_ns);
        out.put(u8::from(maker.open));
        out.put(u8::from(maker.meets));
        out.put(u8::from(maker.protection.is_some()));
        if let Some(protection) = &maker.protection {
            put_protection(out, protection);
        }
    });
}

fn put_protection(out: &mut Out, protection: &Protection) {
    out.put(protection.window_ns);
    out.put(protection.quantity);
    out.put(protection.delta);
    out.put(protection.percent_bps);
    out.put(u8::from(protection.pulled));
    out.list(protection.fills.iter(), |out, fill| {
        out.put(fill.stamp);
        out.put(fill.lots);
        out.put(fill.share_bps);
    });
}

pub(super) fn take_makers(bytes: &mut In, now: u64) -> Result<Makers, BadState> {
    let makers = bytes.list(|b| {
        let key = (b.take::<u64>()? as usize, b.take::<u32>()?);
        let maker = Maker {
            spread: b.take()?,
            quantity: b.take()?,
            presence_bps: b.take()?,
            quoted_ns: b.take()?,
            open_ns: b.take()?,
            since: now,
            open: b.flag()?,
            meets: b.flag()?,
            protection: if b.flag()? { Some(take_protection(b)?) } else { None },
        };
        Ok((key, maker))
    })?;
    Ok(makers.into_iter().collect())
}

fn take_protection(bytes: &mut In) -> Result<Protection, BadState> {
    Ok(Protection {
        window_ns: bytes.take()?,
        quantity: bytes.take()?,
        delta: bytes.take()?,
        percent_bps: bytes.take()?,
        pulled: bytes.flag()?,
        fills: bytes.list(|b| Ok(Counted { stamp: b.take()?, lots: b.take()?, share_bps: b.take()? }))?.into(),
    })
}
