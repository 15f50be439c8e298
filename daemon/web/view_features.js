// view_features.js - what people want: the ranking with its doubts, of whom (feature_use.js), one
// feature over time, how far to the line.

import {h, replace} from './dom.js';
import {params, setParams, viewAddress} from './address.js';
import {get, getAll} from './api.js';
import {about, ago, day, num, percent, shortDay} from './format.js';
import {t} from './i18n.js';
import {
    badge,
    behind,
    choice,
    empty,
    figure,
    figures,
    load,
    panel,
    table,
    toolbar,
} from './parts.js';
import {featureUse, reach} from './feature_use.js';
import {asQuery, period, periodPicker} from './period.js';
import {bar} from './heat.js';
import {series} from './series.js';

const LINE = 10000; // so many people's need is a decision (demand.h)

export function show(place, ctx) {
    const top = h('div.top-figures');
    const bars = toolbar();
    const ranking = panel({
        title: t('features.ranking'),
        what: t('features.ranking.what'),
        wide: true,
    });
    const course = panel({
        title: t('features.course'),
        what: t('features.course.what'),
        wide: true,
    });
    const failed = panel({title: t('features.failed'), what: t('features.failed.what')});
    const line = panel({title: t('features.line'), what: t('features.line.what')});
    const use = featureUse();
    let rows = [];
    let drawn = '';

    place.append(ctx.heading(), top, h('div.grid', null, ranking, use, course, failed, line));
    course.body.before(h('div.panel-bar', null, bars));

    const chosen = () => params().feature || rows[0]?.feature;
    function paint() {
        const sort = params().sort || 'rank';
        replace(top, topFigures(rows));
        replace(
            ranking.body,
            rows.length
                ? rankingTable(sorted(rows, sort), sort, chosen())
                : empty(t('features.none'), t('features.none.hint')),
        );
        replace(failed.body, failedTable(rows));
        replace(line.body, lineTable(rows));
        ranking.setCsv('v1/features', {sort});
        showCourse();
    }
    function showCourse() {
        const feature = chosen();
        const p = period(90);
        if (!feature) return replace(course.body, empty(t('features.none')));
        const by = params().by === 'day' ? 'day' : 'week';
        const query = {...asQuery(p), by};
        const key = JSON.stringify([feature, query]);
        replace(
            bars,
            h('h3', null, feature),
            choice({
                label: t('by'),
                value: by,
                options: [
                    ['day', t('by.day')],
                    ['week', t('by.week')],
                ],
                change: (v) => setParams({by: v}),
            }),
            periodPicker(p, [28, 90, 365]),
        );
        const path = `v1/features/${encodeURIComponent(feature)}`;
        course.setCsv(path, query);
        if (key === drawn) return null;
        drawn = key;
        return load(
            course.body,
            (signal) => get(path, query, signal),
            (answer) => courseOf(feature, by, answer.rows),
        );
    }
    const ask = () =>
        load(
            top,
            (signal) => getAll('v1/features', {limit: 1000}, signal),
            (answer) => {
                rows = answer.rows;
                drawn = '';
                paint();
                return rows.length ? topFigures(rows) : null;
            },
        );
    ask();
    use.show();
    ctx.on('passed', () => {
        ask();
        use.show(true);
    });
    return {
        update() {
            paint();
            use.show();
        },
    };
}

function sorted(rows, sort) {
    const key = sort.replace('-', '');
    const way = sort.startsWith('-') ? -1 : 1;
    return [...rows].sort((a, b) => {
        const [x, y] = [a[key], b[key]];
        if (x === y) return a.rank - b.rank;
        if (x === null || y === null) return x === null ? 1 : -1;
        return (x < y ? -1 : 1) * way;
    });
}

function topFigures(rows) {
    if (!rows.length) return null;
    const over = rows.filter((r) => r.people >= LINE);
    const never = rows.filter((r) => r.uses === 0 && r.failed > 0);
    const growing = rows.filter((r) => r.growth > 1);
    const first = rows.reduce((a, b) => (b.rank < a.rank ? b : a));
    return figures(
        figure(t('features.first'), first.feature, {
            note: t('features.people-of', num(first.people), num(first.customers)),
            id: 'first',
        }),
        figure(t('features.over'), num(over.length), {
            note:
                over
                    .map((r) => r.feature)
                    .slice(0, 3)
                    .join(', ') || t('features.nobody-yet'),
        }),
        figure(t('features.growing'), num(growing.length), {
            note: growing
                .map((r) => r.feature)
                .slice(0, 3)
                .join(', '),
        }),
        figure(t('features.never'), num(never.length), {
            tone: never.length ? 'warn' : null,
            note: never
                .map((r) => r.feature)
                .slice(0, 3)
                .join(', '),
        }),
        figure(t('as-of'), ago(rows[0].as_of), {note: t('features.window', rows[0].window_days)}),
    );
}

// "3" or, where the draws do not agree, "3 (2–4)".
function rankText(r) {
    const tied = r.rank_low !== null && r.rank_low !== r.rank_high;
    return [
        h('span', null, num(r.rank)),
        tied && h('span.soft.small', null, ` (${r.rank_low}–${r.rank_high})`),
    ];
}

function growthText(r) {
    if (r.growth === null) return h('span.soft', null, '–');
    const up = r.growth > 1;
    return h(
        up ? 'span.good-text' : 'span.bad-text',
        {title: t('features.growth.q', about(r.growth_q, 4))},
        `${up ? '▲' : '▼'} ×${about(r.growth, 2)}`,
    );
}

