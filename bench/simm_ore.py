"""ISDA SIMM 2.5 of a CRIF file by Open Source Risk Engine: {"seconds","totals"} as the last line of standard output.

python bench/simm_ore.py crif.csv [days]
"""

import contextlib
import csv
import json
import sys
import tempfile
import time
from pathlib import Path

import ORE

SETTINGS = """<?xml version="1.0"?>
<ORE>
  <Setup>
    <Parameter name="asofDate">2024-01-31</Parameter>
    <Parameter name="inputPath">.</Parameter>
    <Parameter name="outputPath">{out}</Parameter>
    <Parameter name="logFile">log.txt</Parameter>
    <Parameter name="logMask">7</Parameter>
    <Parameter name="curveConfigFile">{folder}/curves.xml</Parameter>
    <Parameter name="conventionsFile">{folder}/conventions.xml</Parameter>
    <Parameter name="marketConfigFile">{folder}/market.xml</Parameter>
    <Parameter name="pricingEnginesFile">{folder}/engines.xml</Parameter>
    <Parameter name="marketDataFile">{folder}/market.txt</Parameter>
    <Parameter name="fixingDataFile">{folder}/fixings.txt</Parameter>
    <Parameter name="implyTodaysFixings">Y</Parameter>
  </Setup>
  <Markets/>
  <Analytics>
    <Analytic type="simm">
      <Parameter name="active">Y</Parameter>
      <Parameter name="version">2.5</Parameter>
      <Parameter name="mporDays">{days}</Parameter>
      <Parameter name="crif">{crif}</Parameter>
      <Parameter name="calculationCurrency">USD</Parameter>
      <Parameter name="resultCurrency">USD</Parameter>
      <Parameter name="reportingCurrency">USD</Parameter>
      <Parameter name="enforceIMRegulations">N</Parameter>
    </Analytic>
  </Analytics>
</ORE>
"""
PARTS = {
    "curves.xml": "<CurveConfiguration></CurveConfiguration>",
    "conventions.xml": "<Conventions></Conventions>",
    "market.xml": '<TodaysMarket><Configuration id="default"><DiscountingCurvesId>default</DiscountingCurvesId>'
    '</Configuration><DiscountingCurves id="default"></DiscountingCurves></TodaysMarket>',
    "engines.xml": "<PricingEngines></PricingEngines>",
    "market.txt": "20240131,FX/RATE/EUR/USD,1.1",
    "fixings.txt": "20240131,EUR-ESTER,0.03",
}


def main() -> int:
    """Exit 0 when it ran."""
    crif, days = Path(sys.argv[1]).resolve(), sys.argv[2] if len(sys.argv) > 2 else "10"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        out.mkdir()
        for name, content in PARTS.items():
            (Path(folder) / name).write_text(content)
        settings = Path(folder) / "ore.xml"
        settings.write_text(SETTINGS.format(folder=folder, out=out, crif=crif, days=days))
        parameters = ORE.Parameters()
        parameters.fromFile(str(settings))
        begun = time.perf_counter()
        with contextlib.redirect_stdout(sys.stderr):
            ORE.OREApp(parameters, False).run()
        seconds = time.perf_counter() - begun
        with (out / "simm.csv").open() as rows:
            totals = {row[0]: float(row[7]) for row in csv.reader(rows) if row[1:6] == [*["All"] * 4, "Call"]}
    print(json.dumps({"seconds": seconds, "totals": totals}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
