// session.js - who is looking, and what that one may change.

import {get} from './api.js';

// Without tokens everybody who reaches the daemon may do everything.
export const session = {login_needed: false, name: null, role: 'admin', owner: null};

export async function readSession() {
    try {
        Object.assign(session, await get('v1/session'));
    } catch {
        // then the questions themselves will say what is not allowed
    }
}

export const mayChange = () => session.role === 'admin';
