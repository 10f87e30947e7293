/**
 * A client of the game server, for pages and, with a WebSocket class, for node. One module, nothing else:
 *
 *     import { connect } from "../../gameserver.js";
 *     const client = await connect({ name: "Ann" });
 *     const room = await client.create("tictactoe");       // or client.join("K7QM"), client.match("tictactoe")
 *     room.on("$change", () => draw(room.state));
 *     await room.send("play", { cell: 4 });                // the reply; a GameError where the game refuses
 *
 * How a frame passes through: a `Connection` reads it and hands it to its `Client`; what answers a request settles that
 * request's promise, the rest goes to its `Room`, which counts every stream, keeps documents, seats, timers and chat as
 * the server has them, tells its listeners, and asks for what is missing as soon as a counter jumps.
 *
 * A lost connection is dialled again after random, growing waits. Then `hello` says who this is and which client, each
 * room is resumed with what it has seen, and what has had no answer is said again under its old id (`Requests` says which).
 * What is said outside rooms is heard on from the last line that came.
 */

export { Channel, Chat } from "./chat.js";
export { Client } from "./client.js";
export { connect } from "./connect.js";
export { GameError } from "./errors.js";
export { Posts } from "./posts.js";
export { Room } from "./room.js";
