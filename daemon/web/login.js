// login.js - the form that is shown when the daemon wants to know who asks.

import {h, replace} from './dom.js';
import {post} from './api.js';
import {t} from './i18n.js';

let open = null;

// One form at a time, however many questions were refused; done() after a login.
export function showLogin(done) {
    if (open) return;
    const token = h('input', {
        type: 'password',
        id: 'token',
        name: 'token',
        autocomplete: 'current-password',
        required: true,
        'aria-describedby': 'token-help',
    });
    const problem = h('p.small.bad-text', {role: 'alert'});
    const button = h('button.primary', {type: 'submit'}, t('login.do'));
    const form = h(
        'form',
        {
            onsubmit: async (e) => {
                e.preventDefault();
                button.disabled = true;
                replace(problem);
                try {
                    await post('v1/login', {token: token.value.trim()});
                    open.close();
                    open.remove();
                    open = null;
                    done();
                } catch (error) {
                    replace(
                        problem,
                        error.status === 401 || error.status === 403
                            ? t('login.wrong')
                            : error.message,
                    );
                    token.select();
                } finally {
                    button.disabled = false;
                }
            },
        },
        h('h2', null, t('login.title')),
        h('p.small.soft', {id: 'token-help'}, t('login.help')),
        h('label.stack', {for: 'token'}, t('login.token'), token),
        problem,
        button,
    );
    open = h(
        'dialog.login',
        {'aria-label': t('login.title'), oncancel: (e) => e.preventDefault()},
        form,
    );
    document.body.append(open);
    open.showModal();
    token.focus();
}
