/*
 * test_csv_split.c - the ways of taking a line apart: all find the same, and what they say about
 * the cells is true; the records made by them are the same; and blocks are cut where frames end.
 */
#include "../../parsers/digits.h"
#include "csv_walk.h"
#include "parsing.h"
#include "same_record.h"

static uint64_t seed = 7;

static size_t
below(size_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (size_t)(seed >> 33) % n;
}

/* Columns feed the fields in turn, every seventh feeds none. repeats: the first two the same. */
static struct layout *
make_layout(size_t count, bool repeats)
{
    struct layout *l = csv_layout_new(count);

    for (size_t i = 0; i < count && i < 33; i++) {
        size_t f = i - i / 7 - (repeats && i > 0);

        if (i % 7 == 6 || f >= FIELD_COUNT)
            continue;
        l->field[i] = (uint8_t)f;
        l->bit[i] = FIELD_BIT(f);
    }
    l->repeats = repeats;
    return l;
}

static unsigned quoted_lines; /* that some way has taken */

static void
same_cells(const struct fields *got, const struct fields *want)
{
    CHECK(got->has == want->has && fields_are_true(got));
    for (int i = 0; i < FIELD_COUNT; i++)
        if (want->has & FIELD_BIT(i))
            CHECK(got->v[i].p == want->v[i].p && got->v[i].n == want->v[i].n);
}

/* Every way finds what the general walk does, or leaves the line to it. The last way takes all
 * lines that hold neither a quote nor a NUL; those the others take, too. */
static void
compare(const struct csv_rules *rules, const struct layout *l, struct span text, size_t max_frame)
{
    struct fields want, got;
    bool plain;
    const char *walked = csv_walk(rules, l, text, &want, &plain), *end, *bom = "\xEF\xBB\xBF";
    size_t last = 0;

    if (text.n >= 3 && memcmp(text.p, bom, 3) == 0)
        return;
    while (csv_ways[last + 1].name)
        last++;
    fields_begin(&got);
    end = csv_ways[last].split(rules, l, text, max_frame, &got);
    if (end)
        same_cells(&got, &want);
    for (size_t w = 0; w < last; w++) {
        const char *other;

        if (!csv_ways[w].works())
            continue;
        fields_begin(&got);
        other = csv_ways[w].split(rules, l, text, max_frame, &got);
        if (!other && end && (size_t)(end - text.p) > max_frame)
            continue; /* it need not look that far */
        if (!other) {
            CHECK(!end);
            continue;
        }
        CHECK(other == walked && plain);
        CHECK(!memchr(text.p, '\0', (size_t)(other - text.p)));
        same_cells(&got, &want);
        quoted_lines += !end;
    }
}

TEST(all_ways_find_the_same_cells)
{
    static const char alphabets[4][25] = {"abc,,,,", ",,,,,,,,a", "abcdefghijklmnopqrstuvw,",
                                          "ab,;\" \t\r\n\x01\x7F\x80\xFF'"};
    static const struct csv_rules rules[] = {
        {',', true, '"'}, {';', true, '\''}, {'\t', false, 0}, {' ', true, '"'}};
    static const size_t counts[] = {1, 3, 4, 5, 16, 31, 64, 256, 257, 300};
    static const char nothing[900];
    char *edge = (char *)(uintptr_t)at_the_edge(span_of(nothing, sizeof nothing)).p, *text;

    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (int repeats = 0; repeats < 2; repeats++) {
            struct layout *l = make_layout(counts[c], repeats && counts[c] > 1);

            for (int round = 0; round < 4000; round++) {
                const char *alphabet = alphabets[below(4)];
                size_t n = 1 + below(round % 10 ? 200 : 900), letters = strlen(alphabet);

                text = edge + 900 - n;
                for (size_t i = 0; i < n; i++)
                    text[i] = alphabet[below(letters)];
                if (below(3)) /* a line that ends early */
                    text[below(n)] = '\n';
                if (below(30) == 0)
                    text[below(n)] = '\0';
                compare(&rules[below(4)], l, span_of(text, n), below(4) ? 65536 : below(300));
            }
            free(l);
        }
}

