/** For a TV's remote, which has four arrows and OK: the arrows go from button to button, as Tab does on a keyboard. */

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const PRESSABLE = "button, a[href], input, select, summary, textarea";
const OWN_ARROWS = "select, textarea, input:not([type=checkbox])"; // arrows have another meaning there

let listens = false;

/** Listen, once, on a page of a shared screen. */
export function walkByRemote() {
  if (listens) return;
  listens = true;
  document.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const at = /** @type {HTMLElement | null} */ (document.activeElement);
    if (!step || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || at?.matches(OWN_ARROWS)) return;
    const within = document.querySelector("dialog[open]") ?? document.body;
    const all = /** @type {HTMLElement[]} */ ([...within.querySelectorAll(PRESSABLE)]).filter((each) => !(/** @type {any} */ (each).disabled) && each.getClientRects().length);
    if (!all.length) return;
    const turned = document.documentElement.dir === "rtl" && /Left|Right/.test(event.key) ? -step : step;
    const now = all.indexOf(/** @type {HTMLElement} */ (at));
    all[now < 0 ? 0 : (now + turned + all.length) % all.length].focus();
    event.preventDefault();
  });
}
