// why.js - what lies behind a change that somebody marked.

import {replace} from './dom.js';
import {t} from './i18n.js';
import {empty} from './parts.js';

export function showWhy(place, customer, mark) {
    replace(place, empty(mark ? customer : t('customer.why.none')));
}
