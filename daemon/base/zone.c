/*
 * zone.c - time zones from TZif files (RFC 8536, versions 1 to 4).
 *
 * A zone is a list of moments at which the offset changes. The POSIX rule in a file's footer,
 * which holds after the last listed change, is written out for 401 years: the Gregorian
 * calendar repeats itself every 400 years, weekdays included, so any later moment is looked up
 * at the same place of that cycle. Looking up is one binary search for every zone and year.
 *
 * A local time is looked up in the list `local`: the wall clock reading from which on the new
 * offset is meant. In autumn that is the reading before the clock went back (what occurs twice
 * is taken as its first occurrence), in spring the one after it went forward (what does not
 * occur is read with the offset before the gap). Either way it is the later of the two.
 */
#include "zone.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "civil.h"
#include "memory.h"
#include "zone_rule.h"

#define ZONE_FOLDER  "/usr/share/zoneinfo"
#define MAX_FILE     (256 * 1024)
#define MAX_NAME     120
#define HEADER_BYTES 44
#define CYCLE_YEARS  400
#define CYCLE        (INT64_C(146097) * DAY_SECONDS)
#define FIRST_MOMENT (-(INT64_C(1) << 59)) /* RFC 8536 section 4 */
#define LAST_MOMENT  INT64_C(253402300800) /* the year 10000 */

struct zone {
    struct zone *next;
    char *name;
    int64_t limit; /* from here on, moments repeat those one cycle earlier */
    size_t count;
    int64_t *at;     /* moments at which offset[i + 1] takes over from offset[i] */
    int64_t *local;  /* the same in local time, ascending; see above */
    int32_t *offset; /* count + 1 of them */
};

/* --- the change list --- */

static void
zone_append(struct zone *z, int64_t at, int32_t offset)
{
    if (z->count > 0 && z->at[z->count - 1] == at)
        z->count--; /* two changes at one moment: the second is what holds */
    if (z->offset[z->count] == offset)
        return;
    z->at[z->count++] = at;
    z->offset[z->count] = offset;
}

static void
zone_reserve(struct zone *z, size_t count)
{
    z->at = xmalloc(count * sizeof *z->at);
    z->local = xmalloc(count * sizeof *z->local);
    z->offset = xmalloc((count + 1) * sizeof *z->offset);
}

/* Writes the rule out from the year of the last listed change on. */
static void
expand_rule(struct zone *z, const struct zone_rule *rule, int first_year, int64_t after)
{
    for (int year = first_year; year <= first_year + CYCLE_YEARS; year++) {
        int64_t begin = zone_rule_moment(&rule->begin, year) - rule->standard;
        int64_t end = zone_rule_moment(&rule->end, year) - rule->summer;
        bool north = begin < end;

        if (north && begin > after)
            zone_append(z, begin, rule->summer);
        if (end > after)
            zone_append(z, end, rule->standard);
        if (!north && begin > after)
            zone_append(z, begin, rule->summer);
    }
    z->limit = (int64_t)days_from_civil(first_year + CYCLE_YEARS + 1, 1, 1) * DAY_SECONDS;
}

static void
fill_local(struct zone *z)
{
    for (size_t i = 0; i < z->count; i++) {
        int32_t before = z->offset[i], after = z->offset[i + 1];

        z->local[i] = z->at[i] + (before > after ? before : after);
        /* Changes hours apart could cross in local time; a search needs them in order. */
        if (i > 0 && z->local[i] < z->local[i - 1])
            z->local[i] = z->local[i - 1];
    }
}

/* --- TZif --- */

struct tzif {
    const unsigned char *p, *end;
    size_t time_bytes;  /* 4 or 8 */
    uint32_t counts[6]; /* isut, isstd, leap, time, type, char: the header's order */
};

enum { COUNT_ISUT, COUNT_ISSTD, COUNT_LEAP, COUNT_TIME, COUNT_TYPE, COUNT_CHAR };

