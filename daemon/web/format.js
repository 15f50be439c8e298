// format.js - numbers, spans of time, moments in the zone that was chosen.

import {language, t} from './i18n.js';
import {param} from './address.js';

const made = new Map();

// Intl's formatters cost more to make than to use.
function formatter(kind, options) {
    const key = language() + JSON.stringify(options) + kind.name;
    if (!made.has(key)) made.set(key, new kind(language(), options));
    return made.get(key);
}

export const NONE = '–';
const missing = (v) => v === null || v === undefined || Number.isNaN(v);

export function num(v, digits = 0) {
    if (missing(v)) return NONE;
    return formatter(Intl.NumberFormat, {
        maximumFractionDigits: digits,
        minimumFractionDigits: digits,
    }).format(v);
}

// At most so many digits behind the point, and only those that say something.
export function about(v, digits = 1) {
    return missing(v)
        ? NONE
        : formatter(Intl.NumberFormat, {maximumFractionDigits: digits}).format(v);
}

export function short(v) {
    if (missing(v)) return NONE;
    return formatter(Intl.NumberFormat, {notation: 'compact', maximumFractionDigits: 1}).format(v);
}

export function percent(v, digits = 0) {
    if (missing(v)) return NONE;
    return formatter(Intl.NumberFormat, {
        style: 'percent',
        maximumFractionDigits: digits,
        minimumFractionDigits: digits,
    }).format(v);
}

export function bytes(v) {
    if (missing(v)) return NONE;
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let i = 0;
    while (v >= 1024 && i < units.length - 1) {
        v /= 1024;
        i++;
    }
    return `${about(v, v < 10 && i > 0 ? 1 : 0)} ${units[i]}`;
}

// "3 min", "2 h 5 min", "4 d": two units at most.
export function duration(seconds) {
    if (missing(seconds)) return NONE;
    const s = Math.max(0, Math.round(seconds));
    if (s < 60) return t('d.s', s);
    if (s < 3600) return t('d.m', Math.floor(s / 60));
    if (s < 86400) return t('d.h', Math.floor(s / 3600), Math.floor((s % 3600) / 60));
    return t('d.d', Math.floor(s / 86400), Math.floor((s % 86400) / 3600));
}

export const hours = (seconds) =>
    missing(seconds) ? NONE : num(seconds / 3600, seconds < 36000 ? 1 : 0);

// --- moments ---

let serverZone = 'UTC';
export const setServerZone = (zone) => {
    if (zone && isZone(zone)) serverZone = zone;
};
export const getServerZone = () => serverZone;
export const viewerZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

export function isZone(zone) {
    try {
        new Intl.DateTimeFormat('en', {timeZone: zone});
        return true;
    } catch {
        return false;
    }
}

// The zone of the address, which was shared or chosen; else the one that was chosen last; else the
// viewer's.
export function zone() {
    const asked = param('zone');
    if (asked && isZone(asked)) return asked;
    let kept = null;
    try {
        kept = localStorage.getItem('callswell.zone');
    } catch {
        // no storage
    }
    return kept && isZone(kept) ? kept : viewerZone();
}

const date = (at) => (at instanceof Date ? at : new Date(at));
const good = (at) =>
    at !== null && at !== undefined && at !== '' && !Number.isNaN(date(at).getTime());
const show = (at, options) =>
    good(at)
        ? formatter(Intl.DateTimeFormat, {timeZone: zone(), hourCycle: 'h23', ...options}).format(
              date(at),
          )
        : NONE;

export const moment = (at) =>
    show(at, {year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit'});
export const clock = (at) => show(at, {hour: '2-digit', minute: '2-digit'});
export const clockSeconds = (at) =>
    show(at, {hour: '2-digit', minute: '2-digit', second: '2-digit'});
export const weekdayClock = (at) =>
    show(at, {
        weekday: 'short',
        day: 'numeric',
        month: 'short',
        hour: '2-digit',
        minute: '2-digit',
    });
export const weekdayDay = (at) => show(at, {weekday: 'short', day: 'numeric', month: 'short'});

// A day is a name, not a moment: it stays what it is in every zone.
const dayOf = (day) => new Date(`${String(day).slice(0, 10)}T00:00:00Z`);
const showDay = (day, options) =>
    good(dayOf(day))
        ? formatter(Intl.DateTimeFormat, {timeZone: 'UTC', ...options}).format(dayOf(day))
        : NONE;
export const day = (d) => showDay(d, {year: 'numeric', month: 'short', day: 'numeric'});
export const shortDay = (d) => showDay(d, {month: 'short', day: 'numeric'});
export const weekday = (d) => showDay(d, {weekday: 'short'});
export const month = (d) => showDay(d, {month: 'short'});

// What the moment is called in the zone: {day: "2026-11-22", minute: 615}.
export function local(at) {
    const parts = formatter(Intl.DateTimeFormat, {
        timeZone: zone(),
        hourCycle: 'h23',
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
        numberingSystem: 'latn',
    }).formatToParts(date(at));
    const part = Object.fromEntries(parts.map((p) => [p.type, p.value]));
    return {
        day: `${part.year}-${part.month}-${part.day}`,
        minute: Number(part.hour) * 60 + Number(part.minute),
    };
}

export const minuteText = (m) =>
    `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`;

// "2026-11-22" and so many days on.
export function dayPlus(d, days) {
    const at = dayOf(d);
    at.setUTCDate(at.getUTCDate() + days);
    return at.toISOString().slice(0, 10);
}
export const daysBetween = (a, b) => Math.round((dayOf(b) - dayOf(a)) / 86400000);

export function ago(at, now = Date.now()) {
    if (!good(at)) return NONE;
    return t('ago', duration((now - date(at)) / 1000));
}
