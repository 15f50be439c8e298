/*
 * classify.c - names as people use them, by the first rule that matches.
 *
 * Names repeat: a worker remembers the answer for each text it has seen, so that nearly all
 * lookups are one hash and one comparison. The memory holds MEMO_TEXTS texts; when it is full it
 * starts afresh, which costs little and lets today's names push out last week's.
 */
#include "classify.h"

#include <stdlib.h>

#include "hash.h"
#include "pattern.h"

#define MEMO_TEXTS    65536
#define MEMO_FIRST    1024 /* slots, a power of two */
#define MEMO_MAX_TEXT 256  /* longer texts are not names and not remembered */

struct rule {
    char *name, *undecided; /* why a record is refused */
    struct pattern *pattern;
};

struct rules {
    struct rule *rule;
    size_t count;
};

struct seen {
    uint64_t hash;
    struct span text;        /* in the arena; p NULL: free slot */
    const struct rule *rule; /* NULL: none matched */
    bool undecided;          /* the rule's pattern reached a limit */
};

struct classifier {
    const struct rules *rules;
    struct pattern_scratch *scratch;
    struct seen *seen;
    size_t slots, used;
    struct arena texts;
};

enum status
rules_new(struct rules **out, const struct rule_option *opt, size_t count, struct error *err)
{
    struct rules *r = xcalloc(1, sizeof *r);
    struct error e;

    r->rule = xcalloc(count, sizeof *r->rule);
    for (r->count = 0; r->count < count; r->count++, opt++) {
        struct rule *rule = &r->rule[r->count];
        bool own = !opt->match || opt->match[0] == '\0';
        struct span text = span_str(own ? opt->name : opt->match);

        if (pattern_new(&rule->pattern, text,
                        PATTERN_WHOLE | PATTERN_NOCASE | (own ? PATTERN_LITERAL : 0u),
                        &e) != ST_OK) {
            rules_free(r);
            return fail_at(err, ST_BAD_CONFIG, e.pos, "match: pattern of \"%.60s\": %s", opt->name,
                           e.text);
        }
        rule->name = xstrdup(opt->name);
        rule->undecided = xasprintf(
            "match: the pattern of \"%.60s\" reached a limit on one of the record's names",
            opt->name);
    }
    *out = r;
    return ST_OK;
}

void
rules_free(struct rules *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++) {
        free(r->rule[i].name);
        free(r->rule[i].undecided);
        pattern_free(r->rule[i].pattern);
    }
    free(r->rule);
    free(r);
}

struct classifier *
classifier_new(const struct rules *r)
{
    struct classifier *c = xcalloc(1, sizeof *c);

    c->rules = r;
    c->slots = MEMO_FIRST;
    c->seen = xcalloc(c->slots, sizeof *c->seen);
    c->scratch = pattern_scratch_new(NULL);
    arena_init(&c->texts);
    return c;
}

void
classifier_free(struct classifier *c)
{
    if (!c)
        return;
    pattern_scratch_free(c->scratch);
    arena_clear(&c->texts);
    free(c->seen);
    free(c);
}

/* The text's slot, or the free one where it belongs. */
static struct seen *
find_slot(struct seen *table, size_t slots, struct span text, uint64_t hash)
{
    size_t i = hash & (slots - 1);

    while (table[i].text.p && !(table[i].hash == hash && span_eq(table[i].text, text)))
        i = (i + 1) & (slots - 1);
    return &table[i];
}

/* Keeps at least half of the slots free. */
static void
make_room(struct classifier *c)
{
    struct seen *old = c->seen;
    size_t slots = c->slots;

    if (c->used == MEMO_TEXTS) {
        memset(c->seen, 0, slots * sizeof *c->seen);
        arena_reset(&c->texts);
        c->used = 0;
    } else if (c->used * 2 >= slots) {
        c->slots = slots * 2;
        c->seen = xcalloc(c->slots, sizeof *c->seen);
        for (size_t i = 0; i < slots; i++)
            if (old[i].text.p)
                *find_slot(c->seen, c->slots, old[i].text, old[i].hash) = old[i];
        free(old);
    }
}

/* The rule that names the text, or, if that is undecided, whose pattern could have. */
static const struct rule *
first_match(struct classifier *c, struct span text, bool *undecided)
{
    for (size_t i = 0; i < c->rules->count; i++) {
        const struct rule *rule = &c->rules->rule[i];
        enum status st = pattern_match(rule->pattern, c->scratch, text, NULL);

        *undecided = st == ST_BAD_INPUT;
        if (st == ST_OK || *undecided)
            return rule;
    }
    return NULL;
}

static struct span
answer(const struct rule *rule, bool undecided, struct span text, const char **why)
{
    if (!rule)
        return text;
    if (!undecided)
        return span_str(rule->name);
    if (why)
        *why = rule->undecided;
    return text;
}

struct span
classify(struct classifier *c, struct span text, const char **why)
{
    bool undecided = false;
    const struct rule *rule;
    struct seen *slot;
    uint64_t hash;

    if (why)
        *why = NULL;
    if (!c->rules || c->rules->count == 0)
        return text;
    if (text.n > MEMO_MAX_TEXT) {
        rule = first_match(c, text, &undecided);
        return answer(rule, undecided, text, why);
    }
    hash = hash_bytes(text.p, text.n, 0);
    slot = find_slot(c->seen, c->slots, text, hash);
    if (!slot->text.p) {
        rule = first_match(c, text, &undecided);
        make_room(c);
        slot = find_slot(c->seen, c->slots, text, hash);
        *slot = (struct seen){hash, arena_copy(&c->texts, text), rule, undecided};
        c->used++;
    }
    return answer(slot->rule, slot->undecided, text, why);
}

size_t
classifier_bytes(const struct classifier *c)
{
    return c ? sizeof *c + c->slots * sizeof *c->seen + c->texts.total : 0;
}
