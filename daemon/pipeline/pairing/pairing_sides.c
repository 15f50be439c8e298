/*
 * pairing_sides.c - what an event says besides when it happened, as one text.
 *
 *   outcome, duration + 1 or 0, texts each behind its length, number of features, each likewise
 */
#include "pairing_internal.h"

static const enum field fields[SIDE_TEXTS] = {
    [SIDE_CUSTOMER] = FIELD_CUSTOMER,       [SIDE_CONFERENCE_NAME] = FIELD_CONFERENCE_NAME,
    [SIDE_PARTICIPANT] = FIELD_PARTICIPANT, [SIDE_PARTICIPANT_NAME] = FIELD_PARTICIPANT_NAME,
    [SIDE_REGION] = FIELD_REGION,           [SIDE_INPUT] = FIELD_COUNT,
};

bool
is_paired(enum record_kind kind)
{
    return (kind >= KIND_JOIN && kind <= KIND_CONFERENCE_END) || kind == KIND_HANGUP;
}

static struct span
text_of(const struct record *r, enum field f)
{
    return r->has & FIELD_BIT(f) ? r->text[f] : (struct span){0};
}

const char *
pair_objection(const struct record *r)
{
    if (r->kind == KIND_HANGUP)
        return text_of(r, FIELD_LEG).n == 0 ? "leg: missing in a hangup" : NULL;
    if (text_of(r, FIELD_CONFERENCE).n == 0 && text_of(r, FIELD_ROOM).n == 0 &&
        !(r->kind == KIND_LEAVE && text_of(r, FIELD_LEG).n > 0))
        return "conference: missing in an event of one";
    if ((r->kind == KIND_JOIN || r->kind == KIND_LEAVE) && text_of(r, FIELD_LEG).n == 0 &&
        text_of(r, FIELD_PARTICIPANT).n == 0)
        return "leg: missing in a join or leave, and participant as well";
    return NULL;
}

struct span
pair_key(const struct record *r, struct arena *mem)
{
    struct span leg = text_of(r, FIELD_LEG);
    struct span name = leg.n ? leg : text_of(r, FIELD_PARTICIPANT);
    char *key;

    if (r->kind == KIND_CONFERENCE_START || r->kind == KIND_CONFERENCE_END ||
        (r->kind == KIND_LEG && leg.n == 0))
        return (struct span){0};
    key = arena_alloc(mem, name.n + 1);
    key[0] = leg.n ? 'L' : 'P';
    memcpy(key + 1, name.p, name.n);
    return span_of(key, name.n + 1);
}

static void
put(struct buf *b, struct span s)
{
    buf_varint(b, s.n);
    buf_span(b, s);
}

struct span
pair_sides(const struct record *r, struct span input, struct arena *mem)
{
    struct buf b = {0};
    struct span copy;

    buf_char(&b, (char)r->outcome);
    buf_varint(&b, r->has & FIELD_BIT(FIELD_DURATION) ? (uint64_t)r->duration + 1 : 0);
    for (int i = 0; i < SIDE_TEXTS; i++)
        put(&b, fields[i] == FIELD_COUNT ? input : text_of(r, fields[i]));
    buf_varint(&b, r->feature_count);
    for (uint32_t i = 0; i < r->feature_count; i++)
        put(&b, r->features[i]);
    copy = arena_copy(mem, span_of(b.p, b.n));
    buf_clear(&b);
    return copy;
}

static bool
take(const uint8_t **p, const uint8_t *end, struct span *out)
{
    uint64_t n;

    if (!varint_read(p, end, &n) || n > (uint64_t)(end - *p))
        return false;
    *out = span_of((const char *)*p, (size_t)n);
    *p += n;
    return true;
}

bool
sides_read(struct span text, struct sides *out)
{
    const uint8_t *p = (const uint8_t *)text.p, *end = p + text.n;
    uint64_t duration, n;

    memset(out, 0, offsetof(struct sides, features));
    out->feature_count = 0;
    if (text.n == 0)
        return true;
    if (*p > OUTCOME_ABANDONED)
        return false;
    out->outcome = (enum outcome) * p++;
    if (!varint_read(&p, end, &duration) || duration > UINT32_MAX)
        return false;
    out->has_duration = duration > 0;
    out->duration = duration > 0 ? (uint32_t)duration - 1 : 0;
    for (int i = 0; i < SIDE_TEXTS; i++)
        if (!take(&p, end, &out->text[i]))
            return false;
    if (!varint_read(&p, end, &n) || n > RECORD_MAX_FEATURES)
        return false;
    for (; out->feature_count < n; out->feature_count++)
        if (!take(&p, end, &out->features[out->feature_count]))
            return false;
    return p == end;
}
