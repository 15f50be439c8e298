/*
 * fields.c - the names of fields, kinds and outcomes, and the words that stand for them.
 */
#include "format_tables.h"

static const char *const field_names[FIELD_COUNT] = {
    [FIELD_KIND] = "kind",
    [FIELD_ID] = "id",
    [FIELD_VERSION] = "version",
    [FIELD_SOURCE] = "source",
    [FIELD_CUSTOMER] = "customer",
    [FIELD_CONFERENCE] = "conference",
    [FIELD_CONFERENCE_NAME] = "conference_name",
    [FIELD_PARTICIPANT] = "participant",
    [FIELD_PARTICIPANT_NAME] = "participant_name",
    [FIELD_START] = "start",
    [FIELD_END] = "end",
    [FIELD_DURATION] = "duration",
    [FIELD_OUTCOME] = "outcome",
    [FIELD_CAUSE] = "cause",
    [FIELD_FEATURES] = "features",
    [FIELD_SERVICE] = "service",
    [FIELD_REGION] = "region",
    [FIELD_MEDIA] = "media",
    [FIELD_DIRECTION] = "direction",
    [FIELD_WAIT] = "wait",
    [FIELD_HANDLE] = "handle",
    [FIELD_AGENT] = "agent",
    [FIELD_REASON] = "reason",
    [FIELD_AMOUNT] = "amount",
    [FIELD_CURRENCY] = "currency",
    [FIELD_PRODUCT] = "product",
    [FIELD_QUANTITY] = "quantity",
    [FIELD_RESOURCE] = "resource",
    [FIELD_STATE] = "state",
    [FIELD_LEG] = "leg",
    [FIELD_ROOM] = "conference_room",
};

static const char *const kind_names[KIND_COUNT] = {
    [KIND_LEG] = "leg",
    [KIND_JOIN] = "join",
    [KIND_LEAVE] = "leave",
    [KIND_CONFERENCE_START] = "conference_start",
    [KIND_CONFERENCE_END] = "conference_end",
    [KIND_FEATURE] = "feature",
    [KIND_CONTACT] = "contact",
    [KIND_INQUIRY] = "inquiry",
    [KIND_RESPONSE] = "response",
    [KIND_VISIT] = "visit",
    [KIND_ORDER] = "order",
    [KIND_RETURN] = "return",
    [KIND_BOOKING] = "booking",
    [KIND_VOID] = "void",
    [KIND_HANGUP] = "hangup",
};

#define WORD(literal, value)                                                                       \
    {                                                                                              \
        {(literal), sizeof(literal) - 1}, (value)                                                  \
    }

/* The first is the usual one; behind it in the order of how often real systems write them. */
static const struct word outcome_list[] = {
    WORD("ok", OUTCOME_OK),
    WORD("failed", OUTCOME_FAILED),
    WORD("rejected", OUTCOME_REJECTED),
    WORD("abandoned", OUTCOME_ABANDONED),
    WORD("completed", OUTCOME_OK),
    WORD("complete", OUTCOME_OK),
    WORD("answered", OUTCOME_OK),
    WORD("success", OUTCOME_OK),
    WORD("successful", OUTCOME_OK),
    WORD("normal", OUTCOME_OK),
    WORD("dropped", WORD_DROPPED),
    WORD("busy", OUTCOME_REJECTED),
    WORD("no_answer", OUTCOME_REJECTED),
    WORD("noanswer", OUTCOME_REJECTED),
    WORD("cancelled", OUTCOME_REJECTED),
    WORD("canceled", OUTCOME_REJECTED),
    WORD("full", OUTCOME_REJECTED),
    WORD("denied", OUTCOME_REJECTED),
    WORD("error", OUTCOME_FAILED),
    WORD("failure", OUTCOME_FAILED),
    WORD("fail", OUTCOME_FAILED),
    WORD("congestion", OUTCOME_FAILED),
    WORD("hangup", OUTCOME_ABANDONED),
    WORD("abandon", OUTCOME_ABANDONED),
};

