/** Merkle tree hashes and inclusion, as RFC 6962 section 2.1 and RFC 9162 section 2.1.3.2 have them. */
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, joined, same } from "./bytes";

export const HASH_BYTES = 32;
const LEAF = Uint8Array.of(0);
/** What a node is hashed of; one place for all, since a log has millions of them. */
const NODE = new Uint8Array(1 + 2 * HASH_BYTES);
NODE[0] = 1;

export function digest(...parts: readonly Uint8Array[]): Bytes {
  return sha256(joined(...parts)) as Bytes;
}

export function leafHash(data: Uint8Array): Bytes {
  return digest(LEAF, data);
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Bytes {
  NODE.set(left, 1);
  NODE.set(right, 1 + HASH_BYTES);
  return sha256(NODE) as Bytes;
}

/** The head of a tree that has these leaf hashes (or subtree hashes of one height). */
export function rootOf(hashes: readonly Bytes[]): Bytes {
  const range = new Range();
  for (const hash of hashes) range.push(hash, 0);
  return range.root();
}

/** The whole subtrees that make up a tree as it grows, largest first. */
export class Range {
  private parts: { hash: Bytes; height: number }[] = [];

  /** Adds a whole subtree of 2^`height` leaves; what stands already must be a multiple of that. */
  push(hash: Bytes, height: number): void {
    let grown = { hash, height };
    for (let last = this.parts.at(-1); last?.height === grown.height; last = this.parts.at(-1)) {
      grown = { hash: nodeHash(last.hash, grown.hash), height: grown.height + 1 };
      this.parts.pop();
    }
    this.parts.push(grown);
  }

  root(): Bytes {
    const hashes = this.parts.map(({ hash }) => hash);
    const last = hashes.pop();
    return last ? hashes.reduceRight((right, left) => nodeHash(left, right), last) : digest();
  }
}

/** Whether `leaf` is leaf `index` of the tree of `size` leaves that has this root. */
export function includes(index: number, size: number, leaf: Bytes, path: readonly Bytes[], root: Bytes): boolean {
  if (index < 0 || index >= size) return false;
  let [at, last, hash] = [index, size - 1, leaf];
  for (const beside of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(beside, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, half(last)];
    } else {
      hash = nodeHash(hash, beside);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && same(hash, root);
}

/** Sizes go beyond 2^32, where this language's shifts end. */
function half(value: number): number {
  return Math.floor(value / 2);
}
