/*
 * test_csv.c - the csv parser: cells, frames, headers, damage, and the shipped csv formats.
 */
#include "parsing.h"

static struct format *
csv(const char *const *columns)
{
    return make_format((struct format_options){.type = "csv", .columns = columns});
}

/* Customer, conference and participant of one record, joined; "-" is absent. */
static const char *
three(const struct fields *f)
{
    static const enum field which[] = {FIELD_CUSTOMER, FIELD_CONFERENCE, FIELD_PARTICIPANT};
    static char text[512];
    size_t n = 0;

    for (int i = 0; i < 3; i++) {
        struct span s = f->has & FIELD_BIT(which[i]) ? f->v[which[i]] : SPAN("-");

        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s", i ? "|" : "", SPAN_ARG(s));
    }
    return text;
}

#define COLUMNS LIST("customer", "conference", "participant")

/* One record at the edge of readable memory, read both ways: as it is and behind a quoted one. */
static const struct {
    const char *text, *want; /* NULL: blank; "!reason": bad */
    const char *raw;
} lines[] = {
    {"a,b,c\n", "a|b|c", "a,b,c"},
    {"a,b,c\r\n", "a|b|c", "a,b,c"},
    {"a,b,c", "a|b|c", "a,b,c"},
    {"a,b,c\r", "a|b|c", "a,b,c"},
    {"a,b\n", "a|b|-", "a,b"},
    {"a\n", "a|-|-", "a"},
    {",,c\n", "-|-|c", ",,c"},
    {",,\n", "-|-|-", ",,"},
    {"\n", NULL, ""},
    {"\r\n", NULL, ""},
    {"\"\",b,\"\"\n", "-|b|-", "\"\",b,\"\""},
    {"\"a,b\",\"c\"\"d\",\"\"\"\"\n", "a,b|c\"d|\"", "\"a,b\",\"c\"\"d\",\"\"\"\""},
    {"\"a\nb\",c\r\n", "a\nb|c|-", "\"a\nb\",c"},
    {"\"a\r\nb\",\"c\"\r\n", "a\r\nb|c|-", "\"a\r\nb\",\"c\""},
    {"\"a\",\"b\",\"c\"", "a|b|c", "\"a\",\"b\",\"c\""},
    {"\"a\",\"b\",\"c\"\r", "a|b|c", "\"a\",\"b\",\"c\""},
    {"a \"b\",c\"d,e\"\n", "a \"b\"|c\"d|e\"", "a \"b\",c\"d,e\""},
    {" \"a\",b,c\n", " \"a\"|b|c", " \"a\",b,c"},
    {"\xEF\xBB\xBFx,y,z\n", "x|y|z", "\xEF\xBB\xBFx,y,z"},
    {"\xEF\xBB\xBF\"x,\",y,z\n", "x,|y|z", "\xEF\xBB\xBF\"x,\",y,z"},
    {"\xEF\x80\x80x,y\n", "\xEF\x80\x80x|y|-", "\xEF\x80\x80x,y"},
    {"0123456789abcdef,0123456789abcdefg,h\n", "0123456789abcdef|0123456789abcdefg|h",
     "0123456789abcdef,0123456789abcdefg,h"},
    {"a,b,c,d\n", "!columns: 4, format has 3", "a,b,c,d"},
    {"a,b,c,\n", "!columns: 4, format has 3", "a,b,c,"},
    {"\"a\",b,c,\"d\ne\"\n", "!columns: 4, format has 3", "\"a\",b,c,\"d\ne\""},
    {"\"a\"x,b\n", "!quote: text follows a closing quote", "\"a\"x,b"},
    {"\"a\" ,b\n", "!quote: text follows a closing quote", "\"a\" ,b"},
    {"\"a\"\rb\n", "!quote: text follows a closing quote", "\"a\"\rb"},
    {"\"a,b\n", "!quote: never closed", "\"a,b"},
    {"a,\"", "!quote: never closed", "a,\""},
    {"\"a\"\"", "!quote: never closed", "\"a\"\""},
};

TEST(records_are_split_into_cells)
{
    struct format *f = csv(COLUMNS);

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *want = lines[i].want;
        struct stream s;
        enum status st;

        stream_open(&s, f, at_the_edge(span_str(lines[i].text)));
        st = stream_next(&s);
        CHECK_SPAN(s.raw, lines[i].raw);
        CHECK_INT(s.rest.n, 0);
        if (!want) {
            CHECK_INT(st, ST_SKIP);
        } else if (*want == '!') {
            CHECK_INT(st, ST_BAD_INPUT);
            CHECK_STR(s.err.text, want + 1);
            CHECK(s.err.pos >= 0 && (size_t)s.err.pos <= s.raw.n);
        } else {
            CHECK_INT(st, ST_OK);
            CHECK_STR(three(&s.fields), want);
        }
        stream_close(&s);
    }
    format_free(f);
}

