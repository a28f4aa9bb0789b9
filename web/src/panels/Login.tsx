import icon from "../icon.svg";
import type { ReactNode } from "react";

const LINK = `make run                       # prints it while it starts
.venv/bin/isthmus demo-keys    # prints a fresh one`;

/** What a visitor without a session reads. */
export function Login(): ReactNode {
  return (
    <main className="plain">
      <section className="login" aria-labelledby="login-title">
        <img src={icon} alt="" width="40" height="40" />
        <h1 id="login-title">You are not logged in</h1>
        <p>
          The terminal opens by a one-time link. The server prints it when it starts, and makes a new one whenever it is
          asked:
        </p>
        <pre>
          <code>{LINK}</code>
        </pre>
        <p>
          Open the address that ends in <b>/login/…</b> in this browser, and the desk appears here. A link works once;
          the session it opens stays in a cookie that only this server can read.
        </p>
        <p>
          <a href="/docs">Documentation of the API</a> · <a href="/health">Health of the server</a>
        </p>
      </section>
    </main>
  );
}
