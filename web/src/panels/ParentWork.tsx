/** What a parent became: why it goes its path, its children and why each was sent, and what it cost. */
import { type ReactNode, useEffect, useState } from "react";
import { amount, clock, quantity } from "../stores/text";
import { readChildren, readCosts, Refusal } from "../wire/rest";
import type { Children, Costs } from "../wire/types";

interface Worked {
  told: Children | null;
  costs: Costs | null;
}

const NOTHING: Worked = { told: null, costs: null };
const ASK_AGAIN_MS = 2_000;

export function ParentWork({ order, version }: { order: string; version: string }): ReactNode {
  const { told, costs } = useWorked(order, version);
  if (!told?.parent.path) return null;
  return (
    <section className="parent-work" aria-label={`Children of ${order}`}>
      <h4>
        {told.parent.path}
        {costs && !costs.final && <span className="quiet"> so far</span>}
      </h4>
      {told.why && <p className="why">{told.why}</p>}
      {costs && <CostLine costs={costs} />}
      <table>
        <thead>
          <tr>
            <th>Time</th>
            <th>Venue</th>
            <th className="right">Price</th>
            <th className="right">Filled</th>
            <th>Why</th>
          </tr>
        </thead>
        <tbody>
          {told.children
            .slice()
            .reverse()
            .map((child) => (
              <tr key={child.id} data-child={child.id} data-status={child.status}>
                <td className="quiet">{clock(child.created_at)}</td>
                <td>{child.venue}</td>
                <td className="right">{amount(child.average_price ?? child.price)}</td>
                <td className="right">
                  {quantity(child.filled)}/{quantity(child.quantity)}
                </td>
                <td title={child.routing ?? ""}>{child.routing}</td>
              </tr>
            ))}
        </tbody>
      </table>
      {told.children.length === 0 && <p className="empty">No child yet.</p>}
    </section>
  );
}

function CostLine({ costs }: { costs: Costs }): ReactNode {
  return (
    <dl className="fields cost-line">
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
  );
}

function Bps({ name, value }: { name: string; value: number | null }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={value === null ? "quiet" : value > 0 ? "bad" : "good"}>{bps(value)}</dd>
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
    if (!told.parent.path) return NOTHING;
    const costs = await readCosts(order).catch(() => null);
    return { told, costs };
  } catch (fault) {
    if (!(fault instanceof Refusal)) throw fault;
    return NOTHING;
  }
}
