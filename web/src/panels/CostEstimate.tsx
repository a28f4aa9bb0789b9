/** What the order would cost and leave; the rows always stand, so nothing jumps. */
import type { ReactNode } from "react";
import { type Decimal, decimalOf, formatGrouped, trimmed } from "../decimal";
import { useCell } from "../stores/cell";
import { money, NOTHING, ppm } from "../stores/text";
import { estimate, type Form, isAtMarket } from "../ticket";
import { useDesk } from "./context";
import { useSurroundings } from "./useSurroundings";

export function CostEstimate({ form }: { form: Form }): ReactNode {
  const around = useSurroundings(form.side);
  const desk = useDesk();
  const balances = useCell(useCell(desk.account).balances);
  const { instrument } = around;
  const cost = estimate(form, around);
  const perpetual = instrument.kind === "linear_perpetual";
  const asset = form.side === "sell" && !perpetual ? instrument.base : instrument.quote;
  const balance = balances.get(asset);
  const fees = `fees ${ppm(instrument.maker_fee_ppm)} maker, ${ppm(instrument.taker_fee_ppm)} taker`;
  return (
    <dl className="cost" aria-label="Cost estimate">
      <Line name={isAtMarket(form) ? "Value, about" : "Value"} unit={instrument.quote}>
        {cost && shown(cost.value)}
      </Line>
      <Line name="Fee, at most" unit={instrument.quote} title={fees}>
        {cost && shown(cost.fee)}
      </Line>
      <Line name={perpetual ? "Margin and fee held" : "Held"} unit={asset}>
        {cost && shown(cost.hold)}
      </Line>
      <Line name="Buying power" unit={asset}>
        {balance ? money(balance.available) : shown(decimalOf("0"))}
      </Line>
      <Line name="Left after" unit={asset} bad={cost !== null && !cost.enough}>
        {cost && shown(cost.after)}
      </Line>
      <div className="note">{cost && !cost.enough ? `More than the available ${asset}.` : cost?.note}</div>
    </dl>
  );
}

interface LineProps {
  name: string;
  unit: string;
  title?: string;
  bad?: boolean;
  children: ReactNode;
}

function Line({ name, unit, title, bad, children }: LineProps): ReactNode {
  return (
    <div title={title} className={bad ? "bad" : undefined}>
      <dt>{name}</dt>
      <dd>
        {bad && <span aria-hidden>⚠ </span>}
        {children ?? NOTHING} <small>{unit}</small>
      </dd>
    </div>
  );
}

function shown(value: Decimal): string {
  return formatGrouped(trimmed(value, Math.min(2, value.scale)));
}
