/*
 * test_import.c - files of every kind, whole, cut off, grown, imported again.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "fake_engine.h"
#include "input.h"

static void
put_file(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "w");

    CHECK(f && fwrite(p, 1, n, f) == n && fclose(f) == 0);
}

static void
add_lines(struct buf *b, int from, int to)
{
    for (int i = from; i < to; i++)
        buf_printf(b, "line %d\n", i);
}

/* One gzip member; the library is an independent writer. */
static void
add_gzip(struct buf *out, const char *p, size_t n)
{
    z_stream z = {0};

    CHECK(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    buf_reserve(out, deflateBound(&z, n) + 64);
    z.next_in = (Bytef *)p;
    z.avail_in = (uInt)n;
    z.next_out = (Bytef *)out->p + out->n;
    z.avail_out = (uInt)(out->cap - out->n);
    CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
    out->n += z.total_out;
    deflateEnd(&z);
}

static void
add_zstd(struct buf *out, const char *p, size_t n)
{
    ZSTD_CCtx *c = ZSTD_createCCtx();
    size_t r;

    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1); /* as the zstd program does */
    buf_reserve(out, ZSTD_compressBound(n));
    r = ZSTD_compress2(c, out->p + out->n, out->cap - out->n, p, n);
    CHECK(!ZSTD_isError(r));
    out->n += r;
    ZSTD_freeCCtx(c);
}

static enum status
import_fd(struct engine *e, int fd, const char *format, struct import_progress *p,
          struct error *err)
{
    struct import_options opt = {.fd = fd, .path = "file", .format = format};

    return import_stream(e, &opt, p, err);
}

static enum status
import_file(struct engine *e, const char *path, struct import_progress *p, struct error *err)
{
    int fd = open(path, O_RDONLY);
    enum status st;

    CHECK(fd >= 0);
    st = import_fd(e, fd, "lines", p, err);
    close(fd);
    return st;
}

