// live.js - what the daemon says by itself: its events, or, where they do not come, its status now
// and then.

import {get} from './api.js';
import {root} from './address.js';

const names = ['status', 'passed', 'signal', 'link', 'back'];
const listeners = Object.fromEntries(names.map((name) => [name, new Set()]));
let source = null;
let timer = null;
let last = null;
let linked = 'waiting';
let heardAt = null;
let told = false; // by events, also of what the analyst wrote

export const lastStatus = () => last;
export const linkState = () => linked;
export const lastHeard = () => heardAt;

// f(value) for each event of the name, until what it returns is called.
export function on(name, f) {
    listeners[name].add(f);
    return () => listeners[name].delete(f);
}

const tell = (name, value) => listeners[name].forEach((f) => f(value));

function link(state) {
    if (state !== linked) {
        linked = state;
        tell('link', state);
    }
}

function heard(status) {
    const back = linked === 'lost';
    const passed = back || (last && status.analytics?.batch !== last.analytics?.batch);
    last = status;
    heardAt = new Date();
    link('live');
    tell('status', status);
    if (back) {
        tell('back', status);
        if (source?.readyState === EventSource.CLOSED) listen();
    }
    if (!passed || told) return;
    tell('passed', status);
    tell('signal', status);
}

export async function lookNow() {
    try {
        heard(await get('v1/status'));
    } catch (error) {
        link(error.status === 401 ? 'locked' : 'lost');
    }
}

// Every two seconds while somebody looks, never while nobody does.
function lookOften() {
    clearInterval(timer);
    timer = setInterval(() => document.visibilityState === 'visible' && lookNow(), 2000);
}

export function start() {
    lookNow();
    lookOften();
    if (window.EventSource) listen();
}

function listen() {
    source?.close();
    source = new EventSource(new URL('v1/events', root));
    source.addEventListener('status', (e) => {
        clearInterval(timer); // it comes by itself
        timer = null;
        heard(JSON.parse(e.data));
    });
    source.addEventListener('changed', (e) => {
        told = true;
        tell('passed', last);
        if (JSON.parse(e.data).signals) tell('signal', last);
    });
    source.onerror = () => {
        told = false;
        if (timer === null) lookOften();
    };
}

document.addEventListener(
    'visibilitychange',
    () => document.visibilityState === 'visible' && lookNow(),
);
