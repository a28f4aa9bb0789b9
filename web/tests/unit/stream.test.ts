import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Delivery, SILENCE_MAX_MS, type Socket, Stream } from "../../src/wire/stream";

/** A socket whose server side is the test. */
class Line implements Socket {
  sent: Record<string, unknown>[] = [];
  onopen: ((event: never) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  closed = false;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.closed = true;
  }
  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  get asked(): Record<string, unknown>[] {
    return this.sent.filter((message) => message["op"] === "subscribe");
  }
}

const FILLS = { channel: "fills", account: "acc-16" };

let lines: Line[];
let stream: Stream;
let heard: Delivery[];

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  heard = [];
  stream = new Stream(
    () => {
      const line = new Line();
      lines.push(line);
      return line;
    },
    () => Date.now(),
  );
  stream.start();
  stream.subscribe(FILLS, (delivery) => heard.push(delivery));
});

afterEach(() => {
  stream.stop();
  vi.useRealTimers();
});

function open(at = 0): Line {
  const line = lines[at]!;
  line.onopen?.(undefined as never);
  return line;
}

describe("a subscription", () => {
  it("hears a snapshot, then every delta once and in order", () => {
    const line = open();
    line.say({ ...FILLS, type: "snapshot", seq: 4, data: [] });
    line.say({ ...FILLS, type: "delta", seq: 5, data: "five" });
    line.say({ ...FILLS, type: "delta", seq: 5, data: "five" });
    line.say({ ...FILLS, type: "delta", seq: 6, data: "six" });
    expect(heard.map(({ seq }) => seq)).toEqual([4, 5, 6]);
  });

  it("asks again from the last one seen when one is missing", () => {
    const line = open();
    line.say({ ...FILLS, type: "snapshot", seq: 4, data: [] });
    line.say({ ...FILLS, type: "delta", seq: 6, data: "six" });
    expect(heard).toHaveLength(1);
    expect(line.asked.at(-1)).toMatchObject({ channel: "fills", account: "acc-16", since: 4 });
    line.say({ ...FILLS, type: "delta", seq: 7, data: "sent before the server heard" });
    line.say({ ...FILLS, type: "delta", seq: 5, data: "five" });
    line.say({ ...FILLS, type: "delta", seq: 6, data: "six" });
    expect(heard.map(({ seq }) => seq)).toEqual([4, 5, 6]);
    expect(stream.state.gaps).toBe(1);
  });

  it("learns from a heartbeat that the last delta was lost", () => {
    const line = open();
    line.say({ ...FILLS, type: "snapshot", seq: 4, data: [] });
    line.say({ ...FILLS, type: "heartbeat", seq: 5 });
    expect(line.asked.at(-1)).toMatchObject({ since: 4 });
  });

  it("knows its frames by their fields, which each repeats", () => {
    const line = open();
    stream.subscribe({ channel: "bars", instrument: "BTC-USD", interval: "1m" }, (delivery) => heard.push(delivery));
    line.say({ channel: "bars", instrument: "BTC-USD", interval: "1s", type: "snapshot", seq: 1, data: "another" });
    line.say({ channel: "bars", instrument: "BTC-USD", interval: "1m", type: "snapshot", seq: 1, data: "mine" });
    line.say({ channel: "fills", account: "acc-17", type: "snapshot", seq: 1, data: "another" });
    expect(heard.map(({ data }) => data)).toEqual(["mine"]);
  });

  it("ends when it is told to", () => {
    const line = open();
    const end = stream.subscribe({ channel: "health" }, (delivery) => heard.push(delivery));
    end();
    line.say({ channel: "health", type: "snapshot", seq: 1, data: [] });
    expect(heard).toEqual([]);
    expect(line.sent.at(-1)).toMatchObject({ op: "unsubscribe", channel: "health" });
  });
});

describe("the link", () => {
  it("comes back by itself and resumes where it was", async () => {
    open().say({ ...FILLS, type: "snapshot", seq: 9, data: [] });
    lines[0]!.onclose?.({ code: 1006, reason: "" });
    expect(stream.state.link).toBe("lost");
    await vi.advanceTimersByTimeAsync(400);
    const second = open(1);
    expect(stream.state.link).toBe("live");
    expect(second.asked[0]).toMatchObject({ channel: "fills", since: 9 });
  });

  it("waits longer after each failure", async () => {
    for (const wait of [320, 640, 1280]) {
      const count = lines.length;
      lines.at(-1)!.onclose?.({ code: 1006, reason: "" });
      await vi.advanceTimersByTimeAsync(wait * 0.5);
      expect(lines).toHaveLength(count);
      await vi.advanceTimersByTimeAsync(wait * 0.6);
      expect(lines).toHaveLength(count + 1);
    }
  });

  it("is given up when it has been silent for too long", async () => {
    const line = open();
    await vi.advanceTimersByTimeAsync(SILENCE_MAX_MS + 3_000);
    expect(line.closed).toBe(true);
    expect(lines.length).toBeGreaterThan(1);
  });

  it("measures its latency", async () => {
    const line = open();
    await vi.advanceTimersByTimeAsync(7);
    line.say({ type: "ack", data: { op: "ping", id: 0 } });
    expect(stream.state.latency_ms).toBe(7);
  });
});
