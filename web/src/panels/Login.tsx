import icon from "../icon.svg";
import type { ReactNode } from "react";

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
          <code>{"make run\n\n.venv/bin/isthmus demo-keys      # the key and a fresh link"}</code>
        </pre>
        <p>
          Look for the line that says <b>login link</b>, open that address in this browser, and the desk appears here. A
          link works once; the session it opens stays in a cookie that only this server can read.
        </p>
        <p>
          <a href="/docs">Documentation of the API</a> · <a href="/health">Health of the server</a>
        </p>
      </section>
    </main>
  );
}
