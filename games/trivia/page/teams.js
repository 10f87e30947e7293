/* Which team a player is in: chosen before a game, and after it. */

import { attempt, el, fill, render, t } from "../../static/kit/kit.js";

import { TEAM_COLORS, entryOf, teamName } from "./parts.js";

/** A button for each team, and how many are in it: {node, update}; hidden where there are none, and while a game is played. */
export function teamChooser(room) {
  const node = el("div", { class: "team-choice", role: "group", "aria-label": t("Your team") });
  return {
    node,
    update: () => {
      const { teams, scores } = room.state;
      node.hidden = !teams.length || room.info.status === "playing";
      if (node.hidden) return;
      const own = entryOf(room, room.seat.id)?.team;
      const names = Object.keys(TEAM_COLORS).filter((name) => teams.some(({ team }) => team === name));
      fill(node, names.map((team) => {
        const count = scores.filter((entry) => entry.team === team).length;
        return el("button", { type: "button", class: ["choice", TEAM_COLORS[team]], "data-key": `team-${team}`, "aria-pressed": String(own === team), onclick: () => own !== team && attempt(room.send("team", { team })) }, teamName(team), el("span", { class: "count-of" }, String(count), el("span", { class: "visually-hidden" }, " ", t("in it"))));
      }));
    },
  };
}

/** A button that opens the same over the page, where there is no room for it. */
export function teamButton(room) {
  const open = () => {
    const chooser = teamChooser(room);
    const done = el("button", { type: "button", class: "primary", onclick: () => dialog.close() }, t("Done"));
    const dialog = el("dialog", { "aria-label": t("Your team") }, el("div", { class: "stack" }, el("h2", {}, t("Your team")), chooser.node, done));
    const end = render(room, () => {
      chooser.update();
      if (chooser.node.hidden) dialog.close();
    });
    dialog.addEventListener("close", () => {
      end();
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  };
  const button = el("button", { type: "button", onclick: open }, t("Change team"));
  const update = () => (button.hidden = !room.state.teams.length || room.info.status === "playing");
  update();
  return { node: button, update };
}
