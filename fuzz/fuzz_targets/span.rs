//! No bytes make the readers of parameter files panic, nor the rule that is built of what they read.
#![no_main]
use isthmus_margin::span::{Position, Workspace};
use isthmus_quant::reference::Reference;
use isthmus_quant::{pa2, spn};
use libfuzzer_sys::fuzz_target;

fn margined(reference: &Reference) {
    let _ = reference.catalogue();
    let Ok((parameters, currencies)) = reference.parameters() else { return };
    let mut space = Workspace::new();
    let positions: Vec<Position> = (0..parameters.contracts().min(8) as u32)
        .map(|contract| Position { contract, quantity: if contract % 2 == 0 { 7 } else { -5 } })
        .collect();
    if let Ok(needed) = parameters.requirement(&mut space, &positions) {
        assert_eq!(needed.len(), currencies.len());
        assert!(needed.iter().all(|of| of.requirement >= 0 && of.scan_risk >= 0 && of.inter_credit >= 0));
    }
}

fuzz_target!(|bytes: &[u8]| {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    for read in [spn::read(bytes), pa2::read(bytes)] {
        match read {
            Ok(reference) => margined(&reference),
            Err(fault) => assert!((1..=lines).contains(&fault.line) && !fault.field.is_empty(), "{fault}"),
        }
    }
});
