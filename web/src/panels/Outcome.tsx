/** What became of the last order, kept up to date. */
import type { ReactNode } from "react";
import { isParent, percentDone } from "../orderWords";
import { useCell } from "../stores/cell";
import { amount, quantity, words } from "../stores/text";
import type { Order } from "../wire/types";
import { useDesk } from "./context";
import type { Ticket } from "./useTicket";

export function Outcome({ ticket }: { ticket: Ticket }): ReactNode {
  const { outcome, general } = ticket;
  const orders = useCell(useCell(useDesk().account).orders);
  if (general !== null)
    return (
      <p className="outcome bad" role="alert">
        ✕ {general}
      </p>
    );
  if (outcome?.kind !== "placed")
    return (
      <p className="outcome bad" role="status">
        {outcome?.kind === "refused" ? `✕ Refused: ${outcome.problem.detail}` : ""}
      </p>
    );
  const order = orders.get(outcome.order.id) ?? outcome.order;
  return (
    <p className={`outcome ${order.status}`} role="status" data-order={order.id}>
      {sentence(order)}
    </p>
  );
}

function sentence(order: Order): string {
  const done = order.average_price ? `${quantity(order.filled)} at ${amount(order.average_price)}` : "";
  switch (order.status) {
    case "filled":
      return `✓ ${order.id} filled: ${done}`;
    case "cancelled":
      return `○ ${order.id} ended (${words(order.reason)})${done ? `, filled ${done}` : ""}`;
    case "rejected":
      return `✕ ${order.id} refused: ${words(order.reason)}`;
    default:
      if (isParent(order)) return `● ${order.id} worked by ${order.path}: ${percentDone(order)} % filled`;
      return `● ${order.id} ${done ? `filled ${done}, rest is open` : words(order.status)}`;
  }
}
