/** What the user chose or dropped: proofs, keys, and folders of logs among it. */
import type { LogFolder } from "../src/verifier/folder";
import type { Bytes } from "../src/verifier/bytes";

export interface ChosenFile {
  path: string;
  file: File;
}

export interface Chosen {
  logs: { name: string; folder: LogFolder }[];
  journals: { name: string; folder: LogFolder }[];
  seals: { name: string; file: File; folder: LogFolder }[];
  keys: ChosenFile[];
  witnessKeys: ChosenFile[];
  proofs: ChosenFile[];
}

const HEAD = "checkpoint";
/** Where a data folder keeps the seals of its days. */
const SEAL = /^(.*\/|)audit\/days\/\d{4}-\d\d-\d\d\.json$/;

/** Every folder with a checkpoint is a log; outside of them keys end in .vkey, `vkeys` has those of witnesses. */
export function sorted(files: readonly ChosenFile[]): Chosen {
  const heads = files.filter(({ path }) => path === HEAD || path.endsWith(`/${HEAD}`));
  const roots = heads.map(({ path }) => path.slice(0, path.length - HEAD.length));
  const logs = roots.map((root) => ({ name: nameOf(root, "log"), folder: folderOf(root, files) }));
  const segments = files.flatMap(
    ({ path }) => /^(.*\/)?\d{8,}\.seg$/.exec(path)?.[1] ?? (/^\d{8,}\.seg$/.test(path) ? "" : []),
  );
  const journals = [...new Set(segments)].map((root) => ({
    name: nameOf(root, "journal"),
    folder: folderOf(root, files),
  }));
  const seals = files.flatMap(({ path, file }) => {
    const [, root] = SEAL.exec(path) ?? [];
    return root === undefined ? [] : [{ name: path, file, folder: folderOf(root, files) }];
  });
  const rest = files.filter(
    ({ path }) => !roots.some((root) => path.startsWith(root)) && !/\.(seg|snap|base)$/.test(path),
  );
  const keys = rest.filter(({ path }) => path.endsWith(".vkey"));
  const witnessKeys = rest.filter(({ path }) => /(^|\/)vkeys$/.test(path));
  // Of a folder with logs in it what else lies there is not a proof; it is told only when it is named as one.
  const alone = logs.length + journals.length + seals.length === 0;
  const proofs = rest.filter((one) => alone || /proof/.test(one.path));
  return {
    logs,
    journals,
    seals,
    keys,
    witnessKeys,
    proofs: proofs.filter((one) => ![...keys, ...witnessKeys].includes(one)),
  };
}

function nameOf(root: string, empty: string): string {
  return root.replace(/\/$/, "") || empty;
}

function folderOf(root: string, files: readonly ChosenFile[]): LogFolder {
  const inside = new Map<string, File>();
  for (const { path, file } of files) if (path.startsWith(root)) inside.set(path.slice(root.length), file);
  const bytesOf = async (path: string): Promise<Bytes> => {
    const file = inside.get(path);
    return file ? new Uint8Array(await file.arrayBuffer()) : new Uint8Array();
  };
  return { paths: [...inside.keys()], read: bytesOf };
}

/** Of a choice of files, or of a folder: then the paths are within it. */
export function fromInput(list: FileList): ChosenFile[] {
  return Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** Of a drop, folders with all that is in them. */
export async function fromDrop(data: DataTransfer): Promise<ChosenFile[]> {
  // The entries must be taken before the first wait: the list is gone after the event.
  const entries = Array.from(data.items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  return (await Promise.all(entries.map(walk))).flat();
}

async function walk(entry: FileSystemEntry): Promise<ChosenFile[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: ChosenFile[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    found.push(...(await Promise.all(some.map(walk))).flat());
  }
}
