/** Market makers: what they owe, how they scored, and what pulls their quotes. */
import type { ReactNode } from "react";
import { presenceWords, protectionWords } from "../marketWords";
import { useCell } from "../stores/cell";
import { amount, quantity, words } from "../stores/text";
import type { Maker } from "../wire/types";
import { useDesk } from "./context";
import { type Column, Grid } from "./Grid";

const COLUMNS: readonly Column<Maker>[] = [
  { key: "account", head: "Maker", width: 84, sort: (maker) => maker.account, cell: (maker) => maker.account },
  { key: "market", head: "Market", width: 92, sort: (maker) => maker.instrument, cell: (maker) => maker.instrument },
  { key: "spread", head: "Spread, most", width: 86, align: "right", from: 1, cell: (maker) => amount(maker.spread) },
  { key: "size", head: "Size, least", width: 80, align: "right", from: 1, cell: (maker) => quantity(maker.quantity) },
  { key: "presence", head: "Presence", width: 150, from: 1, cell: presenceWords },
  {
    key: "met",
    head: "Obligation",
    width: 82,
    sort: (maker) => String(maker.met),
    cell: ({ met }) =>
      met === null ? <span className="quiet">open</span> : met ? <Good text="met" /> : <Bad text="missed" />,
  },
  { key: "protection", head: "Protection", from: 2, cell: protectionWords },
  {
    key: "quotes",
    head: "Quotes",
    width: 112,
    cell: ({ pulled, pulled_by }) =>
      pulled ? <Bad text={`pulled: ${words(pulled_by)}`} /> : <Good text="may stand" />,
  },
];

export function MakersTable(): ReactNode {
  const makers = useCell(useDesk().sessions.makers);
  return (
    <Grid
      label="Market makers"
      columns={COLUMNS}
      rows={makers}
      id={(maker) => `${maker.account} ${maker.instrument}`}
      empty="No market maker is registered."
    />
  );
}

function Good({ text }: { text: string }): ReactNode {
  return <span className="good">✓ {text}</span>;
}

function Bad({ text }: { text: string }): ReactNode {
  return <span className="bad">✕ {text}</span>;
}
