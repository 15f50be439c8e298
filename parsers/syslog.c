/*
 * syslog.c - the header of a syslog message.
 *
 *   <134>1 2026-03-01T09:00:00.000003+01:00 sbc1 kamailio 8710 - [x@1 a="b"] text      RFC 5424
 *   <134>Mar  1 09:00:00 sbc1 kamailio[8710]: text                                     RFC 3164
 *   <189>16261: gw1: *Mar  1 2026 09:00:00.123 CET: text                               Cisco
 *   2026-03-01T09:00:00.000003+01:00 sbc1 kamailio[8710]: text                         a file
 */
#include "syslog.h"

#include <stdlib.h>

#include "civil.h"
#include "timetext.h"

#define MAX_PRIORITY 191
#define MAX_HOST     255
#define MAX_TAG      128

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The bytes up to the first blank, taken off with that blank. */
static struct span
token(struct span *s)
{
    const char *blank = memchr(s->p, ' ', s->n);
    size_t n = blank ? (size_t)(blank - s->p) : s->n;
    struct span t = span_of(s->p, n);

    s->p += n + (blank != NULL);
    s->n -= n + (blank != NULL);
    return t;
}

static void
skip_blanks(struct span *s)
{
    while (s->n > 0 && *s->p == ' ') {
        s->p++;
        s->n--;
    }
}

static void
skip(struct span *s, size_t n)
{
    s->p += n;
    s->n -= n;
}

/* "<0>" to "<191>", without leading zeros. */
static bool
take_priority(struct span *s)
{
    int v = 0;
    size_t i = 1;

    for (; i < s->n && i < 4 && is_digit(s->p[i]); i++)
        v = v * 10 + (s->p[i] - '0');
    if (i == 1 || i >= s->n || s->p[i] != '>' || v > MAX_PRIORITY || (i > 2 && s->p[1] == '0'))
        return false;
    skip(s, i + 1);
    return true;
}

/* --- RFC 5424 --- */

/* [id name="value" ...], any number of them, or "-". */
static bool
take_structured_data(struct span *s)
{
    if (s->n > 0 && *s->p == '-') {
        skip(s, 1);
    } else {
        if (s->n == 0 || *s->p != '[')
            return false;
        while (s->n > 0 && *s->p == '[') {
            bool quoted = false;
            size_t i = 1;

            for (; i < s->n && (quoted || s->p[i] != ']'); i++) {
                if (quoted && s->p[i] == '\\')
                    i++;
                else if (s->p[i] == '"')
                    quoted = !quoted;
            }
            if (i >= s->n)
                return false;
            skip(s, i + 1);
        }
    }
    if (s->n > 0 && *s->p != ' ')
        return false;
    skip(s, s->n > 0);
    return true;
}

static struct span
unless_nil(struct span s)
{
    return span_is(s, "-") ? span_of(s.p, 0) : s;
}

static bool
read_5424(struct span s, struct syslog_message *out)
{
    out->time = unless_nil(token(&s));
    out->host = unless_nil(token(&s));
    out->app = unless_nil(token(&s));
    token(&s); /* PROCID */
    token(&s); /* MSGID */
    if (!take_structured_data(&s))
        return false;
    out->text = s;
    return true;
}

/* --- RFC 3164 --- */

static bool
is_month(struct span s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (size_t i = 0; s.n >= 3 && i < 36; i += 3)
        if (memcmp(s.p, months + i, 3) == 0)
            return true;
    return false;
}

static bool
is_zone_name(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 'A' || s.p[i] > 'Z')
            return false;
    return s.n >= 3 && s.n <= 5;
}

/* "Mar  1 2026 09:00:00.123 CET: ": year, fraction, zone and colon may be missing. The zone's
 * abbreviation is passed over, because abbreviations are not the same everywhere. */
static bool
take_time(struct span *s, struct span *time)
{
    struct span at = *s, part;

    if (!is_month(at) || at.n < 15 || at.p[3] != ' ')
        return false;
    skip(&at, 4);
    skip_blanks(&at);
    part = token(&at); /* day */
    if (part.n < 1 || part.n > 2 || !is_digit(part.p[0]))
        return false;
    part = token(&at);
    if (part.n == 4 && is_digit(part.p[0]))
        part = token(&at);
    if (part.n < 8 || part.p[2] != ':' || part.p[5] != ':')
        return false;
    if (part.p[part.n - 1] == ':')
        part.n--;
    *time = span_of(s->p, (size_t)(part.p + part.n - s->p));
    *s = at;
    part = token(&at);
    if (part.n > 1 && part.p[part.n - 1] == ':' && is_zone_name(span_of(part.p, part.n - 1)))
        *s = at;
    return true;
}

/* As rsyslog writes it into messages and files on request. */
static bool
take_iso_time(struct span *s, struct span *time)
{
    struct span at = *s, part = token(&at);
    bool has_offset;
    int64_t utc;

    if (part.n < 19 || part.p[4] != '-' || !parse_rfc3339(part, &utc, &has_offset))
        return false;
    *time = part;
    *s = at;
    return true;
}

