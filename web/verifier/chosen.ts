/** What the user chose or dropped: proofs, keys, and folders of logs among it. */
import type { LogFolder } from "../src/verifier/folder";
import type { Bytes } from "../src/verifier/bytes";

export interface ChosenFile {
  path: string;
  file: File;
}

export interface Chosen {
  logs: { name: string; folder: LogFolder }[];
  keys: ChosenFile[];
  proofs: ChosenFile[];
}

const HEAD = "checkpoint";

/** Every folder with a checkpoint is a log; of what lies outside of them, keys end in .vkey and the rest are proofs. */
export function sorted(files: readonly ChosenFile[]): Chosen {
  const heads = files.filter(({ path }) => path === HEAD || path.endsWith(`/${HEAD}`));
  const roots = heads.map(({ path }) => path.slice(0, path.length - HEAD.length));
  const logs = roots.map((root) => ({ name: root.replace(/\/$/, "") || "log", folder: folderOf(root, files) }));
  const rest = files.filter(({ path }) => !roots.some((root) => path.startsWith(root)));
  const isKey = ({ path }: ChosenFile): boolean => path.endsWith(".vkey");
  return { logs, keys: files.filter(isKey), proofs: rest.filter((one) => !isKey(one)) };
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
