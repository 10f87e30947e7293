/** How much of the page is visible: a keyboard on the screen takes half of it, and browsers report that differently. */

const KEYBOARD = 0.75; // if less than this share of the height is left, it is a keyboard, not a browser's bar

let highest = 0;
let wide = 0;

/**
 * Keep `--view-h` (the visible height, in px) and `--view-top` (how far it is scrolled) on <html>, and the class
 * "keyboard" while a field has the focus and a keyboard covers the page. Call this once.
 * @param {(() => void)} [changed] called after each change
 */
export function watchView(changed) {
  const { documentElement: root } = document;
  const seen = window.visualViewport;
  const look = () => {
    if (seen && seen.scale > 1.05) return; // somebody has zoomed in: that is no keyboard
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
