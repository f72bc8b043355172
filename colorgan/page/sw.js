// Keep the page for use without a network. `build_page` fills in the two lines below.
const CACHE = "colorgan-DIGEST";
const FILES = [];

addEventListener("install", (e) => e.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES.map((name) => new Request(name, { cache: "no-cache" })))).then(() => skipWaiting())));

addEventListener("activate", (e) => e.waitUntil(caches.keys()
  .then((names) => Promise.all(names.filter((name) => name.startsWith("colorgan-") && name !== CACHE).map((name) => caches.delete(name))))
  .then(() => clients.claim())));

// From the cache, and then with the headers that let the page use several threads
addEventListener("fetch", (e) => {
  if (e.request.method !== "GET" || !e.request.url.startsWith(registration.scope)) return;
  e.respondWith(caches.open(CACHE).then((cache) => cache.match(e.request, { ignoreSearch: true })).then((found) => found ? isolated(found) : fetch(e.request)));
});

function isolated(response) {
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
