/** Brand, the selected market's figures, account, and how the page looks. */
import icon from "../icon.svg";
import type { ReactNode } from "react";
import { standing } from "../marketWords";
import { useCell } from "../stores/cell";
import { HOUSE, type View } from "../stores/desk";
import { change, settings, shownTheme } from "../stores/settings";
import { amount, percent, tone } from "../stores/text";
import { useDesk, useSession } from "./context";

export function TopBar({ onHelp }: { onHelp: () => void }): ReactNode {
  return (
    <header className="topbar">
      <span className="brand">
        <img src={icon} alt="" width="20" height="20" />
        <b>Isthmus</b>
      </span>
      <Views />
      <MarketHead />
      <Who />
      <Looks onHelp={onHelp} />
    </header>
  );
}

const VIEWS: readonly (readonly [View, string])[] = [
  ["dealing", "Dealing"],
  ["markets", "Market desk"],
  ["routes", "Routes"],
  ["money", "Money"],
  ["audit", "Audit"],
  ["kill", "Kill switch"],
];

function Views(): ReactNode {
  const desk = useDesk();
  const shown = useCell(desk.view);
  const kills = useCell(desk.sessions.kills);
  return (
    <nav className="views" aria-label="Pages">
      {VIEWS.filter(([view]) => !HOUSE.includes(view) || desk.mayReadJournal).map(([view, name]) => (
        <button
          key={view}
          type="button"
          aria-current={view === shown ? "page" : undefined}
          onClick={() => desk.show(view)}
        >
          {name}
          {view === "kill" && kills.length > 0 && <span className="count bad">{kills.length}</span>}
        </button>
      ))}
    </nav>
  );
}

const KINDS = {
  equity: "Equity",
  fx_spot: "FX spot",
  crypto_spot: "Crypto spot",
  linear_perpetual: "Perpetual",
} as const;

function MarketHead(): ReactNode {
  const desk = useDesk();
  const instrument = useCell(desk.instrument);
  const market = useCell(desk.markets.rows).get(instrument.instrument);
  const change24 = market?.change_24h ?? instrument.change_24h;
  const session = useSession();
  const stands = session ? standing(session) : { text: "Halted", tone: "bad" };
  const unusual = session ? stands.tone !== "" : (market?.state ?? instrument.state) === "halted";
  const places = instrument.price_decimals;
  return (
    <div className="market-head">
      <h1>{instrument.instrument}</h1>
      <span className="kind">{KINDS[instrument.kind]}</span>
      <dl className="figures">
        <div className="last" data-direction={market?.direction ?? 0}>
          <dt>Last</dt>
          <dd>{amount(market?.last ?? instrument.last_price, places)}</dd>
        </div>
        <div className={tone(change24)}>
          <dt>24 h</dt>
          <dd>{percent(change24)}</dd>
        </div>
        <div>
          <dt>Bid</dt>
          <dd>{amount(market?.bid, places)}</dd>
        </div>
        <div>
          <dt>Ask</dt>
          <dd>{amount(market?.ask, places)}</dd>
        </div>
      </dl>
      {unusual && <strong className={`badge ${stands.tone}`}>{stands.text}</strong>}
    </div>
  );
}

function Who(): ReactNode {
  const desk = useDesk();
  const { role, user, accounts } = desk.session;
  const account = useCell(desk.account).account;
  const choices = accounts.includes(account) || account === "" ? accounts : [account, ...accounts];
  return (
    <div className="who">
      <label>
        <span className="quiet">Account</span>
        <select value={account} onChange={(event) => desk.selectAccount(event.target.value)}>
          {choices.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <span className="badge" title={`Logged in as ${user}`}>
        {role}
      </span>
    </div>
  );
}

function Looks({ onHelp }: { onHelp: () => void }): ReactNode {
  const { theme, palette } = useCell(settings);
  const next = shownTheme(theme) === "dark" ? "light" : "dark";
  const other = palette === "green-red" ? "blue-orange" : "green-red";
  return (
    <div className="looks">
      <button type="button" className="icon" onClick={() => change({ theme: next })} aria-label={`Switch to ${next}`}>
        {next === "light" ? "☀" : "☾"}
      </button>
      <button
        type="button"
        className="icon palette"
        onClick={() => change({ palette: other })}
        aria-label={`Switch colours to ${other}`}
        title={`Colours: ${palette}`}
      >
        <i className="up-dot" />
        <i className="down-dot" />
      </button>
      <button type="button" className="icon" onClick={onHelp} aria-label="Keyboard shortcuts">
        ?
      </button>
    </div>
  );
}
