/**
 * What Colyseus' schema encoder makes of a walk: node measure.mjs walk.json. Prints, by type of field, the mean bytes of
 * a patch; one byte is added, with which Colyseus begins every message.
 */

import { readFileSync } from "node:fs";
import { Encoder, schema, t } from "@colyseus/schema";

const MESSAGE_HEAD = 1;
const FIELDS = { number: t.number, float32: t.float32, float64: t.float64, int16: t.int16 };
const { types, ticks } = JSON.parse(readFileSync(process.argv[2]));

function measure(type) {
  const Body = schema({ x: FIELDS[type](), y: FIELDS[type]() }, "Body");
  const State = schema({ bodies: t.map(Body) }, "State");
  const state = new State();
  const encoder = new Encoder(state);
  const [first, ...later] = ticks;
  first.forEach(([x, y], i) => state.bodies.set(`${i}`, Object.assign(new Body(), { x, y })));
  encoder.encodeAll();
  encoder.discardChanges();
  let bytes = 0;
  for (const tick of later) {
    tick.forEach(([x, y], i) => Object.assign(state.bodies.get(`${i}`), { x, y }));
    bytes += encoder.encode().length + MESSAGE_HEAD;
    encoder.discardChanges();
  }
  return bytes / later.length;
}

console.log(JSON.stringify(Object.fromEntries(types.map((type) => [type, measure(type)]))));
