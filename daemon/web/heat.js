// heat.js - a table whose cells are coloured by their values: readable as a table, too.

import {h, svg} from './dom.js';

/*
 * rows, columns: [{key, name, short, mark}]; mark: a heavier line before it. value(row, column) is
 * a number or null,
 * text(v) what stands in a cell (null: nothing, the colour alone), about(row, column, v) what is
 * said of it.
 * kind: "much" (0 to `high`) or "gap" (below zero: too few). pick(row, column): cells can be
 * chosen.
 */
export function heat({
    caption,
    rows,
    columns,
    value,
    text,
    about,
    kind = 'much',
    high,
    pick,
    small,
    corner,
}) {
    const top =
        high ?? Math.max(1, ...rows.flatMap((r) => columns.map((c) => Math.abs(value(r, c) ?? 0))));
    const tip = h('p.heat-tip.small', {'aria-hidden': 'true'}, '\u00a0');
    const body = rows.map((r) =>
        h(
            r.mark ? 'tr.mark' : 'tr',
            null,
            h('th', {scope: 'row'}, r.name),
            columns.map((c) => {
                const v = value(r, c);
                const said = about(r, c, v);
                const cell = h(
                    c.mark ? 'td.mark' : 'td',
                    null,
                    v === null || v === undefined ? '' : text ? text(v) : '',
                    !text && h('span.hidden-text', null, said),
                );
                if (v !== null && v !== undefined)
                    cell.classList.add(kind === 'gap' ? gapClass(v, top) : muchClass(v, top));
                else cell.classList.add('none');
                cell.said = said;
                cell.place = [r, c];
                return cell;
            }),
        ),
    );
    const grid = h(
        small ? 'table.heat.small-cells' : 'table.heat',
        null,
        h('caption.hidden-text', null, caption),
        h(
            'thead',
            null,
            h(
                'tr',
                null,
                h('td', null, corner ?? ''),
                columns.map((c) =>
                    h(
                        c.mark ? 'th.mark' : 'th',
                        {scope: 'col'},
                        h(
                            'span',
                            {'aria-hidden': c.short === '' ? 'true' : undefined},
                            c.short ?? c.name,
                        ),
                        c.short === '' && h('span.hidden-text', null, c.name),
                    ),
                ),
            ),
        ),
        h('tbody', null, body),
    );
    const say = (cell) => cell?.said !== undefined && (tip.textContent = cell.said);

    grid.addEventListener('pointerover', (e) => say(e.target.closest('td')));
    if (pick) choosable(grid, say, pick);
    return h(
        'div.heat-box',
        null,
        h(
            'div.scroller',
            pick ? null : {tabindex: '0', role: 'region', 'aria-label': caption},
            grid,
        ),
        h('div.heat-foot', null, scale(kind, top, text), tip),
    );
}

export const muchClass = (v, top) =>
    v <= 0 ? 'h0' : `h${Math.min(7, 1 + Math.floor(6.999 * Math.min(1, v / top)))}`;

function gapClass(v, top) {
    if (v === 0) return 'd0';
    const step = Math.min(3, 1 + Math.floor(2.999 * Math.min(1, Math.abs(v) / top)));
    return v < 0 ? `d-${step}` : `d${step}`;
}

// One stop for the tabulator key; arrows go from cell to cell.
function choosable(grid, say, pick) {
    const cells = [...grid.tBodies[0].rows].map((r) => [...r.cells].slice(1));
    const first = cells[0]?.[0];
    grid.setAttribute('role', 'grid');
    if (first) first.tabIndex = 0;
    const enter = (cell) => {
        grid.querySelector('td[tabindex="0"]')?.setAttribute('tabindex', '-1');
        cell.tabIndex = 0;
        cell.focus();
        say(cell);
    };
    grid.addEventListener('click', (e) => {
        const cell = e.target.closest('td');
        if (cell?.place) {
            enter(cell);
            pick(...cell.place);
        }
    });
    grid.addEventListener('keydown', (e) => {
        const cell = e.target.closest('td');
        const y = cells.findIndex((r) => r.includes(cell));
        const x = y < 0 ? -1 : cells[y].indexOf(cell);
        const to = {
            ArrowUp: [y - 1, x],
            ArrowDown: [y + 1, x],
            ArrowLeft: [y, x - 1],
            ArrowRight: [y, x + 1],
            Home: [y, 0],
            End: [y, (cells[y]?.length ?? 1) - 1],
        }[e.key];
        if (x >= 0 && (e.key === 'Enter' || e.key === ' ')) {
            e.preventDefault();
            pick(...cell.place);
        } else if (to && cells[to[0]]?.[to[1]]) {
            e.preventDefault();
            enter(cells[to[0]][to[1]]);
        }
    });
}

function scale(kind, top, text) {
    const say = text ?? ((v) => String(Math.round(v)));
    const steps =
        kind === 'gap'
            ? ['d-3', 'd-2', 'd-1', 'd0', 'd1', 'd2', 'd3']
            : ['h0', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'h7'];
    return h(
        'div.scale.small',
        {'aria-hidden': 'true'},
        h('span', null, say(kind === 'gap' ? -top : 0)),
        h(
            'span.steps',
            null,
            steps.map((s) => h(`span.${s}`)),
        ),
        h('span', null, say(top)),
    );
}

// A bar from zero, with an interval and a line at some value. Numbers stand beside it as text.
export function bar({value, low, high, top, line}) {
    const x = (v) => 200 * Math.min(1, Math.max(0, v / top));
    return svg(
        'svg.bar',
        {viewBox: '0 0 200 16', preserveAspectRatio: 'none', 'aria-hidden': 'true'},
        svg('rect.back', {x: 0, y: 4, width: 200, height: 8, rx: 2}),
        svg('rect.value', {x: 0, y: 4, width: Math.max(x(value), 1), height: 8, rx: 2}),
        Number.isFinite(low) &&
            Number.isFinite(high) &&
            svg('path.interval', {
                d: `M${x(low)} 8H${x(high)}M${x(low)} 4.500V11.500M${x(high)} 4.500V11.500`,
                'vector-effect': 'non-scaling-stroke',
            }),
        line && svg('path.goal', {d: `M${x(line)} 0V16`, 'vector-effect': 'non-scaling-stroke'}),
    );
}

export function spark(values, {width = 120, height = 28} = {}) {
    const known = values.map((v) => v ?? 0);
    const top = Math.max(1, ...known);
    const step = width / Math.max(1, known.length - 1);
    const points = known.map(
        (v, i) => `${(i * step).toFixed(1)},${(height - 2 - ((height - 4) * v) / top).toFixed(1)}`,
    );
    return svg(
        'svg.spark',
        {viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': 'true'},
        svg('path.area', {d: `M0,${height}L${points.join('L')}L${width},${height}Z`}),
        svg('path.line', {d: `M${points.join('L')}`}),
    );
}
