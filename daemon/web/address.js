// address.js - the page's address holds what is shown: the view in its path, period and filters
// behind it.
//
// All views lie beside each other under the page's root, so the page also works behind a proxy that
// gives it a folder.

export const root = new URL('..', import.meta.url);

export const param = (name) => new URLSearchParams(location.search).get(name);
export const params = () => Object.fromEntries(new URLSearchParams(location.search));

export function viewName() {
    const path = location.pathname.slice(root.pathname.length);
    return path === '' ? 'now' : path;
}

// The zone goes along wherever one goes.
export function viewAddress(view, query = {}) {
    const to = new URL(view === 'now' ? '.' : view, root);
    const all = {...query, zone: query.zone === undefined ? param('zone') : query.zone};
    for (const [name, value] of Object.entries(all))
        if (value !== null && value !== undefined && value !== '') to.searchParams.set(name, value);
    return to.href;
}

const listeners = new Set();
export const onAddress = (f) => listeners.add(f);
const changed = () => listeners.forEach((f) => f());

export function go(href) {
    if (href !== location.href) history.pushState(null, '', href);
    changed();
}

// Other values for some of what stands behind the path; empty ones go.
export function setParams(values, {quietly = false} = {}) {
    const to = new URL(location.href);
    for (const [name, value] of Object.entries(values)) {
        if (value === null || value === undefined || value === '') to.searchParams.delete(name);
        else to.searchParams.set(name, value);
    }
    if (to.href === location.href) return;
    history[quietly ? 'replaceState' : 'pushState'](null, '', to.href);
    changed();
}

addEventListener('popstate', changed);

// Links within the page are followed without loading it again.
document.addEventListener('click', (e) => {
    const link = e.target.closest?.('a[href]');
    if (!link || e.defaultPrevented || e.button || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey)
        return;
    if (link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (!link.hasAttribute('data-view')) return;
    e.preventDefault();
    go(link.href);
    scrollTo(0, 0);
});
