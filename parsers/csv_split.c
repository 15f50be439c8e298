/*
 * csv_split.c - taking lines apart.
 *
 * The usual way looks at sixteen bytes at a time and puts each cell into its field as it ends. The
 * wide ones, for processors with AVX2 or AVX-512, work in two steps without a branch for each
 * cell, which would be guessed wrongly often: they list where the cells of a line end, sixty-four
 * bytes at a time, and then make spans of the list, four at a time. They take quoted cells along.
 */
#include "csv_split.h"

#include "csv_wide.h"
#include "sixteen.h"

#define LANES 4 /* spans made at a time */

struct layout *
csv_layout_new(size_t count)
{
    size_t room = count + LANES - 1;
    struct layout *l = xcalloc(1, sizeof *l + room * (sizeof *l->bit + sizeof *l->field));

    l->count = count;
    l->field = (uint8_t *)(l->bit + room);
    memset(l->field, FIELD_COUNT, room);
    return l;
}

/* --- sixteen bytes at a time --- */

static inline void
put(struct fields *out, const struct layout *l, size_t column, const char *p, size_t n)
{
    unsigned f = l->field[column];

    out->longest |= n;
    if (f != FIELD_COUNT && n > 0 && !(out->has & FIELD_BIT(f))) {
        out->v[f] = span_of(p, n);
        out->has |= FIELD_BIT(f);
    }
}

/* Of up to sixteen bytes, a bit each: which end a cell or make the line unusual (separator, quote,
 * LF, NUL), and which are a blank, or neither a blank nor printable ASCII. */
struct marks {
    unsigned special, blank, strange;
};

static inline struct marks
marks_few(const struct csv_rules *r, const char *p, size_t n)
{
    char quote = r->quoting ? r->quote : r->separator;
    struct marks m = {0, 0, 0};

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];

        m.special |= (unsigned)(p[i] == r->separator || p[i] == quote || c == '\n' || c == '\0')
                     << i;
        m.blank |= (unsigned)(c == ' ') << i;
        m.strange |= (unsigned)((c < 0x20 || c > 0x7E) && p[i] != r->separator) << i;
    }
    return m;
}

static inline struct marks
marks_bytes(const struct csv_rules *r, const char *p)
{
    return marks_few(r, p, 16);
}

#ifdef HAVE_SIXTEEN
static inline struct marks
marks_sixteen(const struct csv_rules *r, const char *p)
{
    __m128i v = _mm_loadu_si128((const __m128i *)p), separator = _mm_set1_epi8(r->separator);
    __m128i quote = _mm_set1_epi8(r->quoting ? r->quote : r->separator);
    __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)); /* signed: from 0x80 on too */
    __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7F)), at = _mm_cmpeq_epi8(v, separator);
    __m128i cell = _mm_or_si128(at, _mm_cmpeq_epi8(v, quote));
    __m128i end = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')),
                               _mm_cmpeq_epi8(v, _mm_setzero_si128()));

    return (struct marks){
        (unsigned)_mm_movemask_epi8(_mm_or_si128(cell, end)),
        (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(' '))),
        (unsigned)_mm_movemask_epi8(_mm_andnot_si128(at, _mm_or_si128(low, del))),
    };
}
#endif

/* What the bytes of a line say about all of its cells. */
static inline void
judge(struct fields *out, bool strange, bool blank)
{
    out->printable = !strange;
    out->trimmed = !strange && !blank;
}

static inline const char *
split_marks(const struct csv_rules *rules, const struct layout *l, struct span rest,
            struct fields *out, struct marks (*marks_of)(const struct csv_rules *r, const char *p))
{
    const struct csv_rules r = *rules; /* storing cells leaves it as it is */
    const char *end = rest.p + rest.n, *cell = rest.p;
    unsigned strange = 0, blank = 0;
    size_t column = 0;

    out->longest = 0;
    for (const char *chunk = rest.p; chunk < end; chunk += 16) {
        size_t left = (size_t)(end - chunk);
        struct marks m = left >= 16 ? marks_of(&r, chunk) : marks_few(&r, chunk, left);

        for (unsigned mask = m.special; mask; mask &= mask - 1) {
            const char *at = chunk + __builtin_ctz(mask);

            if (column >= l->count)
                return NULL;
            if (*at == r.separator) {
                put(out, l, column++, cell, (size_t)(at - cell));
                cell = at + 1;
                continue;
            }
            if (*at != '\n')
                return NULL;
            mask = (mask & -mask) - 1; /* what is before it */
            put(out, l, column, cell, (size_t)(at - cell) - (at > cell && at[-1] == '\r'));
            judge(out, strange | (m.strange & mask), blank | (m.blank & mask));
            return at;
        }
        strange |= m.strange;
        blank |= m.blank;
    }
    if (column >= l->count)
        return NULL;
    put(out, l, column, cell, (size_t)(end - cell) - (end > cell && end[-1] == '\r'));
    judge(out, strange, blank);
    return end;
}

