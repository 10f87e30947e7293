/** Banners above a page: that the connection is lost, and what the operator announces. */

import { EXPLAIN_MS, whyAway } from "./away.js";
import { el, fill } from "./elements.js";
import { words } from "./notices.js";
import { t } from "./language.js";

const OUT = new Set(["forbidden", "unauthenticated"]);
const KEPT = new Set(["quarantined", "busy", "unreachable"]); // the client goes on trying by itself
const MOMENT = t("One moment: the room is on its way to another server. Your seat is kept.");
const MOMENT_MS = 1500; // by then whoever waits for a first seat has it, or the error comes again
const AWAY_MS = 700; // a shorter break is not worth a banner
const NEWS_MS = 86_400_000; // older announcements are not shown
const NEWS_SHOWN = 3;
const NEWS_TV_MS = 60_000; // nobody closes a banner on a shared screen

/** A banner that says that the connection, or the room, is away, and after a while why, with a button to try again. */
export function statusBanner(client) {
  const banner = el("div", { class: "banner", role: "status", hidden: true });
  const again = el("button", { type: "button", class: "quiet", onclick: () => client.reconnect() }, t("Try now"));
  let timers = [];
  let kept = null; // the text about a room that is away for the moment
  let ended = null; // why there is no further connection
  const show = (...content) => {
    banner.hidden = false;
    fill(banner, content);
  };
  const explain = async () => {
    const during = timers;
    const why = await whyAway();
    if (during === timers) show(t("{why} Your seat is kept.", { why }), " ", again);
  };
  const look = () => {
    for (const timer of timers) clearTimeout(timer);
    timers = [];
    if (client.status === "closed") show(OUT.has(ended?.code) ? t("The connection has ended: your login is over, or you may not play here any more. Reload the page to go on.") : t("The connection has ended. Reload the page to go on."));
    else if (client.status === "connecting") {
      timers = [setTimeout(show, AWAY_MS, t("Reconnecting… Your seat is kept.")), setTimeout(explain, EXPLAIN_MS)];
    } else if (kept) {
      show(kept.text);
    } else {
      banner.hidden = true;
      fill(banner);
    }
  };
  client.on("$status", (_, error) => {
    ended = error;
    look();
  });
  client.on("$error", (error) => {
    if (!KEPT.has(error.code)) return;
    const told = { text: error.code === "busy" ? MOMENT : words(error) };
    kept = told;
    const done = () => {
      if (kept === told) kept = null;
      look();
    };
    const room = client.rooms.get(error.room);
    if (room) for (const end of ["$joined", "$left"]) room.on(end, done);
    else setTimeout(done, (error.retry_ms ?? 0) + MOMENT_MS);
    look();
  });
  look();
  return banner;
}

/** The last announcements that were not closed in this browser, in a region that screen readers know. */
export function newsBanner(client) {
  const close = () => client.chat.read("server");
  const node = el("div", { role: "status", class: "news" });
  let shown = "";
  const draw = () => {
    const channel = client.chat.channels.get("server");
    const news = (channel?.lines ?? []).filter(({ n, at }) => n > channel.read && client.now() - at < NEWS_MS).slice(-NEWS_SHOWN);
    const now = news.map(({ n }) => n).join();
    if (now === shown) return;
    shown = now;
    const button = el("button", { type: "button", class: "quiet", "data-key": "close-news", onclick: close }, t("Got it"));
    fill(node, news.length ? el("div", { class: "banner" }, news.map(({ text }) => el("p", { dir: "auto" }, text)), button) : null);
    if (now && document.documentElement.classList.contains("tv")) setTimeout(() => shown === now && close(), NEWS_TV_MS);
  };
  for (const event of ["$chat", "$channels", "$read"]) client.on(event, draw);
  client.announcements().catch(() => {}); // everything else works without them
  return node;
}
