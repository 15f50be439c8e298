/*
 * customers.c - the directory of customers: four maps and the order in which they are asked.
 */
#include "customers.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "cell.h"
#include "hash.h"

#define NUMBER_MAX 63 /* digits of a prefix; one bit each in directory.lengths */
#define MAP_MIN    16

struct entry {
    struct span key; /* p is NULL in an empty place */
    struct span id;
    uint64_t hash;
};

/* Open addressing, at most half full. */
struct map {
    struct entry *entry;
    size_t mask, count;
    bool any_case;
};

struct directory {
    atomic_uint refs;
    struct arena mem; /* keys and ids */
    struct map ids, aliases, numbers, domains;
    uint64_t lengths; /* bit n: there are number prefixes of n digits */
};

struct directory_builder {
    struct directory *d;
};

/* --- map --- */

static uint64_t
hash_any_case(struct span s)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        h = (h ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) * UINT64_C(0x100000001B3);
    }
    return h ^ h >> 32;
}

static uint64_t
map_hash(const struct map *m, struct span key)
{
    return m->any_case ? hash_any_case(key) : hash_bytes(key.p, key.n, 0);
}

static struct entry *
map_place(const struct map *m, struct span key, uint64_t hash)
{
    for (size_t i = hash & m->mask;; i = (i + 1) & m->mask) {
        struct entry *e = &m->entry[i];

        if (!e->key.p ||
            (e->hash == hash && (m->any_case ? span_eq_nocase(e->key, key) : span_eq(e->key, key))))
            return e;
    }
}

static bool
map_find(const struct map *m, struct span key, struct span *id)
{
    const struct entry *e;

    if (m->count == 0)
        return false;
    e = map_place(m, key, map_hash(m, key));
    if (e->key.p)
        *id = e->id;
    return e->key.p != NULL;
}

static void
map_grow(struct map *m)
{
    size_t old_size = m->entry ? m->mask + 1 : 0, size = old_size ? old_size * 2 : MAP_MIN;
    struct entry *old = m->entry;

    m->entry = xcalloc(size, sizeof *m->entry);
    m->mask = size - 1;
    for (size_t i = 0; i < old_size; i++)
        if (old[i].key.p)
            *map_place(m, old[i].key, old[i].hash) = old[i];
    free(old);
}

/* The last one wins. */
static void
map_put(struct map *m, struct arena *mem, struct span key, struct span id)
{
    uint64_t hash = map_hash(m, key);
    struct entry *e;

    if (m->count >= (m->entry ? (m->mask + 1) / 2 : 0))
        map_grow(m);
    e = map_place(m, key, hash);
    if (!e->key.p) {
        e->key = arena_copy(mem, key);
        e->hash = hash;
        m->count++;
    }
    e->id = arena_copy(mem, id);
}

/* --- what a text may be --- */

static struct span
without_prefix(struct span s, const char *prefix)
{
    size_t n = strlen(prefix);

    if (s.n >= n && span_eq_nocase(span_of(s.p, n), span_of(prefix, n)))
        return span_of(s.p + n, s.n - n);
    return s;
}

/* The digits of a telephone number, the first NUMBER_MAX of them: "+49 (30) 123-45",
 * "tel:+4930...". 0 if it is anything else. */
static size_t
digits_of(struct span s, char out[NUMBER_MAX])
{
    size_t n = 0;

    s = span_trim(without_prefix(s, "tel:"));
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (c >= '0' && c <= '9') {
            if (n < NUMBER_MAX)
                out[n++] = c;
        } else if (!(c == '+' && i == 0) && (c == '\0' || !strchr(" ()-./", c))) {
            return 0;
        }
    }
    return n;
}

/* The domain of "user@domain", "sip:user@domain:5060;tag=1", "\"Ann\" <sips:domain>"; empty if
 * there is none. */
static struct span
domain_of(struct span s)
{
    const char *at = s.n ? memchr(s.p, '<', s.n) : NULL;
    struct span scheme;
    size_t n = 0;

    if (at)
        s = span_of(at + 1, s.n - (size_t)(at + 1 - s.p));
    scheme = without_prefix(without_prefix(s, "sips:"), "sip:");
    at = s.n ? memchr(s.p, '@', s.n) : NULL;
    if (at)
        s = span_of(at + 1, s.n - (size_t)(at + 1 - s.p));
    else if (scheme.n != s.n)
        s = scheme;
    else
        return (struct span){0};
    while (n < s.n && (s.p[n] == '\0' || !strchr(":;>?/, \t", s.p[n])))
        n++;
    if (n > 0 && s.p[n - 1] == '.')
        n--;
    return span_of(s.p, n);
}

static bool
find_number(const struct directory *d, struct span text, struct span *id)
{
    char digits[NUMBER_MAX];
    size_t n = d->numbers.count ? digits_of(text, digits) : 0;
    uint64_t lengths = n ? d->lengths & ((UINT64_C(2) << n) - 1) : 0;

    while (lengths) {
        unsigned length = 63 - (unsigned)__builtin_clzll(lengths);

        if (map_find(&d->numbers, span_of(digits, length), id))
            return true;
        lengths ^= UINT64_C(1) << length;
    }
    return false;
}