/* Cells that are quoted as a whole, and some that only look so. */
static size_t
quoted_text(char *to, size_t room)
{
    static const char *const cells[] = {"",       "a",        "\"\"",       "\"b,c\"",   "\"d\ne\"",
                                        "f g",    "\"\"\"\"", "\"h\"\"i\"", "\"j\r\n\"", "k\"l",
                                        "\"m\"n", "\"",       "\"o\"\r",    "\r",        "\t"};
    static const char *const ends[] = {",", ",", ",", ",", ",", "\n", "\r\n"};
    size_t n = 0, some = 1 + below(sizeof cells / sizeof *cells);

    while (n + 40 < room) {
        const char *cell = cells[below(some)];

        if (below(8) == 0)
            n += (size_t)snprintf(to + n, room - n, "\"%0*d\"", (int)below(30), 7);
        n += (size_t)snprintf(to + n, room - n, "%s%s", cell, ends[below(below(3) ? 5 : 7)]);
    }
    return n;
}

TEST(quoted_cells_are_found_as_by_the_walk)
{
    static const struct csv_rules rules[] = {{',', true, '"'}, {'\t', true, '"'}};
    struct layout *l = make_layout(64, false);
    char text[700], *edge = (char *)(uintptr_t)at_the_edge(span_of(text, sizeof text)).p;

    for (int round = 0; round < 60000; round++) {
        size_t n = quoted_text(text, 60 + below(600)), from = below(n), tab = below(10) == 0;

        for (size_t i = 0; i < n && tab; i++)
            text[i] = text[i] == ',' ? '\t' : text[i];
        if (below(10) == 0)
            text[below(n)] = "\0\"\n,x"[below(5)];
        memcpy(edge + sizeof text - (n - from), text + from, n - from);
        compare(&rules[tab], l, span_of(edge + sizeof text - (n - from), n - from), 65536);
    }
    if (csv_ways[0].works() && csv_ways[1].name && csv_ways[2].name)
        CHECK(quoted_lines > 1000);
    free(l);
}

TEST(blocks_are_cut_where_the_walk_finds_the_last_whole_frame)
{
    static const struct csv_rules rules = {',', true, '"'};
    char text[1500];

    for (int round = 0; round < 20000; round++) {
        size_t n = quoted_text(text, 50 + below(1400)), max_frame = below(2) ? 65536 : below(100);
        bool eof = below(2);
        struct span all = span_of(text, n - below(n < 90 ? n : 90));
        size_t done = 0, frame = 1;

        if (below(4) == 0)
            memset(text, 'x', below(all.n));
        while (done < all.n && frame > 0) {
            struct span rest = span_of(all.p + done, all.n - done);

            frame = csv_walk_frame(&rules, rest, max_frame, eof);
            done += frame;
        }
        CHECK_INT(csv_cut(&rules, all, max_frame, eof), done);
    }
}

TEST(a_crlf_is_no_part_of_the_last_cell_wherever_it_falls)
{
    const struct csv_rules rules = {',', true, '"'};
    struct layout *l = make_layout(2, false);

    for (size_t n = 0; n < 200; n++) {
        char text[256];

        memset(text, 'x', sizeof text);
        text[n / 2] = ',';
        memcpy(text + n + 1, "\r\nrest", 6);
        compare(&rules, l, span_of(text, n + 7), 65536);
        compare(&rules, l, span_of(text, n + 3), 65536);
        compare(&rules, l, span_of(text, n + 2), 65536);
    }
    free(l);
}

/* Cells as they come, some of them damaged, through the parser and the mapping. */
static size_t
random_line(char *to, size_t room)
{
    static const char *const cells[] = {
        "leg,a1,acme,room,ann,2026-03-01T09:00:00Z,2026-03-01T09:30:00+00:00,,ok,video;chat",
        ",b2,acme corp,r,,2026-02-28 23:59:59,,1800,completed,\xC3\xA9t\xC3\xA9",
        "Feature,c3, padded ,,bob,1772355600,,, OK ,screen_share",
        "contact,d4,x,y,z,1772355600123,1772355601123,,Dropped,a;a; b ;",
        "LEG,e5,acme,,,2026-03-01T09:00:00.25-08:00,2026-03-01T17:00:00Z,99999,no-answer,",
        "leg,f6,acme,,,2026-02-29T00:00:00Z,,12.5,rejected,one;two;three;four;five;six;seven",
    };
    size_t n = (size_t)snprintf(to, room, "%s", cells[below(sizeof cells / sizeof *cells)]);

    for (size_t damage = below(4) ? 0 : 1 + below(3); damage > 0; damage--)
        to[below(n)] = "0123456789 ,;:TZ+-.\"x\x80\t"[below(23)];
    to[n++] = '\n';
    return n;
}

