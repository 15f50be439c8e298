/*
 * idempotency.c - reading Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07).
 *
 *     Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324"
 *
 * The draft asks for a quoted string; most senders leave the quotes away. Both are the same key.
 */
#include "idempotency.h"

static bool
is_key_byte(char c)
{
    return c > ' ' && c < 0x7f && c != '"' && c != '\\';
}

static unsigned
count_fields(const struct http_request *r, const char *name)
{
    unsigned n = 0;

    for (size_t i = 0; i < r->field_count; i++)
        n += span_eq_nocase(r->fields[i].name, span_str(name));
    return n;
}

enum status
idempotency_key(const struct http_request *r, struct span *out, struct error *err)
{
    const char *name = "idempotency-key";
    struct span key = http_request_field(r, name);
    unsigned given = count_fields(r, name);

    if (given == 0) {
        name = "i-twilio-idempotency-token";
        key = http_request_field(r, name);
        given = count_fields(r, name);
    }
    *out = key;
    if (given == 0)
        return ST_OK;
    if (given > 1)
        return fail(err, ST_BAD_INPUT, "Idempotency-Key is given %u times.", given);
    if (key.n >= 2 && key.p[0] == '"' && key.p[key.n - 1] == '"')
        key = span_of(key.p + 1, key.n - 2);
    if (key.n == 0 || key.n > IDEMPOTENCY_KEY_MAX)
        return fail(err, ST_BAD_INPUT, "An Idempotency-Key has 1 to %d bytes.",
                    IDEMPOTENCY_KEY_MAX);
    for (size_t i = 0; i < key.n; i++)
        if (!is_key_byte(key.p[i]))
            return fail(err, ST_BAD_INPUT,
                        "An Idempotency-Key is visible ASCII without quotes and backslashes.");
    *out = key;
    return ST_OK;
}
