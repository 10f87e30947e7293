/** A real server, a proxy in front of it that can be shut in several ways, and conditions to wait for. */

import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import WebSocket from "ws";
import { connect } from "../gameserver.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const GAMES = fileURLToPath(new URL("games", import.meta.url));

/** How long anything may take; the machine may be slow, and compile all of Python's modules at the first start. */
const WAIT_MS = 60_000;

/** Wait until this returns something true, and return that. */
export async function until(condition, what = condition) {
  const end = performance.now() + WAIT_MS;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The next of this type: what its listener was called with. */
export function next(emitter, type) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${type} came`)), WAIT_MS);
    const stop = emitter.on(type, (...values) => {
      clearTimeout(timer);
      stop();
      resolve(values);
    });
  });
}

function listening(server) {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
}

async function freePort() {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** twistd with the games beside this file; the same data folder and port after each start. */
export class Server {
  #process = null;
  #settings;

  /** @param {Record<string, string>} settings as environment variables */
  constructor(settings = {}) {
    this.#settings = settings;
  }

  static async make(settings) {
    const server = new Server(settings);
    server.port = await freePort();
    server.data = await mkdtemp(join(tmpdir(), "gameserver-js-"));
    await server.start();
    return server;
  }

  get url() {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  async start() {
    const options = ["-n", "--pidfile=", "gameserver", "--listen", `tcp:${this.port}:interface=127.0.0.1`];
    options.push("--data", this.data, "--games", GAMES, "--no-sample-games");
    const env = { ...process.env, GAMESERVER_AUTH: "guests accounts", GAMESERVER_ADMINS: "Root", ...this.#settings };
    const twistd = spawn(join(ROOT, ".venv/bin/twistd"), options, { cwd: this.data, env, stdio: ["ignore", "pipe", "pipe"] });
    this.#process = twistd;
    this.log = "";
    for (const stream of [twistd.stdout, twistd.stderr]) stream.on("data", (text) => (this.log += text));
    const answers = () => fetch(`http://127.0.0.1:${this.port}/readyz`).then((answer) => answer.ok, () => false);
    try {
      await until(() => twistd.exitCode !== null || answers());
      if (twistd.exitCode !== null) throw new Error("it ended");
    } catch (error) {
      twistd.kill("SIGKILL");
      throw new Error(`the server did not start:\n${this.log}`, { cause: error });
    }
  }

  /** The operator's token; the account is made once. */
  async operator() {
    const command = [join(ROOT, ".venv/bin/gameserver"), ["invite", "Root", "--file", join(this.data, "secret")]];
    const { stdout } = await promisify(execFile)(...command);
    const root = { name: "Root", password: "correct horse", invitation: stdout.trim() };
    const { token } = await this.post("/api/register", root);
    return token;
  }

  async post(path, body, token) {
    const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  async kill(signal = "SIGKILL") {
    const twistd = this.#process;
    if (twistd.exitCode !== null || twistd.signalCode !== null) return;
    const ended = new Promise((resolve) => twistd.once("exit", resolve));
    twistd.kill(signal);
    await ended;
  }

  async stop() {
    await this.kill();
    await rm(this.data, { recursive: true });
  }
}

/** A redis-server of a test's own, on a socket in a folder of its own. */
export class Redis {
  /** @returns {Promise<Redis | null>} none where there is no redis-server on this machine */
  static async make() {
    const redis = new Redis();
    redis.folder = await mkdtemp(join(tmpdir(), "gs-redis-"));
    const options = ["--port", "0", "--unixsocket", redis.socket, "--dir", redis.folder, "--save", "", "--appendonly", "yes"];
    redis.process = spawn("redis-server", options, { stdio: "ignore" });
    let missing = false;
    redis.process.once("error", () => (missing = true));
    await until(() => missing || redis.answers(), "Redis");
    return missing ? null : redis;
  }

  get socket() {
    return join(this.folder, "socket");
  }

  get url() {
    return `redis+unix://${this.socket}`;
  }

  answers() {
    return new Promise((resolve) => {
      const socket = createConnection(this.socket, () => resolve(true));
      socket.on("error", () => resolve(false)).on("connect", () => socket.destroy());
    });
  }

  async stop() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
    await rm(this.folder, { recursive: true });
  }
}

/** A TCP proxy: `cut` breaks what passes, `shut` refuses newcomers, `deaf` swallows what comes without a word. */
export class FlakyProxy {
  #sockets = new Set();
  shut = false;
  deafTo = null; // "client": its bytes are lost; "server": the server's are; "both"
  dials = 0;

  static async make(port) {
    const proxy = new FlakyProxy();
    proxy.server = createServer((client) => proxy.#pass(client, port));
    proxy.port = await listening(proxy.server);
    return proxy;
  }

  get url() {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  #pass(client, port) {
    this.dials += 1;
    if (this.shut) return client.destroy();
    const server = createConnection(port, "127.0.0.1");
    const zombie = () => this.deafTo === "both";
    client.on("data", (bytes) => this.deafTo === "client" || zombie() || server.write(bytes));
    server.on("data", (bytes) => this.deafTo === "server" || zombie() || client.write(bytes));
    for (const [one, other] of [[client, server], [server, client]]) {
      this.#sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }

  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cut();
    await closed;
  }
}

/** What localStorage is to a page. */
export class Storage {
  items = new Map();

  getItem(key) {
    return this.items.get(key) ?? null;
  }

  setItem(key, value) {
    this.items.set(key, String(value));
  }
}

/** Clients of one test, closed at its end; `binary.test.js` lets them all speak MessagePack. */
export function dialler(t, url) {
  const binary = globalThis.speakBinary ?? false;
  return async (options = {}) => {
    const client = await connect({ url, WebSocket, storage: new Storage(), binary, ...options });
    t.after(() => client.close());
    return client;
  };
}
