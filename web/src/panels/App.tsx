/** From nothing to a desk: session, instruments, stream. */
import { type ReactNode, useEffect, useState } from "react";
import { Desk } from "../stores/desk";
import { readInstruments, readSession, Refusal } from "../wire/rest";
import { type Socket, Stream } from "../wire/stream";
import { DeskContext } from "./context";
import { Login } from "./Login";
import { Terminal } from "./Terminal";

type Start = { step: "asking" } | { step: "login" } | { step: "failed"; why: string } | { step: "desk"; desk: Desk };

const ASK_AGAIN_MS = 2_000;

export function App(): ReactNode {
  const [start, setStart] = useState<Start>({ step: "asking" });
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    let over = false;
    let close = (): void => undefined;
    const settle = (next: Start): void => {
      if (!over) setStart(next);
    };
    open().then(
      (desk) => {
        close = watchSession(desk, () => {
          close();
          settle({ step: "login" });
        });
        if (over) close();
        settle({ step: "desk", desk });
      },
      (fault: unknown) => settle(failure(fault)),
    );
    return () => {
      over = true;
      close();
    };
  }, [attempt]);

  useEffect(() => {
    if (start.step !== "failed") return undefined;
    const timer = setTimeout(() => setAttempt(attempt + 1), ASK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [start, attempt]);

  if (start.step === "desk")
    return (
      <DeskContext value={start.desk}>
        <Terminal />
      </DeskContext>
    );
  if (start.step === "login") return <Login />;
  return (
    <main className="plain">
      <p role="status">{start.step === "failed" ? `${start.why} Asking again…` : "Opening the desk…"}</p>
    </main>
  );
}

async function open(): Promise<Desk> {
  const session = await readSession();
  const instruments = await readInstruments();
  const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/v1/stream`;
  return new Desk(new Stream(() => new WebSocket(address) as unknown as Socket), session, instruments);
}

/** Starts the stream; when the link is lost, asks whether the session still stands. Returns the way to end it all. */
function watchSession(desk: Desk, expired: () => void): () => void {
  let link = desk.stream.state.link;
  const unwatch = desk.stream.watch(() => {
    const now = desk.stream.state.link;
    if (now === "lost" && link !== "lost")
      readSession().catch((fault: unknown) => {
        if (fault instanceof Refusal && fault.problem.status === 401) expired();
      });
    link = now;
  });
  desk.stream.start();
  return () => {
    unwatch();
    desk.end();
    desk.stream.stop();
  };
}

function failure(fault: unknown): Start {
  if (!(fault instanceof Refusal)) return { step: "failed", why: String(fault) };
  return fault.problem.status === 401 ? { step: "login" } : { step: "failed", why: fault.message };
}
