// feature_use.js - who used and wanted what in a period, of a segment, of a region: a panel of the
// features' view, with its choices.

import {h, replace} from './dom.js';
import {params, setParams} from './address.js';
import {get, getAll} from './api.js';
import {num, percent} from './format.js';
import {t, word} from './i18n.js';
import {bar} from './heat.js';
import {empty, figure, figures, load, panel, select, table, toolbar} from './parts.js';
import {asQuery, period, periodPicker} from './period.js';

// The panel; show() asks what the address says, again if `anew`.
export function featureUse() {
    const bars = toolbar();
    const element = panel({
        title: t('features.use'),
        what: t('features.use.what'),
        wide: true,
        id: 'use',
    });
    let segments = [];
    let regions = [];
    let drawn = '';

    element.body.before(h('div.panel-bar', null, bars));
    function paint() {
        const p = period(90);
        replace(
            bars,
            periodPicker(p, [28, 90, 365]),
            pick('segment', t('everybody'), segments.map(segmentOption)),
            pick('region', t('features.everywhere'), regions.map(regionOption)),
        );
    }
    async function ask(query, signal) {
        const {region, ...whose} = query;
        if (!segments.length) segments = (await getAll('v1/segments', {limit: 1000}, signal)).rows;
        const known = !whose.segment || segments.some((s) => s.segment === whose.segment);
        regions = known ? (await get('v1/regions', whose, signal)).rows : [];
        regions = regions.filter((r) => r.region !== null);
        if (!known || (region && !regions.some((r) => r.region === region))) return null;
        return get('v1/feature_use', query, signal);
    }
    element.show = (anew) => {
        const query = {
            ...asQuery(period(90)),
            segment: params().segment,
            region: params().region,
        };
        const key = JSON.stringify(query);
        if (anew) segments = [];
        if (key === drawn && !anew) return;
        drawn = key;
        element.setCsv('v1/feature_use', query);
        if (!bars.firstChild) paint();
        load(
            element.body,
            (signal) => ask(query, signal),
            (answer) => {
                paint();
                return answer ? answerOf(answer) : empty(t('features.use.nobody'));
            },
        );
    };
    return element;
}

const segmentOption = (s) => [s.segment, `${word('segment', s.segment)} (${num(s.customers)})`];
const regionOption = (r) => [r.region, `${r.region} (${num(r.customers_mostly)})`];

// What the address says stays to be seen, known or not.
function pick(name, all, options) {
    const value = params()[name] ?? '';
    const known = !value || options.some(([v]) => v === value);
    return select({
        label: t(name),
        id: `use-${name}`,
        value,
        options: [['', all], ...(known ? [] : [[value, value]]), ...options],
        change: (v) => setParams({[name]: v}),
    });
}

function answerOf(answer) {
    return [
        figures(
            figure(t('features.use.customers'), num(answer.customers), {id: 'use-customers'}),
            answer.region !== null &&
                figure(t('features.use.here'), percent(answer.region_here, 1), {
                    note: t('features.use.here.what', answer.region),
                    id: 'use-here',
                }),
            answer.region !== null &&
                figure(t('features.use.covered'), percent(answer.region_covered, 1), {
                    note: t('features.use.covered.what', answer.region, answer.segment !== null),
                    id: 'use-covered',
                }),
            answer.region !== null &&
                figure(t('features.use.known'), percent(answer.region_known, 1)),
        ),
        answer.rows.length ? useTable(answer.rows) : empty(t('features.no-course')),
        answer.region !== null &&
            h('p.small.soft', {id: 'use-rule'}, t('features.use.rule', answer.region)),
    ];
}

const peopleText = (r) =>
    r.people !== null || r.people_low === r.people_high
        ? num(r.people ?? r.people_low)
        : `${num(r.people_low)}–${num(r.people_high)}`;

/* How many of the people a feature reaches: its interval, drawn up to `top` and written. */
export function reach(r, top) {
    return r.reach_low === null
        ? '–'
        : h(
              'div.reach',
              null,
              bar({
                  value: (r.reach_low + r.reach_high) / 2,
                  low: r.reach_low,
                  high: r.reach_high,
                  top,
              }),
              h(
                  'span.small.soft.nowrap',
                  null,
                  `${percent(r.reach_low, 1)}–${percent(r.reach_high, 1)}`,
              ),
          );
}

function useTable(rows) {
    const top = Math.max(...rows.map((r) => r.reach_high ?? 0), 0.01);
    return table({
        caption: t('features.use'),
        rows,
        columns: [
            {title: t('features.feature'), key: 'feature'},
            {title: t('people'), num: true, cell: peopleText, help: t('features.use.people.what')},
            {title: t('customers'), num: true, cell: (r) => num(r.customers)},
            {title: t('features.use.reach'), cell: (r) => reach(r, top)},
            {title: t('features.uses'), num: true, cell: (r) => num(r.uses)},
            {title: t('features.fails'), num: true, cell: (r) => num(r.failed)},
            {
                title: t('features.denied'),
                num: true,
                help: t('features.denied.what'),
                cell: (r) => `${num(r.customers_denied)} / ${num(r.customers_wanting)}`,
            },
            {
                title: t('features.use.largest'),
                num: true,
                help: t('features.use.largest.what'),
                cell: (r) => percent(r.largest_share),
            },
        ],
    });
}