TEST(records_are_the_same_by_short_ways_and_by_the_long_one)
{
    static const char *const columns[] = {"kind",        "id",       "customer", "conference",
                                          "participant", "start",    "end",      "duration",
                                          "outcome",     "features", NULL};
    struct format *formats[3] = {
        make_format((struct format_options){.type = "csv", .columns = columns}),
        make_format((struct format_options){.type = "csv",
                                            .columns = columns,
                                            .timezone = "Europe/Berlin",
                                            .defaults = LIST("customer=unknown", "kind=leg"),
                                            .null = LIST("conference=r")}),
        make_format((struct format_options){.type = "csv",
                                            .columns = columns,
                                            .ignore = LIST("participant=bob"),
                                            .kind = LIST("leg=contact", "feature=ignore"),
                                            .outcome = LIST("ok=failed"),
                                            .features_separator = " "}),
    };
    struct mapping_memo *memo = mapping_memo_new();
    int counted = 0;

    for (int round = 0; round < 60000; round++) {
        const struct format *f = formats[round % 3];
        struct arena mem = {0};
        struct error err = {.text = ""}, why = {.text = ""};
        struct fields fields, unknown;
        struct span rest, raw;
        struct record want;
        enum status st;
        char text[256];

        rest = span_of(text, random_line(text, sizeof text - 1));
        if (format_parser(f)->next(NULL, f, NULL, MAX_FRAME, &rest, &mem, &fields, &raw, &err) ==
            ST_OK) {
            CHECK(fields_are_true(&fields));
            unknown = unknown_fields(&fields);
            st = record_from_fields(f, &test_context, &unknown, &mem, &want, &why);
            CHECK(same_by_short_ways(f, &test_context, &fields, &mem, memo, st, &want, &why));
            counted += st == ST_OK;
        }
        arena_clear(&mem);
        if (round % 1000 == 0)
            mapping_memo_trim(memo);
    }
    CHECK(counted > 10000);
    mapping_memo_free(memo);
    for (int i = 0; i < 3; i++)
        format_free(formats[i]);
}

/* Damaged at every place, and by every byte. */
TEST(times_are_the_same_by_the_short_way)
{
    static const char *const times[] = {
        "2026-03-01T09:00:00Z",      "2026-12-31 23:59:60",         "2024-02-29T00:00:00+14:00",
        "2026-10-24T01:00:00-08:59", "2026-03-01T09:00:00.5+01:00", "2026-03-01T09:00:00,123456Z",
        "2026-03-01T09:00:00+0530",  "2026-03-01T09:00:00z",        "9999-12-31T23:59:59-23:59"};
    static struct date_memo memo;

    for (size_t t = 0; t < sizeof times / sizeof *times; t++) {
        size_t n = strlen(times[t]);
        char text[40];

        for (size_t at = 0; at < n; at++)
            for (int byte = 0; byte < 256; byte++) {
                bool offset = false, want_offset = false, good;
                int64_t utc = 0, want = 0;

                memcpy(text, times[t], n);
                text[at] = (char)byte;
                good = parse_rfc3339(span_of(text, n), &want, &want_offset);
                if (!parse_usual_time(span_of(text, n), &memo, &utc, &offset))
                    continue;
                CHECK(good && utc == want && offset == want_offset);
            }
        for (size_t cut = 0; cut < n; cut++) {
            struct span s = at_the_edge(span_of(times[t], cut));
            bool offset, want_offset;
            int64_t utc, want;

            if (parse_usual_time(s, &memo, &utc, &offset))
                CHECK(parse_rfc3339(s, &want, &want_offset) && utc == want &&
                      offset == want_offset);
        }
        if (t < 6) { /* these are usual */
            bool offset;
            int64_t utc;

            CHECK(parse_usual_time(span_str(times[t]), &memo, &utc, &offset));
        }
    }
}

TEST(digits_are_numbers_and_nothing_else_is)
{
    char text[16];
    uint32_t v;

    for (int round = 0; round < 20000; round++) {
        unsigned long want = below(10) ? below(100000000) : below(1000);
        size_t n = (size_t)snprintf(text, sizeof text, "%0*lu", (int)below(9), want);

        CHECK(digits_read(span_of(text, n), &v) == (n <= 8));
        if (n <= 8)
            CHECK_INT(v, want);
    }
    for (size_t n = 1; n <= 8; n++)
        for (size_t at = 0; at < n; at++)
            for (int byte = 0; byte < 256; byte++) {
                memset(text, '7', n);
                text[at] = (char)byte;
                CHECK(digits_read(span_of(text, n), &v) == (byte >= '0' && byte <= '9'));
            }
    CHECK(!digits_read(SPAN(""), &v) && !digits_read(SPAN("123456789"), &v));
}
