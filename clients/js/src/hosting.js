/** What the host of a room may do. */

import { GameError } from "./errors.js";
import { TurnTaking } from "./turns.js";

/** @import * as Api from "../gameserver.js" */

export class Hosting extends TurnTaking {
  /**
   * Begin the game, as the host.
   * @returns {Promise<any>}
   */
  start() {
    return this._client._ask("start", this._room);
  }

  /**
   * Do what a host may besides starting.
   * @type {Api.Room["asHost"]}
   */
  asHost(act, seat) {
    return this._client._ask("host", this._room, { act, seat });
  }

  /**
   * Give the room other options, between two rounds.
   * @type {Api.Room["setOptions"]}
   */
  setOptions(options) {
    return this._client._ask("options", this._room, { options });
  }

  /**
   * Go on with everybody in a new room.
   * @type {Api.Room["nextGame"]}
   */
  async nextGame(game, options) {
    await this._client._ask("next", this._room, { game, options });
    const next = await this._room._following;
    if (!next) throw new GameError("not_found", "There is no next room.");
    return next;
  }
}
