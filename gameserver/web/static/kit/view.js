/** How much of the page is seen: a keyboard on the screen takes half of it, and browsers tell in different ways. */

const KEYBOARD = 0.75; // what leaves less than this of the height is a keyboard, not a browser's bar

let highest = 0;
let wide = 0;

/**
 * Keep `--view-h` (the height that is seen, in px) and `--view-top` (how far it is scrolled) on <html>, and the class
 * "keyboard" while a field has the focus and a keyboard covers the page. Called once by whatever needs it.
 * @param {(() => void)} [changed] called after each change
 */
export function watchView(changed) {
  const { documentElement: root } = document;
  const seen = window.visualViewport;
  const look = () => {
    if (seen && seen.scale > 1.05) return; // somebody looks closer: that is no keyboard
    const height = Math.round(seen?.height ?? innerHeight);
    if (innerWidth !== wide) [wide, highest] = [innerWidth, 0];
    highest = Math.max(highest, height);
    root.style.setProperty("--view-h", `${height}px`);
    root.style.setProperty("--view-top", `${Math.round(seen?.offsetTop ?? 0)}px`);
    root.classList.toggle("keyboard", height < highest * KEYBOARD && typing());
    changed?.();
  };
  for (const [target, type] of /** @type {[EventTarget | null, string][]} */ ([[seen, "resize"], [seen, "scroll"], [window, "resize"], [window, "focusin"], [window, "focusout"]])) target?.addEventListener(type, look);
  look();
}

function typing() {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return Boolean(at?.matches("input, textarea"));
}
