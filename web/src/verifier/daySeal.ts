/** A sealed day (`isthmus-day/1`): its signature, and each of its files in pieces of 64 KiB; a changed one is named. */
import { base64, hex, utf8 } from "./bytes";
import type { LogFolder } from "./folder";
import { knownKey, type Known } from "./heads";
import { keyOf, noteOf, signedBy } from "./note";
import { FAULTS_TOLD_MAX, type Finding, found, no, open, Refused, told, yes } from "./refusal";
import { digest } from "./tree";

export const SEAL_FORMAT = "isthmus-day/1";
export const PIECE_BYTES = 1 << 16;
/** In these a day has its own folder, in which nothing may be that was not sealed. */
const EXPORTS = "audit/exports";
const WITH_DAY = ["audit/store", EXPORTS];
/** The key that signs a seal is that of this log. */
const SIGNER = "/journal";

interface SealedFile {
  path: string;
  size: number;
  grows: boolean;
  pieces: string[];
}

interface Seal {
  format: string;
  day: string;
  made: string;
  files: SealedFile[];
  signature: string;
}

/** Of the seal's text and the data folder it is of. */
export async function checkSeal(
  raw: string,
  folder: LogFolder,
  known: Known,
  progress: (done: number, of: number) => Promise<void>,
): Promise<Finding[]> {
  let seal: Seal;
  try {
    seal = sealOf(raw);
  } catch (fault) {
    if (!(fault instanceof Refused)) throw fault;
    return [no("Form of the seal", fault.reason, fault.detail)];
  }
  const findings = signature(seal, known);
  const faults: Finding[] = [];
  for (const [done, file] of seal.files.entries()) {
    await progress(done, seal.files.length);
    faults.push(...(await ofFile(file, folder)));
  }
  faults.push(...strangers(seal, folder));
  const bytes = seal.files.reduce((sum, { size }) => sum + size, 0);
  if (faults.length === 0)
    findings.push(yes("Files of the day", `${seal.files.length} files, ${bytes} bytes as sealed`));
  findings.push(...faults.slice(0, FAULTS_TOLD_MAX));
  if (faults.length > FAULTS_TOLD_MAX) findings.push(told("More", `${faults.length - FAULTS_TOLD_MAX} more differ`));
  findings.push(
    open("What followed", "segments and lists of heads may have grown since: their own checks say of what"),
  );
  return findings;
}

/** JSON in the canonical form of RFC 8785; its numbers are whole. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, held]) => `${JSON.stringify(name)}:${canonical(held)}`).join(",")}}`;
}

function sealOf(raw: string): Seal {
  let seal: Seal;
  try {
    seal = JSON.parse(raw) as Seal;
  } catch {
    throw new Refused("malformed", "the seal is not JSON");
  }
  if (seal?.format !== SEAL_FORMAT) throw new Refused("malformed", `the format is not ${SEAL_FORMAT}`);
  if (typeof seal.day !== "string" || typeof seal.signature !== "string" || !Array.isArray(seal.files))
    throw new Refused("malformed", "the seal lacks its day, its files or its signature");
  for (const file of seal.files) {
    const shaped =
      typeof file?.path === "string" &&
      Number.isSafeInteger(file.size) &&
      typeof file.grows === "boolean" &&
      Array.isArray(file.pieces);
    if (!shaped) throw new Refused("malformed", "a file of the seal lacks its path, size, grows or pieces");
    if (file.size < 0 || file.pieces.length !== Math.ceil(file.size / PIECE_BYTES))
      throw new Refused("malformed", `${file.path} has ${file.pieces.length} pieces for ${file.size} bytes`);
  }
  return seal;
}

function signature(seal: Seal, known: Known): Finding[] {
  const keys = known.logKeys.split(/\s+/).filter((text) => text !== "");
  const own = keys.find((text) => text.split("+")[0]?.endsWith(SIGNER)) ?? knownKey(known, "");
  const wanted = `${seal.format}\n${seal.day}\n${base64(digest(utf8(canonical({ ...seal, signature: "" }))))}\n`;
  const bound = found("What was signed", () => {
    if (noteOf(seal.signature).text !== wanted)
      throw new Refused("other_file", "what was signed is not what this seal says");
    return `the day ${seal.day}`;
  });
  if (own === "") return [bound, open("Signature of the seal", "no key of the journal's log was given")];
  const signed = found("Signature of the seal", () => {
    const key = keyOf(own);
    signedBy(noteOf(seal.signature), key);
    return `${key.name}+${hex(key.number)}`;
  });
  return [bound, signed];
}

async function ofFile(file: SealedFile, folder: LogFolder): Promise<Finding[]> {
  if (!folder.paths.includes(file.path)) return [no(file.path, "missing", "it was there when the day was sealed")];
  const bytes = await folder.read(file.path);
  const faults: Finding[] = [];
  for (const [number, wanted] of file.pieces.entries()) {
    const first = number * PIECE_BYTES;
    const end = Math.min(first + PIECE_BYTES, file.size);
    if (bytes.length < end) {
      const detail = `it had ${file.size} bytes and has ${bytes.length}`;
      return [...faults, no(file.path, "shorter", detail)];
    }
    if (hex(digest(bytes.subarray(first, end))) !== wanted)
      faults.push(no(file.path, "changed", `between bytes ${first} and ${end - 1}`));
  }
  if (!file.grows && bytes.length > file.size)
    faults.push(no(file.path, "longer", `it had ${file.size} bytes and has ${bytes.length}`));
  return faults;
}

function strangers(seal: Seal, folder: LogFolder): Finding[] {
  // Rows of a day that was not over are still written and put together: no seal has them.
  const whole = String(seal.made).slice(0, seal.day.length) > seal.day ? WITH_DAY : [EXPORTS];
  const listed = new Set(seal.files.map(({ path }) => path));
  return folder.paths
    .filter((path) => whole.some((one) => path.startsWith(`${one}/day=${seal.day}/`)) && !listed.has(path))
    .map((path) => no(path, "unlisted", "it was not there when the day was sealed"));
}
