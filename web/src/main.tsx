import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./panels/App";
import { dress } from "./stores/settings";
import "./styles/tokens.css";
import "./styles/layout.css";
import "./styles/controls.css";
import "./styles/panels.css";
import "./styles/ticket.css";
import "./styles/edges.css";
import "./styles/blotter.css";
import "./styles/market-desk.css";
import "./styles/money.css";
import "./styles/audit.css";
import "./styles/routes.css";

dress();
matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => dress());

const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
