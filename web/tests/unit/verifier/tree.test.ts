import { describe, expect, it } from "vitest";
import { fromHex, hex } from "../../../src/verifier/bytes";
import { includes, leafHash, Range, rootOf } from "../../../src/verifier/tree";
import { path, sha256, tree } from "./log";

/** The reference tree of the Certificate Transparency repositories (Apache-2.0): inputs, and the root of each size. */
const INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const LEAVES = INPUTS.map((text) => leafHash(fromHex(text, text.length / 2, "input")));
const bytes = (buffer: Buffer): Uint8Array<ArrayBuffer> => Uint8Array.from(buffer);

describe("a tree", () => {
  it.each(ROOTS.map((root, size) => [size, root] as const))(
    "of the first %i reference leaves has its root",
    (size, root) => {
      expect(hex(rootOf(LEAVES.slice(0, size)))).toBe(root);
    },
  );

  it("that grows by whole subtrees has the root of one that grows leaf by leaf", () => {
    const range = new Range();
    range.push(rootOf(LEAVES.slice(0, 4)), 2);
    range.push(rootOf(LEAVES.slice(4, 6)), 1);
    expect(hex(range.root())).toBe(ROOTS[6]);
  });

  it("holds each of its leaves, at its own place and at no other", () => {
    for (let size = 1; size <= 20; size += 1) {
      const leaves = Array.from({ length: size }, (_, at) => sha256(Buffer.of(at)));
      const root = bytes(tree(leaves));
      for (const [index, leaf] of leaves.entries()) {
        const way = path(index, leaves).map(bytes);
        const places = leaves.map((_, at) => includes(at, size, bytes(leaf), way, root));
        expect(places).toEqual(leaves.map((_, at) => at === index));
        expect(includes(index, size, bytes(leaf), [...way, root], root)).toBe(false);
        expect(way.length === 0 || !includes(index, size, bytes(leaf), way.slice(1), root)).toBe(true);
      }
    }
  });

  it("holds nothing when it is empty, and nothing beyond its end", () => {
    const [leaf] = LEAVES;
    expect(includes(0, 0, leaf!, [], leaf!)).toBe(false);
    expect(includes(1, 1, leaf!, [], leaf!)).toBe(false);
    expect(includes(-1, 1, leaf!, [], leaf!)).toBe(false);
  });
});
