/** What a client says, byte for byte: the order of keys, too, for which the server has a short way. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../gameserver.js";

const INFO = { status: "lobby", phase: null, locked: false, paused: false, options: {}, result: null, answered: {} };
const SEAT = { id: "1", number: 0, role: "player", resume: "secret" };
const LINE = { stream: "room", n: 1, from: { seat: "2", name: "Bob" }, to: "room", text: "hi", at: 5 };
const WELCOME = { op: "welcome", user: { id: "u", name: "Ann", rights: [] }, token: "tok", client: "key", now: 9, limits: {} };

/** Messages of the server, as it packs them: texts below 256 bytes, numbers below 128. */
function pack(value) {
  if (value === null || value === undefined) return [0xc0];
  if (typeof value === "boolean") return [value ? 0xc3 : 0xc2];
  if (typeof value === "number") return [value];
  if (typeof value === "string") return [0xd9, value.length, ...Buffer.from(value)];
  if (Array.isArray(value)) return [0xdc, 0, value.length, ...value.flatMap(pack)];
  const entries = Object.entries(value);
  return [0xde, 0, entries.length, ...entries.flatMap(([key, item]) => [...pack(key), ...pack(item)])];
}

const JOINED = { op: "joined", id: 1, room: "K7QM", game: "g", seat: SEAT, recovered: null, last_id: 0, info: INFO, docs: {}, seats: [], timers: [], chat: [LINE], seen: { epoch: "e", room: 1 }, keys: {}, channels: [], read: {} };
const NUMBERS = { welcome: 21, joined: 22 };

/** All that a client can ask and tell, each in every form; returns what it wrote, pings apart. */
async function said(t, { binary }) {
  const written = [];
  let socket;
  class Socket {
    readyState = 1;

    constructor() {
      socket = this;
      queueMicrotask(() => this.onopen());
    }

    send(frame) {
      written.push(binary ? Buffer.from(frame).toString("hex") : frame);
      if (written.length === 1) queueMicrotask(() => say(WELCOME));
    }

    close() {}
  }
  const say = ({ op, ...fields }) => {
    const frame = binary ? new Uint8Array(pack([NUMBERS[op], ...Object.values(fields)])).buffer : JSON.stringify({ op, ...fields });
    socket.onmessage({ data: frame });
  };
  const client = await connect({ url: "ws://table/ws", WebSocket: Socket, storage: null, name: "Ann", binary });
  t.after(() => client.close());
  const asked = [];
  const joining = client.create("g", { options: { a: 1 }, private: true, password: "p", role: "player", profile: { x: [1.5, null] } });
  asked.push(client.join("k7-qm", { password: "p" }), client.match("g", { match: { a: 2 }, name: "Zoe" }));
  say(JOINED);
  const room = await joining;
  const [line] = room.chat.lines;
  asked.push(room.send("play", { cell: 4, $x: 1, b: new Uint8Array([1, 2]) }), room.send("pass"), room.start());
  room.tell("aim", 1);
  room.tell("halt");
  asked.push(room.joinTeam("red"), room.joinTeam("red", "2"));
  asked.push(room.chat.say("hi"), room.chat.emote("waves", "group:a", { q: 1 }));
  room.chat.typing();
  room.chat.typing("room", false);
  room.chat.read();
  asked.push(room.chat.edit(line, "new", 1), room.chat.unsay(line), room.chat.report("2", "bad"), room.chat.report(line), room.chat.block("2", false));
  asked.push(client.lobby("g"), client.chat.say("yo", "user:u2"), room.leave());
  for (const each of asked) each.catch(() => {}); // nobody answers
  return written.filter((frame) => !frame.startsWith(binary ? "9209" : '{"op":"ping"'));
}

const JSON_FRAMES = [
  '{"op":"hello","guest":{"name":"Ann"}}',
  '{"op":"create","id":1,"game":"g","options":{"a":1},"private":true,"password":"p","name":"Ann","role":"player","profile":{"x":[1.5,null]}}',
  '{"op":"join","id":2,"room":"k7-qm","password":"p","name":"Ann"}',
  '{"op":"join","id":3,"game":"g","match":{"a":2},"name":"Zoe"}',
  '{"op":"send","id":4,"room":"K7QM","type":"play","data":{"cell":4,"$$x":1,"b":{"$bytes":"AQI="}}}',
  '{"op":"send","id":5,"room":"K7QM","type":"pass"}',
  '{"op":"start","id":6,"room":"K7QM"}',
  '{"op":"send","room":"K7QM","type":"aim","data":1}',
  '{"op":"send","room":"K7QM","type":"halt"}',
  '{"op":"team","id":7,"room":"K7QM","team":"red"}',
  '{"op":"team","id":8,"room":"K7QM","team":"red","seat":"2"}',
  '{"op":"chat","id":9,"room":"K7QM","text":"hi","to":"room"}',
  '{"op":"chat","id":10,"room":"K7QM","text":"/me waves","to":"group:a","data":{"q":1}}',
  '{"op":"typing","room":"K7QM","to":"room","on":true}',
  '{"op":"typing","room":"K7QM","to":"room","on":false}',
  '{"op":"read","id":11,"room":"K7QM","to":"room","upto":1}',
  '{"op":"edit","id":12,"room":"K7QM","stream":"room","line":1,"text":"new","data":1}',
  '{"op":"unsay","id":13,"room":"K7QM","stream":"room","line":1}',
  '{"op":"report","id":14,"room":"K7QM","seat":"2","reason":"bad"}',
  '{"op":"report","id":15,"room":"K7QM","stream":"room","line":1,"reason":""}',
  '{"op":"block","id":16,"room":"K7QM","seat":"2","on":false}',
  '{"op":"listen","id":17,"to":"lobby:g","seen":null}',
  '{"op":"chat","id":18,"text":"yo","to":"user:u2"}',
  '{"op":"leave","id":19,"room":"K7QM"}',
];
const PACKED_FRAMES = [
  "9601c0c081a46e616d65a3416e6ec004",
  "990201a16781a16101c3a170a3416e6ea6706c6179657281a17892ca3fc00000c0",
  "960302a56b372d716da3416e6ec0a170",
  "990303c0a35a6f65c0c0c0a16781a16102",
  "950504a4706c617983a463656c6c04a2247801a162c4020102a44b37514d",
  "950505a470617373c0a44b37514d",
  "930706a44b37514d",
  "9505c0a361696d01a44b37514d",
  "9505c0a468616c74c0a44b37514d",
  "951007a3726564c0a44b37514d",
  "951008a3726564a132a44b37514d",
  "960609a26869a4726f6f6dc0a44b37514d",
  "96060aa92f6d65207761766573a767726f75703a6181a17101a44b37514d",
  "940aa4726f6f6dc3a44b37514d",
  "940aa4726f6f6dc2a44b37514d",
  "950b0ba4726f6f6d01a44b37514d",
  "970c0ca4726f6f6d01a36e657701a44b37514d",
  "950d0da4726f6f6d01a44b37514d",
  "970e0ec0c0a132a3626164a44b37514d",
  "970e0fa4726f6f6d01c0a0a44b37514d",
  "960f10c0a132c2a44b37514d",
  "931111a76c6f6262793a67",
  "940612a2796fa7757365723a7532",
  "930813a44b37514d",
];

test("JSON", { timeout: 30_000 }, async (t) => assert.deepEqual(await said(t, { binary: false }), JSON_FRAMES));

test("MessagePack", { timeout: 30_000 }, async (t) => assert.deepEqual(await said(t, { binary: true }), PACKED_FRAMES));