static void
import_ok(struct engine *e, const char *path, struct import_progress *p)
{
    struct error err;

    if (import_file(e, path, p, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", path, err.text);
}

TEST(import_gives_every_line_of_a_plain_file_once)
{
    struct engine *e = fake_engine();
    struct import_progress p;
    struct buf b = {0};

    add_lines(&b, 0, 300000);
    put_file("f", b.p, b.n);
    import_ok(e, "f", &p);
    CHECK_INT(fake_numbers(e, 0, 300000), 0);
    CHECK_INT(p.position, b.n);
    CHECK_INT(p.bytes_total, b.n);
    CHECK_INT(p.bytes_read, b.n);
    CHECK_INT(p.resumed_at, 0);
    CHECK(e->blocks <= b.n / (1024 * 1024) + 2);
    buf_clear(&b);
    fake_free(e);
}

TEST(import_again_submits_nothing)
{
    struct engine *e = fake_engine();
    struct import_progress p;
    struct buf b = {0}, z = {0}, s = {0};
    size_t frames;

    add_lines(&b, 0, 50000);
    put_file("f", b.p, b.n);
    import_ok(e, "f", &p);
    frames = e->frame_n;
    import_ok(e, "f", &p);
    CHECK_INT(p.resumed_at, b.n);
    /* The same content under another name and compressed is the same content. */
    add_gzip(&z, b.p, b.n);
    put_file("g", z.p, z.n);
    import_ok(e, "g", &p);
    CHECK_INT(p.resumed_at, b.n);
    add_zstd(&s, b.p, b.n);
    put_file("s", s.p, s.n);
    import_ok(e, "s", &p);
    CHECK_INT(p.position, b.n);
    CHECK_INT(e->frame_n, frames);
    buf_clear(&b);
    buf_clear(&z);
    buf_clear(&s);
    fake_free(e);
}

TEST(import_goes_on_where_a_file_has_grown)
{
    /* Below, around and above the 64 KiB that make the identity. */
    static const int sizes[][2] = {{10, 20}, {10, 50000}, {6000, 7000}, {20000, 60000}};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct engine *e = fake_engine();
        struct import_progress p;
        struct buf b = {0};
        size_t before;

        add_lines(&b, 0, sizes[i][0]);
        put_file("f", b.p, b.n);
        import_ok(e, "f", &p);
        before = b.n;
        add_lines(&b, sizes[i][0], sizes[i][1]);
        put_file("f", b.p, b.n);
        import_ok(e, "f", &p);
        CHECK_INT(p.resumed_at, before);
        CHECK_INT(fake_numbers(e, 0, sizes[i][1]), 0);
        /* And the shorter state of before is known, too. */
        put_file("f", b.p, before);
        import_ok(e, "f", &p);
        CHECK_INT(fake_numbers(e, 0, sizes[i][1]), 0);
        buf_clear(&b);
        fake_free(e);
    }
}

TEST(import_takes_other_content_with_the_same_beginning_whole)
{
    struct engine *e = fake_engine();
    struct import_progress p;
    struct buf a = {0}, b = {0}, z = {0};

    add_lines(&a, 0, 20000);
    add_lines(&b, 0, 10000);
    add_lines(&b, 20000, 40000);
    put_file("a", a.p, a.n);
    import_ok(e, "a", &p);
    put_file("b", b.p, b.n);
    import_ok(e, "b", &p);
    CHECK_INT(p.resumed_at, 0);
    CHECK_INT(e->frame_n, 20000 + 30000);
    CHECK_INT(fake_count(e, "line 5\n"), 2);
    CHECK_INT(fake_count(e, "line 39999\n"), 1);
    /* Compressed, where going back means reading from the start again. */
    buf_printf(&b, "line 40000\n");
    b.p[b.n - 12] = 'x'; /* differs just before its end */
    add_gzip(&z, b.p, b.n);
    put_file("z", z.p, z.n);
    import_ok(e, "z", &p);
    CHECK_INT(fake_count(e, "line 5\n"), 3);
    buf_clear(&a);
    buf_clear(&b);
    buf_clear(&z);
    fake_free(e);
}

TEST(import_reads_gzip_members_and_zstd_frames_in_a_row)
{
    struct buf text = {0}, z = {0}, s = {0};
    struct import_progress p;

    for (int i = 0; i < 5; i++) {
        text.n = 0;
        add_lines(&text, i * 30000, (i + 1) * 30000);
        /* Members end anywhere, also within a line. */
        add_gzip(&z, text.p, text.n - 3);
        add_gzip(&z, text.p + text.n - 3, 3);
        add_zstd(&s, text.p, text.n - 3);
        add_zstd(&s, text.p + text.n - 3, 3);
    }
    for (int i = 0; i < 512; i++)
        buf_char(&z, '\0'); /* padding, as tapes have it */
    put_file("z", z.p, z.n);
    put_file("s", s.p, s.n);
    for (int i = 0; i < 2; i++) {
        struct engine *e = fake_engine();

        import_ok(e, i ? "s" : "z", &p);
        CHECK_INT(fake_numbers(e, 0, 150000), 0);
        CHECK_INT(p.bytes_read, i ? s.n : z.n);
        fake_free(e);
    }
    buf_clear(&text);
    buf_clear(&z);
    buf_clear(&s);
}

TEST(import_of_a_cut_off_file_gives_what_is_whole_and_then_goes_on)
{
    struct buf text = {0}, z = {0}, s = {0};
    struct import_progress p;

    add_lines(&text, 0, 60000);
    add_gzip(&z, text.p, text.n);
    add_zstd(&s, text.p, text.n);
    for (int kind = 0; kind < 2; kind++)
        for (int cut = 1; cut < 12; cut++) {
            struct buf *b = kind ? &s : &z;
            struct engine *e = fake_engine();
            struct error err;
            size_t got;

            put_file("f", b->p, b->n * (size_t)cut / 12);
            CHECK_INT(import_file(e, "f", &p, &err), ST_BAD_INPUT);
            CHECK(strstr(err.text, "cut off") && strstr(err.text, "imported up to byte"));
            got = e->frame_n;
            CHECK_INT(fake_numbers(e, 0, 60000), 60000 - (int)got);
            /* The same cut again: nothing new. */
            CHECK_INT(import_file(e, "f", &p, &err), ST_BAD_INPUT);
            CHECK_INT(e->frame_n, got);
            put_file("f", b->p, b->n);
            import_ok(e, "f", &p);
            CHECK_INT(fake_numbers(e, 0, 60000), 0);
            /* The cut one once more, after the whole one. */
            put_file("f", b->p, b->n * (size_t)cut / 12);
            CHECK_INT(import_file(e, "f", &p, &err), ST_BAD_INPUT);
            CHECK_INT(fake_numbers(e, 0, 60000), 0);
            fake_free(e);
        }
    buf_clear(&text);
    buf_clear(&z);
    buf_clear(&s);
}

TEST(import_of_damaged_data_ends_with_a_reason)
{
    struct buf text = {0}, z = {0}, s = {0};
    struct import_progress p;
    struct error err;

    add_lines(&text, 0, 60000);
    add_gzip(&z, text.p, text.n);
    add_zstd(&s, text.p, text.n);
    for (size_t i = 0; i < 40; i++) {
        struct engine *e = fake_engine();
        struct buf *b = i & 1 ? &s : &z;
        size_t at = 20 + (b->n - 20) * i / 40;
        char was = b->p[at];

        b->p[at] ^= 0x40;
        put_file("f", b->p, b->n);
        CHECK_INT(import_file(e, "f", &p, &err), ST_BAD_INPUT);
        CHECK(strstr(err.text, "damaged") || strstr(err.text, "cut off"));
        b->p[at] = was;
        fake_free(e);
    }
    buf_char(&z, 'x');
    put_file("f", z.p, z.n);
    {
        struct engine *e = fake_engine();

        CHECK_INT(import_file(e, "f", &p, &err), ST_BAD_INPUT);
        CHECK(strstr(err.text, "not gzip"));
        CHECK_INT(fake_numbers(e, 0, 60000), 0);
        fake_free(e);
    }
    buf_clear(&text);
    buf_clear(&z);
    buf_clear(&s);
}

TEST(import_reads_a_last_line_without_newline_and_small_and_empty_files)
{
    static const char *const contents[] = {"", "\n", "l", "line 0", "line 0\r\n", "\x1f", "\n\n"};
    static const int frames[] = {0, 1, 1, 1, 1, 1, 2};

    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        struct engine *e = fake_engine();
        struct import_progress p;

        put_file("f", contents[i], strlen(contents[i]));
        import_ok(e, "f", &p);
        CHECK_INT(e->frame_n, frames[i]);
        import_ok(e, "f", &p);
        CHECK_INT(e->frame_n, frames[i]);
        fake_free(e);
    }
}

