/** The books: what each account has, how near each is to being closed, where bank and books differ, who pays a default. */
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { amount, clock, money, signed, words } from "../stores/text";
import { readBookedBalances, readMargin, readParts, readReconciliation, readTrialBalance } from "../wire/rest";
import type { BookedBalance, Break, MarginAccount, Reconciliation, TrialBalance } from "../wire/moneyTypes";
import { useDesk } from "./context";
import { type Column, Grid } from "./Grid";
import { useAsked } from "./useAsked";
import { Waterfall } from "./Waterfall";

/** Accounts whose margin is asked for at once. */
const LADDER_MAX = 50;
const BALANCES: readonly Column<BookedBalance>[] = [
  { key: "path", head: "Account", sort: ({ path }) => path, cell: ({ path }) => path },
  { key: "class", head: "Class", width: 72, from: 1, sort: (row) => row.class, cell: (row) => words(row.class) },
  { key: "asset", head: "Asset", width: 64, sort: ({ asset }) => asset, cell: ({ asset }) => asset },
  {
    key: "balance",
    head: "Balance",
    width: 190,
    narrow: 150,
    align: "right",
    sort: ({ balance }) => Number(balance),
    cell: ({ balance, as_expected }) => (
      <span className={as_expected ? "" : "warn"} title={as_expected ? "" : "not on its account's normal side"}>
        {money(balance)}
      </span>
    ),
  },
];
const LADDER: readonly Column<MarginAccount>[] = [
  { key: "account", head: "Account", width: 62, sort: ({ account }) => account, cell: ({ account }) => account },
  { key: "asset", head: "In", width: 48, cell: ({ asset }) => asset },
  {
    key: "ratio",
    head: "Equity / kept",
    width: 104,
    sort: ({ ratio }) => (ratio === null ? Number.MAX_VALUE : Number(ratio)),
    cell: (row) => <Rung row={row} />,
  },
  { key: "state", head: "State", width: 84, sort: ({ state }) => state, cell: (row) => <Standing row={row} /> },
  { key: "equity", head: "Equity", width: 104, align: "right", from: 1, cell: ({ equity }) => amount(equity, 2) },
  { key: "initial", head: "Initial", width: 84, align: "right", from: 2, cell: ({ initial }) => amount(initial, 2) },
  { key: "kept", head: "Kept", width: 84, align: "right", from: 2, cell: (row) => amount(row.maintenance, 2) },
  { key: "loss", head: "Loss", width: 58, align: "right", from: 1, cell: (row) => loss(row) },
  {
    key: "positions",
    head: "Positions, closed at",
    from: 2,
    cell: ({ positions }) => <Closing positions={positions} />,
  },
];
const BREAKS: readonly Column<Break>[] = [
  { key: "age", head: "Age", width: 72, align: "right", sort: (row) => row.age_s, cell: (row) => <Age row={row} /> },
  { key: "cause", head: "Cause", width: 150, sort: ({ cause }) => cause, cell: ({ cause }) => words(cause) },
  { key: "bank", head: "Bank", width: 84, from: 1, cell: ({ bank }) => bank ?? "–" },
  { key: "amount", head: "Amount", width: 130, align: "right", cell: (row) => `${money(row.amount)} ${row.currency}` },
  { key: "words", head: "Why", cell: (row) => <span title={row.words}>{row.words}</span> },
];

export function Money(): ReactNode {
  const [parts, setParts] = useState<readonly string[] | null>(null);
  useEffect(() => {
    readParts().then(
      (found) => setParts(found.parts),
      () => setParts([]),
    );
  }, []);
  return parts && <Panels parts={parts} />;
}

/** What is not kept here is not asked for. */
function Panels({ parts }: { parts: readonly string[] }): ReactNode {
  const desk = useDesk();
  const houses = desk.mayReadJournal;
  const has = { books: parts.includes("books"), custody: houses && parts.includes("custody") };
  const accounts = useMemo(() => desk.session.accounts.slice(0, LADDER_MAX), [desk]);
  const booked = useAsked(() => (has.books ? readBookedBalances() : Promise.resolve(null)), "balances");
  const trial = useAsked(() => (has.books && houses ? readTrialBalance() : Promise.resolve(null)), "trial");
  const margin = useAsked(() => Promise.all(accounts.map(readMargin)).then((rows) => rows.flat()), accounts.join());
  const custody = useAsked(() => (has.custody ? readReconciliation() : Promise.resolve(null)), "reconciliation");
  const balances = useMemo(() => booked.value?.balances ?? [], [booked.value]);
  const ladder = useMemo(() => (margin.value ?? []).slice().sort(nearestFirst), [margin.value]);
  const reading = has.books ? "Reading…" : "No books are kept here: books.enabled is off.";
  const agree = has.custody ? "Books and banks agree." : "No custodian bank is set up: see [custody] in the settings.";
  return (
    <main className="panels money-page">
      <section className="panel booked" aria-label="Balances">
        <header className="panel-head">
          <h2>Balances</h2>
          {trial.value && <Trial trial={trial.value} />}
        </header>
        <Grid
          label="Balances in the books"
          columns={BALANCES}
          rows={balances}
          id={({ path, asset }) => `${path} ${asset}`}
          empty={booked.refused ?? (booked.value === null ? reading : "Nothing is booked yet.")}
        />
      </section>
      <section className="panel margin-ladder" aria-label="Margin ladder">
        <header className="panel-head">
          <h2>Margin</h2>
          <span className="quiet">nearest to being closed first</span>
        </header>
        <Grid
          label="Margin by account"
          columns={LADDER}
          rows={ladder}
          id={({ account, asset }) => `${account} ${asset}`}
          empty={margin.refused ?? (margin.value === null ? "Reading…" : "No account has a margined position.")}
        />
      </section>
      {houses && (
        <section className="panel breaks" aria-label="Reconciliation">
          <header className="panel-head">
            <h2>Client money</h2>
            {custody.value && <Agreement found={custody.value} />}
          </header>
          <Grid
            label="Breaks, oldest first"
            columns={BREAKS}
            rows={custody.value?.breaks ?? NO_BREAKS}
            id={({ key }) => key}
            empty={custody.refused ?? agree}
          />
        </section>
      )}
      {houses && <Waterfall balances={balances} />}
    </main>
  );
}

