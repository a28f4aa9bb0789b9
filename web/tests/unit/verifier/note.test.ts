import { describe, expect, it } from "vitest";
import { cosignedBy, headOf, keyOf, noteOf, signedBy } from "../../../src/verifier/note";
import { checkpoint, LOG_KEYS, sha256, Signer, WITNESSES } from "./log";

/** The example of Go's golang.org/x/mod/sumdb/note (BSD-3-Clause). */
const NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const SAID = `If you think cryptography is the answer to your problem,
then you don't know what your problem is.

\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`;
const HASHES = [sha256(Buffer.of(1)), sha256(Buffer.of(2))];
const LOG = LOG_KEYS.journal;
const WITNESS = WITNESSES[0]!;

describe("a signed note", () => {
  it("of another implementation is signed by its key", () => {
    expect(() => signedBy(noteOf(SAID), keyOf(NEUMANN))).not.toThrow();
  });

  it("is not signed once a letter of it changed", () => {
    expect(() => signedBy(noteOf(SAID.replace("think", "thank")), keyOf(NEUMANN))).toThrow("bad_signature");
  });

  it("is not signed by a key of the same name", () => {
    const other = keyOf(new Signer("PeterNeumann", 1).vkey);
    expect(() => signedBy(noteOf(SAID), other)).toThrow("not_signed: no signature by the key");
  });

  it.each([
    "",
    "\n\n",
    "text\n",
    "text\n\n",
    "text\n\n- name AAAA\n",
    "text\n\n\u2014 name !\n",
    "te\txt\n\n\u2014 name AAAAAAAA\n",
    "text\n\n\u2014 a+b AAAAAAAA\n",
  ])("is refused when it is %j", (raw) => expect(() => noteOf(raw)).toThrow("malformed"));
});

describe("a head", () => {
  const note = noteOf(checkpoint(HASHES, LOG, [WITNESS]));

  it("has origin, size and root", () => {
    expect(headOf(note.text)).toMatchObject({ origin: LOG.name, size: 2 });
  });

  it("was seen by its witness when the witness says", () => {
    expect(cosignedBy(note, keyOf(WITNESS.vkey))).toBe(1_795_000_000);
    expect(cosignedBy(note, keyOf(WITNESSES[1]!.vkey))).toBeNull();
  });

  it("was not seen by a witness who signed another", () => {
    const swapped = noteOf(`${note.text}\n${WITNESS.line("another\n")}`);
    expect(() => cosignedBy(swapped, keyOf(WITNESS.vkey))).toThrow("bad_signature");
  });

  it("is not signed by a witness, nor witnessed by the log", () => {
    expect(() => signedBy(note, keyOf(WITNESS.vkey))).toThrow("bad_key");
    expect(() => cosignedBy(note, keyOf(LOG.vkey))).toThrow("bad_key");
  });

  it.each([
    "",
    "o\n",
    "o\n1\n",
    "o\n01\nAAAA\n",
    "o\n1\nAAAA\n",
    "o\n-1\nAAAA\n",
    `o\n0\n${sha256(Buffer.of(1)).toString("base64")}\n`,
  ])("is refused when it is %j", (text) => expect(() => headOf(text)).toThrow("malformed"));
});

describe("a key", () => {
  it.each(["", "name", "name+00000000+AAAA", NEUMANN.replace("c74f", "c74e"), NEUMANN.replace("Neumann", "Neumann2")])(
    "is refused when it is %j",
    (text) => expect(() => keyOf(text)).toThrow("bad_key"),
  );
});
