// period.js - from which day to which: days in the page's zone, both included, in its address.

import {h} from './dom.js';
import {params, setParams} from './address.js';
import {dayPlus, daysBetween, local} from './format.js';
import {t} from './i18n.js';
import {choice} from './parts.js';

const DAY = /^\d{4}-\d\d-\d\d$/;
// What is counted is counted by UTC days, plans are made for the days of the zone that is shown.
export const today = () => new Date().toISOString().slice(0, 10);
export const todayHere = () => local(Date.now()).day;

// {from, to, days}; `days` (also negative: from today on) if the address says nothing, or nonsense.
export function period(usual) {
    const asked = params();
    const days = usual > 0 ? usual : -usual;
    let from = DAY.test(asked.from ?? '') ? asked.from : null;
    let to = DAY.test(asked.to ?? '') ? asked.to : null;
    if (!from && !to) {
        from = usual > 0 ? dayPlus(today(), 1 - days) : todayHere();
        to = dayPlus(from, days - 1);
    }
    from ??= dayPlus(to, 1 - days);
    to ??= dayPlus(from, days - 1);
    if (to < from) [from, to] = [to, from];
    return {from, to, days: daysBetween(from, to) + 1};
}

// As questions to the daemon have it: the end is not included.
export const asQuery = (p) => ({from: p.from, to: dayPlus(p.to, 1)});

export function periodPicker(p, presets) {
    const input = (name, value) =>
        h('input', {
            type: 'date',
            value,
            'aria-label': t(`period.${name}`),
            'data-key': `period-${name}`,
            onchange: (e) =>
                DAY.test(e.target.value) &&
                setParams({from: p.from, to: p.to, [name]: e.target.value}),
        });
    const ends = p.to === today();
    return h(
        'div.period',
        {role: 'group', 'aria-label': t('period')},
        choice({
            label: t('period'),
            options: presets.map((n) => [n, t('days', n)]),
            value: ends ? p.days : null,
            change: (n) => setParams({from: dayPlus(today(), 1 - n), to: today()}),
        }),
        input('from', p.from),
        h('span.soft', {'aria-hidden': 'true'}, '–'),
        input('to', p.to),
    );
}