static bool
is_host(struct span s)
{
    if (s.n == 0 || s.n > MAX_HOST)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) && !((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z') &&
            (s.p[i] == '\0' || !strchr("._-:", s.p[i])))
            return false;
    return true;
}

/* "kamailio[8710]:" and "kamailio:" name a program; what has no colon is text. */
static bool
read_tag(struct span s, struct span *app)
{
    const char *bracket;

    if (s.n < 2 || s.n > MAX_TAG || s.p[s.n - 1] != ':')
        return false;
    s.n--;
    bracket = memchr(s.p, '[', s.n);
    if (bracket && s.p[s.n - 1] != ']')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || strchr("\"{}<>=;,%", s.p[i]))
            return false;
    *app = span_of(s.p, bracket ? (size_t)(bracket - s.p) : s.n);
    return app->n > 0;
}

/* Host and tag, of which either may be missing. A host alone is one only if a tag follows or if
 * it cannot be text: text of records has other bytes than names have. */
static void
read_names(struct span s, struct syslog_message *out)
{
    struct span at = s, first = token(&at), rest, second;

    out->text = s;
    if (read_tag(first, &out->app)) {
        out->text = at;
    } else if (is_host(first)) {
        out->host = first;
        rest = at;
        second = token(&rest);
        out->text = read_tag(second, &out->app) ? rest : at;
    }
}

/* "16261: gw1: *": Cisco's sequence number, perhaps a name, and its mark of a clock that is not
 * set. Only where a time follows. */
static void
skip_sequence(struct span *s)
{
    struct span at = *s, time, part = token(&at), rest;

    if (part.n >= 2 && part.p[part.n - 1] == ':' && is_digit(part.p[0])) {
        rest = at;
        part = token(&rest);
        if (!is_month(at) && part.n >= 2 && part.p[part.n - 1] == ':')
            at = rest;
    } else {
        at = *s;
    }
    if (at.n > 0 && (*at.p == '*' || *at.p == '.'))
        skip(&at, 1);
    rest = at;
    if (take_time(&rest, &time))
        *s = at;
}

static bool
read_3164(struct span s, bool priority, struct syslog_message *out)
{
    skip_sequence(&s);
    if (!take_time(&s, &out->time) && !take_iso_time(&s, &out->time) && !priority)
        return false;
    skip_blanks(&s);
    read_names(s, out);
    return true;
}

bool
syslog_peel(struct span line, struct syslog_message *out, const char **why)
{
    bool priority = line.n > 0 && *line.p == '<', good;
    struct span s = line;

    memset(out, 0, sizeof *out);
    *why = "syslog: the priority is not <0> to <191>";
    if (priority && !take_priority(&s))
        return false;
    if (priority && s.n >= 2 && s.p[0] == '1' && s.p[1] == ' ') {
        skip(&s, 2);
        *why = "syslog: the header of RFC 5424 is not whole";
        good = read_5424(s, out);
    } else {
        *why = "syslog: neither a priority nor a time in front";
        good = read_3164(s, priority, out);
    }
    if (!good)
        return false;
    skip_blanks(&out->text);
    if (out->text.n >= 3 && memcmp(out->text.p, "\xEF\xBB\xBF", 3) == 0)
        skip(&out->text, 3);
    if (out->text.n >= 5 && memcmp(out->text.p, "@cee:", 5) == 0)
        skip(&out->text, 5);
    skip_blanks(&out->text);
    return true;
}

/* --- time --- */

static bool
in_year(struct span s, int year, int64_t *utc)
{
    char text[48];
    bool floating;

    if (s.n + 6 > sizeof text)
        return false;
    memcpy(text, s.p, 3);
    text[3] = ' ';
    for (int i = 3, v = year; i >= 0; i--, v /= 10)
        text[4 + i] = (char)('0' + v % 10);
    memcpy(text + 8, s.p + 3, s.n - 3);
    s = span_of(text, s.n + 5);
    return timetext_read_pattern("%b %Y %e %T", s, utc, &floating) ||
           timetext_read_pattern("%b %Y %e %T.%f", s, utc, &floating);
}

static bool
nearest_year(struct span s, int64_t came, int64_t *utc)
{
    int year = civil_from_utc(came).year;
    bool found = false;
    int64_t t;

    for (int y = year - 1; y <= year + 1; y++) {
        if (!in_year(s, y, &t) || t > came + DAY_SECONDS)
            continue; /* 29 February is not of every year */
        if (!found || llabs(t - came) <= llabs(*utc - came))
            *utc = t;
        found = true;
    }
    return found;
}

bool
syslog_time(struct span s, int64_t came, int64_t *utc, bool *floating)
{
    if (s.n > 0 && is_digit(*s.p))
        return timetext_read_auto(s, utc, floating);
    *floating = true;
    if (timetext_read_pattern("%b %e %Y %T", s, utc, floating) ||
        timetext_read_pattern("%b %e %Y %T.%f", s, utc, floating))
        return true;
    return is_month(s) && nearest_year(s, came, utc);
}
