// roster.js - a roster is taken over from a CSV file, as a whole or not at all.

import {h, icon, replace} from './dom.js';
import {post} from './api.js';
import {num, zone} from './format.js';
import {t} from './i18n.js';
import {announce, panel} from './parts.js';
import {mayChange} from './session.js';

// done() when a roster was taken over. Only administrators may.
export function rosterPanel(done) {
    const box = panel({
        title: t('roster.title'),
        what: t('roster.what'),
        csv: ['v1/roster'],
        id: 'roster',
    });
    const result = h('p.small', {role: 'status'});
    const input = h('input.hidden-text', {
        type: 'file',
        id: 'roster-file',
        accept: '.csv,text/csv',
        onchange: () => send(input.files[0]),
    });
    const drop = h(
        'label.drop',
        {for: 'roster-file'},
        icon('upload'),
        h('span', null, t('roster.choose')),
    );

    async function send(file) {
        if (!file) return;
        replace(result, t('roster.sending', file.name));
        result.className = 'small';
        try {
            const answer = await post(
                `v1/roster?zone=${encodeURIComponent(zone())}`,
                await file.text(),
                'text/csv',
            );
            replace(result, t('roster.taken', num(answer.rows)));
            result.classList.add('good-text');
            announce(result.textContent);
            done();
        } catch (error) {
            replace(result, error.message);
            result.classList.add('bad-text');
        }
        input.value = '';
    }
    drop.addEventListener('dragover', (e) => {
        e.preventDefault();
        drop.classList.add('over');
    });
    drop.addEventListener('dragleave', () => drop.classList.remove('over'));
    drop.addEventListener('drop', (e) => {
        e.preventDefault();
        drop.classList.remove('over');
        send(e.dataTransfer.files[0]);
    });
    if (!mayChange()) {
        box.body.append(h('p.small.soft', null, t('roster.admin')));
        return box;
    }
    box.body.append(
        input,
        drop,
        result,
        h(
            'details',
            null,
            h('summary.small.soft', null, t('roster.form')),
            h('pre.small', null, 'service,start,minutes,scheduled\noperator,2026-11-23 08:00,60,4'),
        ),
        h('p.small.soft', null, t('roster.zone', zone())),
    );
    return box;
}
