"""Margin models and exposures: SPAN, SIMM, portfolio margin of equities, perpetuals, SA-CCR, concentration.

Owns: parameters and their readers, and the typed face of `crates/margin` and `crates/quant`. Takes: positions,
parameter files as bytes. Emits: requirements. Never: opens a file, reads a clock, changes a balance; a float is money
only here, and only until it is rounded for the engine.
"""
