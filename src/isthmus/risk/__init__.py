"""Margin models and exposures: SPAN, SIMM, portfolio margin of equities, perpetuals, SA-CCR, concentration.

Owns parameters and their readers, and the typed face of `crates/margin` and `crates/quant`. Takes positions and
parameters, gives requirements. Only here may money be a float, and only until it is rounded for the engine.
"""
