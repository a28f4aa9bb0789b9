/** "rec-4711": for those who may read the journal, the way to that record. */
import type { ReactNode } from "react";
import { useDesk } from "./context";

export function RecordLink({ record }: { record: string | null }): ReactNode {
  const desk = useDesk();
  if (record === null || !desk.mayReadJournal) return <code>{record ?? "–"}</code>;
  return (
    <button
      type="button"
      className="link"
      onClick={() => desk.openRecord(Number(record.replace("rec-", "")))}
      title="Open in the journal, hash checked"
    >
      <code>{record}</code>
    </button>
  );
}
