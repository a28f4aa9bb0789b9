/** Who pays when an account owes more than it has: the layers in their order, and what is in each. */
import { type ReactNode, useMemo } from "react";
import { add, type Decimal, decimalOf, formatPlain, sign, ZERO } from "../decimal";
import { money } from "../stores/text";
import type { BookedBalance } from "../wire/moneyTypes";

/** A layer takes the accounts whose path it begins with; the loss goes through them from the first. */
const LAYERS: readonly (readonly [name: string, path: string | null, meaning: string])[] = [
  ["Defaulter's margin", null, "what the account itself has with us"],
  ["Insurance fund", "house:insurance", "what liquidations left over"],
  [
    "Its contribution",
    "insurance:fund:",
    "the defaulter's part of the default fund, then after our capital the others'",
  ],
  ["Our capital", "house:default_capital", "before any other member pays"],
];

interface Layer {
  name: string;
  meaning: string;
  amounts: readonly (readonly [asset: string, amount: string])[];
}

export function Waterfall({ balances }: { balances: readonly BookedBalance[] }): ReactNode {
  const layers = useMemo(
    () => LAYERS.map(([name, path, meaning]) => ({ name, meaning, amounts: sums(balances, path) })),
    [balances],
  );
  const most = Math.max(1, ...layers.flatMap(({ amounts }) => amounts.map(([, amount]) => Number(amount))));
  return (
    <section className="panel waterfall" aria-label="Default waterfall">
      <header className="panel-head">
        <h2>Default waterfall</h2>
        <span className="quiet">a loss goes through it from the top</span>
      </header>
      <ol>
        {layers.map((layer, at) => (
          <Row key={layer.name} layer={layer} number={at + 1} most={most} />
        ))}
        <li>
          <b>{layers.length + 1}</b>
          <span>
            Assessments <span className="quiet">of the other members, capped by their contribution</span>
          </span>
          <span className="right quiet">on call</span>
        </li>
      </ol>
    </section>
  );
}

function Row({
  layer: { name, meaning, amounts },
  number,
  most,
}: {
  layer: Layer;
  number: number;
  most: number;
}): ReactNode {
  const total = amounts.map(([asset, amount]) => `${money(amount)} ${asset}`).join(", ");
  const size = Math.max(0, ...amounts.map(([, amount]) => Number(amount))) / most;
  return (
    <li data-layer={name}>
      <i style={{ transform: `scaleX(${size})` }} />
      <b>{number}</b>
      <span>
        {name} <span className="quiet">{meaning}</span>
      </span>
      <span className="right">{total || <span className="quiet">{number === 1 ? "by account" : "empty"}</span>}</span>
    </li>
  );
}

function sums(balances: readonly BookedBalance[], path: string | null): readonly (readonly [string, string])[] {
  if (path === null) return [];
  const found = new Map<string, Decimal>();
  for (const row of balances)
    if (row.path.startsWith(path)) found.set(row.asset, add(found.get(row.asset) ?? ZERO, decimalOf(row.balance)));
  return [...found]
    .filter(([, amount]) => sign(amount) !== 0)
    .map(([asset, amount]) => [asset, formatPlain(amount)] as const)
    .sort(([one], [other]) => one.localeCompare(other));
}
