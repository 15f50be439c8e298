// api.js - questions to the daemon, and what goes wrong with them.

import {root} from './address.js';
import {t} from './i18n.js';

// status 0: nobody answered.
export class Problem extends Error {
    constructor(status, detail) {
        super(detail);
        this.status = status;
    }
}

let onLogin = () => {};
export const whenLoginIsNeeded = (f) => {
    onLogin = f;
};

function url(path, query) {
    const to = new URL(path, root);
    for (const [name, value] of Object.entries(query || {}))
        if (value !== null && value !== undefined && value !== '') to.searchParams.set(name, value);
    return to;
}

// The address of the same question as CSV, for a link.
export const csvAddress = (path, query) => url(path, {...query, format: 'csv'}).href;

async function problemOf(response) {
    let detail = '';
    try {
        detail = (await response.json()).detail;
    } catch {
        // not one of the daemon's own
    }
    return new Problem(response.status, detail || `${response.status} ${response.statusText}`);
}

async function ask(path, query, options) {
    let response;
    try {
        response = await fetch(url(path, query), {credentials: 'same-origin', ...options});
    } catch (e) {
        if (e.name === 'AbortError') throw e;
        throw new Problem(0, t('error.nobody'));
    }
    if (response.status === 401) onLogin();
    if (!response.ok) throw await problemOf(response);
    return response;
}

export const get = async (path, query, signal) => (await ask(path, query, {signal})).json();

// Every row of a list that comes in parts. Lists for charts: thousands of rows at most.
export async function getAll(path, query, signal, most = 50000) {
    const all = await get(path, query, signal);
    let next = all.next;
    while (next && all.rows.length < most) {
        const more = await get(path, {...query, after: next}, signal);
        all.rows.push(...more.rows);
        next = more.next;
    }
    return all;
}

// Changes carry a header that no other site's form can send.
export async function post(path, body, type = 'application/json') {
    const response = await ask(path, null, {
        method: 'POST',
        headers: {'Content-Type': type, 'X-Callswell': 'page'},
        body: type === 'application/json' ? JSON.stringify(body ?? {}) : body,
    });
    const text = await response.text();
    return text ? JSON.parse(text) : {};
}
