/**
 * A client of the game server, for pages and, with a WebSocket class, for node. One module, nothing else:
 *
 *     import { connect } from "../../gameserver.js";
 *     const client = await connect({ name: "Ann" });
 *     const room = await client.create("tictactoe");       // or client.join("K7QM"), client.match("tictactoe")
 *     room.on("$change", () => draw(room.state));
 *     await room.send("play", { cell: 4 });                // the reply; a GameError where the game refuses
 *
 * How a frame passes through: a `Connection` reads it and hands it to its `Client`. An answer settles its request's
 * promise; the rest goes to its `Room`, which checks the counter of every stream, keeps documents, seats, timers and
 * chat as the server has them, and calls its listeners. When a counter jumps, it asks for what is missing.
 *
 * A lost connection is dialled again after random, growing waits. Then `hello` says which user and which client this
 * is, each room is resumed from what it has seen, and requests without an answer are sent again under their old ids
 * (`Requests` says which). Chat outside rooms goes on from the last line that came.
 */

export { Channel, Chat } from "./chat.js";
export { Client } from "./client.js";
export { connect } from "./connect.js";
export { GameError } from "./errors.js";
export { Posts } from "./posts.js";
export { Room } from "./room.js";
