/** Writes rungs into rows that are made once; a cell is touched only when its text changes. */
import { compact, formatGrouped } from "../decimal";
import type { Axis, Rung } from "../ladder";
import type { Instrument } from "../wire/types";

interface Row {
  element: HTMLElement;
  cells: HTMLElement[];
  bars: [bid: HTMLElement, ask: HTMLElement];
  shown: string[];
}

/** What fits into the columns. */
const SIZE_DIGITS = 5;
const OWN_DIGITS = 3;

const COLUMNS = ["own", "size", "price", "size", "own"] as const;
const SIDES = ["buy", "buy", null, "sell", "sell"] as const;

export class LadderPainter {
  private rows: Row[] = [];

  constructor(
    private readonly body: HTMLElement,
    private readonly instrument: Instrument,
  ) {
    body.replaceChildren();
  }

  paint(
    axis: Axis,
    rungs: readonly Rung[],
    best: { bid: number | null; ask: number | null },
    cursor: number | null,
  ): void {
    this.fit(axis.rows);
    const most = Math.max(1, ...rungs.map((rung) => Math.max(rung.bid, rung.ask)));
    rungs.forEach((rung, at) => {
      const row = this.rows[at];
      if (row) this.paintRow(row, rung, most, zoneOf(rung, axis.step, best), rung.price === cursor);
    });
    if (cursor === null) this.body.removeAttribute("aria-activedescendant");
  }

  private paintRow(row: Row, rung: Rung, most: number, zone: string, chosen: boolean): void {
    const texts = [
      own(this.size(rung.ownBuy, OWN_DIGITS)),
      this.size(rung.bid),
      formatGrouped({ units: BigInt(rung.price), scale: this.instrument.price_decimals }),
      this.size(rung.ask),
      own(this.size(rung.ownSell, OWN_DIGITS)),
    ];
    texts.forEach((text, at) => write(row, at, text));
    const price = String(rung.price);
    if (row.element.dataset["price"] !== price) row.element.dataset["price"] = price;
    if (row.element.dataset["zone"] !== zone) row.element.dataset["zone"] = zone;
    row.bars[0].style.transform = `scaleX(${rung.bid / most})`;
    row.bars[1].style.transform = `scaleX(${rung.ask / most})`;
    if (row.element.getAttribute("aria-selected") !== String(chosen)) {
      row.element.setAttribute("aria-selected", String(chosen));
    }
    if (chosen) this.body.setAttribute("aria-activedescendant", row.element.id);
  }

  private size(units: number, digits = SIZE_DIGITS): string {
    return units === 0 ? "" : compact({ units: BigInt(units), scale: this.instrument.quantity_decimals }, digits);
  }

  private fit(count: number): void {
    while (this.rows.length > count) this.rows.pop()?.element.remove();
    while (this.rows.length < count) {
      const row = makeRow(this.rows.length);
      this.rows.push(row);
      this.body.append(row.element);
    }
  }
}

function makeRow(at: number): Row {
  const element = document.createElement("div");
  element.className = "rung";
  element.id = `rung-${at}`;
  element.setAttribute("role", "option");
  const cells: HTMLElement[] = [];
  const bars: HTMLElement[] = [];
  COLUMNS.forEach((name, column) => {
    const cell = element.appendChild(document.createElement("span"));
    cell.className = name;
    const side = SIDES[column];
    if (side) cell.dataset["side"] = side;
    if (name === "size") {
      const bar = cell.appendChild(document.createElement("i"));
      bars.push(bar);
    }
    cells.push(cell.appendChild(document.createElement("b")));
  });
  const [bid, ask] = bars;
  if (!bid || !ask) throw new Error("a rung has two bars");
  return { element, cells, bars: [bid, ask], shown: [] };
}

function write(row: Row, at: number, text: string): void {
  if (row.shown[at] === text) return;
  row.shown[at] = text;
  const cell = row.cells[at];
  if (cell) cell.textContent = text;
}

/** Own orders carry a mark, so that not colour alone tells them. */
function own(text: string): string {
  return text && `◆${text}`;
}

function zoneOf({ price }: Rung, step: number, { bid, ask }: { bid: number | null; ask: number | null }): string {
  if (bid !== null && price <= Math.floor(bid / step) * step)
    return price === Math.floor(bid / step) * step ? "bid best" : "bid";
  if (ask !== null && price >= Math.ceil(ask / step) * step)
    return price === Math.ceil(ask / step) * step ? "ask best" : "ask";
  return "between";
}
