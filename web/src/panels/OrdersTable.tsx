/** Orders; those that are open can be cancelled, or replaced in their row. */
import { type KeyboardEvent, type ReactNode, useMemo, useState } from "react";
import { type AccountFeed, isOpen } from "../stores/account";
import { useCell } from "../stores/cell";
import { isChild, isParent, percentDone, statusWords, termWords, typeWords } from "../orderWords";
import { amount, clock, quantity } from "../stores/text";
import { cancelOrder, cancelOrders, Refusal, replaceOrder } from "../wire/rest";
import type { Order } from "../wire/types";
import { SideMark } from "./AccountTables";
import { useDesk } from "./context";
import { type Column, Grid } from "./Grid";
import { OrderLife } from "./OrderLife";
import { RecordLink } from "./RecordLink";
import { textOf } from "./useTicket";

interface Edit {
  id: string;
  price: string;
  quantity: string;
}

/** What the row's cells can do. */
interface Actions {
  edit: Edit | null;
  errors: ReadonlyMap<string, string>;
  mayTrade: boolean;
  change: (edit: Edit | null) => void;
  save: () => void;
  cancel: (order: Order) => void;
  /** Shows the order's life. */
  choose: (id: string) => void;
}

export function OrdersTable({ open }: { open: boolean }): ReactNode {
  const feed = useCell(useDesk().account);
  const orders = useCell(feed.orders);
  const older = useCell(feed.olderOrders);
  const [chosen, choose] = useState<string | null>(null);
  const actions = useActions(feed, choose);
  const columns = useMemo(() => columnsOf(actions, open), [actions, open]);
  const rows = useMemo(() => wantedOf(orders, open), [orders, open]);
  const list = (
    <Grid
      label={open ? "Open orders" : "All orders"}
      columns={columns}
      rows={rows}
      id={(order) => order.id}
      selected={chosen}
      empty={open ? "No open orders." : "No orders yet."}
      footer={
        <>
          <RowErrors errors={actions.errors} />
          {open && rows.length > 1 && <CancelAll count={rows.length} feed={feed} orders={rows} />}
          {!open && older !== null && (
            <button type="button" className="small more" onClick={() => void feed.readOlderOrders()}>
              Older orders
            </button>
          )}
        </>
      }
    />
  );
  if (chosen === null) return list;
  return (
    <div className="journal">
      <div className="journal-list">{list}</div>
      <OrderLife order={chosen} known={orders.get(chosen) ?? null} onClose={() => choose(null)} />
    </div>
  );
}

/** Open children stand behind their parent: in its life, and among all orders. */
function wantedOf(orders: ReadonlyMap<string, Order>, open: boolean): Order[] {
  const all = [...orders.values()];
  const wanted = open ? all.filter((order) => isOpen(order) && !isChild(order)) : all;
  return wanted.sort((left, right) => (left.created_at < right.created_at ? 1 : -1));
}

function useActions(feed: AccountFeed, choose: (id: string) => void): Actions {
  const { mayTrade } = useDesk();
  const [edit, setEdit] = useState<Edit | null>(null);
  const [errors, setErrors] = useState<ReadonlyMap<string, string>>(new Map());
  return useMemo(() => {
    const tell = (id: string, text: string | null): void =>
      setErrors((before) => {
        const next = new Map(before);
        if (text === null) next.delete(id);
        else next.set(id, text);
        return next;
      });
    const attempt = (id: string, work: Promise<Order>, done: () => void): void => {
      tell(id, null);
      work.then(
        (order) => {
          feed.mergeOrders([order]);
          done();
        },
        (fault: unknown) => tell(id, fault instanceof Refusal ? textOf(fault.problem) : String(fault)),
      );
    };
    return {
      edit,
      errors,
      mayTrade,
      change: setEdit,
      save: () => {
        if (edit) attempt(edit.id, replaceOrder(edit.id, pricedChange(edit)), () => setEdit(null));
      },
      cancel: (order: Order) => attempt(order.id, cancelOrder(order.id), () => undefined),
      choose,
    };
  }, [edit, errors, feed, mayTrade, choose]);
}

function pricedChange({ price, quantity: total }: Edit): { price?: string; quantity: string } {
  return price === "" ? { quantity: total } : { price, quantity: total };
}

function columnsOf(actions: Actions, open: boolean): Column<Order>[] {
  const status = (order: Order): ReactNode => <Status order={order} actions={actions} />;
  const last: Column<Order> = open
    ? {
        key: "act",
        head: "",
        width: 132,
        narrow: 118,
        align: "right",
        cell: (order) => <Buttons {...{ order, actions }} />,
      }
    : { key: "record", head: "Record", width: 92, from: 2, cell: ({ record }) => <RecordLink record={record} /> };
  return [
    ...identityOf(actions.choose),
    {
      key: "price",
      head: "Price",
      width: 100,
      narrow: 80,
      align: "right",
      sort: (order) => Number(order.price),
      cell: (order) => <Editable order={order} field="price" actions={actions} />,
    },
    {
      key: "quantity",
      head: "Quantity",
      width: 92,
      narrow: 60,
      align: "right",
      sort: (order) => Number(order.quantity),
      cell: (order) => <Editable order={order} field="quantity" actions={actions} />,
    },
    ...PROGRESS,
    { key: "status", head: "Status", from: open ? 1 : 0, cell: status },
    last,
  ];
}

