/*
 * Trivia night: one page for the shared screen (?role=screen) and for the phones. This file
 * is for taking a seat, which needs little: all else is loaded while a name is typed. What the documents hold, and which
 * messages there are, is told in game.py.
 */

import { enter } from "../../static/enter.js";

const mount = document.querySelector("main");
const seated = enter({ mount, bar: false });
const [seat, { begin }] = await Promise.all([seated, import("./night.js")]);
begin({ mount, ...seat });