TEST(import_passes_a_giant_line_on_by_its_beginning_and_the_next_lines_whole)
{
    struct engine *e = fake_engine();
    struct import_progress p;
    struct buf b = {0}, z = {0};
    char *giant = xmalloc(40 << 20);

    memset(giant, 'x', 40 << 20);
    buf_str(&b, "line 0\n");
    buf_add(&b, giant, 40 << 20);
    buf_str(&b, "\nline 1\nline 2\n");
    add_gzip(&z, b.p, b.n);
    put_file("z", z.p, z.n);
    import_ok(e, "z", &p);
    CHECK_INT(e->frame_n, 4);
    CHECK_STR(e->frames[0].p, "line 0\n");
    CHECK_INT(e->frames[1].n, FAKE_MAX_RECORD + 2);
    CHECK_INT(e->frames[1].offset, 7);
    CHECK_STR(e->frames[2].p, "line 1\n");
    CHECK_INT(e->frames[2].offset, 7 + (40 << 20) + 1);
    CHECK_INT(p.position, b.n);
    import_ok(e, "z", &p);
    CHECK_INT(e->frame_n, 4);
    free(giant);
    buf_clear(&b);
    buf_clear(&z);
    fake_free(e);
}

/* No record ever ends, as after a quote that nobody closes. */
TEST(import_comes_to_an_end_where_no_record_does)
{
    struct engine *e = fake_engine();
    struct import_progress p;
    struct error err;
    struct buf b = {0};
    int fd;

    for (int i = 0; i < 700; i++)
        buf_printf(&b, "line %0*d\n", FAKE_MAX_RECORD - 6, i);
    put_file("f", b.p, b.n);
    fd = open("f", O_RDONLY);
    CHECK_INT(import_fd(e, fd, "endless", &p, &err), ST_OK);
    close(fd);
    CHECK_INT(p.position, b.n);
    CHECK_INT(fake_numbers(e, 0, 700), 0);
    buf_clear(&b);
    fake_free(e);
}

