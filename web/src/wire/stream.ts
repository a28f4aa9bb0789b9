/**
 * The one WebSocket of the page. Owns: the link, its subscriptions and their sequences. Promises each listener a snapshot
 * first, then every delta once and in order: a gap, a silent link or a dropped connection is repaired by `since`.
 */
import type { Interval } from "./types";

export interface Topic {
  channel: string;
  instrument?: string;
  interval?: Interval;
  account?: string;
  depth?: number;
}

export interface Delivery {
  type: "snapshot" | "delta";
  seq: number;
  data: unknown;
}

export interface LinkState {
  link: "connecting" | "live" | "lost";
  latency_ms: number | null;
  reconnects: number;
  gaps: number;
  detail: string;
}

/** What the page needs of a WebSocket; tests hand in their own. */
export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: ((event: never) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
}

export type Listener = (delivery: Delivery) => void;

/** The server's heartbeat comes every 5 s for each subscription; a link silent for longer than two of them is dead. */
export const SILENCE_MAX_MS = 12_000;
export const PING_EVERY_MS = 2_000;
export const BACKOFF_FIRST_MS = 250;
export const BACKOFF_MAX_MS = 10_000;

/** The fields of a topic that tell two subscriptions apart. */
const NAMING = ["channel", "instrument", "account", "interval"] as const;

interface Subscription {
  id: number;
  topic: Topic;
  listener: Listener;
  seq: number | null;
  repairing: boolean;
}

interface Message {
  channel?: string;
  instrument?: string | null;
  account?: string | null;
  interval?: string | null;
  seq?: number;
  type: string;
  data?: unknown;
}

export class Stream {
  private socket: Socket | null = null;
  private readonly subscriptions = new Map<number, Subscription>();
  private readonly watchers = new Set<() => void>();
  private nextId = 1;
  private failures = 0;
  private heardAt = 0;
  private pingAt = 0;
  private retry: ReturnType<typeof setTimeout> | null = null;
  private pulse: ReturnType<typeof setInterval> | null = null;
  private current: LinkState = { link: "connecting", latency_ms: null, reconnects: 0, gaps: 0, detail: "" };

  constructor(
    private readonly connect: () => Socket,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get state(): LinkState {
    return this.current;
  }

  /** Calls `watcher` after every change of `state`; returns the way to stop. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  start(): void {
    this.pulse ??= setInterval(() => this.beat(), PING_EVERY_MS);
    this.open();
  }

  stop(): void {
    if (this.pulse) clearInterval(this.pulse);
    if (this.retry) clearTimeout(this.retry);
    this.pulse = this.retry = null;
    this.drop();
  }

  /** Starts a subscription; returns the way to end it. */
  subscribe(topic: Topic, listener: Listener): () => void {
    const subscription: Subscription = { id: this.nextId++, topic, listener, seq: null, repairing: false };
    this.subscriptions.set(subscription.id, subscription);
    if (this.current.link === "live") this.ask(subscription);
    return () => {
      this.subscriptions.delete(subscription.id);
      if (this.current.link === "live") this.forget(subscription);
    };
  }

  private open(): void {
    this.retry = null;
    this.heardAt = this.now();
    const socket = this.connect();
    this.socket = socket;
    socket.onopen = () => this.opened();
    socket.onmessage = (event) => this.heard(String(event.data));
    socket.onclose = (event) => this.closed(socket, event.reason || `code ${event.code}`);
  }

  private opened(): void {
    this.failures = 0;
    this.heardAt = this.now();
    this.set({ link: "live", detail: "" });
    this.ping();
    for (const subscription of this.subscriptions.values()) this.ask(subscription);
  }

  private closed(socket: Socket, detail: string): void {
    if (socket !== this.socket) return;
    this.socket = null;
    const wait = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.failures);
    this.failures += 1;
    this.set({ link: "lost", latency_ms: null, reconnects: this.current.reconnects + 1, detail });
    this.retry = setTimeout(() => this.open(), wait * (0.75 + Math.random() / 2));
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private beat(): void {
    if (!this.socket) return;
    if (this.now() - this.heardAt > SILENCE_MAX_MS) {
      const socket = this.socket;
      this.closed(socket, "no sign of life");
      socket.close();
    } else if (this.current.link === "live") this.ping();
  }

  private ping(): void {
    this.pingAt = this.now();
    this.send({ op: "ping", id: 0 });
  }

  private heard(text: string): void {
    this.heardAt = this.now();
    const message = JSON.parse(text) as Message;
    if (message.type === "ack") this.acknowledged(message.data);
    else if (message.type === "error") this.refused(message.data);
    else {
      const subscription = this.find(message);
      if (subscription) this.deliver(subscription, message);
    }
  }

  private acknowledged(data: unknown): void {
    const { op } = (data ?? {}) as { op?: string };
    if (op === "ping") this.set({ latency_ms: Math.max(0, this.now() - this.pingAt) });
  }

  private refused(data: unknown): void {
    const { detail, reason } = (data ?? {}) as { detail?: string; reason?: string };
    this.set({ detail: detail ?? reason ?? "the stream refused a request" });
  }

  /** Every frame repeats the fields of its subscription. */
  private find(message: Message): Subscription | undefined {
    for (const subscription of this.subscriptions.values()) {
      if (NAMING.every((field) => (subscription.topic[field] ?? null) === (message[field] ?? null)))
        return subscription;
    }
    return undefined;
  }

  private deliver(subscription: Subscription, message: Message): void {
    const seq = message.seq ?? 0;
    switch (message.type) {
      case "snapshot":
        subscription.seq = seq;
        subscription.repairing = false;
        subscription.listener({ type: "snapshot", seq, data: message.data });
        return;
      case "delta":
        if (subscription.seq === null || seq <= subscription.seq) return;
        if (seq > subscription.seq + 1) return this.repair(subscription);
        subscription.seq = seq;
        subscription.repairing = false;
        subscription.listener({ type: "delta", seq, data: message.data });
        return;
      case "heartbeat":
        if (subscription.seq !== null && seq > subscription.seq) this.repair(subscription);
        return;
    }
  }

  /** Something was missed: ask for it again, once. */
  private repair(subscription: Subscription): void {
    if (subscription.repairing) return;
    this.set({ gaps: this.current.gaps + 1 });
    this.forget(subscription);
    this.subscriptions.delete(subscription.id);
    subscription.id = this.nextId++;
    subscription.repairing = true;
    this.subscriptions.set(subscription.id, subscription);
    this.ask(subscription);
  }

  private ask({ id, topic, seq }: Subscription): void {
    this.send({ op: "subscribe", id, ...topic, since: seq });
  }

  private forget({ id, topic }: Subscription): void {
    this.send({ op: "unsubscribe", id, ...topic });
  }

  private send(message: object): void {
    this.socket?.send(JSON.stringify(message));
  }

  private set(change: Partial<LinkState>): void {
    this.current = { ...this.current, ...change };
    for (const watcher of this.watchers) watcher();
  }
}
