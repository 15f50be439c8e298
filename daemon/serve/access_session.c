/*
 * access_session.c - the page's sessions: a token is given once, then a cookie stands for it.
 *
 * Sessions are in memory: they end with the daemon, with their token, after `session`, or when
 * somebody logs out.
 */
#include "access_internal.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../parsers/web_text.h"
#include "clock.h"
#include "json_read.h"
#include "json_write.h"
#include "log.h"

/* The value of our cookie; others' are passed over. */
static struct span
cookie(const struct http_request *r)
{
    struct span rest = http_request_field(r, "Cookie");

    while (rest.n > 0) {
        const char *end = memchr(rest.p, ';', rest.n);
        struct span one = span_trim(span_of(rest.p, end ? (size_t)(end - rest.p) : rest.n));

        if (one.n > sizeof COOKIE && memcmp(one.p, COOKIE "=", sizeof COOKIE) == 0)
            return span_of(one.p + sizeof COOKIE, one.n - sizeof COOKIE);
        rest = end ? span_of(end + 1, (size_t)(rest.p + rest.n - end - 1)) : span_of("", 0);
    }
    return span_of("", 0);
}

static struct session *
session_of(struct access *a, const struct http_request *r)
{
    struct span text = cookie(r);
    unsigned char id[TOKEN_HASH];
    int64_t now = clock_mono_ms();

    if (text.n == 0)
        return NULL;
    token_hash(text, id);
    for (size_t i = 0; i < SESSIONS; i++)
        if (a->sessions[i].until_ms > now && memcmp(a->sessions[i].id, id, sizeof id) == 0)
            return &a->sessions[i];
    return NULL;
}

bool
access_by_cookie(struct access *a, const struct http_request *r, struct token *out)
{
    const struct session *s = session_of(a, r);

    return s && access_find(a, s->token, out);
}

/* --- login --- */

static bool
json_token(struct span body, struct arena *memory, struct span *out)
{
    struct json_value *v;

    if (json_parse(body, memory, &v, NULL) != ST_OK)
        return false;
    *out = span_str(json_get_text(v, "token", ""));
    return out->n > 0;
}

static void
write_who(struct buf *body, bool needed, const struct token *t)
{
    struct json_writer w;

    json_begin(&w, body);
    json_object(&w, NULL);
    json_bool(&w, "login_needed", needed);
    json_text(&w, "name", t ? t->name : NULL);
    json_text(&w, "role", t ? role_name(t->role) : needed ? NULL : role_name(ROLE_ADMIN));
    json_text(&w, "owner", t && t->owner[0] ? t->owner : NULL);
    json_close(&w);
    buf_char(body, '\n');
}

static struct session *
free_session(struct access *a)
{
    struct session *first = &a->sessions[0];

    for (size_t i = 1; i < SESSIONS; i++)
        if (a->sessions[i].until_ms < first->until_ms)
            first = &a->sessions[i];
    return first;
}

static void
cookie_line(const struct access *a, const char *value, int64_t seconds, char out[256])
{
    snprintf(out, 256,
             "Set-Cookie: " COOKIE "=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s\r\n",
             value, (long long)seconds, a->config->http_certificate ? "; Secure" : "");
}

static void
begin_session(struct access *a, struct http_request *r, const struct token *t)
{
    unsigned char random[32];
    struct session *s = free_session(a);
    struct buf body = {0};
    char text[65], line[256];

    if (RAND_bytes(random, sizeof random) != 1) {
        http_problem(r, 503, "Retry-After: 5\r\n", "There are no random numbers to be had.");
        return;
    }
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(text + 2 * i, 3, "%02x", random[i]);
    token_hash(span_str(text), s->id);
    memcpy(s->token, t->hash, sizeof s->token);
    s->until_ms = clock_mono_ms() + a->config->http_session_ms;
    cookie_line(a, text, a->config->http_session_ms / 1000, line);
    write_who(&body, true, t);
    log_info("login", "who=%s role=%s peer=%s", t->name, role_name(t->role), r->peer);
    http_reply(r, 200, "application/json", &body, line);
}

void
access_login(struct access *a, struct http_request *r)
{
    struct span body = span_of(r->body.p ? r->body.p : "", r->body.n), text;
    unsigned char hash[TOKEN_HASH];
    struct arena memory;
    struct token t;

    arena_init(&memory);
    if (!access_needed(a)) {
        http_problem(r, 409, NULL, "There are no tokens: nobody needs to log in.");
    } else if (!json_token(body, &memory, &text) && !web_form_find(body, "token", &memory, &text)) {
        http_problem(r, 400, NULL, "Expected {\"token\":\"...\"}.");
    } else {
        token_hash(span_trim(text), hash);
        if (access_find(a, hash, &t))
            begin_session(a, r, &t);
        else
            access_wrong(a, r, "This token is not valid.");
    }
    arena_clear(&memory);
}

void
access_logout(struct access *a, struct http_request *r)
{
    struct session *s = session_of(a, r);
    struct buf body = {0};
    char line[256];

    if (s)
        memset(s, 0, sizeof *s);
    cookie_line(a, "", 0, line);
    write_who(&body, access_needed(a), NULL);
    http_reply(r, 200, "application/json", &body, line);
}

void
access_session(struct access *a, struct http_request *r)
{
    struct buf body = {0};
    struct token t;
    bool needed = access_needed(a), known = access_by_cookie(a, r, &t);

    write_who(&body, needed, known ? &t : NULL);
    http_reply(r, 200, "application/json", &body, NULL);
}
