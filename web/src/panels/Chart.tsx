/** Candles and volume, live. Charts are pictures: this is the one panel where prices become floats. */
import {
  CandlestickSeries,
  ColorType,
  createChart,
  createSeriesMarkers,
  type CreatePriceLineOptions,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  LineStyle,
  type SeriesMarker,
  type UTCTimestamp,
} from "lightweight-charts";
import { type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { decimalOf, sign } from "../decimal";
import { isOpen } from "../stores/account";
import { useCell } from "../stores/cell";
import { change, settings } from "../stores/settings";
import { amount, NOTHING, quantity } from "../stores/text";
import type { Bar, Fill, Instrument, Interval } from "../wire/types";
import { useDesk } from "./context";

const BAR_S: Record<Interval, number> = { "1s": 1, "1m": 60, "1d": 86_400 };
const FILLS_MARKED = 200;
/** Width of a bar when a chart opens. */
const BAR_PX = 7;
const INTERVALS: readonly Interval[] = ["1s", "1m", "1d"];

export function Chart(): ReactNode {
  const desk = useDesk();
  const instrument = useCell(desk.instrument);
  const { interval } = useCell(settings);
  const place = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<Bar | null>(null);
  const drawing = useBars(place, instrument, interval, setPointed);
  useOwnLines(drawing, instrument, interval);
  useOwnFills(drawing, instrument, interval);
  return (
    <section className="panel chart" aria-label={`Chart of ${instrument.instrument}`}>
      <header className="panel-head">
        <div className="segments" role="group" aria-label="Bar length">
          {INTERVALS.map((one) => (
            <button key={one} type="button" aria-pressed={one === interval} onClick={() => change({ interval: one })}>
              {one}
            </button>
          ))}
        </div>
        <Legend bar={pointed} places={instrument.price_decimals} />
      </header>
      <div ref={place} className="chart-place" />
    </section>
  );
}

function Legend({ bar, places }: { bar: Bar | null; places: number }): ReactNode {
  const figures = [
    ["O", bar?.open],
    ["H", bar?.high],
    ["L", bar?.low],
    ["C", bar?.close],
  ] as const;
  return (
    <dl className="legend">
      {figures.map(([name, price]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{amount(price, places)}</dd>
        </div>
      ))}
      <div>
        <dt>Vol</dt>
        <dd>{bar ? amount(bar.volume) : NOTHING}</dd>
      </div>
    </dl>
  );
}

interface Drawing {
  chart: IChartApi;
  candles: ISeriesApi<"Candlestick">;
  volume: ISeriesApi<"Histogram">;
}

/** Keeps one chart in `place`; the bar under the pointer (else the last one) goes to `onPoint`. */
function useBars(
  place: RefObject<HTMLDivElement | null>,
  instrument: Instrument,
  interval: Interval,
  onPoint: (bar: Bar | null) => void,
): RefObject<Drawing | null> {
  const { stream } = useDesk();
  const looks = useCell(settings);
  const drawing = useRef<Drawing | null>(null);

  useEffect(() => {
    if (!place.current) return undefined;
    const made = draw(place.current, instrument, interval);
    drawing.current = made;
    paint(made);
    const bars = new Map<number, Bar>();
    const end = stream.subscribe({ channel: "bars", instrument: instrument.instrument, interval }, ({ type, data }) => {
      if (type === "snapshot") bars.clear();
      for (const bar of [data].flat() as Bar[]) bars.set(secondsOf(bar), bar);
      if (type === "snapshot") replaceAll(made, bars);
      else for (const bar of [data].flat() as Bar[]) update(made, bar);
      onPoint(lastOf(bars));
    });
    made.chart.subscribeCrosshairMove(({ time }) => onPoint(bars.get(Number(time)) ?? lastOf(bars)));
    return () => {
      end();
      onPoint(null);
      drawing.current = null;
      made.chart.remove();
    };
  }, [place, stream, instrument, interval, onPoint]);

  useEffect(() => {
    if (drawing.current) paint(drawing.current);
  }, [looks]);

  useEffect(() => {
    const repaint = (): void => {
      if (drawing.current) paint(drawing.current);
    };
    const scheme = matchMedia("(prefers-color-scheme: light)");
    scheme.addEventListener("change", repaint);
    return () => scheme.removeEventListener("change", repaint);
  }, []);
  return drawing;
}

/** Lines at one's own open orders and at the average price of the position. */
function useOwnLines(drawing: RefObject<Drawing | null>, instrument: Instrument, interval: Interval): void {
  const feed = useCell(useDesk().account);
  const orders = useCell(feed.orders);
  const position = useCell(feed.positions).get(instrument.instrument);
  const looks = useCell(settings);
  const own = [...orders.values()].filter((order) => isOpen(order) && order.instrument === instrument.instrument);
  const lines = own.map(({ side, price, remaining }) => ({ side, price, title: `${side} ${quantity(remaining)}` }));
  const held = position && sign(decimalOf(position.quantity)) !== 0 ? position.average_price : null;
  const wanted = JSON.stringify([lines, held]);
  useEffect(() => {
    const series = drawing.current?.candles;
    if (!series) return undefined;
    const [resting, average] = JSON.parse(wanted) as [typeof lines, string | null];
    const made = resting.flatMap(({ side, price, title }) =>
      price === null ? [] : [series.createPriceLine(lineOf(price, title, side === "buy" ? "--up" : "--down"))],
    );
    if (average !== null) made.push(series.createPriceLine(lineOf(average, "position", "--accent")));
    return () => {
      if (drawing.current?.candles === series) made.forEach((line) => series.removePriceLine(line));
    };
  }, [drawing, wanted, instrument, interval, looks]);
}

/** An arrow at the bar of each of one's own fills. */
function useOwnFills(drawing: RefObject<Drawing | null>, instrument: Instrument, interval: Interval): void {
  const fills = useCell(useCell(useDesk().account).fills);
  const looks = useCell(settings);
  useEffect(() => {
    const series = drawing.current?.candles;
    if (!series) return undefined;
    const own = fills.filter((fill) => fill.instrument === instrument.instrument).slice(0, FILLS_MARKED);
    const made = createSeriesMarkers(
      series,
      own.reverse().map((fill) => markerOf(fill, BAR_S[interval])),
    );
    return () => {
      if (drawing.current?.candles === series) made.detach();
    };
  }, [drawing, fills, instrument, interval, looks]);
}

function markerOf({ time, side }: Fill, bar_s: number): SeriesMarker<UTCTimestamp> {
  const start = Math.floor(Date.parse(time) / 1000 / bar_s) * bar_s;
  const buy = side === "buy";
  return {
    time: start as UTCTimestamp,
    position: buy ? "belowBar" : "aboveBar",
    shape: buy ? "arrowUp" : "arrowDown",
    color: cssColour(buy ? "--up" : "--down"),
  };
}

function lineOf(price: string, title: string, colour: string): CreatePriceLineOptions {
  return { price: Number(price), title, color: cssColour(colour), lineWidth: 1, lineStyle: LineStyle.Dashed };
}

function cssColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function draw(place: HTMLElement, instrument: Instrument, interval: Interval): Drawing {
  const chart = createChart(place, {
    autoSize: true,
    timeScale: { timeVisible: interval !== "1d", secondsVisible: interval === "1s", rightOffset: 4 },
    localization: { locale: "en-GB" },
  });
  const minMove = Number(instrument.tick_size);
  const candles = chart.addSeries(CandlestickSeries, {
    borderVisible: false,
    priceFormat: { type: "price", precision: instrument.price_decimals, minMove },
  });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.24 } });
  const volume = chart.addSeries(HistogramSeries, {
    priceScaleId: "volume",
    priceFormat: { type: "volume" },
    lastValueVisible: false,
    priceLineVisible: false,
  });
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
  return { chart, candles, volume };
}

