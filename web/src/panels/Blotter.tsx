/** Orders, fills, positions, balances; for operator and auditor the journal; for the operator the levers. */
import { type KeyboardEvent, type ReactNode, useCallback, useMemo } from "react";
import { isChild } from "../orderWords";
import { type PanelCall, usePanelCall } from "../shortcuts";
import { isOpen } from "../stores/account";
import { useCell } from "../stores/cell";
import type { Tab } from "../stores/desk";
import { BalancesTable, FillsTable, PositionsTable } from "./AccountTables";
import { useDesk } from "./context";
import { Journal } from "./Journal";
import { Operate } from "./Operate";
import { OrdersTable } from "./OrdersTable";

const NAMES: Record<Tab, string> = {
  open: "Open orders",
  orders: "All orders",
  fills: "Fills",
  positions: "Positions",
  balances: "Balances",
  journal: "Journal",
  operate: "Operate",
};

export function Blotter({ tall, onTall }: { tall: boolean; onTall: () => void }): ReactNode {
  const desk = useDesk();
  const tabs = useMemo(() => tabsOf(desk.mayReadJournal, desk.session.role === "operator"), [desk]);
  const tab = useCell(desk.tab);
  const setTab = desk.tab.set;
  const called = useCallback(
    (call: PanelCall) => {
      if (call.panel !== "blotter") return;
      const wished = tabs[call.tab];
      if (wished) setTab(wished);
    },
    [tabs, setTab],
  );
  usePanelCall(called);
  const counts = useCounts();
  return (
    <section className="panel blotter" aria-label="Blotter">
      <header className="panel-head">
        <div
          className="tabs"
          role="tablist"
          aria-label="Blotter"
          onKeyDown={(event) => arrows(event, tabs, tab, setTab)}
        >
          {tabs.map((one) => (
            <button
              key={one}
              type="button"
              role="tab"
              id={`tab-${one}`}
              aria-selected={one === tab}
              aria-controls="blotter-body"
              tabIndex={one === tab ? 0 : -1}
              onClick={() => setTab(one)}
            >
              {NAMES[one]}
              {counts[one] !== undefined && <span className="count">{counts[one]}</span>}
            </button>
          ))}
        </div>
        <button
          type="button"
          className="icon tall-toggle"
          onClick={onTall}
          aria-pressed={tall}
          title="Tall blotter (m)"
        >
          {tall ? "▾" : "▴"}
        </button>
      </header>
      <div className="blotter-body" id="blotter-body" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        <Body tab={tab} />
      </div>
    </section>
  );
}

function Body({ tab }: { tab: Tab }): ReactNode {
  switch (tab) {
    case "open":
      return <OrdersTable key="open" open />;
    case "orders":
      return <OrdersTable key="all" open={false} />;
    case "fills":
      return <FillsTable />;
    case "positions":
      return <PositionsTable />;
    case "balances":
      return <BalancesTable />;
    case "journal":
      return <Journal />;
    case "operate":
      return <Operate />;
  }
}

function useCounts(): Partial<Record<Tab, number>> {
  const feed = useCell(useDesk().account);
  const open = [...useCell(feed.orders).values()].filter((order) => isOpen(order) && !isChild(order)).length;
  const positions = [...useCell(feed.positions).values()].filter(({ quantity }) => !/^-?[0.]*$/.test(quantity)).length;
  return { open, positions };
}

function tabsOf(journal: boolean, operator: boolean): Tab[] {
  const tabs: Tab[] = ["open", "orders", "fills", "positions", "balances"];
  if (journal) tabs.push("journal");
  if (operator) tabs.push("operate");
  return tabs;
}

function arrows(event: KeyboardEvent, tabs: Tab[], tab: Tab, choose: (tab: Tab) => void): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
  if (step === 0 || !next) return;
  event.preventDefault();
  choose(next);
  document.getElementById(`tab-${next}`)?.focus();
}
