// parts.js - what every view is made of: panels with their states, figures, choices, tables.

import {add, h, icon, newId, replace} from './dom.js';
import {t} from './i18n.js';
import {csvAddress} from './api.js';
import {num} from './format.js';

// A link to rows as CSV, hidden until lead(title, path, query) says to which.
export function csvLink() {
    const link = h('a.button.plain.csv', {hidden: true, download: ''}, icon('download'), 'CSV');
    link.lead = (title, path, query) => {
        link.hidden = !path;
        if (path) link.href = csvAddress(path, query);
        link.setAttribute('aria-label', `${t('csv')}: ${title}`);
        return link;
    };
    return link;
}

// A titled part of a view. what: one sentence for those who wonder; csv: [path, query]; tools:
// elements.
export function panel({title, what, csv, tools, wide, id}, ...children) {
    const head = newId('panel');
    const body = h('div.panel-body', null, ...children);
    const link = csvLink();
    const said = what && h('p.small.soft', null, what);
    const element = h(
        wide ? 'section.panel.wide' : 'section.panel',
        {'aria-labelledby': head, id},
        h(
            'div.panel-head',
            null,
            h(
                'div.panel-title',
                null,
                h('h2', {id: head}, title),
                said,
            ),
            h('div.tools', null, tools, link),
        ),
        body,
    );
    element.body = body;
    element.setCsv = (path, query) => link.lead(title, path, query);
    element.setWhat = (text) => replace(said, text);
    if (csv) element.setCsv(...csv);
    return element;
}

export function empty(text, hint) {
    return h('div.state', null, h('p', null, text), hint && h('p.small.soft', null, hint));
}

function failure(error, again) {
    const hint =
        error.status === 0
            ? t('error.nobody.hint')
            : error.status === 404
              ? t('error.404')
              : error.status === 503
                ? t('error.503')
                : error.status === 403
                  ? t('error.403')
                  : '';
    return h(
        'div.state.bad',
        {role: 'alert'},
        h('p', null, t('error.title')),
        h('p.small', null, error.message),
        hint && h('p.small.soft', null, hint),
        h('button', {type: 'button', onclick: again}, t('again')),
    );
}

// What was not loaded because nobody answered, and how to ask again.
const unanswered = new Map();

export function askAgain() {
    for (const [element, again] of [...unanswered]) {
        unanswered.delete(element);
        if (element.isConnected) again();
    }
}

// Fills an element with what `ask` brings: a note that it is coming (only where nothing was
// before), then
// what `show` makes of it, or what went wrong and a way to try again. Of several calls the last
// one counts.
export async function load(element, ask, show) {
    const turn = (element.turn = (element.turn ?? 0) + 1);
    element.asking?.abort();
    const asking = new AbortController();
    element.asking = asking;
    unanswered.delete(element);
    element.setAttribute('aria-busy', 'true');
    if (!element.firstChild || element.querySelector(':scope > .state'))
        replace(element, h('div.state.waiting', null, h('p', null, t('loading'))));
    try {
        const got = await ask(asking.signal);
        if (element.turn !== turn) return;
        replace(element, show(got));
    } catch (error) {
        if (element.turn !== turn || error.name === 'AbortError') return;
        if (!error.status && error.status !== 0) console.error(error);
        const again = () => load(element, ask, show);
        if (error.status === 0 || error.status >= 502) unanswered.set(element, again);
        replace(element, failure(error, again));
    } finally {
        if (element.turn === turn) element.setAttribute('aria-busy', 'false');
    }
}

// A figure with its name; `tone`: good, warn, bad.
export function figure(name, value, {note, tone, id} = {}) {
    return h(
        tone ? `div.figure.${tone}` : 'div.figure',
        {id},
        h('dt', null, name),
        h('dd', null, h('span.value', null, value), note && h('span.note.small', null, note)),
    );
}

export const figures = (...all) => h('dl.figures', null, ...all);

export const badge = (text, tone) => h(tone ? `span.badge.${tone}` : 'span.badge', null, text);

// A few values of which one holds: [value, text] each.
export function choice({label, options, value, change}) {
    return h(
        'div.choice',
        {role: 'group', 'aria-label': label},
        options.map(([v, text]) =>
            h(
                'button',
                {
                    type: 'button',
                    'aria-pressed': String(v === value),
                    'data-key': `choice-${label}-${v}`,
                    onclick: () => change(v),
                },
                text,
            ),
        ),
    );
}

export function select({label, options, value, change, id}) {
    const element = h(
        'select',
        {id, 'data-key': id ?? `select-${label}`, onchange: () => change(element.value)},
        options.map(([v, text]) => h('option', {value: v}, text)),
    );
    element.value = value ?? '';
    return h('label', null, h('span', null, label), element);
}

// A table. columns: {key, title, num, cell(row), sort: name of the order, help}; sort: "-legs";
// change(sort).
export function table({
    caption,
    columns,
    rows,
    sort,
    change,
    rowKey,
    rowClass,
    select: pick,
    marked,
}) {
    const head = columns.map((c) => {
        const on = sort && c.sort && sort.replace('-', '') === c.sort;
        const down = on && sort.startsWith('-');
        const inside =
            c.sort && change
                ? h(
                      'button.sort',
                      {
                          type: 'button',
                          'data-key': `sort-${c.sort}`,
                          onclick: () =>
                              change(
                                  on
                                      ? down
                                          ? c.sort
                                          : `-${c.sort}`
                                      : c.num
                                        ? `-${c.sort}`
                                        : c.sort,
                              ),
                      },
                      c.title,
                      h('span', {'aria-hidden': 'true'}, on ? (down ? ' ▾' : ' ▴') : ''),
                  )
                : c.title;
        return h(
            c.num ? 'th.num' : 'th',
            {
                scope: 'col',
                title: c.help,
                'aria-sort': on ? (down ? 'descending' : 'ascending') : undefined,
            },
            inside,
        );
    });
    const body = h('tbody');
    for (const row of rows) {
        const cells = columns.map((c, i) => {
            const value = c.cell ? c.cell(row) : (row[c.key] ?? '–');
            if (i === 0) return h(c.num ? 'th.num' : 'th', {scope: 'row'}, value);
            return h(c.num ? 'td.num' : c.wrap ? 'td.wrap' : 'td', null, value);
        });
        const key = rowKey?.(row);
        body.append(
            h(
                rowClass?.(row) ? `tr.${rowClass(row)}` : 'tr',
                {
                    'data-key': key,
                    'aria-selected': pick ? String(marked === key) : undefined,
                    onclick: pick ? (e) => !e.target.closest('a, button') && pick(row) : undefined,
                },
                cells,
            ),
        );
    }
    return h(
        'div.scroller',
        {tabindex: '0', role: 'region', 'aria-label': caption},
        h(
            'table',
            null,
            h('caption.hidden-text', null, caption),
            h('thead', null, h('tr', null, head)),
            body,
        ),
    );
}

// The figures behind a chart, for those who read them.
export function behind(caption, columns, rows) {
    const details = h('details.behind', null, h('summary', null, t('as-table', num(rows.length))));
    details.addEventListener('toggle', () => {
        if (details.open && !details.querySelector('table'))
            add(details, table({caption, columns, rows}));
    });
    return details;
}

export const toolbar = (...children) =>
    h('div.toolbar', {role: 'group', 'aria-label': t('filters')}, ...children);

// A sentence that is read out without moving the focus.
export function announce(text) {
    const place = document.getElementById('announcer');
    if (place) place.textContent = text;
}