TEST(a_nul_byte_spoils_its_record_only)
{
    struct format *f = csv(COLUMNS);
    struct stream s;

    stream_open(&s, f, SPAN("a,b\0c,d\n\"x\",\0,\ny,z,\n"));
    CHECK_INT(stream_next(&s), ST_BAD_INPUT);
    CHECK_STR(s.err.text, "record: holds a NUL byte");
    CHECK_INT(s.err.pos, 3);
    CHECK_INT(s.raw.n, 7);
    CHECK_INT(stream_next(&s), ST_BAD_INPUT);
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_STR(three(&s.fields), "y|z|-");
    stream_close(&s);
    format_free(f);
}

TEST(a_malformed_record_costs_one_line)
{
    struct format *f = csv(COLUMNS);
    struct stream s;

    stream_open(&s, f, SPAN("\"a\nb,c\n\"d\"x\ne,f,g\n\"h"));
    CHECK_INT(stream_next(&s), ST_BAD_INPUT); /* closed by d's quote, which text follows */
    CHECK_SPAN(s.raw, "\"a");
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_STR(three(&s.fields), "b|c|-");
    CHECK_INT(stream_next(&s), ST_BAD_INPUT);
    CHECK_SPAN(s.raw, "\"d\"x");
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_STR(three(&s.fields), "e|f|g");
    CHECK_INT(stream_next(&s), ST_BAD_INPUT);
    CHECK_SPAN(s.raw, "\"h");
    CHECK_INT(s.rest.n, 0);
    stream_close(&s);
    format_free(f);
}

TEST(too_long_a_record_costs_one_line)
{
    struct format *f = csv(COLUMNS);
    const struct parser_ops *ops = format_parser(f);
    struct arena mem = {0};
    struct fields fields;
    struct error err;
    struct span raw, rest = SPAN("12345678,b\na,b\n\"a\nbbbbbbbbb\",c\n1234567,\r\n12345678,\r\n");
    static const struct {
        enum status want;
        const char *raw;
    } frames[] = {
        {ST_BAD_INPUT, "12345678,b"},    {ST_OK, "a,b"},      {ST_BAD_INPUT, "\"a"},
        {ST_BAD_INPUT, "bbbbbbbbb\",c"}, {ST_OK, "1234567,"}, {ST_BAD_INPUT, "12345678,"},
    };

    CHECK_INT(ops->cut(f, rest, 8, false), rest.n);
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        CHECK_INT(ops->next(NULL, f, NULL, 8, &rest, &mem, &fields, &raw, &err), frames[i].want);
        CHECK_SPAN(raw, frames[i].raw);
    }
    CHECK_INT(rest.n, 0);
    arena_clear(&mem);
    format_free(f);
}

TEST(cut_gives_whole_records_only)
{
    static const struct {
        const char *text;
        size_t whole, at_eof;
    } cuts[] = {
        {"", 0, 0},
        {"a,b", 0, 3},
        {"a,b\n", 4, 4},
        {"a,b\nc", 4, 5},
        {"a,b\r\nc,d\r\n", 10, 10},
        {"\"a", 0, 2},
        {"\"a\n", 0, 3},
        {"\"a\"", 0, 3},
        {"\"a\"\r", 0, 4},
        {"\"a\"\n", 4, 4},
        {"x\n\"a\nb\"\ny", 8, 9},
        {"x\n\"a\nb\ny\n", 2, 9},
        {"\"a\"x\ny\n", 7, 7},
        {"\"a\"x", 0, 4},
        {"a\"b\nc\n", 6, 6},
        {"\"a\"\"", 0, 4},
    };
    struct format *f = csv(COLUMNS);

    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        struct span s = at_the_edge(span_str(cuts[i].text));

        CHECK_INT(format_parser(f)->cut(f, s, MAX_FRAME, false), cuts[i].whole);
        CHECK_INT(format_parser(f)->cut(f, s, MAX_FRAME, true), cuts[i].at_eof);
    }
    format_free(f);
}

