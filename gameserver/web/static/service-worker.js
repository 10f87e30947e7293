/*
 * Makes the pages an app of their own on a phone, and shows a page of its own when there is no connection.
 *
 * Pages always come from the server: an old one is never shown. Files need nothing here: browsers keep those whose
 * address has their tag. Served at /service-worker.js, so that it is for all pages beside it.
 */

/** @type {any} a worker, not a window */
const worker = self;
const CACHE = "gameserver-offline";
const OFFLINE = ["static/offline.html", "static/offline.js", "static/style.css", "static/icon.svg"];
const here = (path) => new URL(path, worker.registration.scope).href;

worker.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(OFFLINE.map((path) => new Request(here(path), { cache: "reload" })))));
  worker.skipWaiting();
});

worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(offline));
  else if (OFFLINE.some((path) => request.url === here(path))) event.respondWith(fetch(request).catch(() => caches.match(request, { cacheName: CACHE })));
});

async function offline() {
  const page = await caches.match(here(OFFLINE[0]), { cacheName: CACHE });
  // It is shown under the address that was asked for, so that a reload tries again.
  const text = (await page.text()).replaceAll('"../../', `"${worker.registration.scope}`);
  return new Response(text, { status: 503, headers: { "content-type": "text/html; charset=utf-8" } });
}