function rankingTable(rows, sort, chosen) {
    const top = Math.max(...rows.map((r) => r.reach_high ?? 0), 0.01);
    const link = (r) =>
        h(
            'a',
            {
                href: viewAddress('features', {...params(), feature: r.feature}),
                'data-view': '',
                'data-key': `feature-${r.feature}`,
            },
            r.feature,
        );
    return [
        table({
            caption: t('features.ranking'),
            rows,
            sort,
            change: (v) => setParams({sort: v === 'rank' ? null : v}),
            marked: chosen,
            rowKey: (r) => r.feature,
            select: (r) => setParams({feature: r.feature}),
            columns: [
                {title: t('features.feature'), sort: 'feature', cell: link},
                {
                    title: t('features.rank'),
                    num: true,
                    sort: 'rank',
                    cell: rankText,
                    help: t('features.rank.what'),
                },
                {title: t('people'), num: true, sort: 'people', cell: (r) => num(r.people)},
                {
                    title: t('customers'),
                    num: true,
                    sort: 'customers',
                    cell: (r) => num(r.customers),
                },
                {
                    title: t('features.reach'),
                    cell: (r) => reach(r, top),
                },
                {
                    title: t('features.growth'),
                    num: true,
                    sort: 'growth',
                    cell: growthText,
                    help: t('features.growth.what'),
                },
                {title: t('features.uses'), num: true, sort: 'uses', cell: (r) => num(r.uses)},
                {title: t('features.fails'), num: true, sort: 'failed', cell: (r) => num(r.failed)},
                {
                    title: t('features.largest'),
                    num: true,
                    sort: 'largest_share',
                    cell: (r) => percent(r.largest_share),
                    help: t('features.largest.what'),
                },
            ],
        }),
        h('p.small.soft', null, t('features.ties')),
    ];
}

function failedTable(all) {
    const rows = all
        .filter((r) => r.failed > 0)
        .sort((a, b) => share(b) - share(a))
        .slice(0, 12);
    if (!rows.length) return empty(t('features.no-failures'));
    return table({
        caption: t('features.failed'),
        rows,
        columns: [
            {
                title: t('features.feature'),
                cell: (r) => [
                    r.feature,
                    r.uses === 0 && [' ', badge(t('features.nobody-has'), 'warn')],
                ],
            },
            {title: t('features.fails'), num: true, cell: (r) => num(r.failed)},
            {
                title: t('features.share'),
                cell: (r) =>
                    h(
                        'div.reach',
                        null,
                        bar({value: share(r), top: 1}),
                        h('span.small.soft', null, percent(share(r))),
                    ),
            },
            {
                title: t('features.denied'),
                num: true,
                help: t('features.denied.what'),
                cell: (r) =>
                    r.customers_denied === null
                        ? '–'
                        : `${num(r.customers_denied)} / ${num(r.customers_wanting)}`,
            },
        ],
    });
}

const share = (r) => r.failed / Math.max(1, r.uses + r.failed);

function lineTable(all) {
    const rows = [...all].sort((a, b) => b.people - a.people).slice(0, 12);
    if (!rows.length) return empty(t('features.none'));
    return table({
        caption: t('features.line'),
        rows,
        columns: [
            {title: t('features.feature'), key: 'feature'},
            {title: t('people'), num: true, cell: (r) => num(r.people)},
            {
                title: t('features.to-line'),
                cell: (r) => bar({value: r.people, top: LINE * 1.25, line: LINE}),
            },
            {
                title: t('features.missing'),
                num: true,
                cell: (r) =>
                    r.people >= LINE ? badge(t('features.reached'), 'good') : num(LINE - r.people),
            },
            {
                title: t('features.when'),
                num: true,
                cell: (r) => (r.people >= LINE || !r.crosses_on ? '–' : day(r.crosses_on)),
            },
        ],
    });
}

function courseOf(feature, by, rows) {
    if (!rows.length) return empty(t('features.no-course'), t('features.no-course.hint'));
    const of = (f) => rows.map(f);
    const spec = {
        label: `${t('features.course')}: ${feature}`,
        x: of((r) => Date.parse(`${r.day}T00:00:00Z`) / 1000),
        days: true,
        height: 230,
        series: [
            {name: t('people'), values: of((r) => r.people), colour: 's1', digits: 0},
            {name: t('customers'), values: of((r) => r.customers), colour: 's3', digits: 0},
            {
                name: t('features.fails'),
                values: of((r) => r.failed),
                colour: 's2',
                dash: true,
                digits: 0,
            },
        ],
    };
    const last = rows.at(-1);
    const over = Date.parse(`${last.day}T00:00:00Z`) + last.days * 86400e3 <= Date.now();
    return [
        series(spec),
        !over && h('p.soft', null, t('features.today')),
        behind(
            `${t('features.course')}: ${feature}`,
            [
                {title: t(`by.${by}`), cell: (r) => shortDay(r.day)},
                {title: t('people'), num: true, cell: (r) => num(r.people)},
                {title: t('customers'), num: true, cell: (r) => num(r.customers)},
                {title: t('features.uses'), num: true, cell: (r) => num(r.used)},
                {title: t('features.fails'), num: true, cell: (r) => num(r.failed)},
            ],
            rows,
        ),
    ];
}
