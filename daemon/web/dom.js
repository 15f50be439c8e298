// dom.js - making elements. Text is always text: nothing that came from a record is ever parsed as
// HTML.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
        if (value === undefined || value === null || value === false) continue;
        if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
        else if (name === 'value' || name === 'checked' || name === 'selected')
            element[name] = value;
        else element.setAttribute(name, value === true ? '' : value);
    }
    add(element, children);
    return element;
}

// Appends elements, texts, numbers and arrays of them; nothing for null, undefined and false.
export function add(element, children) {
    for (const child of [children].flat(Infinity))
        if (child !== null && child !== undefined && child !== false)
            element.append(child instanceof Node ? child : String(child));
    return element;
}

// h('button.primary', {type: 'button', onclick: f}, 'Save'): classes after the dots.
export function h(name, attributes, ...children) {
    const [tag, ...classes] = name.split('.');
    const element = document.createElement(tag);
    if (classes.length) element.className = classes.join(' ');
    return fill(element, attributes, children);
}

export function svg(name, attributes, ...children) {
    const [tag, ...classes] = name.split('.');
    const element = document.createElementNS(SVG, tag);
    if (classes.length) element.setAttribute('class', classes.join(' '));
    return fill(element, attributes, children);
}

// Contents that are made anew keep the keyboard where it was, if what had it says who it is
// (data-key) and is there again.
export function replace(element, ...children) {
    const at = document.activeElement;
    const key = element.contains(at) ? at.closest('[data-key]')?.dataset.key : null;
    element.replaceChildren();
    add(element, children);
    if (key)
        element
            .querySelector(`[data-key="${CSS.escape(key)}"]`)
            ?.focus({preventScroll: true});
    return element;
}

let last = 0;
export const newId = (what) => `${what}-${++last}`;

// Icons: strokes on a grid of 24.
const paths = {
    now: 'M3 12h4l3-8 4 16 3-8h4',
    staffing:
        'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6M2 20c0-3.500 2.500-6 ' +
        '6-6s6 2.500 6 6M16 5a3 3 0 0 1 0 6M17 14c3 .5 5 3 5 6',
    features: 'M4 20V10M10 20V4M16 20v-8M22 20H2',
    customers: 'M4 20V6l8-3 8 3v14M9 20v-5h6v5M8.500 9h1M14.500 9h1',
    segments: 'M12 3a9 9 0 1 0 9 9h-9zM16 3.500A9 9 0 0 1 20.500 8H16z',
    signals: 'M6 10a6 6 0 1 1 12 0c0 6 2 7 2 7H4s2-1 2-7M10 20.500a2.500 2.500 0 0 0 4 0',
    download: 'M12 4v11M7.500 11l4.500 4.500 4.500-4.500M5 20h14',
    sun:
        'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 ' +
        '5l1.500 1.500M17.500 17.500 19 19M5 19l1.500-1.500M17.500 6.500 19 5',
    moon: 'M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z',
    close: 'M6 6l12 12M18 6 6 18',
    back: 'M14 6l-6 6 6 6',
    forward: 'M10 6l6 6-6 6',
    upload: 'M12 16V5M7.500 9 12 4.500 16.500 9M5 20h14',
};

export function icon(name) {
    return svg(
        'svg.icon',
        {viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false'},
        svg('path', {d: paths[name]}),
    );
}
