/** "rec-4711": for those who may read the journal, the way to that record. */
import type { ReactNode } from "react";
import { callPanel } from "../shortcuts";
import { useDesk } from "./context";

export function RecordLink({ record }: { record: string | null }): ReactNode {
  const desk = useDesk();
  if (record === null || !desk.mayReadJournal) return <code>{record ?? "–"}</code>;
  const open = (): void => {
    desk.recordWanted.set(Number(record.replace("rec-", "")));
    callPanel({ panel: "blotter", tab: "journal" });
  };
  return (
    <button type="button" className="link" onClick={open} title="Open in the journal, hash checked">
      <code>{record}</code>
    </button>
  );
}
