/*
 * test_stream_entries.c - what Redis says of a stream's entries, and the blocks they become.
 *
 * A server that says what it is told stands for Redis, because a real one sends none of what is
 * wrong here.
 */
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_engine.h"

#include "../../daemon/input/stream.h"

/* --- a Redis that answers every reading with the same bytes --- */

struct server {
    int fd;
    const char *answer;
    pthread_t thread;
};

/* Commands come as one array of bulk strings each, at most one at a time. */
static void *
serve(void *arg)
{
    const struct server *s = arg;
    int c = accept(s->fd, NULL, NULL);
    char in[4096];
    ssize_t n;

    CHECK(c >= 0);
    while ((n = read(c, in, sizeof in)) > 0) {
        const char *out = memmem(in, (size_t)n, "XREADGROUP", 10) ? s->answer : "+OK\r\n";

        if (memmem(in, (size_t)n, "INFO", 4))
            out = "$23\r\nredis_version:7.0.15\r\n\r\n";
        CHECK(write(c, out, strlen(out)) == (ssize_t)strlen(out));
    }
    close(c);
    return NULL;
}

struct seen {
    size_t entries, fields, gone;
    uint64_t last_ms, last_seq;
};

static void
look(void *arg, const struct stream_entry *e)
{
    struct seen *s = arg;

    s->entries++;
    s->fields += e->field_count;
    s->gone += e->field_count == 0;
    s->last_ms = e->id.ms;
    s->last_seq = e->id.seq;
}

