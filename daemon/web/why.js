// why.js - what lies behind a change that somebody marked: the week from that day on against what
// was usual.

import {h, replace} from './dom.js';
import {get} from './api.js';
import {about, day, dayPlus, num, percent, zone} from './format.js';
import {t, whyPart, word} from './i18n.js';
import {badge, behind, empty, figure, figures, load, table} from './parts.js';
import {today} from './period.js';
import {whyNote} from './reason.js';

const WEEK = 7;

// Asks only when something else is marked than before.
export function showWhy(panel, customer, mark) {
    const key = `${customer} ${mark}`;
    const place = panel.body;
    if (place.shown === key) return;
    place.shown = key;
    panel.setCsv(null);
    if (!mark) {
        replace(place, empty(t('customer.why.none'), t('customer.mark.how')));
        return;
    }
    const yesterday = dayPlus(today(), -1);
    const last = dayPlus(mark, WEEK - 1);
    if (mark > yesterday) {
        replace(place, empty(t('why.too-new'), t('why.too-new.hint')));
        return;
    }
    const to = last < yesterday ? last : yesterday;
    const query = {kind: 'customer', name: customer, from: mark, to, zone: zone()};
    panel.setCsv('v1/why', query);
    load(place, (signal) => get('v1/why', query, signal), answerOf);
}

function answerOf(a) {
    const factor = a.usual > 0 ? a.now / a.usual : null;
    const last = dayPlus(a.period.to, -1);
    return [
        h(
            'p',
            null,
            t(
                'why.compared',
                day(a.period.from),
                day(last),
                day(a.against.from),
                day(dayPlus(a.against.to, -1)),
            ),
        ),
        figures(
            figure(t('why.usual'), about(a.usual), {
                note: t('why.range', about(a.low80), about(a.high80)),
            }),
            figure(t('why.now'), about(a.now), {note: word('unit', a.unit)}),
            figure(t('why.change'), `${a.change > 0 ? '+' : ''}${about(a.change)}`, {
                note: factor ? `×${about(factor, 2)}` : '',
                tone: a.inside_interval ? null : a.change > 0 ? 'good' : 'bad',
                id: 'why-change',
            }),
        ),
        a.inside_interval && h('p', null, badge(t('why.inside'), null)),
        a.causes.length > 0
            ? causesOf(a)
            : h('p.soft', null, a.inside_interval ? t('why.nothing') : t('why.no-cause')),
        !a.inside_interval && h('div.dimensions', null, a.dimensions.map(dimensionOf)),
        a.notes.length > 0 &&
            h(
                'ul.small.soft.plain-list',
                null,
                a.notes.map((n) => h('li', null, whyNote(n))),
            ),
    ];
}

const partName = (dimension, name) =>
    `${word('whydimension', dimension)}: ${whyPart(dimension, name)}`;

// Where others moved the other way one part may be more than all of the change.
function explains(change, share) {
    if (share > 1.05) return t('why.explains-more', change);
    if (share >= 0.995) return t('why.explains-all', change);
    return t('why.explains', change, percent(share));
}

function causesOf(a) {
    return h(
        'ul.causes',
        null,
        a.causes.map((c) =>
            h(
                'li',
                null,
                h(
                    'strong',
                    null,
                    partName(c.dimension, c.part),
                    c.with_part && ` × ${partName(c.with_dimension, c.with_part)}`,
                ),
                h(
                    'span',
                    null,
                    explains(`${c.change > 0 ? '+' : ''}${about(c.change)}`, c.share_of_change),
                ),
            ),
        ),
    );
}

function dimensionOf(d) {
    const columns = [
        {
            title: word('whydimension', d.name),
            cell: (p) => [
                whyPart(d.name, p.name),
                p.otherwise_than_the_whole && [' ', badge(t('why.stands-out'), 'accent')],
            ],
        },
        {title: t('why.usual'), num: true, cell: (p) => about(p.usual)},
        {title: t('why.now'), num: true, cell: (p) => about(p.now)},
        {title: t('why.share'), num: true, cell: (p) => percent(p.share_of_change)},
        {
            title: t('why.sure'),
            cell: (p) =>
                p.beyond_chance ? t('why.beyond') : h('span.soft', null, t('why.chance')),
        },
    ];
    const caption = `${t('customer.why')} ${word('whydimension', d.name)}`;
    return h(
        'section',
        null,
        h(
            'h3',
            null,
            word('whydimension', d.name),
            d.is_cause && [' ', badge(t('why.cause'), 'good')],
        ),
        table({caption, rows: d.parts.slice(0, 5), columns}),
        d.parts.length > 5 && behind(caption, columns, d.parts),
        d.parts_in_all > d.parts.length &&
            h('p.small.soft', null, t('why.first', num(d.parts.length), num(d.parts_in_all))),
    );
}
