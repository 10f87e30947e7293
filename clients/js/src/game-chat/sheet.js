/** How the chat looks: by variables of our own, else those of /static/style.css, else the system's. */

const TOKENS = {
  ink: "var(--ink, CanvasText)",
  muted: "var(--muted, CanvasText)",
  ground: "var(--card, Canvas)",
  line: "var(--line, GrayText)",
  edge: "var(--edge, GrayText)",
  accent: "var(--accent, LinkText)",
  "on-accent": "var(--on-accent, Canvas)",
  bad: "var(--bad, CanvasText)",
  focus: "var(--focus, Highlight)",
};
/** @param {keyof typeof TOKENS} name */
const token = (name) => `var(--game-chat-${name}, ${TOKENS[name]})`;

const SHEET = `
:host { display: flex; flex-direction: column; min-width: 0; min-height: 0; text-align: start; font-family: var(--game-chat-font, inherit); color: ${token("ink")}; }
:host([hidden]) { display: none; }
*, *::before { box-sizing: border-box; }
[hidden] { display: none !important; }
section { display: flex; flex-direction: column; gap: .6rem; min-height: 0; flex: 1; }
h2 { margin: 0; font-size: 1.15em; line-height: 1.2; }
.tabs { display: flex; flex-wrap: wrap; gap: .35rem; align-items: center; }
button, select, input { font: inherit; color: inherit; border-radius: var(--game-chat-radius, .55rem); border: 1px solid ${token("line")}; background: transparent; min-height: max(2.4em, 44px); padding: .3em .7em; max-width: 100%; }
button { cursor: pointer; }
button:disabled { cursor: default; opacity: .6; }
:focus-visible { outline: 3px solid ${token("focus")}; outline-offset: 2px; }
[role=tab] { display: flex; align-items: center; gap: .4em; max-width: 14em; }
[role=tab] > bdi { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
[role=tab][aria-selected=true] { font-weight: 700; border-color: currentColor; border-width: 2px; }
.count { background: ${token("accent")}; color: ${token("on-accent")}; border-radius: 1em; padding: 0 .5em; font-size: .85em; font-weight: 700; }
.panel { display: flex; flex-direction: column; gap: .35rem; min-height: 0; flex: 1; }
[role=log] { height: var(--game-chat-height, 16rem); overflow-y: auto; overscroll-behavior: contain; border: 1px solid ${token("line")}; border-radius: var(--game-chat-radius, .55rem); background: ${token("ground")}; padding: .5em .6em; flex: 1 0 auto; }
.line { margin: 0 0 .3em; display: flex; flex-wrap: wrap; column-gap: .5em; align-items: baseline; overflow: hidden; overflow-wrap: anywhere; line-height: 1.4; }
.from { font-weight: 700; }
.account { border: 1px solid currentColor; border-radius: 1em; padding: 0 .25em; margin-inline-start: -.2em; font-size: .75em; color: ${token("muted")}; }
.text { min-width: 0; white-space: pre-wrap; unicode-bidi: isolate; flex: 0 1 auto; margin: 0; }
.game, .note, .empty, .typing { color: ${token("muted")}; }
.emote .text, .empty { font-style: italic; }
.mentioned { border-inline-start: 4px solid ${token("accent")}; padding-inline-start: .4em; }
.line button { min-height: 1.7em; padding: 0 .5em; font-size: .8em; color: ${token("muted")}; }
.about { display: flex; flex-wrap: wrap; gap: .35rem; align-items: center; }
@media (pointer: coarse) {
  .line { overflow: visible; }
  .line button { min-width: 44px; min-height: 44px; margin-block: -11px; border-color: transparent; text-decoration: underline; } /* as high as a finger needs, over the lines beside it */
}
.typing { margin: 0; min-height: 1.4em; font-size: .85em; }
.error { margin: 0; color: ${token("bad")}; }
.error:empty { display: none; }
form { display: flex; flex-wrap: wrap; gap: .4rem; }
input, select { font-size: max(1em, 16px); } /* an iPhone zooms into a field with smaller letters, and stays there */
input { flex: 1 1 8rem; min-width: 0; background: ${token("ground")}; border-color: ${token("edge")}; }
input::placeholder { color: ${token("muted")}; opacity: 1; }
.send { background: ${token("accent")}; color: ${token("on-accent")}; border-color: transparent; font-weight: 700; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (forced-colors: active) { .count, .send { border: 1px solid; } }
`;

/** @type {CSSStyleSheet | null} */
let sheet = null;

/**
 * Give a chat its look: one sheet for all chats of a page, made by a script, so that a policy against inline styles allows
 * it. Safari has such sheets since 16.4; before, the chat is plain.
 * @param {ShadowRoot} root
 */
export function dress(root) {
  if (!("adoptedStyleSheets" in root)) return;
  if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(SHEET);
  root.adoptedStyleSheets = [sheet];
}
