/**
 * Scenes that fit their screen. Sizes on our pages are in rem, so a scene that is too large is shown smaller by the
 * factor `--fit`. Before it gets too small to read, lists show fewer items, and say in words how many are left out.
 * What fits is measured after each change, and each time the device is turned.
 */

import { el } from "../page/elements.js";
import { t } from "../page/language.js";
import { afterPress } from "../page/pressing.js";
import { watchView } from "./view.js";

const LARGE = [1.3, 1.2, 1.1]; // on a TV, a scene with little in it is shown larger
const EASY = [1, 0.94, 0.88, 0.82];
const SMALL = [0.76, 0.7, 0.64, 0.58, 0.52, 0.46];
const PHONE_SMALL = [0.76, 0.7]; // a phone is held near, but its letters are small already
const GROW_MS = 60; // the most time spent on finding out how many items each list may show
const FEW = 6; // for so many items, letters get smaller before any is left out

/**
 * A list that shows as many of its items as there is room for, and says in words what is left out.
 * @param {HTMLElement[]} items one with data-keep is always shown, such as one's own line
 * @param {{ tag?: "ol" | "ul", more?: (n: number) => string, most?: number, least?: number, label?: string, class?: any }} options
 * `more(n)` says what is left out; at most `most` are shown, and at least `least`, even if the screen is too small.
 */
export function fitList(items, { tag = "ul", more = (n) => t("and {n} more", { n }), most = 60, least = 1, label, class: name } = {}) {
  const list = el(tag, { class: name, "aria-label": label }, items);
  const rest = el("p", { class: "fit-rest muted", hidden: true });
  const node = el("div", { class: "fit-list", "data-fit": "" }, list, rest);
  let last = Infinity;
  const show = (wanted = last) => {
    last = wanted;
    const count = Math.max(Math.min(wanted, most), least);
    const shown = new Set(items.slice(0, count));
    for (const item of items) if ("keep" in item.dataset) shown.add(item);
    for (const item of items) if (item.hidden === shown.has(item)) item.hidden = !item.hidden;
    const left = items.length - shown.size;
    const text = left > 0 ? more(left) : "";
    rest.hidden = left <= 0;
    if (rest.textContent !== text) rest.textContent = text;
  };
  Object.assign(node, { showItems: show, itemCount: Math.min(items.length, most) });
  show(items.length);
  return node;
}

/**
 * Keep all that is in `stage` on the screen, whatever changes, as long as <html> has the class "whole" (it has on a
 * TV). → a function that measures again at once.
 * @param {HTMLElement} stage
 * @param {{ grow?: boolean }} options `grow` (true): on a TV, a scene with little in it is shown up to a third larger
 */
export function fitted(stage, { grow = true } = {}) {
  const { documentElement: root } = document;
  let due = false;

  const over = () => stage.scrollHeight > stage.clientHeight + 1 || stage.scrollWidth > stage.clientWidth + 1;
  const scale = (factor) => root.style.setProperty("--fit", String(factor));
  const scales = (factors) => factors.some((factor) => {
    scale(factor);
    return !over();
  });

  const look = () => {
    due = false;
    if (!stage.isConnected) return;
    const moveOn = atRest(stage);
    const lists = /** @type {any[]} */ ([...stage.querySelectorAll("[data-fit]")]);
    const showAll = (count) => lists.forEach((list) => list.showItems(count));
    stage.classList.remove("too-small");
    scale(1);
    showAll(Infinity);
    if (root.classList.contains("whole")) {
      const isTv = root.classList.contains("tv");
      const isFew = isTv && lists.length > 0 && lists.every(({ itemCount }) => itemCount <= FEW);
      const easy = [...(isTv && grow ? LARGE : []), ...EASY, ...(isFew ? PHONE_SMALL : [])];
      const less = (factor) => {
        scale(factor);
        showAll(Infinity);
        return !over() || fewer(lists, showAll, over);
      };
      if (!scales(easy) && ![easy.at(-1), ...(isTv ? SMALL : PHONE_SMALL)].some(less)) stage.classList.add("too-small");
    }
    moveOn();
    changes.takeRecords();
  };
  const soon = () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => afterPress(look));
  };

  // The number of a clock, and the lines of a list of scores, change all the time without a change of size.
  const isSteady = ({ target }) => Boolean((target instanceof Element ? target : target.parentElement)?.closest("[role=timer], [data-steady]"));
  const changes = new MutationObserver((records) => !records.every(isSteady) && soon());
  changes.observe(stage, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["hidden", "class"] });
  new ResizeObserver(soon).observe(stage);
  watchView(soon);
  document.fonts?.ready.then(soon);
  stage.addEventListener("load", soon, true); // a picture has come
  return look;
}

/**
 * Finish all animations for the measurement: an element that is still on its way, a little lower, would make the scene
 * smaller, and larger again once it is in place. → a function that lets the animations go on
 */
function atRest(stage) {
  const moving = stage.getAnimations({ subtree: true }).filter(({ effect }) => Number.isFinite(effect.getComputedTiming().endTime));
  const times = moving.map(({ currentTime }) => currentTime);
  for (const each of moving) each.currentTime = each.effect.getComputedTiming().endTime;
  return () => moving.forEach((each, i) => (each.currentTime = times[i]));
}

/** Show as many items as there is room for. → whether everything fits then */
function fewer(lists, showAll, over) {
  const ends = performance.now() + GROW_MS;
  let [fits, most] = [0, Math.max(0, ...lists.map(({ itemCount }) => itemCount))];
  if (!most) return false;
  while (fits < most) {
    const half = Math.ceil((fits + most) / 2);
    showAll(half);
    if (over()) most = half - 1;
    else fits = half;
  }
  showAll(fits);
  if (over()) return false;
  if (lists.length > 1) for (const list of lists) grow(list, fits, over, ends);
  return true;
}

/** Show more items of one list, as many as fit: it may have more room than the lists beside it. */
function grow(list, fits, over, ends) {
  let [least, most] = [fits, list.itemCount];
  while (least < most && performance.now() < ends) {
    const half = Math.ceil((least + most) / 2);
    list.showItems(half);
    if (over()) most = half - 1;
    else least = half;
  }
  list.showItems(least);
}
