/*
 * webhook_sign.c - Zoom's, Twilio's and BigBlueButton's signatures, and secrets as they are.
 *
 * Sources: Zoom "Using webhooks" (validate your webhook endpoint), Twilio "Webhooks security",
 * bbb-webhooks src/out/webhooks/callback-emitter.js, Microsoft Graph "Receive change notifications
 * through webhooks".
 */
#include "webhook_sign.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../parsers/web_text.h"
#include "json_read.h"
#include "memory.h"

#define HEX_MOST   (2 * EVP_MAX_MD_SIZE + 1)
#define PAIRS_MOST 1000 /* of a form; Twilio's have some twenty */

static enum status
compared(struct span wanted, struct span given, struct error *err)
{
    if (given.n == 0)
        return fail(err, ST_BAD_INPUT, "the signature is missing");
    if (given.n != wanted.n || CRYPTO_memcmp(given.p, wanted.p, wanted.n) != 0)
        return fail(err, ST_BAD_INPUT, "the signature is wrong");
    return ST_OK;
}

static struct span
as_hex(const unsigned char *digest, size_t n, char out[HEX_MOST])
{
    for (size_t i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    return span_of(out, 2 * n);
}

static unsigned
hmac(const EVP_MD *md, struct span secret, struct span text, unsigned char out[EVP_MAX_MD_SIZE])
{
    unsigned n = 0;

    HMAC(md, secret.p, (int)secret.n, (const unsigned char *)text.p, text.n, out, &n);
    return n;
}

/* --- Zoom --- */

enum status
sign_check_zoom(struct span secret, struct span timestamp, struct span body, struct span given,
                int64_t now, struct error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char wanted[3 + HEX_MOST] = "v0=";
    struct buf text = {0};
    int64_t sent;
    unsigned n;

    if (!span_to_i64(timestamp, &sent))
        return fail(err, ST_BAD_INPUT, "the signature's time is missing");
    if (sent < now - ZOOM_TOLERANCE || sent > now + ZOOM_TOLERANCE)
        return fail(err, ST_BAD_INPUT, "the signature's time is more than %d s away",
                    ZOOM_TOLERANCE);
    buf_str(&text, "v0:");
    buf_add(&text, timestamp.p, timestamp.n);
    buf_char(&text, ':');
    buf_add(&text, body.p, body.n);
    n = hmac(EVP_sha256(), secret, span_of(text.p, text.n), digest);
    buf_clear(&text);
    return compared(span_of(wanted, 3 + as_hex(digest, n, wanted + 3).n), given, err);
}

void
sign_zoom_answer(struct span secret, struct span token, char out[ZOOM_ANSWER])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[HEX_MOST];
    struct span hex = as_hex(digest, hmac(EVP_sha256(), secret, token, digest), text);

    snprintf(out, ZOOM_ANSWER, "%.*s", SPAN_ARG(hex));
}

/* --- Twilio --- */

struct pair {
    struct span name, value;
};

static int
compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int c = span_cmp(x->name, y->name);

    return c ? c : span_cmp(x->value, y->value);
}

/* Adds every different pair of the form, sorted. False: there are too many. */
static bool
add_form(struct buf *text, struct span form, struct arena *mem)
{
    struct pair *pairs = arena_alloc(mem, PAIRS_MOST * sizeof *pairs);
    size_t n = 0;

    while (n < PAIRS_MOST && web_form_next(&form, mem, &pairs[n].name, &pairs[n].value))
        n++;
    if (form.n > 0)
        return false;
    qsort(pairs, n, sizeof *pairs, compare_pairs);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && compare_pairs(&pairs[i - 1], &pairs[i]) == 0)
            continue;
        buf_add(text, pairs[i].name.p, pairs[i].name.n);
        buf_add(text, pairs[i].value.p, pairs[i].value.n);
    }
    return true;
}

static enum status
check_digest(struct span body, struct span given, struct error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[HEX_MOST];
    unsigned n = 0;

    EVP_Digest(body.p, body.n, digest, &n, EVP_sha256(), NULL);
    return compared(as_hex(digest, n, hex), given, err);
}

