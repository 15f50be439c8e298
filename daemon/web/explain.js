// explain.js - where a signal comes from: the rule, the days, the inputs, the files.

import {h} from './dom.js';
import {get} from './api.js';
import {about, bytes, day, moment, num, percent} from './format.js';
import {t, word} from './i18n.js';
import {evidenceOf} from './evidence.js';
import {behind, csvLink, load, table} from './parts.js';
import {ruleSays, threshold} from './reason.js';

export function explanation(signal) {
    const place = h('div.stack');
    const button = h(
        'button',
        {
            type: 'button',
            'data-key': 'explain',
            'aria-expanded': 'false',
            onclick: () => {
                button.setAttribute('aria-expanded', 'true');
                load(
                    place,
                    (abort) =>
                        get(`v1/signals/${encodeURIComponent(signal.id)}/explain`, null, abort),
                    explained,
                );
            },
        },
        t('explain'),
    );
    return h('div.explain', null, button, place);
}

function explained(e) {
    const figures = evidenceOf(e.signal.evidence, e.signal.kind);
    return [
        e.rule?.says &&
            h(
                'section',
                null,
                h('h3', null, t('explain.rule')),
                h('p.small', null, ruleSays(e.signal.kind, e.rule)),
                e.rule.thresholds?.length > 0 &&
                    h(
                        'ul.small.plain-list',
                        null,
                        e.rule.thresholds.map((r) =>
                            h(
                                'li',
                                null,
                                h('span.soft', null, `${threshold(r.name)}: `),
                                `${about(r.value, 6)} ${threshold(r.unit ?? '')}`,
                            ),
                        ),
                    ),
                !e.rule.is_current && h('p.small.bad-text', null, t('explain.other-rule')),
            ),
        figures &&
            h('section', {id: 'evidence'}, h('h3', null, t('evidence')), figures),
        e.days?.length > 0 && daysOf(e),
        e.inputs?.length > 0 &&
            h(
                'section',
                null,
                headOf(e, 'explain.feeds', 'inputs'),
                table({
                    caption: t('explain.feeds'),
                    rows: e.inputs,
                    columns: [
                        {title: t('input'), key: 'input'},
                        {title: t('completeness'), num: true, cell: (f) => percent(f.completeness)},
                        {title: t('records'), num: true, cell: (f) => num(f.records)},
                        {
                            title: t('explain.expected'),
                            num: true,
                            cell: (f) => num(f.still_expected_records),
                        },
                    ],
                }),
            ),
        sourcesOf(e),
    ];
}

// A title with the rows below it as CSV.
function headOf(e, title, rows) {
    const path = `v1/signals/${encodeURIComponent(e.signal.id)}/explain`;
    return h(
        'div.row.apart',
        null,
        h('h3', null, t(title)),
        csvLink().lead(t(title), path, {table: rows}),
    );
}

function daysOf(e) {
    const days = e.days;
    const names = Object.keys(days[0]).filter(
        (k) => !['day', 'completeness', 'in_window'].includes(k),
    );
    const columns = [
        {title: t('day'), cell: (d) => [day(d.day), d.in_window && h('span.soft', null, ' ●')]},
        ...names.map((n) => ({title: word('figure', n), num: true, cell: (d) => about(d[n])})),
        {title: t('completeness'), num: true, cell: (d) => percent(d.completeness)},
    ];
    const inside = days.filter((d) => d.in_window);
    return h(
        'section',
        null,
        headOf(e, 'explain.days', 'days'),
        table({caption: t('explain.days'), rows: inside.length ? inside : days.slice(-7), columns}),
        behind(t('explain.days'), columns, days),
    );
}

function sourcesOf(e) {
    if (!e.ranges.length) return h('p.small.soft', null, t('explain.no-sources'));
    const range = (r) =>
        r.from === undefined
            ? '–'
            : r.unit === 'bytes'
              ? `${bytes(r.from)} – ${bytes(r.to)}`
              : `${r.from} – ${r.to}`;
    const columns = [
        {title: t('input'), cell: (r) => r.input},
        {title: t('explain.stream'), wrap: true, cell: (r) => r.stream ?? '–'},
        {title: t('explain.range'), num: true, cell: range},
        {title: t('explain.arrived'), num: true, cell: (r) => moment(r.arrived_from)},
        {
            title: t('explain.of-it'),
            num: true,
            cell: (r) =>
                r.subject_known ? num(r.subject_records) : t('explain.perhaps', num(r.records)),
        },
    ];
    return h(
        'section',
        null,
        headOf(e, 'explain.sources', 'ranges'),
        table({caption: t('explain.sources'), rows: e.ranges.slice(0, 10), columns}),
        e.ranges.length > 10 && behind(t('explain.sources'), columns, e.ranges),
        e.ranges_not_listed > 0 &&
            h('p.small.soft', null, t('explain.more', num(e.ranges_not_listed))),
    );
}
