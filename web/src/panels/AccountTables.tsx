/** Fills, positions and balances of the account. */
import { type ReactNode, useMemo } from "react";
import { decimalOf, sign } from "../decimal";
import { useCell } from "../stores/cell";
import { amount, clock, money, quantity, signed } from "../stores/text";
import type { Balance, Fill, Position } from "../wire/types";
import { useDesk } from "./context";
import { type Column, Grid } from "./Grid";
import { RecordLink } from "./RecordLink";

const FILLS: readonly Column<Fill>[] = [
  { key: "time", head: "Time (UTC)", width: 98, from: 1, sort: (fill) => fill.time, cell: (fill) => clock(fill.time) },
  { key: "id", head: "Trade", width: 96, from: 2, sort: (fill) => fill.id, cell: (fill) => <code>{fill.id}</code> },
  {
    key: "order",
    head: "Order",
    width: 88,
    from: 1,
    sort: (fill) => fill.order ?? "",
    cell: (fill) => fill.order ?? "–",
  },
  { key: "instrument", head: "Market", width: 100, sort: (fill) => fill.instrument, cell: (fill) => fill.instrument },
  { key: "side", head: "Side", width: 62, sort: (fill) => fill.side, cell: (fill) => <SideMark side={fill.side} /> },
  {
    key: "price",
    head: "Price",
    width: 104,
    align: "right",
    sort: (fill) => Number(fill.price),
    cell: (fill) => amount(fill.price),
  },
  {
    key: "quantity",
    head: "Quantity",
    width: 92,
    align: "right",
    sort: (fill) => Number(fill.quantity),
    cell: (fill) => quantity(fill.quantity),
  },
  {
    key: "fee",
    head: "Fee",
    width: 84,
    align: "right",
    from: 1,
    sort: (fill) => Number(fill.fee),
    cell: (fill) => money(fill.fee),
  },
  { key: "liquidity", head: "Role", width: 64, from: 1, cell: (fill) => fill.liquidity },
  { key: "venue", head: "Venue", width: 96, from: 2, cell: (fill) => fill.venue },
  { key: "record", head: "Record", from: 2, cell: (fill) => <RecordLink record={fill.record} /> },
];

export function FillsTable(): ReactNode {
  const fills = useCell(useCell(useDesk().account).fills);
  return <Grid label="Fills" columns={FILLS} rows={fills} id={(fill) => fill.id} empty="No fills yet." />;
}

const BALANCES: readonly Column<Balance>[] = [
  { key: "asset", head: "Asset", width: 90, sort: (row) => row.asset, cell: (row) => <b>{row.asset}</b> },
  {
    key: "total",
    head: "Total",
    width: 150,
    align: "right",
    sort: (row) => Number(row.total),
    cell: (row) => money(row.total),
  },
  {
    key: "held",
    head: "Held by orders",
    width: 150,
    align: "right",
    sort: (row) => Number(row.held),
    cell: (row) => money(row.held),
  },
  {
    key: "available",
    head: "Available",
    width: 150,
    align: "right",
    sort: (row) => Number(row.available),
    cell: (row) => money(row.available),
  },
  {
    key: "state",
    head: "State",
    from: 1,
    cell: (row) =>
      row.frozen ? <span className="bad">⚠ frozen for opening</span> : <span className="quiet">free</span>,
  },
];

export function BalancesTable(): ReactNode {
  const balances = useCell(useCell(useDesk().account).balances);
  const rows = useMemo(() => [...balances.values()], [balances]);
  return <Grid label="Balances" columns={BALANCES} rows={rows} id={(row) => row.asset} empty="No balances yet." />;
}

const POSITIONS: readonly Column<Position>[] = [
  {
    key: "instrument",
    head: "Market",
    width: 110,
    sort: (row) => row.instrument,
    cell: (row) => <b>{row.instrument}</b>,
  },
  {
    key: "quantity",
    head: "Quantity",
    width: 110,
    align: "right",
    sort: (row) => Number(row.quantity),
    cell: (row) => signed(row.quantity),
  },
  { key: "average", head: "Average price", width: 116, align: "right", cell: (row) => amount(row.average_price) },
  { key: "mark", head: "Mark", width: 104, align: "right", from: 1, cell: (row) => amount(row.mark) },
  {
    key: "value",
    head: "Value",
    width: 116,
    align: "right",
    from: 1,
    sort: (row) => Number(row.value),
    cell: (row) => money(row.value),
  },
  {
    key: "open",
    head: "Open profit",
    width: 124,
    align: "right",
    sort: (row) => Number(row.open_profit),
    cell: (row) => <Profit text={row.open_profit} />,
  },
  {
    key: "realised",
    head: "Realised",
    width: 116,
    align: "right",
    from: 1,
    sort: (row) => Number(row.realised_profit),
    cell: (row) => <Profit text={row.realised_profit} />,
  },
];

export function PositionsTable(): ReactNode {
  const positions = useCell(useCell(useDesk().account).positions);
  const rows = useMemo(() => [...positions.values()].filter(isWorthShowing), [positions]);
  return <Grid label="Positions" columns={POSITIONS} rows={rows} id={(row) => row.instrument} empty="No positions." />;
}

function isWorthShowing({ quantity: held, realised_profit }: Position): boolean {
  return sign(decimalOf(held)) !== 0 || sign(decimalOf(realised_profit)) !== 0;
}

export function Profit({ text }: { text: string | null }): ReactNode {
  const direction = sign(decimalOf(text));
  const tone = direction > 0 ? "up" : direction < 0 ? "down" : "quiet";
  return (
    <span className={tone}>
      <span aria-hidden>{direction > 0 ? "▲ " : direction < 0 ? "▼ " : ""}</span>
      {signed(text)}
    </span>
  );
}

export function SideMark({ side }: { side: "buy" | "sell" }): ReactNode {
  return <span className={side === "buy" ? "up" : "down"}>{side === "buy" ? "▲ Buy" : "▼ Sell"}</span>;
}
