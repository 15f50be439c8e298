/*
 * mask.c - records of which nothing is known, as they are shown and kept.
 */
#include "mask.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

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

static bool
is_small(char c)
{
    return c >= 'a' && c <= 'z';
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
    "sippassword",   "starturl",     "joinurl",      "cookie",        "authorizationcodevalue",
};
#define KEYS    (sizeof secret_keys / sizeof secret_keys[0])
#define KEY_MAX 24

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

/* A name may end with such a key: sip_auth_password, meetingPassword. */
static bool
goes_on(const char *p, const char *at)
{
    if (at == p)
        return false;
    return is_digit(at[-1]) || (is_letter(at[-1]) && (is_small(*at) || !is_small(at[-1])));
}

/* Right behind a "%22". */
static bool
is_encoded(const char *p, const char *at)
{
    return at - p >= 3 && at[-3] == '%';
}

static size_t
mask_text(char *p, size_t n)
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

bool
is_secret_name(struct span name)
{
    const char *end = name.p + name.n;

    for (const char *at = name.p; at < end; at++)
        if (is_letter(*at) && !goes_on(name.p, at) && secret_key(at, end) == end)
            return true;
    return false;
}

void
mask_value(char *p, size_t n)
{
    for (; n > 0; p++, n--)
        if (*p != '\n' && *p != '\r')
            *p = is_digit(*p) ? '0' : 'x';
}

/* --- secrets in base64 --- */

/* "{"a":""}" has twelve; less is no text with a secret in it. */
#define DIGITS_LEAST 12

/* 0 to 63; -1: no digit. Of both alphabets. */
static int
digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (is_small(c))
        return c - 'a' + 26;
    if (is_digit(c))
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

static char
digit_like(int value, bool url)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    return value < 62 ? digits[value] : value == 62 ? (url ? '-' : '+') : (url ? '_' : '/');
}

/* Digits and the line ends between them. */
static size_t
run_of_digits(const char *p, const char *end, size_t *digits, bool *url)
{
    const char *at = p;

    *digits = 0;
    *url = false;
    for (; at < end && (digit_of(*at) >= 0 || *at == '\r' || *at == '\n'); at++) {
        *digits += digit_of(*at) >= 0;
        *url |= *at == '-' || *at == '_';
    }
    return (size_t)(at - p);
}

/* Out has 3/4 of the digits' number, and what is left over of the last of them is no byte. */
static size_t
decode(const char *p, size_t n, char *out)
{
    uint32_t bits = 0;
    size_t digits = 0, m = 0;

    for (size_t i = 0; i < n; i++) {
        int v = digit_of(p[i]);

        if (v < 0)
            continue;
        bits = bits << 6 | (uint32_t)v;
        if (digits++ % 4 != 0)
            out[m++] = (char)(bits >> (6 - 2 * ((digits - 1) % 4)));
    }
    return m;
}

/* Over the digits that it came from; those of the last that are no byte stay. */
static void
encode(const char *text, size_t m, char *p, size_t n, bool url)
{
    size_t digits = 0;

    for (size_t i = 0; i < n; i++) {
        size_t bit = digits * 6, byte = bit / 8, shift = bit % 8;
        int old = digit_of(p[i]), v;

        if (old < 0)
            continue;
        digits++;
        if (byte >= m)
            return;
        v = (unsigned char)text[byte] << 8;
        if (byte + 1 < m)
            v |= (unsigned char)text[byte + 1];
        v = v >> (10 - shift) & 63;
        if (byte + 1 == m && shift > 2) /* its end is padding */
            v |= old & ((1 << (shift - 2)) - 1);
        p[i] = digit_like(v, url);
    }
}

static size_t
mask_base64(char *p, size_t n)
{
    char *end = p + n;
    size_t found = 0;

    for (char *at = p; at < end;) {
        size_t digits, m, here;
        bool url;
        size_t run = run_of_digits(at, end, &digits, &url);
        char *text;

        if (digits >= DIGITS_LEAST) {
            text = xmalloc(digits);
            m = decode(at, run, text);
            here = mask_text(text, m);
            if (here > 0)
                encode(text, m, at, run, url);
            found += here;
            free(text);
        }
        at += run + 1;
    }
    return found;
}

size_t
mask_secrets(char *p, size_t n)
{
    size_t packed = mask_base64(p, n);

    return packed + mask_text(p, n);
}
