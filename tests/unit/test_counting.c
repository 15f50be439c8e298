/*
 * test_counting.c - from bytes to counters: generated records through the parsers, the mapping
 * and the counting rules, and every counter against the truth about them.
 */
#include <sys/stat.h>

#include "../../daemon/ctl/commands.h"
#include "../../daemon/ctl/generate/generate_text.h"
#include "aggregate.h"
#include "civil.h"
#include "clock.h"
#include "format.h"
#include "hash.h"
#include "test.h"

#define IDS (1 << 17)

struct counting {
    struct cells *cells;
    uint64_t ids[IDS];
    unsigned records, accepted, duplicates, quarantined;
};

static struct counting world;

static bool
seen_before(struct span id)
{
    uint64_t h = hash_bytes(id.p, id.n, 7);
    size_t i = h % IDS;

    while (world.ids[i] != 0 && world.ids[i] != h)
        i = (i + 1) % IDS;
    if (world.ids[i] == h)
        return true;
    world.ids[i] = h;
    return false;
}

static void
count_frame(const struct format *f, const struct fields *in, struct arena *mem)
{
    const struct mapping_context ctx = {
        .now = clock_now(), .max_future = 300, .max_duration = 31 * DAY_SECONDS, .max_name = 128};
    struct record r;

    /* Without a customer directory a record without a customer has none. */
    if (record_from_fields(f, &ctx, in, mem, &r, NULL) != ST_OK ||
        !(r.has & FIELD_BIT(FIELD_CUSTOMER))) {
        world.quarantined++;
    } else if (seen_before(r.text[FIELD_ID])) {
        world.duplicates++;
    } else {
        aggregate_record(world.cells, NULL, &r);
        world.accepted++;
    }
}

static void
count_file(const char *path, const char *type)
{
    struct format_options opt = {.name = type, .type = type, .header = true};
    struct layout *layout = NULL;
    struct arena mem;
    struct format *f;
    struct stat st;
    FILE *file = fopen(path, "rb");
    struct span rest, line;
    const struct parser_ops *p;
    void *state;
    char *bytes;

    CHECK(file != NULL && fstat(fileno(file), &st) == 0);
    bytes = malloc((size_t)st.st_size);
    rest = span_of(bytes, fread(bytes, 1, (size_t)st.st_size, file));
    fclose(file);
    CHECK(format_new(&f, &opt, NULL) == ST_OK);
    p = format_parser(f);
    state = p->open(f);
    arena_init(&mem);
    if (p->wants_header && p->wants_header(f)) {
        CHECK(next_line(&rest, 65536, &line, NULL) == ST_OK);
        CHECK(p->read_header(f, line, &layout, NULL) == ST_OK);
    }
    while (rest.n > 0) {
        struct fields in;
        enum status status = p->next(state, f, layout, 65536, &rest, &mem, &in, &line, NULL);

        world.records += status != ST_SKIP;
        if (status == ST_OK)
            count_frame(f, &in, &mem);
        else
            world.quarantined += status == ST_BAD_INPUT;
        arena_reset(&mem);
    }
    if (layout)
        p->layout_free(layout);
    p->close(state);
    arena_clear(&mem);
    format_free(f);
    free(bytes);
}

/* --- as the truth writes it --- */

static int
by_subject(const void *a, const void *b)
{
    const struct cell *x = *(struct cell *const *)a, *y = *(struct cell *const *)b;
    int order = x->kind - y->kind;

    if (order == 0)
        order = span_cmp(x->name, y->name);
    return order ? order : (x->day > y->day) - (x->day < y->day);
}

static void
write_slots(struct buf *out, const struct cell *c, int digits)
{
    unsigned columns = cell_columns((enum cell_kind)c->kind);

    for (unsigned i = 0; i < c->slot_count; i++) {
        struct cell_slot s = cell_slot_at(c, i);

        buf_printf(out, "%s\"%0*u\":[", i ? "," : "", digits, s.slot);
        for (unsigned k = 0; k < columns; k++)
            buf_printf(out, "%s%lld", k ? "," : "", (long long)s.v[k]);
        buf_char(out, ']');
    }
}