/** Takes the colours from the style sheet. */
function paint({ chart, candles, volume }: Drawing): void {
  const of = cssColour;
  chart.applyOptions({
    layout: {
      background: { type: ColorType.Solid, color: of("--panel") },
      textColor: of("--muted"),
      fontFamily: of("--font"),
      fontSize: 11,
      attributionLogo: true,
    },
    grid: { vertLines: { color: of("--hair") }, horzLines: { color: of("--hair") } },
    rightPriceScale: { borderColor: of("--line") },
    timeScale: { borderColor: of("--line") },
  });
  const [up, down] = [of("--up"), of("--down")];
  candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
  volume.applyOptions({ color: of("--volume") });
}

function replaceAll({ chart, candles, volume }: Drawing, bars: ReadonlyMap<number, Bar>): void {
  const sorted = [...bars.values()].sort((left, right) => secondsOf(left) - secondsOf(right));
  candles.setData(sorted.map(candleOf));
  volume.setData(sorted.map(volumeOf));
  const shown = Math.max(20, Math.floor(chart.timeScale().width() / BAR_PX));
  chart.timeScale().setVisibleLogicalRange({ from: sorted.length - shown, to: sorted.length + 4 });
}

function update({ candles, volume }: Drawing, bar: Bar): void {
  const last = candles.data().at(-1)?.time;
  const late = last !== undefined && Number(last) > secondsOf(bar);
  candles.update(candleOf(bar), late);
  volume.update(volumeOf(bar), late);
}

function candleOf(bar: Bar): { time: UTCTimestamp; open: number; high: number; low: number; close: number } {
  const [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(Number);
  return { time: secondsOf(bar), open: open ?? 0, high: high ?? 0, low: low ?? 0, close: close ?? 0 };
}

function volumeOf(bar: Bar): { time: UTCTimestamp; value: number } {
  return { time: secondsOf(bar), value: Number(bar.volume) };
}

function lastOf(bars: ReadonlyMap<number, Bar>): Bar | null {
  return bars.size === 0 ? null : (bars.get(Math.max(...bars.keys())) ?? null);
}

function secondsOf(bar: Bar): UTCTimestamp {
  return Math.floor(Date.parse(bar.start) / 1000) as UTCTimestamp;
}