const identityOf = (choose: (id: string) => void): readonly Column<Order>[] => [
  {
    key: "time",
    head: "Time (UTC)",
    width: 98,
    from: 1,
    sort: (order) => order.created_at,
    cell: ({ created_at }) => clock(created_at),
  },
  {
    key: "id",
    head: "Order",
    width: 88,
    from: 2,
    sort: (order) => Number(order.id.slice(4)),
    cell: (order) => (
      <>
        {isChild(order) && <span className="quiet">↳ </span>}
        <button type="button" className="link" onClick={() => choose(order.id)} title={titleOf(order)}>
          {order.id}
        </button>
      </>
    ),
  },
  {
    key: "instrument",
    head: "Market",
    width: 88,
    narrow: 72,
    sort: (order) => order.instrument,
    cell: ({ id, instrument }) => (
      <>
        <span className="from-2">{instrument}</span>
        <button type="button" className="link below-2" onClick={() => choose(id)} aria-label={`Life of ${id}`}>
          {instrument}
        </button>
      </>
    ),
  },
  {
    key: "side",
    head: "Side",
    width: 62,
    narrow: 54,
    sort: (order) => order.side,
    cell: ({ side }) => <SideMark side={side} />,
  },
  { key: "type", head: "Type", width: 146, from: 1, cell: typeWords },
  {
    key: "terms",
    head: "Terms",
    width: 126,
    from: 2,
    cell: (order) => {
      const text = termWords(order);
      return <span title={text}>{text}</span>;
    },
  },
];

function titleOf(order: Order): string {
  return isChild(order) ? `Works ${order.parent_order}. ${order.routing ?? ""}` : "What happened to it";
}

const PROGRESS: readonly Column<Order>[] = [
  { key: "filled", head: "Filled", width: 80, align: "right", from: 1, cell: (order) => <Filled order={order} /> },
  {
    key: "average",
    head: "Average",
    width: 96,
    align: "right",
    from: 2,
    cell: ({ average_price }) => amount(average_price),
  },
  {
    key: "venue",
    head: "Venue",
    width: 92,
    from: 2,
    cell: (order) => <span title={order.routing ?? ""}>{isParent(order) ? "several" : order.venue}</span>,
  },
];

/** Of a parent with a bar of how far it is. */
function Filled({ order }: { order: Order }): ReactNode {
  if (!isParent(order)) return quantity(order.filled);
  return (
    <span className="progress">
      <i style={{ transform: `scaleX(${percentDone(order) / 100})` }} />
      <span>{quantity(order.filled)}</span>
    </span>
  );
}

function Status({ order, actions }: { order: Order; actions: Actions }): ReactNode {
  if (actions.errors.has(order.id)) return <span className="bad">✕ not done, see below</span>;
  const mark = { open: "●", filled: "✓", cancelled: "○", rejected: "✕", pending_cancel: "…", pending_replace: "…" };
  const text = statusWords(order);
  const waits = order.status === "open" && order.waits_for !== null;
  return (
    <span className={`status ${order.status}`} title={text}>
      {waits ? "◌" : mark[order.status]} {text}
    </span>
  );
}

function RowErrors({ errors }: { errors: ReadonlyMap<string, string> }): ReactNode {
  return [...errors].map(([id, text]) => (
    <p key={id} className="bad row-error" role="alert">
      ✕ {id}: {text}
    </p>
  ));
}

interface EditableProps {
  order: Order;
  field: "price" | "quantity";
  actions: Actions;
}

function Editable({ order, field, actions }: EditableProps): ReactNode {
  const { edit, change, save } = actions;
  if (edit?.id !== order.id) return field === "price" ? amount(order.price) : quantity(order.quantity);
  const press = (event: KeyboardEvent): void => {
    if (event.key === "Enter") save();
    else if (event.key === "Escape") change(null);
    else return;
    event.preventDefault();
  };
  return (
    <input
      className="cell"
      aria-label={`New ${field} of ${order.id}`}
      inputMode="decimal"
      autoFocus={field === "price"}
      value={edit[field]}
      onChange={(event) => change({ ...edit, [field]: event.target.value })}
      onKeyDown={press}
    />
  );
}

function Buttons({ order, actions }: { order: Order; actions: Actions }): ReactNode {
  const { edit, change, save, cancel, mayTrade } = actions;
  if (!mayTrade) return null;
  if (edit?.id === order.id)
    return (
      <>
        <button type="button" className="small strong" onClick={save}>
          Save
        </button>
        <button type="button" className="small" onClick={() => change(null)}>
          Back
        </button>
      </>
    );
  const begin = (): void => change({ id: order.id, price: order.price ?? "", quantity: order.quantity });
  return (
    <>
      <button type="button" className="small" onClick={begin} aria-label={`Replace ${order.id}`}>
        Replace
      </button>
      <button type="button" className="small" onClick={() => cancel(order)} aria-label={`Cancel ${order.id}`}>
        Cancel
      </button>
    </>
  );
}

/** Two clicks, so that one slip costs nothing. */
function CancelAll({ count, feed, orders }: { count: number; feed: AccountFeed; orders: Order[] }): ReactNode {
  const { session, mayTrade } = useDesk();
  const [sure, setSure] = useState(false);
  if (!mayTrade) return null;
  const everyOne = async (): Promise<void> => {
    setSure(false);
    if (session.account === feed.account) await cancelOrders(null);
    else for (const order of orders) feed.mergeOrders([await cancelOrder(order.id)]);
  };
  return (
    <div className="more">
      {sure ? (
        <>
          <button type="button" className="small strong" onClick={() => void everyOne()}>
            Yes, cancel all {count}
          </button>
          <button type="button" className="small" onClick={() => setSure(false)}>
            Back
          </button>
        </>
      ) : (
        <button type="button" className="small" onClick={() => setSure(true)}>
          Cancel all {count}…
        </button>
      )}
    </div>
  );
}
