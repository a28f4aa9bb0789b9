//! Settings by name: what a book's guards go by.
use std::collections::HashMap;

use isthmus_execution::breaker::Breakers;
use isthmus_execution::health::Settings;
use pyo3::prelude::*;

use super::RouteRefused;

/// The defaults with what is given laid over them; unknown names are refused.
pub fn settings_of(given: &HashMap<String, i64>) -> PyResult<(Settings, Breakers)> {
    let (mut health, mut breakers) = (Settings::default(), Breakers::default());
    for (name, value) in given {
        let count = u64::try_from(*value).ok();
        let count = count.ok_or_else(|| RouteRefused::new_err((name.clone(), "must not be negative")))?;
        let few = || u32::try_from(count).map_err(|_| RouteRefused::new_err((name.clone(), "is too large")));
        match name.as_str() {
            "stale_ns" => health.stale_ns = count,
            "stale_moves" => health.stale_moves = count,
            "crossed_share_ppm" => health.crossed_share_ppm = *value,
            "skew_ppm" => health.skew_ppm = *value,
            "rate_times" => health.rate.times = *value,
            "rate_floor" => health.rate.floor = *value,
            "spread_times" => health.spread.times = *value,
            "spread_floor" => health.spread.floor = *value,
            "lead_times" => health.lead.times = *value,
            "lead_floor" => health.lead.floor = *value,
            "good_updates" => health.good_updates = few()?,
            "good_ns" => health.good_ns = count,
            "own_times" => breakers.own.times = *value,
            "own_floor" => breakers.own.floor = *value,
            "others_ppm" => breakers.others_ppm = *value,
            "hard_ppm" => breakers.hard_ppm = *value,
            "review_updates" => breakers.review_updates = few()?,
            "review_ns" => breakers.review_ns = count,
            _ => return Err(RouteRefused::new_err((name.clone(), "is no setting"))),
        }
    }
    Ok((health, breakers))
}

/// The defaults by name.
pub fn defaults() -> HashMap<&'static str, i64> {
    let (health, breakers) = (Settings::default(), Breakers::default());
    let of = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    HashMap::from([
        ("stale_ns", of(health.stale_ns)),
        ("stale_moves", of(health.stale_moves)),
        ("crossed_share_ppm", health.crossed_share_ppm),
        ("skew_ppm", health.skew_ppm),
        ("rate_times", health.rate.times),
        ("rate_floor", health.rate.floor),
        ("spread_times", health.spread.times),
        ("spread_floor", health.spread.floor),
        ("lead_times", health.lead.times),
        ("lead_floor", health.lead.floor),
        ("good_updates", i64::from(health.good_updates)),
        ("good_ns", of(health.good_ns)),
        ("own_times", breakers.own.times),
        ("own_floor", breakers.own.floor),
        ("others_ppm", breakers.others_ppm),
        ("hard_ppm", breakers.hard_ppm),
        ("review_updates", i64::from(breakers.review_updates)),
        ("review_ns", of(breakers.review_ns)),
    ])
}