static int64_t
read_be(const unsigned char *p, size_t bytes)
{
    uint64_t v = p[0] & 0x80 ? ~UINT64_C(0) : 0; /* sign */

    for (size_t i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    return (int64_t)v;
}

/* Reads one header; false if it is none or promises more than there is. */
static bool
read_header(struct tzif *t, int *version)
{
    uint64_t need;

    if (t->end - t->p < HEADER_BYTES || memcmp(t->p, "TZif", 4) != 0)
        return false;
    *version = t->p[4] == 0 ? 1 : t->p[4] - '0';
    for (int i = 0; i < 6; i++)
        t->counts[i] = (uint32_t)read_be(t->p + 20 + 4 * i, 4);
    t->p += HEADER_BYTES;
    need = (uint64_t)t->counts[COUNT_TIME] * (t->time_bytes + 1) +
           (uint64_t)t->counts[COUNT_TYPE] * 6 + t->counts[COUNT_CHAR] +
           (uint64_t)t->counts[COUNT_LEAP] * (t->time_bytes + 4) + t->counts[COUNT_ISSTD] +
           t->counts[COUNT_ISUT];
    return need <= (uint64_t)(t->end - t->p);
}

static size_t
body_bytes(const struct tzif *t)
{
    return t->counts[COUNT_TIME] * (t->time_bytes + 1) + t->counts[COUNT_TYPE] * 6 +
           t->counts[COUNT_CHAR] + t->counts[COUNT_LEAP] * (t->time_bytes + 4) +
           t->counts[COUNT_ISSTD] + t->counts[COUNT_ISUT];
}

static bool
read_changes(struct zone *z, const struct tzif *t)
{
    const unsigned char *times = t->p, *which = times + t->counts[COUNT_TIME] * t->time_bytes;
    const unsigned char *types = which + t->counts[COUNT_TIME];
    int64_t previous = INT64_MIN;

    if (t->counts[COUNT_TYPE] == 0 || t->counts[COUNT_TYPE] > 256)
        return false;
    for (uint32_t i = 0; i < t->counts[COUNT_TYPE]; i++) {
        int64_t offset = read_be(types + 6 * i, 4);

        if (offset < -ZONE_MAX_OFFSET || offset > ZONE_MAX_OFFSET)
            return false;
    }
    z->offset[0] = (int32_t)read_be(types, 4);
    for (uint32_t i = 0; i < t->counts[COUNT_TIME]; i++) {
        int64_t at = read_be(times + i * t->time_bytes, t->time_bytes);

        if (at <= previous || at < FIRST_MOMENT || at >= LAST_MOMENT ||
            which[i] >= t->counts[COUNT_TYPE])
            return false;
        zone_append(z, at, (int32_t)read_be(types + 6 * which[i], 4));
        previous = at;
    }
    return true;
}

/* The line between two newlines behind the body; an empty one is no rule. */
static bool
read_footer(struct zone *z, const struct tzif *t)
{
    const unsigned char *p = t->p + body_bytes(t), *nl;
    struct zone_rule rule;
    int64_t last = FIRST_MOMENT;
    int year = 1900, month, day;

    if (p == t->end || *p != '\n' || !(nl = memchr(p + 1, '\n', (size_t)(t->end - p - 1))))
        return false;
    if (nl == p + 1)
        return true;
    if (!zone_rule_parse(&rule, span_of((const char *)p + 1, (size_t)(nl - p - 1))))
        return false;
    if (t->counts[COUNT_TIME] > 0) {
        last = read_be(t->p + (t->counts[COUNT_TIME] - 1) * t->time_bytes, t->time_bytes);
        /* The rule's own years begin where the calendar of civil.h does. */
        if (last > INT64_C(-62135596800) + DAY_SECONDS)
            civil_from_days(day_of(last), &year, &month, &day);
    } else {
        z->offset[0] = rule.standard;
    }
    if (rule.has_summer)
        expand_rule(z, &rule, year, last);
    return true;
}

static bool
read_tzif(struct zone *z, const unsigned char *bytes, size_t n)
{
    struct tzif t = {.p = bytes, .end = bytes + n, .time_bytes = 4};
    int version;

    if (!read_header(&t, &version) || version < 1)
        return false;
    if (version >= 2) {
        t.p += body_bytes(&t); /* the same again in 32 bits, for readers of old */
        t.time_bytes = 8;
        if (!read_header(&t, &version))
            return false;
    }
    zone_reserve(z, t.counts[COUNT_TIME] + 2 * (CYCLE_YEARS + 1));
    if (!read_changes(z, &t))
        return false;
    if (t.time_bytes == 8 && !read_footer(z, &t))
        return false;
    fill_local(z);
    return true;
}

/* --- loading --- */

static void
zone_free(struct zone *z)
{
    free(z->name);
    free(z->at);
    free(z->local);
    free(z->offset);
    free(z);
}

static struct zone *
zone_new(const char *name)
{
    struct zone *z = xcalloc(1, sizeof *z);

    z->name = xstrdup(name);
    z->limit = INT64_MAX;
    return z;
}

static struct zone *
zone_fixed(const char *name, int32_t offset)
{
    struct zone *z = zone_new(name);

    zone_reserve(z, 1);
    z->offset[0] = offset;
    return z;
}

/* At most MAX_FILE bytes into a new buffer; the caller frees *bytes on ST_OK. */
static enum status
read_file(const char *path, unsigned char **bytes, size_t *n, struct error *err)
{
    struct stat st;
    unsigned char *buf;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return fail(err, ST_BAD_CONFIG, "timezone: %s: %s", path, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > MAX_FILE) {
        close(fd);
        return fail(err, ST_BAD_CONFIG, "timezone: %s is no time zone file", path);
    }
    buf = xmalloc(MAX_FILE);
    *n = 0;
    for (;;) {
        ssize_t got = read(fd, buf + *n, MAX_FILE - *n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        *n += (size_t)got;
    }
    close(fd);
    *bytes = buf;
    return ST_OK;
}

static enum status
zone_from_file(struct zone **out, const char *name, struct error *err)
{
    const char *folder = getenv("TZDIR");
    char *path = xasprintf("%s/%s", folder && *folder ? folder : ZONE_FOLDER, name);
    unsigned char *bytes = NULL;
    size_t n = 0;
    enum status st = read_file(path, &bytes, &n, err);

    if (st == ST_OK) {
        struct zone *z = zone_new(name);

        if (read_tzif(z, bytes, n)) {
            *out = z;
        } else {
            zone_free(z);
            st = fail(err, ST_BAD_CONFIG, "timezone: %s is damaged or no time zone file", path);
        }
        free(bytes);
    }
    free(path);
    return st;
}

/* Letters, digits and "_+-/", no "..", no "/" in front: what the database's names are made of. */
static bool
plain_name(const char *name)
{
    size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/.");

    return name[n] == '\0' && n <= MAX_NAME && name[0] != '/' && !strstr(name, "..");
}

static enum status
zone_make(struct zone **out, const char *name, struct error *err)
{
    int32_t offset;

    if (*name == '\0' || strcmp(name, "UTC") == 0) {
        *out = zone_fixed("UTC", 0);
        return ST_OK;
    }
    if (*name == '+' || *name == '-') {
        if (!zone_parse_offset(span_str(name), &offset))
            return fail(err, ST_BAD_CONFIG, "timezone: \"%.40s\" is no offset like +05:30", name);
        *out = zone_fixed(name, offset);
        return ST_OK;
    }
    if (!plain_name(name))
        return fail(err, ST_BAD_CONFIG, "timezone: \"%.80s\" is no name like Europe/Berlin", name);
    return zone_from_file(out, name, err);
}

enum status
zone_load(const struct zone **out, const char *name, struct error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct zone *loaded;
    struct zone *z;
    enum status st = ST_OK;

    if (!name || *name == '\0')
        name = "UTC";
    pthread_mutex_lock(&lock);
    for (z = loaded; z && strcmp(z->name, name) != 0;)
        z = z->next;
    if (!z) {
        st = zone_make(&z, name, err);
        if (st == ST_OK) {
            z->next = loaded;
            loaded = z;
        }
    }
    pthread_mutex_unlock(&lock);
    if (st == ST_OK)
        *out = z;
    return st;
}

/* --- looking up --- */

const char *
zone_name(const struct zone *z)
{
    return z->name;
}

/* How many of v[0..n) are at or before t. */
static size_t
count_until(const int64_t *v, size_t n, int64_t t)
{
    const int64_t *base = v;

    if (n == 0)
        return 0;
    while (n > 1) {
        size_t half = n / 2;

        base = base[half] <= t ? base + half : base; /* a conditional move, no branch */
        n -= half;
    }
    return (size_t)(base - v) + (*base <= t);
}

/* Seconds to take off t so that it falls into the last written cycle. */
static int64_t
whole_cycles(const struct zone *z, int64_t t)
{
    return t < z->limit ? 0 : ((t - z->limit) / CYCLE + 1) * CYCLE;
}

int32_t
zone_offset_at(const struct zone *z, int64_t utc)
{
    if (z->count == 0)
        return z->offset[0];
    return z->offset[count_until(z->at, z->count, utc - whole_cycles(z, utc))];
}

int64_t
zone_to_utc(const struct zone *z, int64_t local)
{
    if (z->count == 0)
        return local - z->offset[0];
    return local - z->offset[count_until(z->local, z->count, local - whole_cycles(z, local))];
}