TEST(every_prefix_of_a_good_file_is_read_without_a_stall)
{
    struct format *f = make_format((struct format_options){.type = "csv"});
    struct span all = read_whole(test_path("tests/data/csv/quoted.csv"));

    for (size_t n = 66; n <= all.n; n++) {
        struct stream s;
        int records = 0;

        stream_open(&s, f, at_the_edge(span_of(all.p, n)));
        while (s.rest.n > 0) {
            size_t before = s.rest.n;
            enum status st = stream_next(&s);

            CHECK(st == ST_OK || st == ST_BAD_INPUT || st == ST_SKIP);
            CHECK(s.rest.n < before);
            records += st == ST_OK;
        }
        CHECK(n < all.n || records == 3);
        stream_close(&s);
    }
    format_free(f);
}

TEST(headers_are_found_in_any_order_and_case)
{
    struct format *f = make_format((struct format_options){
        .type = "csv", .map = LIST("conference=Room No", "customer=Payer", "customer=Account")});
    struct stream s;

    stream_open(&s, f,
                SPAN("\xEF\xBB\xBF\"Room No\",start, PARTICIPANT ,account,payer,account\r\n"
                     "1,2,3,4,5,6\n1,2,3,,5,\n,,,,,6\n"));
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_STR(three(&s.fields), "4|1|3");
    CHECK_INT(stream_next(&s), ST_OK); /* two columns feed it: the first that is not empty */
    CHECK_STR(three(&s.fields), "5|1|3");
    CHECK_INT(stream_next(&s), ST_OK); /* a name twice counts at its first place */
    CHECK_STR(three(&s.fields), "-|-|-");
    stream_close(&s);
    format_free(f);
}

static const char *
refused_header(struct format *f, struct span line)
{
    static struct error err;
    struct layout *l = NULL;

    CHECK_INT(format_parser(f)->read_header(f, line, &l, &err), ST_BAD_INPUT);
    CHECK(l == NULL);
    return err.text;
}

TEST(a_header_has_a_thousand_and_twenty_four_columns_at_most)
{
    struct format *plain = make_format((struct format_options){.type = "csv"});
    struct buf line = {0};
    struct layout *layout;
    struct error err;

    buf_str(&line, "customer,start");
    for (int i = 2; i < 1024; i++)
        buf_printf(&line, ",c%d", i);
    CHECK_INT(format_parser(plain)->read_header(plain, span_of(line.p, line.n), &layout, &err),
              ST_OK);
    format_parser(plain)->layout_free(layout);
    buf_str(&line, ",one more");
    CHECK_STR(refused_header(plain, span_of(line.p, line.n)), "header: too many columns");
    buf_clear(&line);
    format_free(plain);
}

TEST(headers_that_say_nothing_are_refused)
{
    struct format *plain = make_format((struct format_options){.type = "csv"});
    struct format *mapped = make_format(
        (struct format_options){.type = "csv", .map = LIST("customer=Account", "start=Begin")});

    CHECK_STR(refused_header(plain, SPAN("a,b,c")),
              "header: no column is known; expected columns such as customer, start");
    CHECK_STR(refused_header(mapped, SPAN("customer,\"start\"")),
              "header: no column is known; expected columns such as Account, Begin");
    CHECK_STR(refused_header(mapped, SPAN("Account,duration")),
              "header: no column says when; expected columns such as Account, Begin");
    CHECK_STR(refused_header(plain, SPAN("")),
              "header: no column is known; expected columns such as customer, start");
    CHECK_STR(refused_header(plain, SPAN("\"customer,start")), "header: quote: never closed");
    format_free(plain);
    format_free(mapped);
}

TEST(other_separators_and_no_quotes)
{
    struct format *f = make_format((struct format_options){
        .type = "csv", .columns = COLUMNS, .separator = "\\t", .quote = ""});
    struct format *g = make_format((struct format_options){
        .type = "csv", .columns = COLUMNS, .separator = ";", .quote = "'", .header = true});
    struct stream s;

    stream_open(&s, f, SPAN("\"a\t\"b\"c\t,\n\"open\n"));
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_STR(three(&s.fields), "\"a|\"b\"c|,");
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_STR(three(&s.fields), "\"open|-|-");
    stream_close(&s);
    stream_open(&s, g, SPAN("whatever;the;line says\n'a;''b';\"c;d\n"));
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_STR(three(&s.fields), "a;'b|\"c|d");
    stream_close(&s);
    format_free(f);
    format_free(g);
}

