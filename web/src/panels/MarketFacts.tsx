/** Below the ticket: what one holds in this market, and the market's terms. */
import type { ReactNode } from "react";
import { useCell } from "../stores/cell";
import { amount, NOTHING, ppm, signed } from "../stores/text";
import type { Instrument } from "../wire/types";
import { Profit } from "./AccountTables";
import { useDesk } from "./context";

export function MarketFacts(): ReactNode {
  const desk = useDesk();
  const instrument = useCell(desk.instrument);
  const position = useCell(useCell(desk.account).positions).get(instrument.instrument);
  return (
    <dl className="facts">
      <Fact name="Position">{position ? signed(position.quantity) : NOTHING}</Fact>
      <Fact name="Average price">{amount(position?.average_price)}</Fact>
      <Fact name="Open profit">{position ? <Profit text={position.open_profit} /> : NOTHING}</Fact>
      <Fact name="Realised">{position ? <Profit text={position.realised_profit} /> : NOTHING}</Fact>
      {[...termsOf(instrument), ...venuesOf(instrument)].map(([name, text]) => (
        <Fact key={name} name={name}>
          {text}
        </Fact>
      ))}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What kind of place each outside venue is, what it charges, and what about it is assumed. */
function venuesOf(instrument: Instrument): [string, string][] {
  const outside = (instrument.venue_facts ?? []).filter(({ kind }) => kind !== "house");
  return outside.map((facts) => {
    const fees = `${facts.kind}, ${ppm(facts.maker_fee_ppm)} / ${ppm(facts.taker_fee_ppm)}`;
    const orders = facts.takes_orders ? null : "data only";
    return [`At ${facts.venue}`, [fees, orders, facts.assumed, facts.source].filter(Boolean).join("; ")];
  });
}

function termsOf(instrument: Instrument): [string, string][] {
  const { maker_fee_ppm, taker_fee_ppm, collar_bps, initial_margin_bps, kind } = instrument;
  const terms: [string, string][] = [["Fee maker / taker", `${ppm(maker_fee_ppm)} / ${ppm(taker_fee_ppm)}`]];
  terms.push(["Collar of market orders", collar_bps === 0 ? "none" : `± ${ppm(collar_bps * 100)}`]);
  if (kind === "linear_perpetual") terms.push(["Initial margin", ppm(initial_margin_bps * 100)]);
  return terms;
}