static const char *
split_bytes(const struct csv_rules *r, const struct layout *l, struct span rest, size_t max_frame,
            struct fields *out)
{
    (void)max_frame;
    return split_marks(r, l, rest, out, marks_bytes);
}

static bool
always(void)
{
    return true;
}

#ifdef HAVE_SIXTEEN
static const char *
split_sixteen(const struct csv_rules *r, const struct layout *l, struct span rest, size_t max_frame,
              struct fields *out)
{
    (void)max_frame;
    return split_marks(r, l, rest, out, marks_sixteen);
}
#endif

/* --- sixty-four bytes at a time --- */

#ifdef HAVE_WIDE
#define WIDE_COLUMNS 256
#define WIDE_BYTES   (1u << 30)

/* ends[0] is -1, ends[i + 1] where cell i ends; as many as there are columns, and three more. */
WIDE static inline void
make_spans(const struct layout *l, const char *line, const uint32_t *ends, size_t cells,
           struct fields *out)
{
    const __m256i base = _mm256_set1_epi64x((long long)(uintptr_t)line);
    __m256i has = _mm256_setzero_si256(), longest = has;
    __m128i one = _mm_set1_epi32(1), half;

    for (size_t i = 0; i < cells; i += LANES) {
        const uint8_t *f = l->field + i;
        __m128i begin = _mm_add_epi32(_mm_loadu_si128((const __m128i *)(ends + i)), one);
        __m128i end = _mm_loadu_si128((const __m128i *)(ends + i + 1));
        __m256i n = _mm256_cvtepu32_epi64(_mm_sub_epi32(end, begin));
        __m256i p = _mm256_add_epi64(base, _mm256_cvtepu32_epi64(begin));
        __m256i even = _mm256_unpacklo_epi64(p, n), odd = _mm256_unpackhi_epi64(p, n);
        __m256i bit = _mm256_loadu_si256((const __m256i *)(l->bit + i));

        _mm_storeu_si128((__m128i *)&out->v[f[0]], _mm256_castsi256_si128(even));
        _mm_storeu_si128((__m128i *)&out->v[f[1]], _mm256_castsi256_si128(odd));
        _mm_storeu_si128((__m128i *)&out->v[f[2]], _mm256_extracti128_si256(even, 1));
        _mm_storeu_si128((__m128i *)&out->v[f[3]], _mm256_extracti128_si256(odd, 1));
        bit = _mm256_and_si256(bit, _mm256_cmpgt_epi64(n, _mm256_setzero_si256()));
        has = _mm256_or_si256(has, bit);
        longest = _mm256_or_si256(longest, n);
    }
    half = _mm_or_si128(_mm256_castsi256_si128(has), _mm256_extracti128_si256(has, 1));
    out->has = (uint64_t)(_mm_cvtsi128_si64(half) | _mm_extract_epi64(half, 1));
    half = _mm_or_si128(_mm256_castsi256_si128(longest), _mm256_extracti128_si256(longest, 1));
    out->longest = (size_t)(_mm_cvtsi128_si64(half) | _mm_extract_epi64(half, 1));
}

/* Ends the list where the line ends, at `at`, and adds three empty cells. */
static inline void
close_line(const char *line, uint32_t *last, uint32_t at)
{
    bool cr = at > last[-1] + 1 && line[at - 1] == '\r'; /* ends[0] + 1 is 0 */

    last[0] = at - cr;
    for (int i = 0; i < LANES - 1; i++)
        last[i + 1] = last[i] + 1;
}

/* Takes the quotes off the cells that have them. */
static void
unquote(const struct csv_rules *r, const struct layout *l, const char *line, const uint32_t *ends,
        size_t cells, struct fields *out)
{
    for (size_t i = 0; i < cells; i++) {
        struct span *s = &out->v[l->field[i]];

        if (ends[i] + 1 == ends[i + 1] || line[ends[i] + 1] != r->quote || !l->bit[i])
            continue;
        *s = span_of(s->p + 1, s->n - 2);
        if (s->n == 0)
            out->has &= ~l->bit[i];
    }
}

/* In a chunk with the marks `odd`: which of its bytes belong to the line, UINT64_MAX: all of them.
 * False: something is among them that is not for here. */
