/** Every market with last, bid, ask and change; a click or Enter selects it. */
import { memo, type ReactNode } from "react";
import { useCell } from "../stores/cell";
import type { Market } from "../stores/market";
import { amount, percent, tone } from "../stores/text";
import type { Instrument } from "../wire/types";
import { useDesk } from "./context";

export function MarketList(): ReactNode {
  const desk = useDesk();
  const instruments = useCell(desk.instruments);
  const rows = useCell(desk.markets.rows);
  const selected = useCell(desk.instrument).instrument;
  return (
    <nav className="panel markets" aria-label="Markets">
      <header className="panel-head">
        <h2>Markets</h2>
        <span className="quiet">{instruments.length}</span>
      </header>
      <ul>
        {instruments.map((instrument) => (
          <Row
            key={instrument.instrument}
            instrument={instrument}
            market={rows.get(instrument.instrument)}
            selected={instrument.instrument === selected}
            onSelect={() => desk.select(instrument.instrument)}
          />
        ))}
      </ul>
    </nav>
  );
}

interface RowProps {
  instrument: Instrument;
  market: Market | undefined;
  selected: boolean;
  onSelect: () => void;
}

const Row = memo(
  function Row({ instrument, market, selected, onSelect }: RowProps): ReactNode {
    const places = instrument.price_decimals;
    const change = market?.change_24h ?? instrument.change_24h;
    return (
      <li>
        <button type="button" aria-current={selected} onClick={onSelect}>
          <b>{instrument.instrument}</b>
          <span className="last" data-direction={market?.direction ?? 0}>
            {amount(market?.last ?? instrument.last_price, places)}
          </span>
          <span className="quote">
            {amount(market?.bid, places)} / {amount(market?.ask, places)}
          </span>
          <span className={`change ${tone(change)}`}>
            {(market?.state ?? instrument.state) === "halted" ? "halted" : percent(change)}
          </span>
        </button>
      </li>
    );
  },
  (before, after) =>
    before.market === after.market && before.selected === after.selected && before.instrument === after.instrument,
);