static void
write_customer(struct buf *out, const struct cell *c)
{
    int64_t v[SERVICE_COLUMNS] = {0};

    cell_sum(c, v);
    buf_printf(out,
               "{\"legs\":%lld,\"seconds\":%lld,\"failed\":%lld,\"participants\":%.0f,"
               "\"conferences\":%.0f,\"quarters\":{",
               (long long)v[0], (long long)v[1], (long long)v[2],
               sketch_estimate(&c->sketch[SKETCH_PEOPLE]),
               sketch_estimate(&c->sketch[SKETCH_SECOND]));
    write_slots(out, c, 2);
    buf_str(out, "},\"features\":{");
    for (unsigned i = 0; i < c->feature_count; i++) {
        struct cell_feature f = cell_feature_at(c, i);

        buf_printf(out, "%s\"%.*s\":[%lld,%lld]", i ? "," : "", SPAN_ARG(f.name), (long long)f.used,
                   (long long)f.wanted);
    }
    buf_str(out, "}}");
}

static void
write_cell(struct buf *out, const struct cell *c)
{
    int64_t v[SERVICE_COLUMNS] = {0};

    switch (c->kind) {
    case CELL_CUSTOMER:
        write_customer(out, c);
        return;
    case CELL_FEATURE:
        cell_sum(c, v);
        buf_printf(out, "[%lld,%lld,%lld,%.0f,%.0f]", (long long)v[0], (long long)v[1],
                   (long long)v[2], sketch_estimate(&c->sketch[SKETCH_PEOPLE]),
                   sketch_estimate(&c->sketch[SKETCH_SECOND]));
        return;
    case CELL_SERVICE:
        buf_str(out, "{\"quarters\":{");
        write_slots(out, c, 2);
        buf_str(out, "}}");
        return;
    default:
        buf_char(out, '{');
        write_slots(out, c, 4);
        buf_char(out, '}');
    }
}

static void
write_counted(const char *path)
{
    static const struct {
        uint8_t kind;
        const char *name;
    } families[] = {{CELL_CUSTOMER, "customer_day"},
                    {CELL_FEATURE, "feature_day"},
                    {CELL_SERVICE, "service_day"},
                    {CELL_REGION, "region_minute"}};
    struct cell **sorted = calloc(cells_count(world.cells), sizeof(struct cell *)), *c;
    struct buf out = {0};
    size_t n = 0;
    FILE *f = fopen(path, "wb");

    CELLS_EACH (world.cells, c)
        sorted[n++] = c;
    qsort(sorted, n, sizeof(struct cell *), by_subject);
    buf_printf(&out,
               "{\"records\":%u,\"accepted\":%u,\"duplicates\":%u,\"quarantined\":%u,"
               "\"ignored\":0",
               world.records, world.accepted, world.duplicates, world.quarantined);
    for (size_t k = 0; k < sizeof families / sizeof *families; k++) {
        const struct cell *last = NULL;
        char day[CIVIL_TEXT];

        buf_printf(&out, ",\n\"%s\":{", families[k].name);
        for (size_t i = 0; i < n; i++) {
            if (sorted[i]->kind != families[k].kind)
                continue;
            if (last && span_eq(last->name, sorted[i]->name)) {
                buf_char(&out, ',');
            } else {
                buf_str(&out, last ? "},\n" : "\n");
                text_json_string(&out, sorted[i]->name.p, sorted[i]->name.n, false);
                buf_str(&out, ":{");
            }
            buf_printf(&out, "\"%s\":", format_day_compact(day, sorted[i]->day));
            write_cell(&out, sorted[i]);
            last = sorted[i];
        }
        buf_str(&out, last ? "}}" : "}");
    }
    buf_str(&out, "}\n");
    CHECK(f != NULL && fwrite(out.p, 1, out.n, f) == out.n);
    CHECK(fclose(f) == 0);
    buf_clear(&out);
    free(sorted);
}

static void
check_counting(const char *type, const char *seed)
{
    char command[8192];
    char *argv[] = {"generate",   "--records", "40000", "--seed",       (char *)seed, "--until",
                    "2026-03-31", "--days",    "50",    "--customers",  "400",        "--broken",
                    "0.02",       "--late",    "0.02",  "--duplicates", "0.02",       "--format",
                    (char *)type, "--truth",   "truth", "--out",        "records",    NULL};

    test_need_program("python3");
    CHECK_INT(command_generate(sizeof argv / sizeof *argv - 1, argv), 0);
    world.cells = cells_new();
    count_file("records", type);
    write_counted("counted");
    cells_free(world.cells);
    snprintf(command, sizeof command, "python3 '%s' --estimated --truth-compare truth counted",
             test_path("tests/tools/oracle.py"));
    CHECK_INT(system(command), 0);
}

TEST(generated_csv_is_counted_to_the_last_digit)
{
    check_counting("csv", "11");
}

TEST(generated_ndjson_is_counted_to_the_last_digit)
{
    check_counting("ndjson", "12");
}