WIDE static inline bool
part_of_line(const struct csv_rules *r, const char *p, uint64_t odd, uint64_t *part, bool *strange)
{
    uint64_t line_end, bad;
    struct chunk k;

    chunk_load(&k, p);
    line_end = bytes_of(&k, '\n');
    bad = bytes_of(&k, '\0') | (r->quoting ? bytes_of(&k, r->quote) : 0);
    *part = line_end ? _blsmsk_u64(line_end) >> 1 : UINT64_MAX;
    odd &= *part;
    if (*part & 1 && line_end && p[_tzcnt_u64(line_end) - 1] == '\r')
        odd &= *part >> 1;
    *strange |= odd != 0;
    return (bad & *part) == 0;
}

/* The chunk of rest at `at`, all of it to be read: behind the end of rest is a line end. */
static inline const char *
chunk_at(struct span rest, size_t at, char tail[CHUNK])
{
    const char *p = rest.p + at;

    if (__builtin_expect(rest.n - at >= CHUNK, 1))
        return p;
    memset(tail, '\n', CHUNK);
    return memcpy(tail, p, rest.n - at);
}

/* What a chunk of a line's bytes is, a bit for each: separators, blanks, and what is odd: control
 * characters, what is not ASCII, quotes. Separators are nothing else. */
struct chunk_marks {
    uint64_t separator, blank, odd;
};

/* Adds where the bits of mask are to a list that has room for a chunk's more than there are. */
typedef uint32_t *list_bits(uint32_t *to, uint64_t mask, uint32_t from);
typedef struct chunk_marks marks_of_chunk(const struct csv_rules *r, const char *p);

WIDE static inline struct chunk_marks
marks_wide(const struct csv_rules *r, const char *p)
{
    const __m256i quote = _mm256_set1_epi8(r->quoting ? r->quote : '\n');
    struct chunk_marks m;
    struct chunk k;

    chunk_load(&k, p);
    m.separator = bytes_of(&k, r->separator);
    m.blank = bytes_of(&k, ' ') & ~m.separator;
    m.odd = bits(_mm256_or_si256(wide_odd(k.a), _mm256_cmpeq_epi8(k.a, quote)),
                 _mm256_or_si256(wide_odd(k.b), _mm256_cmpeq_epi8(k.b, quote))) &
            ~m.separator;
    return m;
}

WIDE static inline uint32_t *
list_wide(uint32_t *to, uint64_t mask, uint32_t from)
{
    size_t n = (size_t)_mm_popcnt_u64(mask);

#pragma GCC unroll 8
    for (size_t i = 0; i < 8; i++, mask = _blsr_u64(mask))
        to[i] = from + (uint32_t)_tzcnt_u64(mask);
    for (size_t i = 8; __builtin_expect(i < n, 0); i++, mask = _blsr_u64(mask))
        to[i] = from + (uint32_t)_tzcnt_u64(mask);
    return to + n;
}

/* A line in which there are quotes. */
WIDE static __attribute__((noinline)) const char *
split_quoted(const struct csv_rules *r, const struct layout *l, struct span rest, size_t limit,
             struct fields *out)
{
    uint32_t ends[1 + WIDE_COLUMNS + CHUNK + 8], *last = ends + 1;
    struct quotes_before before = {0, 0};
    uint64_t strange = 0, blanks = 0;
    char tail[CHUNK];

    ends[0] = UINT32_MAX;
    for (size_t at = 0; at <= limit && at <= rest.n; at += CHUNK) {
        bool at_begin = at == 0 || rest.p[at - 1] == r->separator;
        uint64_t separators, line_ends, quotes, cr, text, part;
        struct quoted q;
        struct chunk k;

        chunk_load(&k, chunk_at(rest, at, tail));
        separators = bytes_of(&k, r->separator);
        line_ends = bytes_of(&k, '\n');
        quotes = bytes_of(&k, r->quote);
        cr = bytes_of(&k, '\r') & line_ends >> 1;
        q = quotes_in(quotes, separators | line_ends, cr, at_begin, &before);
        separators &= ~q.inside;
        line_ends &= ~q.inside;
        part = line_ends ? _blsmsk_u64(line_ends) : UINT64_MAX; /* the line end itself as well, */
        if ((q.wrong | q.doubled | bytes_of(&k, '\0')) & part)  /* where a quote must be closed */
            return NULL;
        last = list_wide(last, separators & part, (uint32_t)at);
        if ((size_t)(last - ends) > l->count)
            return NULL;
        text = part & ~(separators | quotes | line_ends | (cr & line_ends >> 1));
        strange |= bits(wide_odd(k.a), wide_odd(k.b)) & text;
        blanks |= bytes_of(&k, ' ') & text;
        if (line_ends) {
            judge(out, strange, blanks);
            at += _tzcnt_u64(line_ends);
            close_line(rest.p, last, (uint32_t)at);
            make_spans(l, rest.p, ends, (size_t)(last - ends), out);
            unquote(r, l, rest.p, ends, (size_t)(last - ends), out);
            return rest.p + at;
        }
    }
    return NULL;
}

