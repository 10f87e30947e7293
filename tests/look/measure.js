// What a reader of this page cannot see or press as it stands: a list of faults in words. `see`: selectors of what must
// be seen without scrolling. Called with {tv, touch, see}.
({ tv, touch, see }) => {
  const faults = [];
  const root = document.documentElement;
  const px = (n) => Math.round(n);
  // Not innerWidth: a phone shows a page that is too wide smaller, and counts all of it then.
  const [wide, high] = [root.clientWidth, root.clientHeight];
  const inView = ({ left, top, right, bottom }) => left >= -1 && top >= -1 && right <= wide + 1 && bottom <= high + 1;
  const at = ({ left, top, right, bottom }) => `${px(left)},${px(top)} to ${px(right)},${px(bottom)} of ${wide}x${high}`;

  const all = [];
  const walk = (node) => {
    for (const child of node.children) {
      all.push(child);
      if (child.shadowRoot) walk(child.shadowRoot);
      walk(child);
    }
  };
  walk(document.body);
  const isHidden = (node) => !node.checkVisibility({ visibilityProperty: true, opacityProperty: false }) || node.closest(".visually-hidden, [aria-hidden=true]:not(.shown)") !== null;
  const nameOf = (node) => `<${node.tagName.toLowerCase()}${node.className && typeof node.className === "string" ? ` class="${node.className}"` : ""}> "${(node.innerText ?? node.textContent ?? "").trim().slice(0, 40)}"`;
  const up = (node) => node.parentElement ?? node.getRootNode().host ?? null;
  const hiddenAway = (node) => {
    for (let each = node; each; each = up(each)) if (getComputedStyle(each).clipPath === "inset(50%)") return true;
    return false;
  };

  if (root.scrollWidth > wide + 1) faults.push(`the page is ${root.scrollWidth - wide} px too wide`);
  if (visualViewport.scale < 0.99) faults.push(`the page is shown at ${visualViewport.scale.toFixed(2)} of its size, so wide is something`);
  if (tv && root.scrollHeight > high + 1) faults.push(`the page scrolls: it is ${root.scrollHeight - high} px too high`);
  if (document.querySelector(".stage.too-small")) faults.push("the scene does not fit at its smallest");

  const open = document.querySelector("dialog[open]");
  const shown = all.filter((node) => !isHidden(node) && !hiddenAway(node) && (!open || open.contains(node)));
  for (const node of shown) {
    const style = getComputedStyle(node);
    const scrolls = (way) => ["auto", "scroll"].includes(way);
    if (tv && scrolls(style.overflowY) && node.scrollHeight > node.clientHeight + 1) faults.push(`scrolls on a TV by ${node.scrollHeight - node.clientHeight} px: ${nameOf(node)}`);
    if (node.matches(".bar .home > span")) continue; // whole, or on a line that nobody sees
    const texts = [...node.childNodes].filter((each) => each.nodeType === 3 && each.data.trim());
    if (!texts.length) continue;
    const range = document.createRange();
    range.setStartBefore(texts[0]);
    range.setEndAfter(texts.at(-1));
    const box = range.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    if (box.left < -1 || box.right > wide + 1) {
      if (style.textOverflow !== "ellipsis" && !inScroller(node)) faults.push(`stands out to the side (${at(box)}): ${nameOf(node)}`);
    }
    if (tv && (box.top < -1 || box.bottom > high + 1)) faults.push(`not on the screen (${at(box)}): ${nameOf(node)}`);
    if (tv && !open && style.pointerEvents !== "none" && inView(box)) {
      const own = node.getBoundingClientRect(); // of a text that ends in an ellipsis only a part is there
      const middle = (low, high, first, last) => (Math.max(low, first) + Math.min(high, last)) / 2;
      const top = topAt(middle(box.left, box.right, own.left, own.right), middle(box.top, box.bottom, own.top, own.bottom));
      if (top && !node.contains(top) && !top.contains(node) && !top.closest(".toasts")) faults.push(`covered by ${nameOf(top)}: ${nameOf(node)}`);
    }
    for (let each = node; each && each !== document.body; each = up(each)) {
      const own = getComputedStyle(each);
      if (own.position === "fixed") break;
      const clips = ["hidden", "clip"];
      const rect = each.getBoundingClientRect();
      if (clips.includes(own.overflowX) && own.textOverflow !== "ellipsis" && (box.left < rect.left - 2 || box.right > rect.right + 2)) faults.push(`cut at the side by ${nameOf(each)}: ${nameOf(node)}`);
      if (clips.includes(own.overflowY) && own.textOverflow !== "ellipsis" && (box.top < rect.top - 3 || box.bottom > rect.bottom + 3)) faults.push(`cut below or above by ${nameOf(each)}: ${nameOf(node)}`);
      if (own.textOverflow === "ellipsis" || scrolls(own.overflowX) || scrolls(own.overflowY)) break;
    }
  }
  function inScroller(node) {
    for (let each = node; each; each = up(each)) if (["auto", "scroll"].includes(getComputedStyle(each).overflowX)) return true;
    return false;
  }

  for (const selector of see) {
    const found = all.filter((node) => node.matches(selector) && !isHidden(node));
    if (!found.length) faults.push(`not there: ${selector}`);
    for (const node of found) {
      const box = node.getBoundingClientRect();
      if (!inView(box)) faults.push(`not seen without scrolling (${at(box)}): ${nameOf(node)}`);
    }
  }

  function topAt(x, y) {
    let top = document.elementFromPoint(x, y);
    while (top?.shadowRoot?.elementFromPoint(x, y) && top.shadowRoot.elementFromPoint(x, y) !== top) top = top.shadowRoot.elementFromPoint(x, y);
    return top;
  }

  const pressable = shown.filter((node) => node.matches("button, a[href], input:not([type=hidden]), select, summary, textarea"));
  const names = new Map();
  /** Whether a point lies outside a part that scrolls on its own, such as the lines of a chat. */
  const scrolledAway = (node, x, y) => {
    for (let each = up(node); each; each = up(each)) {
      const rect = each.getBoundingClientRect();
      if (["auto", "scroll"].includes(getComputedStyle(each).overflowY) && (x < rect.left || x > rect.right || y < rect.top || y > rect.bottom)) return true;
    }
    return false;
  };
  /** Whether something covers a part because it sticks to an edge of what scrolls, far enough for the part to come free. */
  const goesBeneath = (node, top) => {
    let sticky = top;
    while (sticky && getComputedStyle(sticky).position !== "sticky") sticky = up(sticky);
    let within = sticky && up(node);
    while (within && !(within.contains(sticky) && ["auto", "scroll"].includes(getComputedStyle(within).overflowY))) within = up(within);
    if (!within) return false;
    const [over, under] = [sticky.getBoundingClientRect(), node.getBoundingClientRect()];
    const below = within.scrollHeight - within.clientHeight - within.scrollTop;
    return under.bottom - over.top <= below + 1 || over.bottom - under.top <= within.scrollTop + 1;
  };
  for (const node of pressable) {
    const box = node.getBoundingClientRect();
    const inline = node.tagName === "A" && getComputedStyle(node).display === "inline";
    const label = node.matches("[type=checkbox], [type=radio]") ? node.labels?.[0]?.getBoundingClientRect() : null;
    const [width, height] = [Math.max(box.width, label?.width ?? 0), Math.max(box.height, label?.height ?? 0)];
    const isIdle = node.matches(".board-grid [aria-disabled=true]"); // a square that nobody may press now
    if (touch && !inline && !isIdle && (width < 43.5 || height < 43.5)) faults.push(`a target of ${px(width)} by ${px(height)} px: ${nameOf(node)}`);
    const letters = parseFloat(getComputedStyle(node).fontSize);
    const isTyped = node.matches("input:not([type=checkbox], [type=radio], [type=range]), select, textarea");
    if (touch && isTyped && letters < 16) faults.push(`an iPhone zooms into a field with letters of ${letters.toFixed(1)} px: ${nameOf(node)}`);
    if (node.tagName === "BUTTON" && !node.closest("[role=log]")) {
      const name = (node.getAttribute("aria-label") ?? node.textContent).trim();
      names.set(name, (names.get(name) ?? 0) + 1);
    }
    if (inView(box) && !node.disabled) {
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      const top = topAt(x, y);
      if (top && !scrolledAway(node, x, y) && !goesBeneath(node, top) && !node.contains(top) && !top.contains(node) && !top.closest?.(".toasts")) faults.push(`covered by ${nameOf(top)}: ${nameOf(node)}`);
    }
  }
  for (const [name, count] of names) if (count > 1) faults.push(`${count} buttons "${name}"`);

  for (const bar of document.querySelectorAll(".bar, .host-bar")) {
    const parts = [...bar.children].filter((each) => !isHidden(each) && each.getClientRects().length).map((each) => ({ each, box: each.getBoundingClientRect() }));
    const whole = bar.getBoundingClientRect();
    parts.forEach(({ each, box }, i) => {
      if (box.left < whole.left - 1 || box.right > whole.right + 1) faults.push(`stands out of its bar (${at(box)}): ${nameOf(each)}`);
      for (const other of parts.slice(i + 1)) {
        const [across, down] = [Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left), Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top)];
        if (across > 1 && down > 1) faults.push(`in a bar ${nameOf(each)} lies over ${nameOf(other.each)}`);
      }
    });
  }

  const headings = shown.filter((node) => node.tagName === "H1").length + [...document.querySelectorAll("h1.visually-hidden")].length;
  if (headings !== 1 && !open) faults.push(`${headings} first headings`);
  return faults;
}