TEST(import_uses_the_header_line_also_when_it_goes_on)
{
    struct engine *e = fake_engine();
    struct import_progress p;
    struct error err;
    struct buf b = {0};
    int fd;

    buf_str(&b, "id,customer\r\n");
    add_lines(&b, 0, 20000);
    put_file("f", b.p, b.n);
    fd = open("f", O_RDONLY);
    CHECK_INT(import_fd(e, fd, "header", &p, &err), ST_OK);
    CHECK_STR(e->frames[0].header, "id,customer");
    CHECK_INT(fake_numbers(e, 0, 20000), 0);
    add_lines(&b, 20000, 30000);
    put_file("f", b.p, b.n);
    close(fd);
    fd = open("f", O_RDONLY);
    CHECK_INT(import_fd(e, fd, "header", &p, &err), ST_OK);
    CHECK_INT(fake_numbers(e, 0, 30000), 0);
    CHECK_STR(e->frames[29999].header, "id,customer");
    close(fd);
    put_file("f", "nothing like it\nline 0\n", 23);
    fd = open("f", O_RDONLY);
    CHECK_INT(import_fd(e, fd, "header", &p, &err), ST_BAD_INPUT);
    CHECK(strstr(err.text, "no column id"));
    close(fd);
    buf_clear(&b);
    fake_free(e);
}

TEST(import_by_another_format_is_another_import)
{
    struct engine *e = fake_engine();
    struct import_progress p;
    struct error err;
    int fd;

    put_file("f", "id\nline 0\n", 10);
    import_ok(e, "f", &p);
    CHECK_INT(e->frame_n, 2);
    fd = open("f", O_RDONLY);
    CHECK_INT(import_fd(e, fd, "header", &p, &err), ST_OK);
    CHECK_INT(e->frame_n, 3);
    CHECK_INT(import_fd(e, fd, "nonsense", &p, &err), ST_BAD_CONFIG);
    close(fd);
    fake_free(e);
}

struct writer {
    int fd;
    const struct buf *b;
};

static void *
write_all(void *arg)
{
    struct writer *w = arg;

    for (size_t at = 0; at < w->b->n;) {
        size_t n = w->b->n - at < 777 ? w->b->n - at : 777;
        ssize_t r = write(w->fd, w->b->p + at, n);

        if (r <= 0)
            break;
        at += (size_t)r;
    }
    close(w->fd);
    return NULL;
}

static enum status
import_pipe(struct engine *e, const struct buf *b, struct import_progress *p, struct error *err)
{
    struct writer w = {.b = b};
    pthread_t thread;
    enum status st;
    int fds[2];

    signal(SIGPIPE, SIG_IGN);
    CHECK(pipe(fds) == 0);
    w.fd = fds[1];
    CHECK(pthread_create(&thread, NULL, write_all, &w) == 0);
    st = import_fd(e, fds[0], "lines", p, err);
    close(fds[0]);
    pthread_join(thread, NULL);
    return st;
}

