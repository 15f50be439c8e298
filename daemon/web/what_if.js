// what_if.js - the coming week if more came, or for longer, or if other things were promised.

import {h} from './dom.js';
import {params, setParams} from './address.js';
import {get} from './api.js';
import {about, duration, num, percent} from './format.js';
import {t} from './i18n.js';
import {load, panel, table} from './parts.js';

const signed = (v) => `${v > 0 ? '+' : ''}${v}%`;
const share = (v) => `${v}%`;

// Each slider: its name in the address and in the question, its range; `same`: where it says
// nothing.
const sliders = [
    {name: 'volume', low: -50, high: 100, step: 5, same: 0, ask: signed, show: signed},
    {name: 'aht', low: -50, high: 100, step: 5, same: 0, ask: signed, show: signed},
    {name: 'sl', low: 50, high: 99, step: 1, same: null, at: 80, ask: (v) => v / 100, show: share},
    {name: 'within', low: 5, high: 180, step: 5, same: null, at: 20, ask: (v) => v, show: duration},
    {
        name: 'shrinkage',
        low: 0,
        high: 60,
        step: 1,
        same: null,
        at: 30,
        ask: (v) => v / 100,
        show: share,
    },
];
const key = (s) => `if_${s.name}`;

export function whatIfPanel() {
    const result = h('div', {'aria-live': 'polite'});
    const reset = h('button', {type: 'button', onclick: () => change({})}, t('if.reset'));
    const box = panel({title: t('if.title'), what: t('if.what'), tools: reset});
    let asked = '';
    let waiting = null;

    const change = (values) =>
        setParams(Object.fromEntries(sliders.map((s) => [key(s), values[s.name] ?? null])), {
            quietly: true,
        });
    const controls = sliders.map((s) => {
        const input = h('input', {
            type: 'range',
            id: key(s),
            min: s.low,
            max: s.high,
            step: s.step,
            'aria-describedby': `${key(s)}-is`,
            oninput: () => {
                s.value = Number(input.value);
                tell(s);
                clearTimeout(waiting);
                waiting = setTimeout(
                    () =>
                        setParams({[key(s)]: s.value === s.same ? null : s.value}, {quietly: true}),
                    150,
                );
            },
        });
        s.input = input;
        s.output = h('output', {id: `${key(s)}-is`, for: key(s)});
        return h('div.slider', null, h('label', {for: key(s)}, t(`if.${s.name}`)), s.output, input);
    });
    const tell = (s) => {
        const said = s.value === null ? t('if.same') : s.show(s.value);
        s.output.textContent = said;
        s.input.setAttribute('aria-valuetext', said);
    };
    box.body.append(h('div.sliders', null, controls), result);

    // The question, or null where nothing is asked.
    box.show = (service) => {
        const query = {service};
        for (const s of sliders) {
            const given = params()[key(s)];
            const value =
                given === undefined || !Number.isFinite(Number(given))
                    ? s.same
                    : Math.min(s.high, Math.max(s.low, Number(given)));
            s.value = value;
            if (document.activeElement !== s.input) s.input.value = value ?? s.at;
            tell(s);
            if (value !== s.same) query[s.name] = s.ask(value);
        }
        box.setCsv('v1/what-if', query);
        const question = JSON.stringify(query);
        const otherwise = Object.keys(query).length > 1 ? query : null;
        if (question === asked) return otherwise;
        asked = question;
        load(
            result,
            (signal) => get('v1/what-if', query, signal),
            (answer) => [resultOf(answer.rows), skillsOf(answer.rows)],
        );
        return otherwise;
    };
    return box;
}

// What would be, by "START SKILL"; the service as one pool is no skill.
export async function askIntervals(question, signal) {
    const answer = await get('v1/what-if', {...question, by: 'interval'}, signal);
    return new Map(
        answer.rows.map((r) => [
            `${Date.parse(r.start)} ${r.skill ?? ''}`,
            {scheduled_then: r.scheduled_then, gap_then: r.gap_then},
        ]),
    );
}

function resultOf(rows) {
    const now = rows.find((r) => r.scenario === 'now');
    const then = rows.find((r) => r.scenario === 'then');
    const known = (name) => now[name] !== null || then[name] !== null;
    const lines = [
        ['contacts', (v) => num(v)],
        ['handle_seconds', (v) => t('d.s', num(v))],
        ['peak_agents', (v) => num(v)],
        ['scheduled_hours', (v) => num(v)],
        ['service_level', (v) => percent(v, 1)],
        ['short_hours', (v) => num(v)],
        ['rostered_level', (v) => percent(v, 1)],
        ['cost', (v) => num(v)],
    ].filter(([name]) => known(name));
    const difference = ([name]) => {
        const d = then[name] - now[name];
        if (now[name] === null || then[name] === null || Math.abs(d) < 1e-9) return '–';
        const text = name.endsWith('level')
            ? `${about(100 * d, 1)} %`
            : about(d, Math.abs(d) < 10 ? 1 : 0);
        return `${d > 0 ? '+' : ''}${text}`;
    };
    return table({
        caption: t('if.title'),
        rows: lines,
        rowKey: ([name]) => `if-${name}`,
        columns: [
            {title: t('if.week'), cell: ([name]) => t(`if.row.${name}`)},
            {title: t('if.now'), num: true, cell: ([name, show]) => show(now[name])},
            {
                title: t('if.then'),
                num: true,
                cell: ([name, show]) => h('strong', null, show(then[name])),
            },
            {title: t('if.difference'), num: true, cell: difference},
        ],
    });
}

// Each skill, planned for itself: people, hours, and what its roster lacks.
function skillsOf(rows) {
    const then = rows.filter((r) => r.scenario === 'skill');
    if (!then.length) return null;
    const now = new Map(rows.filter((r) => r.scenario === 'skill_now').map((r) => [r.skill, r]));
    const both = (r, key) => {
        const [a, b] = [now.get(r.skill)[key], r[key]];
        return a === b ? num(b) : [num(a), ' → ', h('strong', null, num(b))];
    };
    const columns = ['peak_agents', 'scheduled_hours', 'short_hours'];
    const name = (r) => (r.skill === 'others' ? t('staffing.others') : r.skill);
    return [
        h('h3', null, t('if.skills')),
        table({
            caption: t('if.skills'),
            rows: then,
            rowKey: (r) => `if-skill-${r.skill}`,
            columns: [
                {title: t('staffing.skill'), cell: name},
                ...columns.map((key) => ({
                    title: t(`if.skill.${key}`),
                    num: true,
                    cell: (r) => both(r, key),
                })),
            ],
        }),
    ];
}