/* What the link makes of an answer to XREADGROUP. */
static enum status
answered(const char *answer, struct seen *seen)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "s"};
    struct server s = {.fd = socket(AF_UNIX, SOCK_STREAM, 0), .answer = answer};
    struct stream_link_options opt = {NULL, "calls", "g", "c"};
    struct stream_link *l;
    struct error err;
    char url[256], here[200];
    enum status st;
    size_t n;

    *seen = (struct seen){0};
    CHECK(getcwd(here, sizeof here) != NULL);
    snprintf(url, sizeof url, "unix://%s/s", here);
    opt.url = url;
    unlink("s");
    CHECK(bind(s.fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(s.fd, 1) == 0);
    CHECK(pthread_create(&s.thread, NULL, serve, &s) == 0);
    if (stream_link_open(&l, &opt, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    st = stream_link_read_new(l, 10, 0, look, seen, &n, &err);
    if (st == ST_OK)
        CHECK_INT(n, seen->entries);
    stream_link_close(l);
    pthread_join(s.thread, NULL);
    close(s.fd);
    return st;
}

#define CALLS(entries) "*1\r\n*2\r\n$5\r\ncalls\r\n" entries

TEST(stream_link_reads_entries_with_and_without_fields)
{
    struct seen s;

    CHECK_INT(answered("*-1\r\n", &s), ST_OK);
    CHECK_INT(s.entries, 0);
    CHECK_INT(answered(CALLS("*0\r\n"), &s), ST_OK);
    CHECK_INT(s.entries, 0);
    CHECK_INT(answered(CALLS("*1\r\n*2\r\n$3\r\n5-6\r\n*2\r\n$1\r\na\r\n$0\r\n\r\n"), &s), ST_OK);
    CHECK_INT(s.fields, 2);
    CHECK_INT(s.last_ms, 5);
    CHECK_INT(s.last_seq, 6);
    /* Deleted while pending: nil, or (older servers) an empty list. */
    CHECK_INT(answered(CALLS("*2\r\n*2\r\n$3\r\n5-6\r\n*-1\r\n*2\r\n$3\r\n5-7\r\n*0\r\n"), &s),
              ST_OK);
    CHECK_INT(s.entries, 2);
    CHECK_INT(s.gone, 2);
    CHECK_INT(
        answered(CALLS("*1\r\n*2\r\n$41\r\n18446744073709551615-18446744073709551615\r\n*-1\r\n"),
                 &s),
        ST_OK);
    CHECK(s.last_ms == UINT64_MAX && s.last_seq == UINT64_MAX);
}

TEST(stream_link_refuses_answers_that_make_no_sense)
{
    static const char *const bad[] = {
        "+OK\r\n",
        ":1\r\n",
        "*0\r\n",
        "*1\r\n*1\r\n$5\r\ncalls\r\n",
        "*1\r\n$5\r\ncalls\r\n",
        CALLS("$1\r\nx\r\n"),
        CALLS("*1\r\n$3\r\n5-6\r\n"),
        CALLS("*1\r\n*1\r\n$3\r\n5-6\r\n"),
        CALLS("*1\r\n*2\r\n:5\r\n*0\r\n"),
        CALLS("*1\r\n*2\r\n$1\r\n5\r\n*0\r\n"),
        CALLS("*1\r\n*2\r\n$4\r\n5-6x\r\n*0\r\n"),
        CALLS("*1\r\n*2\r\n$0\r\n\r\n*0\r\n"),
        CALLS("*1\r\n*2\r\n$3\r\n5-6\r\n$1\r\nx\r\n"),
        /* an odd number of names and values, and some that are no text */
        CALLS("*1\r\n*2\r\n$3\r\n5-6\r\n*1\r\n$1\r\na\r\n"),
        CALLS("*1\r\n*2\r\n$3\r\n5-6\r\n*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n"),
        CALLS("*1\r\n*2\r\n$3\r\n5-6\r\n*2\r\n$1\r\na\r\n:7\r\n"),
        CALLS("*1\r\n*2\r\n$3\r\n5-6\r\n*2\r\n$-1\r\n$1\r\na\r\n"),
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct seen s;

        if (answered(bad[i], &s) != ST_RETRY)
            test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
    }
}

/* --- entries to blocks --- */

static struct input *
new_input(struct engine *e)
{
    static struct config_input cfg = {
        .title = (char *)"t", .stream = (char *)"calls", .field = (char *)"data"};
    struct source_options opt = {.input = "t", .format = "lines", .name = "calls"};
    struct input *in = xcalloc(1, sizeof *in);
    struct error err;

    in->engine = e;
    in->now.cfg = &cfg;
    in->opt = (struct stream_link_options){"unix:///s", "calls", "g", "c"};
    CHECK_INT(engine_source(e, &in->now.source, &opt, &err), ST_OK);
    pthread_mutex_init(&in->lock, NULL);
    pthread_cond_init(&in->changed, NULL);
    in->acks = acks_new(NULL, NULL);
    return in;
}

static void
free_input(struct input *in)
{
    stream_forget_read(in);
    acks_close(in->acks);
    source_unref(in->now.source);
    buf_clear(&in->payload);
    buf_clear(&in->ends);
    buf_clear(&in->origins);
    buf_clear(&in->to_ack);
    free(in);
}

/* The fields of one entry; an empty list ends them. */
static void
add(struct input *in, uint64_t seq, const char *const *texts)
{
    struct span fields[16];
    struct stream_entry e = {.id = {1, seq}, .fields = fields};

    for (; texts[e.field_count]; e.field_count++)
        fields[e.field_count] = span_of(texts[e.field_count], strlen(texts[e.field_count]));
    stream_add_entry(in, &e);
}

#define ADD(in, seq, ...) add(in, seq, (const char *const[]){__VA_ARGS__, NULL})

TEST(stream_entries_are_the_field_asked_for_or_an_object_of_all)
{
    struct engine *e = fake_engine();
    struct input *in = new_input(e);

    ADD(in, 1, "data", "line 0");
    ADD(in, 2, "x", "1", "data", "line 1");
    ADD(in, 3, "Data", "a\"b", "y", "\x01");
    ADD(in, 4, "", "");
    ADD(in, 5, "data", "");
    CHECK(stream_hand_on(in, true, NULL));
    CHECK_STR(e->frames[0].p, "line 0");
    CHECK_STR(e->frames[1].p, "line 1");
    CHECK_STR(e->frames[2].p, "{\"Data\":\"a\\\"b\",\"y\":\"\\u0001\"}");
    CHECK_STR(e->frames[3].p, "{\"\":\"\"}");
    CHECK_INT(e->frame_n, 5);
    CHECK_INT(e->frames[4].n, 0);
    CHECK(e->frames[4].origin.ms == 1 && e->frames[4].origin.seq == 5);
    stream_take_acks(in);
    CHECK_INT(in->to_ack.n, 5 * sizeof(struct stream_id));
    free_input(in);
    fake_free(e);
}

TEST(stream_entries_that_are_gone_are_counted_and_acknowledged)
{
    struct engine *e = fake_engine();
    struct input *in = new_input(e);

    add(in, 7, (const char *const[]){NULL});
    CHECK(stream_hand_on(in, true, NULL));
    CHECK_INT(e->blocks, 0);
    CHECK_INT(in->to_ack.n, sizeof(struct stream_id));
    CHECK_INT(in->standing.feed.lost, 1);
    CHECK(strstr(in->standing.feed.problem, "1-7"));
    add(in, 8, (const char *const[]){NULL});
    ADD(in, 9, "data", "line 0");
    CHECK(stream_hand_on(in, true, NULL));
    stream_take_acks(in);
    CHECK_INT(in->to_ack.n, 3 * sizeof(struct stream_id));
    CHECK_INT(in->standing.feed.lost, 2);
    CHECK_INT(e->frame_n, 1);
    CHECK_INT(e->frames[0].origin.identity == 0, 0);
    free_input(in);
    fake_free(e);
}

/* What is longer than any record goes on by its beginning as one line, be it one of the longest
 * lines there may be, or many short ones in more bytes than an entry may have. */
TEST(huge_stream_entries_go_on_by_their_beginning)
{
    static const size_t sizes[] = {FAKE_MAX_RECORD + 2, FAKE_MAX_RECORD + 3, 8 << 20};
    struct engine *e = fake_engine();
    struct input *in = new_input(e);
    char *p = xmalloc((8 << 20) + 1);

    for (size_t i = 0; i < 3; i++) {
        memset(p, 'x', sizes[i]);
        p[sizes[i]] = '\0';
        ADD(in, i, "data", p);
    }
    for (size_t i = 0; i < 8 << 20; i++)
        p[i] = i % 8 == 7 ? '\n' : 'y';
    ADD(in, 3, "data", p);
    ADD(in, 4, "data", "line 0");
    CHECK(in->payload.cap < 32 << 20);
    CHECK(stream_hand_on(in, true, NULL));
    CHECK_INT(e->frame_n, 5);
    for (size_t i = 0; i < 4; i++)
        CHECK_INT(e->frames[i].n, FAKE_MAX_RECORD + 2);
    CHECK(!strchr(e->frames[3].p, '\n'));
    CHECK_STR(e->frames[4].p, "line 0");
    free(p);
    free_input(in);
    fake_free(e);
}

TEST(stream_entries_are_told_apart_by_id_and_by_every_field)
{
    struct engine *e = fake_engine();
    struct input *in = new_input(e);

    ADD(in, 1, "a", "bc");
    ADD(in, 1, "ab", "c");
    ADD(in, 1, "a", "bd");
    ADD(in, 1, "a", "bc", "", "");
    ADD(in, 2, "a", "bc");
    ADD(in, 1, "a", "bc"); /* the first again */
    CHECK(stream_hand_on(in, true, NULL));
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < i; k++)
            CHECK(e->frames[i].origin.identity != e->frames[k].origin.identity);
    CHECK(e->frames[5].origin.identity == e->frames[0].origin.identity);
    free_input(in);
    fake_free(e);
}
