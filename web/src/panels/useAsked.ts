import { useEffect, useState } from "react";
import { Refusal } from "../wire/rest";

const ASK_EVERY_MS = 1_000;

/** What was answered last, and why the last asking was refused; both null while nothing was answered. */
export interface Asked<T> {
  value: T | null;
  refused: string | null;
}

/** Asks now and then again each second while the page is shown; a refusal leaves what was known. */
export function useAsked<T>(ask: () => Promise<T>, key: string): Asked<T> {
  const [known, setKnown] = useState<{ key: string; answer: Asked<T> } | null>(null);
  useEffect(() => {
    let late = false;
    const again = (): void => {
      ask().then(
        (value) => late || setKnown({ key, answer: { value, refused: null } }),
        (fault: unknown) => {
          if (!(fault instanceof Refusal)) throw fault;
          if (late) return;
          setKnown((before) => ({
            key,
            answer: { value: before?.key === key ? before.answer.value : null, refused: fault.message },
          }));
        },
      );
    };
    again();
    const timer = setInterval(again, ASK_EVERY_MS);
    return () => {
      late = true;
      clearInterval(timer);
    };
    // `ask` is made anew by every render; what it asks for is told by `key`
  }, [key]);
  return known?.key === key ? known.answer : { value: null, refused: null };
}