static enum status
check_twilio(struct span secret, struct span url, struct span query, struct span form,
             struct span given, struct arena *mem, struct error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
    struct buf text = {0};
    struct span body_digest;
    enum status st = ST_OK;
    unsigned n;
    int length;

    buf_add(&text, url.p, url.n);
    if (query.n > 0) {
        buf_char(&text, '?');
        buf_add(&text, query.p, query.n);
    }
    if (web_form_find(query, "bodySHA256", mem, &body_digest))
        st = check_digest(form, body_digest, err);
    else if (!add_form(&text, form, mem))
        st = fail(err, ST_BAD_INPUT, "the form has too many values");
    n = hmac(EVP_sha1(), secret, span_of(text.p, text.n), digest);
    buf_clear(&text);
    length = EVP_EncodeBlock(base64, digest, (int)n);
    return st == ST_OK ? compared(span_of((char *)base64, (size_t)length), given, err) : st;
}

enum status
sign_check_twilio(struct span secret, struct span url, struct span query, struct span form,
                  struct span given, struct error *err)
{
    struct arena mem;
    enum status st;

    arena_init(&mem);
    st = check_twilio(secret, url, query, form, given, &mem, err);
    arena_clear(&mem);
    return st;
}

/* --- secrets as they are --- */

static struct span
behind(struct span s, struct span word)
{
    if (s.n > word.n && span_eq_nocase(span_of(s.p, word.n), word))
        return span_trim(span_of(s.p + word.n, s.n - word.n));
    return SPAN("");
}

enum status
sign_check_token(struct span secret, struct span authorization, struct error *err)
{
    struct span token = behind(authorization, SPAN("Bearer ")), packed;
    struct arena mem;
    enum status st;

    arena_init(&mem);
    if (token.n == 0) {
        packed = behind(authorization, SPAN("Basic "));
        if (packed.n == 0 || !web_base64(packed, &mem, &token))
            token = authorization;
    }
    st = compared(secret, token, err);
    arena_clear(&mem);
    return st;
}

/* --- Microsoft Graph --- */

/* All of them: one that is Graph's must not carry others in. */
static enum status
check_notifications(struct span secret, const struct json_value *list, struct error *err)
{
    const struct json_value *state;
    enum status st = ST_OK;

    if (!list || list->type != JSON_ARRAY || !list->first)
        return fail(err, ST_BAD_INPUT, "these are no notifications of Microsoft Graph");
    for (const struct json_value *v = list->first; v && st == ST_OK; v = v->next) {
        state = json_find(v, "clientState");
        if (!state || state->type != JSON_STRING)
            st = fail(err, ST_BAD_INPUT, "a notification has no clientState");
        else if (compared(secret, state->text, NULL) != ST_OK)
            st = fail(err, ST_BAD_INPUT, "a notification's clientState is another");
    }
    return st;
}

enum status
sign_check_graph(struct span secret, struct span body, struct error *err)
{
    struct json_value *root;
    struct arena mem;
    enum status st;

    if (body.n > GRAPH_MOST)
        return fail(err, ST_BAD_INPUT, "notifications are no longer than %d bytes", GRAPH_MOST);
    arena_init(&mem);
    if (json_parse_foreign(body, &mem, &root, NULL) == ST_OK)
        st = check_notifications(secret, json_find(root, "value"), err);
    else
        st = check_notifications(secret, NULL, err);
    arena_clear(&mem);
    return st;
}

/* --- BigBlueButton --- */

static const EVP_MD *
digest_of_length(size_t hex)
{
    switch (hex) {
    case 40:
        return EVP_sha1();
    case 64:
        return EVP_sha256();
    case 96:
        return EVP_sha384();
    case 128:
        return EVP_sha512();
    }
    return NULL;
}

static enum status
check_checksum(struct span secret, struct span url, struct span body, struct span given,
               struct error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    const EVP_MD *md = digest_of_length(given.n);
    struct buf text = {0};
    char hex[HEX_MOST];
    unsigned n = 0;

    if (!md)
        return fail(err, ST_BAD_INPUT, "the signature is of no known length");
    buf_add(&text, url.p, url.n);
    buf_add(&text, body.p, body.n);
    buf_add(&text, secret.p, secret.n);
    EVP_Digest(text.p, text.n, digest, &n, md, NULL);
    OPENSSL_cleanse(text.p, text.n);
    buf_clear(&text);
    return compared(as_hex(digest, n, hex), given, err);
}

enum status
sign_check_bbb(struct span secret, struct span url, struct span query, struct span body,
               struct span authorization, struct error *err)
{
    struct span given;
    struct arena mem;
    enum status st;

    if (authorization.n > 0)
        return sign_check_token(secret, authorization, err);
    arena_init(&mem);
    if (web_form_find(query, "checksum", &mem, &given))
        st = check_checksum(secret, url, body, given, err);
    else
        st = fail(err, ST_BAD_INPUT, "the signature is missing");
    arena_clear(&mem);
    return st;
}
