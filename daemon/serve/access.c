/*
 * access.c - who may do what.
 */
#include "access_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "hash.h"
#include "log.h"

#define WRONG_MOST 10 /* wrong tokens of an address */
#define WRONG_MS   60000

enum status
access_open(struct access **out, const struct config *config, struct error *err)
{
    struct access *a = xcalloc(1, sizeof *a);
    enum status st = store_path(&a->path, config->store_url, config->state_dir, err);

    a->config = config;
    a->seen = -1;
    pthread_mutex_init(&a->lock, NULL);
    clock_cond_init(&a->wake);
    if (st == ST_OK) {
        access_look(a);
        if (pthread_create(&a->thread, NULL, access_watch, a) != 0)
            st = fail(err, ST_IO, "no thread can be started to watch tokens");
        else
            a->started = true;
    }
    if (st != ST_OK) {
        access_close(a);
        return st;
    }
    pthread_setname_np(a->thread, "access");
    *out = a;
    return ST_OK;
}

void
access_close(struct access *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    a->stopping = true;
    pthread_cond_signal(&a->wake);
    pthread_mutex_unlock(&a->lock);
    if (a->started)
        pthread_join(a->thread, NULL);
    store_close(a->store);
    pthread_cond_destroy(&a->wake);
    pthread_mutex_destroy(&a->lock);
    free(a->tokens);
    free(a->buckets);
    free(a->path);
    free(a);
}

void
access_change(struct access *a, const struct config *config)
{
    a->config = config;
}

bool
access_has_tokens(const struct access *a)
{
    struct access *shared = (struct access *)a;
    bool has;

    pthread_mutex_lock(&shared->lock);
    has = a->token_count > 0 || a->unknown;
    pthread_mutex_unlock(&shared->lock);
    return has;
}

void
access_always(struct access *a)
{
    a->always = true;
}

bool
access_needed(const struct access *a)
{
    return a->always || access_has_tokens(a);
}

uint64_t
access_generation(const struct access *a)
{
    struct access *shared = (struct access *)a;
    uint64_t n;

    pthread_mutex_lock(&shared->lock);
    n = a->generation;
    pthread_mutex_unlock(&shared->lock);
    return n;
}

void
access_changed(struct access *a)
{
    pthread_mutex_lock(&a->lock);
    a->generation++;
    pthread_mutex_unlock(&a->lock);
}

void
access_news(const struct access *a, struct store_news *out)
{
    struct access *shared = (struct access *)a;

    pthread_mutex_lock(&shared->lock);
    *out = (struct store_news){.generation = a->generation, .signals = a->signal_generation};
    snprintf(out->as_of, sizeof out->as_of, "%s", a->as_of);
    pthread_mutex_unlock(&shared->lock);
}

bool
access_still(struct access *a, const struct asker *asker)
{
    struct token t;

    return !access_needed(a) || access_find(a, asker->token, &t);
}

bool
access_find(struct access *a, const unsigned char hash[TOKEN_HASH], struct token *out)
{
    bool found = false;

    pthread_mutex_lock(&a->lock);
    for (size_t i = 0; i < a->token_count && !found; i++) {
        found = memcmp(a->tokens[i].hash, hash, TOKEN_HASH) == 0 && !a->tokens[i].revoked;
        if (found)
            *out = a->tokens[i];
    }
    pthread_mutex_unlock(&a->lock);
    return found;
}

/* --- who is wrong too often, who asks too often --- */

/* Without its port: "192.0.2.7". */
static struct span
address_of(const struct http_request *r)
{
    const char *colon = strrchr(r->peer, ':');

    return span_of(r->peer, colon ? (size_t)(colon - r->peer) : strlen(r->peer));
}

void
access_wrong(struct access *a, struct http_request *r, const char *why)
{
    struct span address = address_of(r);
    uint64_t hash = hash_bytes(address.p, address.n, 0);
    struct wrong *w = &a->wrong[hash % ADDRESSES];
    int64_t now = clock_mono_ms();
    char extra[64];

    if (w->address != hash || now - w->since_ms >= WRONG_MS)
        *w = (struct wrong){hash, now, 0};
    w->count++;
    log_warn("access_refused", "peer=%s path=%.*s why=\"%s\"", r->peer,
             (int)(r->path.n < 80 ? r->path.n : 80), r->path.p, why);
    if (w->count > WRONG_MOST) {
        snprintf(extra, sizeof extra, "Retry-After: %d\r\n",
                 (int)((w->since_ms + WRONG_MS - now) / 1000 + 1));
        http_problem(r, 429, extra, "Too many wrong tokens came from this address.");
        return;
    }
    http_problem(r, 401, "WWW-Authenticate: Bearer realm=\"callswell\"\r\n", "%s", why);
}