static const struct word kind_list[] = {
    WORD("leg", KIND_LEG),
    WORD("join", KIND_JOIN),
    WORD("leave", KIND_LEAVE),
    WORD("contact", KIND_CONTACT),
    WORD("feature", KIND_FEATURE),
    WORD("conference_start", KIND_CONFERENCE_START),
    WORD("conference_end", KIND_CONFERENCE_END),
    WORD("inquiry", KIND_INQUIRY),
    WORD("response", KIND_RESPONSE),
    WORD("visit", KIND_VISIT),
    WORD("order", KIND_ORDER),
    WORD("return", KIND_RETURN),
    WORD("booking", KIND_BOOKING),
    WORD("void", KIND_VOID),
    WORD("hangup", KIND_HANGUP),
    WORD("call", KIND_LEG),
    WORD("joined", KIND_JOIN),
    WORD("left", KIND_LEAVE),
    WORD("conference_started", KIND_CONFERENCE_START),
    WORD("conference_ended", KIND_CONFERENCE_END),
    WORD("enquiry", KIND_INQUIRY),
    WORD("reservation", KIND_BOOKING),
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

const struct word_table outcome_words = {outcome_list, COUNT(outcome_list)};
const struct word_table kind_words = {kind_list, COUNT(kind_list)};

const char *
field_name(enum field f)
{
    return f < FIELD_COUNT ? field_names[f] : "";
}

enum field
field_find(struct span name)
{
    int f = 0;

    while (f < FIELD_COUNT && !span_is(name, field_names[f]))
        f++;
    return (enum field)f;
}

const char *
kind_name(enum record_kind k)
{
    return k < KIND_COUNT ? kind_names[k] : "";
}

const char *
outcome_name(enum outcome o)
{
    return outcome_list[o].text.p; /* the four words come first, in this order */
}

struct span
word_fold(struct span s, char out[WORD_MAX])
{
    if (s.n > WORD_MAX)
        return span_of(out, 0);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        else if (c == '-' || c == ' ')
            c = '_';
        out[i] = c;
    }
    return span_of(out, s.n);
}

static int
word_find(const struct word_table *t, struct span folded)
{
    for (size_t i = 0; i < t->count; i++)
        if (span_eq(t->words[i].text, folded))
            return t->words[i].value;
    return WORD_UNKNOWN;
}

int
outcome_word(struct span folded)
{
    return word_find(&outcome_words, folded);
}

int
kind_word(struct span folded)
{
    return word_find(&kind_words, folded);
}

/* --- by hash --- */

/* By length, the first bytes and the last; never reads beyond the text. */
static inline size_t
word_hash(struct span s)
{
    uint32_t first = 0, last = 0;

    if (s.n >= 4) {
        memcpy(&first, s.p, 4);
        memcpy(&last, s.p + s.n - 4, 4);
    } else if (s.n >= 2) {
        memcpy(&first, s.p, 2);
        last = (unsigned char)s.p[s.n - 1];
    } else if (s.n == 1) {
        first = (unsigned char)s.p[0];
    }
    return (first * UINT32_C(0x9E3779B1) + last * UINT32_C(0x85EBCA77) + (uint32_t)s.n) >> 20;
}

static struct word *
word_slot(const struct word_index *x, struct span s)
{
    size_t at = word_hash(s) & x->mask;

    while (x->slot[at].text.p && !span_eq(x->slot[at].text, s))
        at = (at + 1) & x->mask;
    return &x->slot[at];
}

int
word_index_find(const struct word_index *x, struct span text)
{
    const struct word *w = word_slot(x, text);

    return w->text.p ? w->value : WORD_UNKNOWN;
}

/* Of words that occur twice the first counts. */
static void
add_words(struct word_index *x, struct word_table words)
{
    for (size_t i = 0; i < words.count; i++) {
        struct word *w = word_slot(x, words.words[i].text);

        if (!w->text.p)
            *w = words.words[i];
    }
}

void
word_index_init(struct word_index *x, struct arena *mem, struct word_table own,
                struct word_table builtin)
{
    size_t slots = 8;

    while (slots < 2 * (own.count + builtin.count))
        slots *= 2;
    x->mask = slots - 1;
    x->slot = arena_alloc(mem, slots * sizeof *x->slot);
    memset(x->slot, 0, slots * sizeof *x->slot);
    add_words(x, own);
    add_words(x, builtin);
    x->other = word_index_find(x, SPAN("*"));
    x->usual = word_index_find(x, builtin.words[0].text);
    if (x->usual == WORD_IGNORE)
        x->usual = WORD_UNKNOWN;
}

const char *
record_lacks(const struct record *r)
{
    if (r->kind == KIND_CONTACT && !(r->has & FIELD_BIT(FIELD_SERVICE)))
        return "service: missing in a contact";
    if (r->kind == KIND_FEATURE && r->feature_count == 0)
        return "features: missing in a feature record";
    return NULL;
}