static bool
find_domain(const struct directory *d, struct span text, struct span *id)
{
    struct span domain = d->domains.count ? domain_of(text) : (struct span){0};

    while (domain.n > 0) {
        const char *dot;

        if (map_find(&d->domains, domain, id))
            return true;
        dot = memchr(domain.p, '.', domain.n);
        if (!dot)
            return false;
        domain = span_of(dot + 1, domain.n - (size_t)(dot + 1 - domain.p));
    }
    return false;
}

/* --- building --- */

struct directory_builder *
directory_builder_new(void)
{
    struct directory_builder *b = xcalloc(1, sizeof *b);

    b->d = xcalloc(1, sizeof *b->d);
    atomic_init(&b->d->refs, 1);
    arena_init(&b->d->mem);
    b->d->aliases.any_case = b->d->domains.any_case = true;
    return b;
}

void
directory_builder_id(struct directory_builder *b, struct span id)
{
    map_put(&b->d->ids, &b->d->mem, id, id);
}

void
directory_builder_alias(struct directory_builder *b, struct span alias, struct span id)
{
    map_put(&b->d->aliases, &b->d->mem, alias, id);
}

void
directory_builder_number(struct directory_builder *b, struct span prefix, struct span id)
{
    char digits[NUMBER_MAX];
    size_t n = digits_of(prefix, digits);

    if (n == 0)
        return;
    map_put(&b->d->numbers, &b->d->mem, span_of(digits, n), id);
    b->d->lengths |= UINT64_C(1) << n;
}

void
directory_builder_domain(struct directory_builder *b, struct span domain, struct span id)
{
    struct span s = span_trim(domain);

    /* "@example.com", "*.example.com" and "example.com." are how people write it, too. */
    s = without_prefix(without_prefix(s, "@"), "*.");
    if (s.n > 0 && s.p[s.n - 1] == '.')
        s.n--;
    if (s.n > 0)
        map_put(&b->d->domains, &b->d->mem, s, id);
}

struct directory *
directory_build(struct directory_builder *b)
{
    struct directory *d = b->d;

    free(b);
    return d;
}

struct directory *
directory_ref(struct directory *d)
{
    if (d)
        atomic_fetch_add(&d->refs, 1);
    return d;
}

void
directory_unref(struct directory *d)
{
    if (!d || atomic_fetch_sub(&d->refs, 1) != 1)
        return;
    free(d->ids.entry);
    free(d->aliases.entry);
    free(d->numbers.entry);
    free(d->domains.entry);
    arena_clear(&d->mem);
    free(d);
}

static size_t
map_bytes(const struct map *m)
{
    return m->entry ? (m->mask + 1) * sizeof *m->entry : 0;
}

size_t
directory_bytes(const struct directory *d)
{
    return d ? sizeof *d + d->mem.total + map_bytes(&d->ids) + map_bytes(&d->aliases) +
                   map_bytes(&d->numbers) + map_bytes(&d->domains)
             : 0;
}

/* --- matching --- */

bool
directory_match(const struct directory *d, struct record *r, struct arena *mem)
{
    struct span *customer = &r->text[FIELD_CUSTOMER], text = *customer;

    (void)mem;
    if ((r->has & FIELD_BIT(FIELD_CUSTOMER)) && text.n > 0) {
        (void)(d && (map_find(&d->ids, text, customer) || map_find(&d->aliases, text, customer) ||
                     find_number(d, text, customer) || find_domain(d, text, customer)));
        return true;
    }
    text = r->text[FIELD_PARTICIPANT];
    if (!d || !(r->has & FIELD_BIT(FIELD_PARTICIPANT)) ||
        !(find_number(d, text, customer) || find_domain(d, text, customer)))
        return false;
    r->has |= FIELD_BIT(FIELD_CUSTOMER);
    return true;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

uint8_t
directory_people(const struct directory *d, const struct record *r)
{
    struct span text = r->text[FIELD_PARTICIPANT], id;

    if (!(r->has & FIELD_BIT(FIELD_PARTICIPANT)) || text.n == 0)
        return r->has & FIELD_BIT(FIELD_PARTICIPANT_NAME) ? PEOPLE_NAME : PEOPLE_NONE;
    if (d && (find_number(d, text, &id) || find_domain(d, text, &id)) &&
        span_eq(id, r->text[FIELD_CUSTOMER]))
        return PEOPLE_OWN;
    /* A number is one at both ends; what lies between need not be read. */
    if ((text.p[0] == '+' || is_digit(text.p[0])) && is_digit(text.p[text.n - 1]))
        return PEOPLE_TELEPHONE;
    return memchr(text.p, '@', text.n) ? PEOPLE_ADDRESS : PEOPLE_NAME;
}
