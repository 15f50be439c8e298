// worker.js - keeps the page's own files, so that it opens while the daemon is away, says so, and
// goes on when it is back.
//
// The daemon is always asked first; what is kept is shown only when nobody answers. Figures are
// never kept: what lies under v1/ does not come by here.

const root = new URL('..', self.location);
const AWAY = [502, 503, 504]; // what a proxy says in its place

// A view's path has one part, and all views are one document; the page's files lie in one folder.
function keptAs(request) {
    const path = new URL(request.url).pathname.slice(root.pathname.length);
    if (request.method !== 'GET' || !request.url.startsWith(root.href)) return null;
    if (request.mode === 'navigate') return path.includes('/') ? null : root.href;
    return path.startsWith('page/') ? request.url : null;
}

async function answer(request, key) {
    const kept = await caches.open('callswell');
    try {
        const response = await fetch(request);
        if (AWAY.includes(response.status)) return (await kept.match(key)) ?? response;
        // Other documents than the page are the daemon's plain answers: metrics, readiness.
        const html = response.headers.get('Content-Type')?.startsWith('text/html');
        if (response.ok && !response.redirected && (request.mode !== 'navigate' || html))
            await kept.put(key, response.clone());
        return response;
    } catch (error) {
        const page = await kept.match(key);
        if (page) return page;
        throw error;
    }
}

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (e) => e.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (e) => {
    const key = keptAs(e.request);
    if (key) e.respondWith(answer(e.request, key));
});