/* The file was written so that python's csv module reads the cells checked here. */
TEST(a_file_with_quotes_and_newlines)
{
    struct format *f = make_format((struct format_options){.type = "csv"});
    struct stream s;
    struct record r;

    stream_open(&s, f, read_whole(test_path("tests/data/csv/quoted.csv")));
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_STR(three(&s.fields), "Example, Inc.|4711|Ann \"Annie\" Example");
    CHECK_INT(record_from_fields(f, &test_context, &s.fields, &s.mem, &r, &s.err), ST_OK);
    CHECK_INT(r.start, 1772355600);
    CHECK_INT(r.duration, 1800);
    CHECK_INT(r.feature_count, 2);
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_STR(three(&s.fields), "Two\nLines|4712|bob");
    CHECK_INT(record_from_fields(f, &test_context, &s.fields, &s.mem, &r, &s.err), ST_BAD_INPUT);
    CHECK_STR(s.err.text, "customer: holds a control character");
    CHECK_INT(stream_next(&s), ST_OK);
    CHECK_STR(three(&s.fields), "plain|4713|5\" pipe");
    CHECK_INT(record_from_fields(f, &test_context, &s.fields, &s.mem, &r, &s.err), ST_OK);
    CHECK_INT(r.outcome, OUTCOME_REJECTED);
    CHECK_INT(r.feature_count, 0);
    CHECK_INT(s.rest.n, 0);
    stream_close(&s);
    format_free(f);
}

/* Random bytes of the awkward kind, in pieces of random size: the frames are the same however
 * the stream arrives. */
TEST(frames_do_not_depend_on_how_bytes_arrive)
{
    static const char alphabet[] = "\",\n\r\"\nab\"\n";
    struct format *f = csv(COLUMNS);
    const struct parser_ops *ops = format_parser(f);
    uint64_t seed = 42;

    for (int round = 0; round < 20000; round++) {
        char text[64], whole[256] = "", pieces[256] = "";
        size_t n, have = 0, done = 0;
        struct span rest, raw;
        struct arena mem = {0};
        struct fields fields;

        seed = seed * UINT64_C(6364136223846793005) + 1;
        n = (seed >> 33) % sizeof text;
        for (size_t i = 0; i < n; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1;
            text[i] = alphabet[(seed >> 33) % (sizeof alphabet - 1)];
        }
        for (rest = span_of(text, n); rest.n > 0;) {
            enum status st = ops->next(NULL, f, NULL, 20, &rest, &mem, &fields, &raw, NULL);

            snprintf(whole + strlen(whole), sizeof whole - strlen(whole), "%zu%c", raw.n,
                     st == ST_OK ? ' ' : '!');
        }
        while (done < n) {
            size_t cut;

            seed = seed * UINT64_C(6364136223846793005) + 1;
            have += 1 + (seed >> 33) % 9;
            if (have > n)
                have = n;
            cut = ops->cut(f, span_of(text + done, have - done), 20, have == n);
            CHECK(cut <= have - done && (have < n || cut == n - done));
            for (rest = span_of(text + done, cut); rest.n > 0;) {
                enum status st = ops->next(NULL, f, NULL, 20, &rest, &mem, &fields, &raw, NULL);

                snprintf(pieces + strlen(pieces), sizeof pieces - strlen(pieces), "%zu%c", raw.n,
                         st == ST_OK ? ' ' : '!');
            }
            done += cut;
        }
        CHECK_STR(pieces, whole);
        arena_clear(&mem);
    }
    format_free(f);
}

TEST(lines_are_taken_with_either_end)
{
    struct span rest = SPAN("a\r\n\nlong one\nlast"), line;
    struct error err;

    CHECK_INT(next_line(&rest, 4, &line, &err), ST_OK);
    CHECK_SPAN(line, "a");
    CHECK_INT(next_line(&rest, 4, &line, &err), ST_OK);
    CHECK_SPAN(line, "");
    CHECK_INT(next_line(&rest, 4, &line, &err), ST_BAD_INPUT);
    CHECK_SPAN(line, "long one");
    CHECK_STR(err.text, "record: longer than 4 bytes");
    CHECK_INT(next_line(&rest, 4, &line, &err), ST_OK);
    CHECK_SPAN(line, "last");
    CHECK_INT(cut_lines(SPAN("ab\ncd"), 10, false), 3);
    CHECK_INT(cut_lines(SPAN("ab\ncd"), 10, true), 5);
    CHECK_INT(cut_lines(SPAN("abcd"), 2, false), 0);
}