WIDE static inline __attribute__((always_inline)) const char *
split_chunks(const struct csv_rules *rules, const struct layout *l, struct span rest,
             size_t max_frame, struct fields *out, marks_of_chunk *marks_of, list_bits *list)
{
    const struct csv_rules r = *rules; /* storing places leaves it as it is */
    size_t limit = max_frame < WIDE_BYTES ? max_frame : WIDE_BYTES;
    uint32_t ends[1 + WIDE_COLUMNS + 2 * CHUNK], *last = ends + 1;
    uint64_t blanks = 0;
    bool strange = false;
    char tail[CHUNK];

    if (l->repeats || l->count > WIDE_COLUMNS)
        return split_sixteen(rules, l, rest, max_frame, out);
    ends[0] = UINT32_MAX;
    for (size_t at = 0; at <= limit; at += CHUNK) {
        const char *p = chunk_at(rest, at, tail);
        struct chunk_marks m = marks_of(&r, p);
        uint64_t part = UINT64_MAX;

        if (m.odd && !part_of_line(&r, p, m.odd, &part, &strange))
            return r.quoting ? split_quoted(rules, l, rest, limit, out) : NULL;
        last = list(last, m.separator & part, (uint32_t)at);
        if ((size_t)(last - ends) > l->count)
            return NULL;
        blanks |= m.blank & part;
        if (part != UINT64_MAX) {
            judge(out, strange, blanks);
            at += (size_t)_mm_popcnt_u64(part);
            close_line(rest.p, last, (uint32_t)at);
            make_spans(l, rest.p, ends, (size_t)(last - ends), out);
            return rest.p + at;
        }
    }
    return NULL;
}

WIDE static const char *
split_wide(const struct csv_rules *r, const struct layout *l, struct span rest, size_t max_frame,
           struct fields *out)
{
    return split_chunks(r, l, rest, max_frame, out, marks_wide, list_wide);
}

/* --- the same with AVX-512, which has the bits in registers of their own --- */

#define WIDER __attribute__((target("avx2,bmi,popcnt,avx512f,avx512bw,avx512vbmi2")))

static bool
wider_works(void)
{
    return wide_works() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2");
}

WIDER static inline struct chunk_marks
marks_wider(const struct csv_rules *r, const char *p)
{
    const __m512i v = _mm512_loadu_si512(p), space = _mm512_set1_epi8(' ');
    const __m512i quote = _mm512_set1_epi8(r->quoting ? r->quote : '\n');
    struct chunk_marks m;

    m.separator = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(r->separator));
    m.blank = _mm512_cmpeq_epi8_mask(v, space) & ~m.separator;
    m.odd = _mm512_cmpge_epu8_mask(_mm512_sub_epi8(v, space), _mm512_set1_epi8(0x7F - ' '));
    m.odd = (m.odd | _mm512_cmpeq_epi8_mask(v, quote)) & ~m.separator;
    return m;
}

WIDER static inline uint32_t *
list_wider(uint32_t *to, uint64_t mask, uint32_t from)
{
    static const uint8_t places[CHUNK] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    __m512i set = _mm512_maskz_compress_epi8(mask, _mm512_loadu_si512(places));
    const __m512i base = _mm512_set1_epi32((int)from);
    size_t n = (size_t)_mm_popcnt_u64(mask);

    for (size_t i = 0;; i += 16) {
        __m128i some = _mm512_castsi512_si128(set);

        _mm512_storeu_si512(to + i, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(some)));
        if (__builtin_expect(n <= i + 16, 1))
            return to + n;
        set = _mm512_shuffle_i64x2(set, set, 0x39); /* the next sixteen */
    }
}

WIDER static const char *
split_wider(const struct csv_rules *r, const struct layout *l, struct span rest, size_t max_frame,
            struct fields *out)
{
    return split_chunks(r, l, rest, max_frame, out, marks_wider, list_wider);
}
#endif

/* --- which --- */

const struct csv_way csv_ways[] = {
#ifdef HAVE_WIDE
    {"wider", split_wider, wider_works}, {"wide", split_wide, wide_works},
#endif
#ifdef HAVE_SIXTEEN
    {"sixteen", split_sixteen, always},
#endif
    {"bytes", split_bytes, always},      {NULL, NULL, NULL},
};

csv_split *
csv_split_best(void)
{
    const struct csv_way *w = csv_ways;

    while (!w->works())
        w++;
    return w->split;
}
