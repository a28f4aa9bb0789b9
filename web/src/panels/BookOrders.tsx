/** Every order of a book, hidden ones too, for who runs the house. Read when asked for: a book changes too fast to follow. */
import { type ReactNode, useState } from "react";
import { amount, quantity } from "../stores/text";
import { readBookOrders, Refusal } from "../wire/rest";
import type { BookOrder, Instrument } from "../wire/types";
import { SideMark } from "./AccountTables";
import { type Column, Grid } from "./Grid";
import { OrderLife } from "./OrderLife";
import { textOf } from "./useTicket";

export function BookOrders({ instrument }: { instrument: Instrument }): ReactNode {
  const [rows, setRows] = useState<readonly BookOrder[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const read = async (cursor: string | null): Promise<void> => {
    try {
      const page = await readBookOrders(instrument.instrument, cursor);
      setRows([...(cursor === null ? [] : (rows ?? [])), ...page.data]);
      setNext(page.next);
      setFault(null);
    } catch (problem) {
      if (!(problem instanceof Refusal)) throw problem;
      setFault(textOf(problem.problem));
    }
  };
  return (
    <section className="book-orders">
      <h4>
        Orders in the book
        <button type="button" className="small" onClick={() => void read(null)}>
          {rows === null ? "Show" : "Read again"}
        </button>
      </h4>
      {fault !== null && <p className="bad">✕ {fault}</p>}
      {rows !== null && (
        <Grid
          label={`Orders of ${instrument.instrument}`}
          columns={columnsOf(instrument)}
          rows={rows}
          id={(row) => row.order}
          empty="No order stands here."
          selected={chosen}
          onSelect={(row) => setChosen(row.order)}
          footer={
            next !== null && (
              <button type="button" className="small more" onClick={() => void read(next)}>
                More
              </button>
            )
          }
        />
      )}
      {chosen !== null && <OrderLife order={chosen} known={null} onClose={() => setChosen(null)} />}
    </section>
  );
}

function columnsOf(instrument: Instrument): Column<BookOrder>[] {
  return [
    { key: "order", head: "Order", width: 88, cell: ({ order }) => <code>{order}</code> },
    { key: "account", head: "Account", width: 70, cell: ({ account }) => account },
    { key: "side", head: "Side", width: 62, cell: ({ side }) => <SideMark side={side} /> },
    {
      key: "price",
      head: "Price",
      width: 92,
      align: "right",
      cell: ({ price }) => amount(price, instrument.price_decimals),
    },
    { key: "shown", head: "Shown", width: 76, align: "right", cell: ({ shown }) => quantity(shown) },
    {
      key: "left",
      head: "Left",
      align: "right",
      cell: ({ left, waits }) => `${quantity(left)}${waits ? " ◌" : ""}`,
    },
  ];
}
