/** The screen, which stays on while a game is seen. */

let lock = null;

/** Keep the screen on while this page is seen, where the browser lets us. */
export function keepAwake() {
  if (lock !== null || !window.isSecureContext || !navigator.wakeLock) return;
  const ask = async () => {
    if (document.visibilityState !== "visible") return;
    try {
      lock = await navigator.wakeLock.request("screen");
    } catch {
      lock = undefined; // a low battery, for example
    }
  };
  lock = undefined;
  document.addEventListener("visibilitychange", ask);
  ask();
}
