/** What a parent became: why it goes its path, what it cost, where it traded, its children and why each was sent. */
import { type ReactNode, useEffect, useState } from "react";
import { statusWords } from "../orderWords";
import { amount, clock, quantity } from "../stores/text";
import { readChildren, readCosts, Refusal } from "../wire/rest";
import type { Children, Costs, Order, VenueCost } from "../wire/types";

interface Worked {
  told: Children | null;
  costs: Costs | null;
}

const NOTHING: Worked = { told: null, costs: null };
const ASK_AGAIN_MS = 2_000;
/** The youngest; a schedule of a day has hundreds. */
const CHILDREN_SHOWN = 100;

export function ParentWork({ order, version }: { order: string; version: string }): ReactNode {
  const { told, costs } = useWorked(order, version);
  if (!told) return null;
  const shown = told.children.slice(-CHILDREN_SHOWN).reverse();
  return (
    <section className="parent-work" aria-label={`How ${order} is worked`}>
      <p className="why">
        <b>{told.parent.path}</b> <span className="quiet">{told.why && `because: ${told.why}`}</span>
      </p>
      {costs && <CostFigures costs={costs} />}
      {costs && costs.venues.length > 0 && <VenueCosts venues={costs.venues} />}
      <h4>
        Children <span className="quiet">{told.children.length}, the latest first</span>
      </h4>
      {shown.length === 0 && <p className="empty">No child yet.</p>}
      <ol className="children">
        {shown.map((child) => (
          <Child key={child.id} child={child} />
        ))}
      </ol>
    </section>
  );
}

function Child({ child }: { child: Order }): ReactNode {
  const done = child.status === "filled";
  return (
    <li data-child={child.id} data-status={child.status}>
      <span className="quiet">{clock(child.created_at, 0)}</span>
      <span>{child.venue}</span>
      <span className="right">
        {quantity(child.filled)}/{quantity(child.quantity)} at {amount(child.average_price ?? child.price)}
      </span>
      <span className={done ? "good" : "quiet"} title={statusWords(child)}>
        {done ? "✓" : child.status === "open" ? "●" : "○"}
      </span>
      <p className="quiet">{child.routing}</p>
    </li>
  );
}

function CostFigures({ costs }: { costs: Costs }): ReactNode {
  return (
    <>
      <h4>
        Costs <span className="quiet">{costs.final ? "in the end" : "so far"}, + is dearer</span>
      </h4>
      <dl className="cost-figures">
        <Bps name="Against arrival" value={costs.arrival_bps} />
        <Bps name="Against VWAP" value={costs.vwap_bps} />
        <Bps name="Shortfall" value={costs.shortfall_bps} />
        <Bps name="Fees" value={costs.fee_bps} />
        <Bps name="Reversion" value={costs.reversion_bps} />
        <div>
          <dt>Of volume</dt>
          <dd>{costs.participation === null ? "–" : `${(costs.participation * 100).toFixed(1)} %`}</dd>
        </div>
      </dl>
    </>
  );
}

function VenueCosts({ venues }: { venues: readonly VenueCost[] }): ReactNode {
  return (
    <table aria-label="By venue">
      <thead>
        <tr>
          <th>Venue</th>
          <th className="right">Children</th>
          <th className="right">Quantity</th>
          <th className="right">Cost</th>
        </tr>
      </thead>
      <tbody>
        {venues.map((part) => (
          <tr key={part.venue}>
            <td>{part.venue}</td>
            <td className="right">{part.children}</td>
            <td className="right">{quantity(part.quantity)}</td>
            <td className="right">{bps(part.cost_bps)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Bps({ name, value }: { name: string; value: number | null }): ReactNode {
  const tone = value === null || Math.abs(value) < 0.005 ? "quiet" : value > 0 ? "bad" : "good";
  return (
    <div>
      <dt>{name}</dt>
      <dd className={tone}>{bps(value)}</dd>
    </div>
  );
}

export function bps(value: number | null): string {
  return value === null ? "–" : `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)} bps`;
}

function useWorked(order: string, version: string): Worked {
  const [worked, setWorked] = useState(NOTHING);
  useEffect(() => {
    let late = false;
    const ask = async (): Promise<void> => {
      const found = await read(order);
      if (!late) setWorked(found);
    };
    void ask();
    const timer = setInterval(() => void ask(), ASK_AGAIN_MS);
    return () => {
      late = true;
      clearInterval(timer);
    };
  }, [order, version]);
  return worked;
}

async function read(order: string): Promise<Worked> {
  try {
    const told = await readChildren(order);
    const costs = await readCosts(order).catch(() => null);
    return { told, costs };
  } catch (fault) {
    if (!(fault instanceof Refusal)) throw fault;
    return NOTHING;
  }
}
