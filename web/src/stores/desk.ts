/** Everything the terminal follows, wired in one place. Owns what is selected; the feeds own their data. */
import { readInstruments } from "../wire/rest";
import type { Stream } from "../wire/stream";
import type { Health, Instrument, Session } from "../wire/types";
import { AccountFeed } from "./account";
import { Cell } from "./cell";
import { JournalFeed } from "./journal";
import { BookFeed, Markets, TradeFeed } from "./market";
import { Sessions } from "./sessions";
import { change, settings } from "./settings";

const BOOK_DEPTH = 100;
/** Reference prices and new instruments come by REST; they change slowly. */
const INSTRUMENTS_EVERY_MS = 10_000;

/** What a click on a price or an order hands to the ticket; `stamp` makes two equal ones differ. */
export interface Draft {
  price?: string;
  side?: "buy" | "sell";
  quantity?: string;
  /** The request that is to be answered. */
  request?: string;
  /** Where the cursor goes. */
  focus?: "quantity" | "price";
  stamp: number;
}

export type Tab = "open" | "orders" | "fills" | "positions" | "balances" | "journal" | "operate";
export type View = "dealing" | "markets" | "routes" | "money" | "audit" | "kill";

const HASHES: Record<View, string> = {
  dealing: "#dealing",
  markets: "#markets",
  routes: "#routes",
  money: "#money",
  audit: "#audit",
  kill: "#kill",
};

/** Pages for those who may read the journal. */
export const HOUSE: readonly View[] = ["audit", "kill"];

export class Desk {
  readonly markets = new Markets();
  readonly sessions = new Sessions();
  /** The blotter's tab. */
  readonly tab = new Cell<Tab>("open", "at once");
  /** Which page is shown. */
  readonly view = new Cell<View>("dealing", "at once");
  readonly health = new Cell<Health | null>(null);
  readonly draft = new Cell<Draft>({ stamp: 0 }, "at once");
  /** The journal's record that is shown in full. */
  readonly recordWanted = new Cell<number | null>(null, "at once");
  readonly instrument: Cell<Instrument>;
  readonly instruments: Cell<readonly Instrument[]>;
  /** The price that a market order is held against, by market. */
  readonly marks: Cell<ReadonlyMap<string, string>>;
  readonly account: Cell<AccountFeed>;
  readonly book: Cell<BookFeed>;
  readonly trades: Cell<TradeFeed>;
  readonly journal = new JournalFeed();
  private ends: { always: () => void; market: () => void; account: () => void };

  constructor(
    readonly stream: Stream,
    readonly session: Session,
    instruments: readonly Instrument[],
  ) {
    const chosen = settings.get();
    const first = instruments.find((one) => one.instrument === chosen.instrument) ?? instruments[0];
    if (!first) throw new Error("the server lists no instruments");
    this.instruments = new Cell(instruments);
    this.marks = new Cell(marksOf(instruments));
    this.instrument = new Cell(first, "at once");
    this.book = new Cell(new BookFeed(first), "at once");
    this.trades = new Cell(new TradeFeed(first.instrument), "at once");
    this.account = new Cell(new AccountFeed(firstAccount(session, chosen.account)), "at once");
    this.ends = {
      always: this.followAlways(),
      market: this.followMarket(),
      account: this.account.get().follow(stream),
    };
  }

  get mayTrade(): boolean {
    return this.session.role !== "auditor";
  }

  get mayReadJournal(): boolean {
    return this.session.role === "operator" || this.session.role === "auditor";
  }

  select(symbol: string): void {
    const next = this.instruments.get().find((one) => one.instrument === symbol);
    if (!next || next === this.instrument.get()) return;
    this.ends.market();
    this.instrument.set(next);
    this.book.set(new BookFeed(next));
    this.trades.set(new TradeFeed(symbol));
    this.ends.market = this.followMarket();
    change({ instrument: symbol });
  }

  selectAccount(account: string): void {
    if (account === this.account.get().account) return;
    this.ends.account();
    const feed = new AccountFeed(account);
    this.account.set(feed);
    this.ends.account = feed.follow(this.stream);
    change({ account });
  }

  get isOperator(): boolean {
    return this.session.role === "operator";
  }

  /** The page's address names the view, so that it can be kept and gone back from. */
  show(view: View): void {
    if (HOUSE.includes(view) && !this.mayReadJournal) return;
    location.hash = HASHES[view];
  }

  /** A record in full, in the journal. */
  openRecord(sequence: number): void {
    this.recordWanted.set(sequence);
    this.tab.set("journal");
    this.show("dealing");
  }

  fillTicket(draft: Omit<Draft, "stamp">): void {
    this.draft.set({ ...draft, stamp: this.draft.get().stamp + 1 });
  }

  end(): void {
    this.ends.always();
    this.ends.market();
    this.ends.account();
  }

  private followAlways(): () => void {
    const ends = [
      this.markets.follow(this.stream),
      this.sessions.follow(this.stream),
      this.stream.subscribe({ channel: "health" }, ({ data }) => this.health.set(data as Health)),
    ];
    const timer = setInterval(() => void this.refreshInstruments(), INSTRUMENTS_EVERY_MS);
    const turn = (): void => this.view.set(viewOf(location.hash, this.mayReadJournal));
    window.addEventListener("hashchange", turn);
    turn();
    return () => {
      clearInterval(timer);
      window.removeEventListener("hashchange", turn);
      ends.forEach((end) => end());
    };
  }

  /** Known instruments stay the same values, so that nothing that hangs on them starts anew. */
  private async refreshInstruments(): Promise<void> {
    const read = await readInstruments().catch(() => null);
    if (!read) return;
    this.marks.set(marksOf(read));
    const known = this.instruments.get();
    const fresh = read.filter(({ id }) => known.every((one) => one.id !== id));
    if (fresh.length > 0) this.instruments.set([...known, ...fresh]);
  }

  private followMarket(): () => void {
    const ends = [this.book.get().follow(this.stream, BOOK_DEPTH), this.trades.get().follow(this.stream)];
    return () => ends.forEach((end) => end());
  }
}

function marksOf(instruments: readonly Instrument[]): ReadonlyMap<string, string> {
  return new Map(instruments.flatMap(({ instrument, mark }) => (mark === null ? [] : [[instrument, mark]])));
}

function viewOf(hash: string, mayReadJournal: boolean): View {
  const view = (Object.keys(HASHES) as View[]).find((one) => HASHES[one] === hash) ?? "dealing";
  return HOUSE.includes(view) && !mayReadJournal ? "dealing" : view;
}

function firstAccount(session: Session, wished: string | null): string {
  if (wished !== null && session.accounts.includes(wished)) return wished;
  return session.account ?? session.accounts[0] ?? "";
}