TEST(import_reads_pipes_and_resumes_them)
{
    struct engine *e = fake_engine();
    struct buf text = {0}, z = {0};
    struct import_progress p;
    struct error err;

    add_lines(&text, 0, 40000);
    add_gzip(&z, text.p, text.n);
    CHECK_INT(import_pipe(e, &z, &p, &err), ST_OK);
    CHECK_INT(fake_numbers(e, 0, 40000), 0);
    CHECK_INT(p.bytes_total, 0);
    add_lines(&text, 40000, 50000);
    CHECK_INT(import_pipe(e, &text, &p, &err), ST_OK);
    CHECK_INT(fake_numbers(e, 0, 50000), 0);
    CHECK_INT(import_pipe(e, &z, &p, &err), ST_OK);
    CHECK_INT(fake_numbers(e, 0, 50000), 0);
    /* A pipe that begins the same and goes on differently cannot be read twice. */
    text.p[text.n / 2] ^= 1;
    text.p[text.n - 4] ^= 1;
    CHECK_INT(import_pipe(e, &text, &p, &err), ST_BAD_INPUT);
    CHECK(strstr(err.text, "pipe"));
    CHECK_INT(fake_numbers(e, 0, 50000), 0);
    buf_clear(&text);
    buf_clear(&z);
    fake_free(e);
}

static void
count_calls(void *arg, const struct import_progress *p)
{
    (void)p;
    ++*(int *)arg;
}

static void
cancel_now(void *arg, enum status st, const struct outcome_count *count, uint64_t batch)
{
    CHECK(st == ST_OK && count->records > 0 && batch > 0);
    *(volatile int *)arg = 1;
}

TEST(import_tells_its_progress_and_stops_when_told)
{
    struct engine *e = fake_engine();
    volatile int cancel = 0;
    int calls = 0, fd;
    struct import_options opt = {
        .path = "f", .format = "lines", .progress = count_calls, .progress_arg = &calls};
    struct import_progress p;
    struct error err;
    struct buf b = {0};
    size_t got;

    add_lines(&b, 0, 400000);
    put_file("f", b.p, b.n);
    opt.fd = fd = open("f", O_RDONLY);
    CHECK_INT(import_stream(e, &opt, &p, &err), ST_OK);
    CHECK(calls >= 1);
    fake_free(e);

    e = fake_engine();
    lseek(fd, 0, SEEK_SET);
    opt.done = cancel_now;
    opt.done_arg = (void *)&cancel;
    opt.cancel = &cancel;
    CHECK_INT(import_stream(e, &opt, &p, &err), ST_RETRY);
    got = e->frame_n;
    CHECK(got > 0 && got < 400000);
    CHECK_INT(fake_numbers(e, 0, 400000), 400000 - (int)got);
    cancel = 0;
    opt.done = NULL;
    lseek(fd, 0, SEEK_SET);
    CHECK_INT(import_stream(e, &opt, &p, &err), ST_OK);
    CHECK_INT(fake_numbers(e, 0, 400000), 0);
    close(fd);
    buf_clear(&b);
    fake_free(e);
}

TEST(import_stops_when_the_engine_shuts_down_and_goes_on_later)
{
    struct engine *e = fake_engine();
    struct import_progress p;
    struct error err;
    struct buf b = {0};

    add_lines(&b, 0, 400000);
    put_file("f", b.p, b.n);
    e->room = 2;
    CHECK_INT(import_file(e, "f", &p, &err), ST_RETRY);
    e->room = -1;
    import_ok(e, "f", &p);
    CHECK(p.resumed_at > 0);
    CHECK_INT(fake_numbers(e, 0, 400000), 0);
    buf_clear(&b);
    fake_free(e);
}