/* So many requests a second, and twice as many at once after a rest. */
static bool
within_rate(struct access *a, const struct token *t)
{
    double rate = a->config->limits.requests_per_token;
    int64_t now = clock_mono_ms();
    struct bucket *b = NULL;

    if (rate <= 0)
        return true;
    for (size_t i = 0; i < a->bucket_count && !b; i++)
        if (strcmp(a->buckets[i].name, t->name) == 0)
            b = &a->buckets[i];
    if (!b) {
        a->buckets = xrealloc(a->buckets, (a->bucket_count + 1) * sizeof *a->buckets);
        b = &a->buckets[a->bucket_count++];
        *b = (struct bucket){.left = 2 * rate, .at_ms = now};
        snprintf(b->name, sizeof b->name, "%s", t->name);
    }
    b->left += rate * (double)(now - b->at_ms) / 1000;
    b->left = b->left > 2 * rate ? 2 * rate : b->left;
    b->at_ms = now;
    if (b->left < 1)
        return false;
    b->left -= 1;
    return true;
}

/* --- letting in --- */

bool
access_is_foreign(const struct http_request *r)
{
    struct span origin = http_request_field(r, "Origin"), host = http_request_field(r, "Host");
    const char *scheme = origin.n ? memmem(origin.p, origin.n, "://", 3) : NULL;
    struct span authority;

    /* Others' pages could send this only if we allowed it, and nobody is allowed. Behind a proxy
     * Host may be another than people see. */
    if (!origin.n || http_request_field(r, "X-Callswell").n)
        return false;
    if (!scheme)
        return true; /* "null": who wants to hide where it comes from */
    authority = span_of(scheme + 3, (size_t)(origin.p + origin.n - scheme - 3));
    return !span_eq_nocase(authority, host);
}

static bool
changes_something(const struct http_request *r)
{
    return !span_is(r->method, "GET") && !span_is(r->method, "HEAD");
}

/* What stands behind "Bearer ", whatever its case. */
static bool
bearer(const struct http_request *r, struct span *out)
{
    struct span field = http_request_field(r, "Authorization");

    if (field.n < 7 || !span_eq_nocase(span_of(field.p, 7), SPAN("bearer ")))
        return false;
    *out = span_trim(span_of(field.p + 7, field.n - 7));
    return true;
}

static void
let_as(struct http_request *r, const struct token *t)
{
    struct asker *asker = xcalloc(1, sizeof *asker);

    asker->role = t->role;
    asker->limited = t->owner[0] != '\0';
    memcpy(asker->token, t->hash, sizeof asker->token);
    memcpy(asker->name, t->name, sizeof asker->name);
    memcpy(asker->owner, t->owner, sizeof asker->owner);
    r->user = asker;
}

/* Who it is; false: it was answered. */
static bool
identify(struct access *a, struct http_request *r, struct token *t)
{
    unsigned char hash[TOKEN_HASH];
    struct span text;

    if (bearer(r, &text)) {
        token_hash(text, hash);
        if (access_find(a, hash, t))
            return true;
        access_wrong(a, r, "This token is not valid.");
        return false;
    }
    if (access_by_cookie(a, r, t)) {
        struct span origin = http_request_field(r, "Origin");

        if (!changes_something(r) || origin.n || http_request_field(r, "X-Callswell").n)
            return true;
        http_problem(r, 403, NULL,
                     "What is changed with a cookie comes from the page itself: "
                     "Origin or X-Callswell is missing.");
        return false;
    }
    http_problem(
        r, 401, "WWW-Authenticate: Bearer realm=\"callswell\"\r\n",
        "A token is needed: Authorization: Bearer TOKEN. `callswell token add` makes one.");
    return false;
}

static bool
let_token(struct access *a, struct http_request *r, enum role need, bool limited)
{
    struct token t;

    if (!identify(a, r, &t))
        return false;
    if (!role_may(t.role, need)) {
        http_problem(r, 403, NULL, "This needs the role %s; %s has the role %s.", role_name(need),
                     t.name, role_name(t.role));
        return false;
    }
    if (t.owner[0] && !limited) {
        http_problem(r, 403, NULL, "%s sees customers of %s only, and this is about others, too.",
                     t.name, t.owner);
        return false;
    }
    if (need != ROLE_INGEST && !within_rate(a, &t)) {
        http_problem(r, 429, "Retry-After: 1\r\n", "%s asks too often.", t.name);
        return false;
    }
    let_as(r, &t);
    return true;
}

bool
access_let(struct access *a, struct http_request *r, enum role need, bool limited)
{
    if (need != ROLE_INGEST && changes_something(r) && access_is_foreign(r)) {
        http_problem(r, 403, NULL, "The request comes from a page of another site.");
        return false;
    }
    if (need == ROLE_NONE)
        return true;
    if (access_needed(a))
        return let_token(a, r, need, limited);
    let_as(r, &(struct token){.name = "anybody", .role = ROLE_ADMIN});
    return true;
}