const NO_BREAKS: readonly Break[] = [];

function nearestFirst(one: MarginAccount, other: MarginAccount): number {
  const ratio = (row: MarginAccount): number => (row.ratio === null ? Number.MAX_VALUE : Number(row.ratio));
  return ratio(one) - ratio(other);
}

function Trial({ trial }: { trial: TrialBalance }): ReactNode {
  const wrong = trial.rows.filter(({ sum }) => Number(sum) !== 0).map(({ asset }) => asset);
  if (trial.ok) return <span className="good">● Every asset adds up to zero, record {trial.sequence}</span>;
  return (
    <span className="bad" role="status">
      ✕ Does not add up: {wrong.join(", ")}
    </span>
  );
}

/** How far above 1 the ratio is: a bar that is full at 3. */
function Rung({ row: { ratio } }: { row: MarginAccount }): ReactNode {
  if (ratio === null) return <span className="quiet">no position</span>;
  const value = Number(ratio);
  return (
    <span className={`rung ${value < 1 ? "bad" : value < 1.5 ? "warn" : ""}`}>
      <i style={{ transform: `scaleX(${Math.min(1, Math.max(0, value / 3))})` }} />
      <span>{value.toFixed(2)}</span>
    </span>
  );
}

function Standing({ row: { state, due } }: { row: MarginAccount }): ReactNode {
  const tone = state === "well" ? "good" : state === "called" ? "warn" : "bad";
  return (
    <span className={tone} title={due === null ? "" : `due ${due}`} data-margin-state={state}>
      {state === "well" ? "●" : "✕"} {words(state)}
      {due !== null && <span className="quiet"> {clock(due, 0)}</span>}
    </span>
  );
}

function loss({ loss, base }: MarginAccount): string {
  if (loss === null || base === null || Number(base) <= 0) return "–";
  return `${((Number(loss) / Number(base)) * 100).toFixed(1)} %`;
}

function Closing({ positions }: { positions: MarginAccount["positions"] }): ReactNode {
  return (
    <span>
      {positions.map(({ instrument, quantity, liquidation_price: at }) => (
        <span key={instrument} className="closing">
          {instrument} {signed(quantity)} <span className="quiet">{at === null ? "" : `at ${money(at)}`}</span>{" "}
        </span>
      ))}
    </span>
  );
}

function Age({ row: { age_s: age, limit_s: limit, blocks_withdrawals: blocks } }: { row: Break }): ReactNode {
  const text = age < 120 ? `${age} s` : age < 7_200 ? `${Math.floor(age / 60)} min` : `${Math.floor(age / 3_600)} h`;
  return (
    <span
      className={blocks ? "bad" : "warn"}
      title={blocks ? "withdrawals of this currency are stopped" : `stops withdrawals after ${limit} s`}
    >
      {text}
    </span>
  );
}

/** Entitlements against money at banks, by currency; and who does not answer. */
function Agreement({ found: { positions, banks } }: { found: Reconciliation }): ReactNode {
  return (
    <span className="agreement">
      {positions.map(({ currency, result, difference }) => (
        <span key={currency} className={result === "agrees" ? "good" : "bad"} data-agreement={result}>
          {result === "agrees" ? "●" : "✕"} {currency}{" "}
          {result === "agrees" ? "agrees" : `${result} ${money(difference)}`}
        </span>
      ))}
      {banks
        .filter(({ answers }) => !answers)
        .map(({ bank, silent_s: silent }) => (
          <span key={bank} className="bad" data-silent={bank}>
            ✕ {bank} silent {silent === null ? "" : `${Math.round(silent)} s`}
          </span>
        ))}
    </span>
  );
}
