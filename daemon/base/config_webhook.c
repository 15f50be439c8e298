/*
 * config_webhook.c - what can be wrong with a webhook section.
 */
#include "config_rows.h"

#include <string.h>

static const char *
objection_to_secret(const char *secret)
{
    for (const char *p = secret; *p;) {
        size_t n = strcspn(p, " ");

        if (strncmp(p, "whsec_", 6) == 0 &&
            (n < 6 + 24 || strspn(p + 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789+/=") != n - 6))
            return "behind whsec_ stand at least 24 characters of base64";
        if (n < 16)
            return "a secret has 16 characters or more";
        p += n + strspn(p + n, " ");
    }
    return secret[0] ? NULL : "a secret is needed: nobody could tell our messages from others'";
}

static const char *
objection_to_url(const struct config_webhook *h)
{
    const char *url = h->url ? h->url : "";
    bool tls = strncmp(url, "https://", 8) == 0, plain = strncmp(url, "http://", 7) == 0;

    if (!tls && !plain)
        return "expected https://HOST/...";
    if (plain && !h->private_addresses)
        return "without TLS only with private = yes";
    if (strchr(url, '@') || strpbrk(url, " \t\"<>"))
        return "no user, no blanks";
    return NULL;
}

static bool
are_events(const char *const *words)
{
    static const char *const known[] = {"raised", "changed", "acked", "closed"};

    for (; words && *words; words++) {
        bool found = false;

        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            found |= strcmp(*words, known[i]) == 0;
        if (!found)
            return false;
    }
    return true;
}

const char *
config_webhook_objection(const struct config_webhook *h, const char **key)
{
    const char *why = objection_to_url(h);

    *key = "url";
    if (why)
        return why;
    *key = "secret";
    why = objection_to_secret(h->secret ? h->secret : "");
    if (why)
        return why;
    *key = "events";
    return are_events(h->events) ? NULL : "expected raised, changed, acked or closed";
}
