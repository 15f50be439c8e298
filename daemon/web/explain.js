// explain.js - where a signal comes from: down to the records behind it.

import {h, replace} from './dom.js';

export function explanation() {
    return h('div');
}
void replace;
