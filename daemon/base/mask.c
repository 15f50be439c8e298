/*
 * mask.c - records of which nothing is known, as they are shown and kept.
 */
#include "mask.h"

#include <stdbool.h>
#include <string.h>

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* --- people --- */

static bool
in_address(char c)
{
    return is_letter(c) || is_digit(c) || (c != '\0' && strchr("._%+-", c)) || (c & 0x80);
}

/* The part in front of an "@" that has a domain behind it. */
static void
mask_address(char *p, size_t at, size_t n)
{
    size_t from = at;

    if (at + 1 == n || !(is_letter(p[at + 1]) || is_digit(p[at + 1])))
        return;
    while (from > 0 && in_address(p[from - 1]))
        from--;
    for (size_t i = from + 1; i < at; i++)
        p[i] = '*';
}

/* "2026-03-01" or "01.03.2026" or "20:15:00": two separators, and groups as dates have them. */
static bool
is_date(const size_t *group, size_t groups)
{
    return groups == 3 && ((group[0] == 4 && group[1] <= 2 && group[2] <= 2) ||
                           (group[0] <= 2 && group[1] <= 2 && (group[2] == 4 || group[2] == 2)));
}

/* From a digit on: how far a number goes that may have single separators in it. */
static size_t
number_end(const char *p, size_t at, size_t n, size_t *digits, size_t *group, size_t *groups)
{
    size_t end = at;

    *digits = *groups = 0;
    while (at < n) {
        size_t run = 0;

        while (at + run < n && is_digit(p[at + run]))
            run++;
        if (run == 0)
            break;
        if (*groups < 8)
            group[*groups] = run;
        (*groups)++;
        *digits += run;
        at += run;
        end = at;
        if (at < n && p[at] == ')')
            at++;
        if (at < n && strchr("-./ (", p[at]) && p[at] != '\0')
            at++;
        if (at == end)
            break;
    }
    return end;
}

static size_t
mask_number(char *p, size_t at, size_t n)
{
    size_t digits, groups, group[8], end = number_end(p, at, n, &digits, group, &groups), left;
    bool plain = groups == 1;

    if (groups > 1 && (digits < 9 || group[0] >= 9)) {
        /* A number of its own, and something else behind it. */
        end = at + group[0];
        digits = group[0];
        plain = true;
    }
    if (!plain && groups >= 3 && is_date(group, 3))
        return at + group[0] + 1 + group[1] + 1 + group[2];
    if (plain && digits < 6)
        return end;
    for (left = digits; at < end; at++)
        if (is_digit(p[at]) && left-- > 2)
            p[at] = '*';
    return end;
}

void
mask_people(char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] == '@')
            mask_address(p, i, n);
    for (size_t i = 0; i < n;)
        i = is_digit(p[i]) ? mask_number(p, i, n) : i + 1;
}

/* --- secrets --- */

/* In small letters, without "-" and "_". */
static const char *const secret_keys[] = {
    "password",      "passwd",       "passcode",     "passphrase",    "pwd",
    "pin",           "pincode",      "token",        "accesstoken",   "refreshtoken",
    "downloadtoken", "usertoken",    "sessiontoken", "authtoken",     "jwt",
    "secret",        "clientsecret", "apikey",       "authorization", "moderatorpass",
    "moderatorpw",   "viewerpass",   "attendeepass", "attendeepw",    "hostkey",
    "hostpin",       "guestpin",     "h323password", "pstnpassword",  "encryptedpassword",
    "sippassword",   "starturl",     "joinurl",      "cookie",
};
#define KEYS    (sizeof secret_keys / sizeof secret_keys[0])
#define KEY_MAX 20

