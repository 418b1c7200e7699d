/** The shell was withdrawn: this worker takes the other's place, drops its caches and ends. What was written lies elsewhere and stays. */
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(end()));
async function end() {
  for (const name of await caches.keys()) if (name.startsWith({{ caches|tojson }})) await caches.delete(name);
  await self.registration.unregister();
}
