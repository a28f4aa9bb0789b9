// The real server on a free port and a folder of its own.
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const ROOT = new URL("../../", import.meta.url).pathname;
const ISTHMUS = process.env.ISTHMUS ?? join(ROOT, ".venv/bin/isthmus");
const START_MAX_MS = 60_000;

/**
 * Starts it; `data` is its folder. `link()` makes a fresh one-time login link of the demo operator, `linkFor(user)` one of "demo" (a client) or of
 * another operator, who is made when absent; `operate(command, body)` sends an operator's command; `down()` stops it and
 * `up()` starts it again on the same port and folder, `stop()` ends it and removes the folder. `words` are further ones of
 * the command `serve`; `prepare(folder)` may write what it reads, and its answer is added to the words.
 */
export async function startServer({ words = [], prepare = async () => [] } = {}) {
  if (!existsSync(ISTHMUS)) throw new Error(`${ISTHMUS} is not there: build the broker first (make build)`);
  if (!existsSync(join(ROOT, "web/dist/index.html"))) throw new Error("web/dist is not there: npm run build first");
  const data = await mkdtemp(join(tmpdir(), "isthmus-terminal-"));
  const remove = () => rm(data, { recursive: true, force: true });
  const begin = async (port) => launch(data, port, [...words, ...(await prepare(data))]);
  let running = await begin("0").catch((fault) => remove().then(() => Promise.reject(fault)));
  const { url } = running;
  return {
    url,
    data: join(data, "broker"),
    link: async () => {
      const { stdout } = await promisify(execFile)(ISTHMUS, ["demo-keys", "--data", join(data, "broker"), "--json"], {
        cwd: ROOT,
      });
      return JSON.parse(stdout).login_link;
    },
    linkFor: (user) => linkFor(user, url, data),
    operate: (command, body) => operate(url, data, command, body),
    down: () => running.end(),
    up: async () => {
      running = await begin(new URL(url).port);
    },
    stop: async () => {
      await running.end();
      await remove();
    },
  };
}

const keysOf = async (data) => JSON.parse(await readFile(join(data, "broker/demo-keys.json"), "utf8"));

async function call(url, path, key, body) {
  const headers = {
    "Content-Type": "application/json",
    "Isthmus-Key": key.key_id,
    "Isthmus-Secret": key.secret,
  };
  const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path} was refused: ${await answer.text()}`);
  return answer.json();
}

async function linkFor(user, url, data) {
  const { client, operator } = await keysOf(data);
  const made = { user, role: "operator" };
  const key = user === "demo" ? client : await call(url, "/v1/operator/create_key", operator, made);
  return url + (await call(url, "/v1/session", key, {})).link;
}

async function operate(url, data, command, body) {
  return call(url, `/v1/operator/${command}`, (await keysOf(data)).operator, body);
}

/** The recordings of three dealers in which something goes wrong, and the words that play them. */
export async function writeDrills(folder) {
  const beside = join(dirname(ISTHMUS), "python");
  const python = existsSync(beside) ? beside : "python3";
  const markets = join(folder, "drills");
  await promisify(execFile)(python, [join(ROOT, "tools/drills.py"), markets]);
  return ["--markets", markets];
}

async function launch(data, port, more) {
  const words = ["serve", "--port", port, "--data", join(data, "broker"), ...more];
  const child = spawn(ISTHMUS, words, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  createInterface({ input: child.stderr }).on("line", (line) => said.push(line));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const { url } = await ready(child, said);
  const end = () => {
    child.kill("SIGTERM");
    return ended;
  };
  return { url, end };
}

function ready(child, said) {
  return new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${why}\n${said.slice(-15).join("\n")}`));
    const timer = setTimeout(() => fail(`not ready within ${START_MAX_MS} ms`), START_MAX_MS);
    child.once("exit", (code) => fail(`the server ended with ${code}`));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (!line.startsWith("{")) return;
      const row = JSON.parse(line);
      if (row.event !== "ready") return;
      clearTimeout(timer);
      resolve(row);
    });
  });
}