/* Behind the key's name that begins at p, or NULL: it is none of them. */
static const char *
secret_key(const char *p, const char *end)
{
    char folded[KEY_MAX + 1];
    size_t n = 0;

    for (; p < end && (is_letter(*p) || is_digit(*p) || *p == '-' || *p == '_'); p++) {
        if (*p == '-' || *p == '_')
            continue;
        if (n == KEY_MAX)
            return NULL;
        folded[n++] = (char)(is_letter(*p) ? *p | 0x20 : *p);
    }
    for (size_t i = 0; i < KEYS; i++)
        if (strlen(secret_keys[i]) == n && memcmp(secret_keys[i], folded, n) == 0)
            return p;
    return NULL;
}

/* What stands at p of these, in its length; 0: none of them. */
static size_t
one_of(const char *p, const char *end, const char *const *texts)
{
    for (; *texts; texts++) {
        size_t n = strlen(*texts);

        if ((size_t)(end - p) >= n && memcmp(p, *texts, n) == 0)
            return n;
    }
    return 0;
}

static const char *const quotes[] = {"\"", "'", "\\\"", "%22", "%5C%22", "&quot;", NULL};
static const char *const colons[] = {":", "=", "%3A", "%3a", "%3D", "%3d", NULL};
static const char *const blanks[] = {" ", "\t", "%20", "+", NULL};

static const char *
pass_blanks(const char *p, const char *end)
{
    size_t n;

    while ((n = one_of(p, end, blanks)) > 0)
        p += n;
    return p;
}

struct closing {
    const char *p;
    size_t n;
};

/* Where the value behind a key begins, and what ends it: a text, or NULL for the usual ends of bare
 * values. NULL: there is no value. */
static const char *
value_begin(const char *p, const char *end, struct closing *closing)
{
    size_t n = one_of(p, end, quotes);

    closing->p = NULL;
    closing->n = 0;
    p += n;
    if (n == 0 && p < end && *p == '>') { /* <pin>1234</pin> */
        closing->p = "<";
        closing->n = 1;
        return p + 1;
    }
    p = pass_blanks(p, end);
    n = one_of(p, end, colons);
    if (n == 0)
        return NULL;
    p = pass_blanks(p + n, end);
    n = one_of(p, end, quotes);
    if (n > 0) {
        closing->p = p;
        closing->n = n;
    }
    return p + n;
}

/* Hides what stands there; *some: it was anything. Returns its end. */
static char *
hide_value(char *p, char *end, const struct closing *closing, bool *some)
{
    bool escaped = false;

    for (; p < end; p++) {
        bool ends = closing->p
                        ? (size_t)(end - p) >= closing->n && memcmp(p, closing->p, closing->n) == 0
                        : *p == '\0' || strchr(",;&}] <>\r\n\t\"'", *p) != NULL;

        if (ends && !escaped)
            break;
        if (*p == '\n')
            break; /* never closed */
        escaped = closing->p && *p == '\\' && !escaped && *closing->p != '\\';
        *p = (char)(!closing->p && is_digit(*p) ? '0' : 'x');
        *some = true;
    }
    return p;
}

/* JSON's words are not secrets, and hidden they would be no JSON any more. */
static bool
is_word(const char *p, const char *end)
{
    static const char *const words[] = {"null", "true", "false", "{", "[", NULL};

    return one_of(p, end, words) > 0;
}

static bool
goes_on(const char *p, const char *at)
{
    return at > p && (is_letter(at[-1]) || is_digit(at[-1]));
}

/* Right behind a "%22". */
static bool
is_encoded(const char *p, const char *at)
{
    return at - p >= 3 && at[-3] == '%';
}

size_t
mask_secrets(char *p, size_t n)
{
    char *end = p + n;
    size_t found = 0;

    for (char *at = p; at < end; at++) {
        bool begins = is_letter(*at) && (!goes_on(p, at) || is_encoded(p, at));
        struct closing closing;
        const char *behind = begins ? secret_key(at, end) : NULL;
        const char *value = behind ? value_begin(behind, end, &closing) : NULL;
        bool some = false;

        if (!value || (!closing.p && is_word(value, end)))
            continue;
        at = hide_value(p + (value - p), end, &closing, &some) - 1;
        found += some;
    }
    return found;
}
