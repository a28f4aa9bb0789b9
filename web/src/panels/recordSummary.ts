/** A record in one line: what was asked, what came of it. */
import { words } from "../stores/text";
import type { FieldValue, JournalRecord } from "../wire/types";

type Fields = Record<string, FieldValue>;

export function summaryOf({ kind, command, effects }: JournalRecord): string {
  const asked = askedOf(kind, command);
  const came = effects.map(effectOf).filter((text) => text !== "");
  return [asked, ...condensed(came)].filter((text) => text !== "").join(" · ");
}

function askedOf(kind: string, fields: Fields): string {
  switch (kind) {
    case "PlaceOrder":
      return join(fields["account"], fields["side"], fields["quantity"], fields["instrument"], at(fields["price"]));
    case "CancelOrder":
    case "ReplaceOrder":
      return join(fields["order"], fields["quantity"], at(fields["price"]));
    case "Mark":
      return join(fields["instrument"], at(fields["price"]));
    case "Deposit":
    case "Withdraw":
      return join(fields["account"], fields["amount"], fields["asset"]);
    default:
      return join(fields["instrument"], fields["account"], fields["symbol"], fields["code"]);
  }
}

function effectOf({ kind, ...fields }: { kind: string } & Fields): string {
  switch (kind) {
    case "Rejected":
      return `refused: ${words(String(fields["reason"] ?? ""))}`;
    case "Traded":
      return join("traded", fields["quantity"], at(fields["price"]));
    case "Cancelled":
      return join("ended", words(String(fields["reason"] ?? "")));
    case "Accepted":
      return "accepted";
    case "Posted":
      return "";
    default:
      return kind.toLowerCase();
  }
}

/** Equal neighbours are counted instead of repeated. */
function condensed(texts: string[]): string[] {
  const most = 3;
  return texts.length <= most ? texts : [...texts.slice(0, most), `and ${texts.length - most} more`];
}

function join(...parts: (FieldValue | undefined)[]): string {
  return parts.filter((part) => part !== null && part !== undefined && part !== "").join(" ");
}

function at(price: FieldValue | undefined): string {
  return price === undefined || price === null || price === "0" || price === 0 ? "" : `at ${String(price)}`;
}
