/** The desk's frame: where every panel stands. */
import { type ReactNode, useEffect, useState } from "react";
import { useShortcuts } from "../shortcuts";
import { useCell } from "../stores/cell";
import { Audit } from "./Audit";
import { Blotter } from "./Blotter";
import { Chart } from "./Chart";
import { useDesk } from "./context";
import { DepthPanel } from "./DepthPanel";
import { HealthStrip } from "./HealthStrip";
import { Help } from "./Help";
import { KillSwitch } from "./KillSwitch";
import { MarketDesk } from "./MarketDesk";
import { MarketList } from "./MarketList";
import { Money } from "./Money";
import { Routes } from "./Routes";
import { Ticket } from "./Ticket";
import { TopBar } from "./TopBar";

export function Terminal(): ReactNode {
  const desk = useDesk();
  const [help, setHelp] = useState(false);
  const [tall, setTall] = useState(false);
  const view = useCell(desk.view);
  const instrument = useCell(desk.instrument);
  const market = useCell(desk.markets.rows).get(instrument.instrument);
  useShortcuts(desk, { help: () => setHelp((shown) => !shown), tall: () => setTall((before) => !before) });

  useEffect(() => {
    document.title = `${market?.last ?? ""} ${instrument.instrument} · Isthmus`.trim();
  }, [market?.last, instrument]);

  return (
    <div className={tall ? "desk tall" : "desk"}>
      <button type="button" className="skip" onClick={() => document.getElementById("ticket")?.focus()}>
        To the order ticket
      </button>
      <TopBar onHelp={() => setHelp(true)} />
      {view === "markets" && <MarketDesk />}
      {view === "routes" && <Routes />}
      {view === "money" && <Money />}
      {view === "audit" && <Audit />}
      {view === "kill" && <KillSwitch />}
      {view === "dealing" && (
        <main className="panels">
          <MarketList />
          <Chart />
          <DepthPanel />
          <Ticket />
          <Blotter tall={tall} onTall={() => setTall(!tall)} />
        </main>
      )}
      <HealthStrip />
      {help && <Help onClose={() => setHelp(false)} />}
    </div>
  );
}
