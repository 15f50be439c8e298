/*
 * test_tail.c - files that grow, rotate, shrink, come back; daemons that stop meanwhile.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "fake_engine.h"
#include "input.h"

#include "../../daemon/input/tail.h"

struct rig {
    struct engine *engine;
    struct event_base *base;
    struct event *tick;
    const struct input_ops *ops;
    struct input *in;
    struct config_input cfg;
    struct config_limits limits;
};

static void
rig_start(struct rig *r)
{
    struct error err;

    if (r->ops->start(&r->in, r->base, r->engine, &r->cfg, &r->limits, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

static void
rig_stop(struct rig *r)
{
    r->ops->stop(r->in);
    r->in = NULL;
}

static struct rig
rig_new(const char *path)
{
    struct rig r = {.engine = fake_engine(), .ops = input_find("tail")};

    r.base = fake_base(&r.tick);
    r.cfg = (struct config_input){.title = (char *)"t",
                                  .type = (char *)"tail",
                                  .format = (char *)"lines",
                                  .path = (char *)path};
    return r;
}

static void
rig_free(struct rig *r)
{
    if (r->in)
        rig_stop(r);
    event_free(r->tick);
    event_base_free(r->base);
    fake_free(r->engine);
}

static void
put(const char *path, const char *mode, const char *text)
{
    FILE *f = fopen(path, mode);

    CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void
put_lines(const char *path, int from, int to)
{
    FILE *f = fopen(path, "a");

    CHECK(f);
    for (int i = from; i < to; i++)
        fprintf(f, "line %d\n", i);
    CHECK(fclose(f) == 0);
}

static void
copy_file(const char *from, const char *to)
{
    FILE *a = fopen(from, "r"), *b = fopen(to, "w");
    char p[65536];
    size_t n;

    CHECK(a && b);
    while ((n = fread(p, 1, sizeof p, a)) > 0)
        CHECK(fwrite(p, 1, n, b) == n);
    fclose(a);
    CHECK(fclose(b) == 0);
}

static size_t
open_files(const struct input *in)
{
    size_t n = 0;

    for (const struct tail_file *f = in->files; f; f = f->next)
        n++;
    return n;
}

/* As if the rescan timer had fired so often, with the loop turning between. */
static void
polls(struct rig *r, int n)
{
    while (n-- > 0) {
        tail_rescan(r->in);
        for (int i = 0; i < 20; i++)
            event_base_loop(r->base, EVLOOP_NONBLOCK);
    }
}

TEST(tail_gives_lines_as_they_are_written_and_waits_for_the_end_of_the_last)
{
    struct rig r = rig_new("log");

    put_lines("log", 0, 100);
    rig_start(&r);
    UNTIL(r.base, r.engine->frame_n == 100);
    put_lines("log", 100, 200);
    UNTIL(r.base, r.engine->frame_n == 200);
    put("log", "a", "line 2");
    polls(&r, 5);
    CHECK_INT(r.engine->frame_n, 200);
    CHECK_INT(r.engine->feed.behind, 6);
    put("log", "a", "00\nline 201\n");
    UNTIL(r.base, r.engine->frame_n == 202);
    CHECK_INT(fake_numbers(r.engine, 0, 202), 0);
    CHECK(r.engine->feed.exact);
    CHECK_STR(r.engine->feed.detail, "log");
    rig_free(&r);
}

TEST(tail_waits_for_a_file_that_does_not_exist_yet)
{
    struct rig r = rig_new("d/log");

    rig_start(&r);
    CHECK_STR(r.engine->feed.problem, "d/log: no such file yet");
    CHECK(mkdir("d", 0755) == 0);
    tail_rescan(r.in); /* the folder itself is found by the timer */
    put_lines("d/log", 0, 10);
    UNTIL(r.base, r.engine->frame_n == 10);
    tail_rescan(r.in);
    CHECK_STR(r.engine->feed.problem, "");
    rig_free(&r);
}

TEST(tail_says_what_it_cannot_read)
{
    struct rig r = rig_new("log");
    struct error err;

    CHECK(mkdir("log", 0755) == 0);
    rig_start(&r);
    CHECK_STR(r.engine->feed.problem, "log: not a regular file");
    rig_stop(&r);
    r.cfg.format = (char *)"none";
    CHECK_INT(r.ops->start(&r.in, r.base, r.engine, &r.cfg, &r.limits, &err), ST_BAD_CONFIG);
    r.cfg.path = NULL;
    CHECK_INT(r.ops->start(&r.in, r.base, r.engine, &r.cfg, &r.limits, &err), ST_BAD_CONFIG);
    CHECK(strstr(err.text, "path"));
    r.in = NULL;
    rig_free(&r);
}

TEST(tail_follows_rotation_by_rename)
{
    struct rig r = rig_new("log");
    int n = 0;

    rig_start(&r);
    for (int round = 0; round < 20; round++) {
        put_lines("log", n, n + 300);
        for (int i = 0; i < round % 4; i++)
            event_base_loop(r.base, EVLOOP_NONBLOCK);
        unlink("log.2");
        rename("log.1", "log.2");
        CHECK(rename("log", "log.1") == 0);
        /* A writer that did not notice yet. */
        put_lines("log.1", n + 300, n + 310);
        for (int i = 0; i < round % 3; i++)
            event_base_loop(r.base, EVLOOP_NONBLOCK);
        put_lines("log.1", n + 310, n + 320);
        n += 320;
        put_lines("log", n, n + 5);
        n += 5;
        UNTIL(r.base, fake_frame_count(r.engine) >= (size_t)n);
    }
    CHECK_INT(fake_numbers(r.engine, 0, n), 0);
    /* The last of a rotated file needs no newline: nothing will follow. */
    put("log", "a", "line 6500");
    CHECK(rename("log", "log.1") == 0);
    put("log", "w", "");
    polls(&r, 4);
    CHECK_INT(fake_numbers(r.engine, 0, 6501), 0);
    CHECK_INT(open_files(r.in), 1);
    rig_free(&r);
}

TEST(tail_finds_files_that_were_rotated_twice_between_two_looks)
{
    struct rig r = rig_new("./log");
    int n = 0;

    rig_start(&r);
    for (int round = 0; round < 8; round++) {
        put_lines("log", n, n + 10);
        n += 10;
        for (int i = 9; i > 0; i--) {
            char a[16], b[16];

            snprintf(a, sizeof a, "log.%d", i);
            snprintf(b, sizeof b, "log.%d", i + 1);
            rename(a, b);
        }
        CHECK(rename("log", "log.1") == 0);
    }
    put_lines("log", n, n + 10);
    UNTIL(r.base, fake_frame_count(r.engine) == (size_t)n + 10);
    polls(&r, 3);
    CHECK_INT(fake_numbers(r.engine, 0, n + 10), 0);
    CHECK_INT(open_files(r.in), 1);
    rig_free(&r);
}

TEST(tail_reads_a_file_made_anew_after_deletion_from_its_start)
{
    struct rig r = rig_new("log");

    put_lines("log", 0, 10);
    rig_start(&r);
    UNTIL(r.base, r.engine->frame_n == 10);
    put_lines("log", 10, 12);
    CHECK(unlink("log") == 0);
    put_lines("log", 12, 20);
    UNTIL(r.base, r.engine->frame_n == 20);
    polls(&r, 3);
    CHECK_INT(fake_numbers(r.engine, 0, 20), 0);
    CHECK_INT(open_files(r.in), 1);
    rig_free(&r);
}

/* logrotate's copytruncate; what is written between copy and truncation is in no file. */
static void
copytruncate(const char *path, const char *copy)
{
    copy_file(path, copy);
    CHECK(truncate(path, 0) == 0);
}

static const char *
first_line(int n)
{
    static char line[32];

    snprintf(line, sizeof line, "line %d\n", n);
    return line;
}

static void
check_copytruncate(const char *pattern)
{
    struct rig r = rig_new(pattern);
    int n = 0;

    rig_start(&r);
    for (int round = 0; round < 12; round++) {
        put_lines("log", n, n + 2000 + round);
        /* What was never looked at can be in any copy: nothing links it to this file. */
        UNTIL(r.base, fake_count(r.engine, first_line(n)) == 1);
        put_lines("log", n + 2000 + round, n + 4000);
        n += 4000;
        for (int i = 0; i < round % 5; i++)
            event_base_loop(r.base, EVLOOP_NONBLOCK);
        rename("log.1", "log.2");
        if (round % 2) {
            copytruncate("log", "log.1");
        } else { /* a slow copy, seen while it grows */
            copy_file("log", "whole");
            CHECK(truncate("whole", 1000) == 0);
            copy_file("whole", "log.1");
            for (int i = 0; i < 3; i++)
                event_base_loop(r.base, EVLOOP_NONBLOCK);
            copytruncate("log", "log.1.new");
            copy_file("log.1.new", "log.1");
            unlink("log.1.new");
            unlink("whole");
        }
        /* Grown past the old position before anybody looks. */
        if (round % 3 == 0) {
            put_lines("log", n, n + 6000);
            n += 6000;
        }
        UNTIL(r.base, fake_frame_count(r.engine) >= (size_t)n);
        polls(&r, 3);
    }
    CHECK_INT(fake_numbers(r.engine, 0, n), 0);
    rig_free(&r);
}

TEST(tail_goes_on_in_the_copy_after_copytruncate)
{
    check_copytruncate("log");
}

TEST(tail_does_not_count_copies_twice_when_the_glob_matches_them)
{
    check_copytruncate("log*");
}

TEST(tail_holds_back_copies_and_reads_files_that_only_begin_the_same)
{
    struct rig r = rig_new("*.log");

    put_lines("a.log", 0, 5000);
    rig_start(&r);
    UNTIL(r.base, r.engine->frame_n == 5000);
    copy_file("a.log", "b.log"); /* a backup */
    polls(&r, 3);
    CHECK_INT(r.engine->frame_n, 5000);
    put_lines("a.log", 5000, 5100);
    UNTIL(r.base, r.engine->frame_n == 5100);
    polls(&r, 3);
    CHECK_INT(fake_numbers(r.engine, 0, 5100), 0);
    /* The backup goes its own way: it is a log of its own after all. */
    put("b.log", "a", "other\n");
    UNTIL(r.base, r.engine->frame_n == 5100 + 5001);
    CHECK_INT(fake_count(r.engine, "line 4999\n"), 2);
    CHECK_INT(fake_count(r.engine, "other\n"), 1);
    rig_free(&r);
}

TEST(tail_reads_files_with_equal_headers_each_on_its_own)
{
    struct rig r = rig_new("*.csv");

    r.cfg.format = (char *)"header";
    put("a.csv", "w", "id,x\n");
    put("b.csv", "w", "id,x\nline 0\n");
    rig_start(&r);
    UNTIL(r.base, r.engine->frame_n == 1);
    put("c.csv", "w", "id,x\n");
    polls(&r, 2);
    put("c.csv", "a", "line 1\n");
    put("a.csv", "a", "line 2\n");
    UNTIL(r.base, r.engine->frame_n == 3);
    CHECK_INT(fake_numbers(r.engine, 0, 3), 0);
    CHECK_STR(r.engine->frames[2].header, "id,x");
    put("d.csv", "w", "wrong\nline 3\n");
    polls(&r, 2);
    CHECK(strstr(r.engine->feed.problem, "d.csv: no column id"));
    rig_free(&r);
}

TEST(tail_resumes_at_its_checkpoint)
{
    struct rig r = rig_new("log");
    int n = 0;

    for (int round = 0; round < 10; round++) {
        /* The first rounds are shorter than the bytes a file is known by. */
        put_lines("log", n, n + 1 + 50 * round);
        n += 1 + 50 * round;
        rig_start(&r);
        UNTIL(r.base, fake_frame_count(r.engine) == (size_t)n);
        put("log", "a", round % 2 ? "" : "line ");
        polls(&r, 1);
        rig_stop(&r);
        if (round % 2 == 0) {
            char rest[32];

            snprintf(rest, sizeof rest, "%d\n", n++);
            put("log", "a", rest);
        }
    }
    CHECK_INT(fake_numbers(r.engine, 0, n - 0), 0);
    rig_free(&r);
}

TEST(tail_takes_other_content_on_the_same_inode_for_another_file)
{
    struct rig r = rig_new("log");
    struct stat a, b;

    put_lines("log", 0, 100);
    rig_start(&r);
    UNTIL(r.base, r.engine->frame_n == 100);
    rig_stop(&r);
    stat("log", &a);
    CHECK(truncate("log", 0) == 0);
    put_lines("log", 100, 500);
    stat("log", &b);
    CHECK(a.st_ino == b.st_ino && b.st_size > a.st_size);
    rig_start(&r);
    UNTIL(r.base, r.engine->frame_n == 500);
    CHECK_INT(fake_numbers(r.engine, 0, 500), 0);
    rig_free(&r);
}

TEST(tail_tells_generations_apart_that_begin_alike)
{
    struct rig r = rig_new("log");
    char title[400];
    int n = 0;

    memset(title, '#', sizeof title);
    memcpy(title, "id", 2);
    title[12] = '\0'; /* a header longer than 256 bytes would do the same to the identity */
    r.cfg.format = (char *)"header";
    put("log", "w", title);
    put("log", "a", "\n");
    rig_start(&r);
    for (int round = 0; round < 5; round++) {
        put_lines("log", n, n + 20 - round);
        n += 20 - round;
        UNTIL(r.base, fake_frame_count(r.engine) == (size_t)n);
        if (round % 2 == 0) {
            rig_stop(&r);
            rig_start(&r);
        }
        put("log", "w", title);
        put("log", "a", "\n");
        polls(&r, 2);
    }
    CHECK_INT(fake_numbers(r.engine, 0, n), 0);
    rig_free(&r);
}

TEST(tail_finds_what_was_rotated_while_it_was_down)
{
    for (int copy = 0; copy < 2; copy++) {
        struct rig r = rig_new("log");

        put_lines("log", 0, 100);
        rig_start(&r);
        UNTIL(r.base, r.engine->frame_n == 100);
        rig_stop(&r);
        put_lines("log", 100, 150);
        if (copy)
            copytruncate("log", "log.1");
        else
            CHECK(rename("log", "log.1") == 0);
        put_lines("log", 150, 200);
        rig_start(&r);
        UNTIL(r.base, r.engine->frame_n == 200);
        polls(&r, 3);
        rig_stop(&r);
        /* Once more: everything stands, nothing is read again. */
        rig_start(&r);
        polls(&r, 3);
        CHECK_INT(r.engine->frame_n, 200);
        CHECK_INT(fake_numbers(r.engine, 0, 200), 0);
        rig_free(&r);
        unlink("log");
        unlink("log.1");
    }
}

TEST(tail_knows_a_moved_file_of_a_glob_by_its_content)
{
    struct rig r = rig_new("*.log");

    put_lines("a.log", 0, 100);
    rig_start(&r);
    UNTIL(r.base, r.engine->frame_n == 100);
    rig_stop(&r);
    copy_file("a.log", "b.log"); /* restored from a backup: another inode */
    unlink("a.log");
    put_lines("b.log", 100, 110);
    rig_start(&r);
    UNTIL(r.base, r.engine->frame_n == 110);
    CHECK_INT(fake_numbers(r.engine, 0, 110), 0);
    rig_free(&r);
}

TEST(tail_passes_a_giant_line_on_by_its_beginning_in_bounded_memory)
{
    struct rig r = rig_new("log");
    char *p = xmalloc(1 << 20);
    FILE *f = fopen("log", "w");
    uint64_t position;

    memset(p, 'x', 1 << 20);
    CHECK(f && fputs("line 0\n", f) >= 0);
    for (int i = 0; i < 64; i++)
        CHECK(fwrite(p, 1, 1 << 20, f) == 1 << 20);
    fflush(f);
    rig_start(&r);
    UNTIL(r.base, r.engine->frame_n == 1);
    polls(&r, 2);
    /* Not ended yet, so not passed on, and not stepped over either. */
    CHECK_INT(r.engine->frame_n, 1);
    CHECK_INT(r.engine->checkpoints[0].cursor.position, 7);
    CHECK(r.in->files->g.cap <= FAKE_MAX_RECORD + TAIL_READ + 2);
    fputs("y\nline 1\n", f);
    fclose(f);
    UNTIL(r.base, r.engine->frame_n == 3);
    CHECK_INT(r.engine->frames[1].n, FAKE_MAX_RECORD + 2);
    CHECK_STR(r.engine->frames[2].p, "line 1\n");
    position = r.engine->checkpoints[0].cursor.position;
    CHECK_INT(position, 7 + (64 << 20) + 2 + 7);
    rig_stop(&r);
    rig_start(&r);
    put_lines("log", 2, 3);
    UNTIL(r.base, r.engine->frame_n == 4);
    CHECK(r.engine->largest <= FAKE_MAX_RECORD + TAIL_READ + 2);
    free(p);
    rig_free(&r);
}

TEST(tail_stops_while_the_engine_is_full)
{
    struct rig r = rig_new("log");

    put_lines("log", 0, 200000);
    r.engine->room = 2;
    rig_start(&r);
    UNTIL(r.base, r.engine->refused == 1);
    polls(&r, 3);
    CHECK_INT(r.engine->blocks, 2);
    CHECK(r.engine->feed.behind > 0);
    /* Stopped while full: the block that waited is not lost, its place was not passed. */
    rig_stop(&r);
    r.engine->room = 3;
    rig_start(&r);
    UNTIL(r.base, r.engine->refused == 2);
    r.engine->room = -1;
    r.ops->resume(r.in);
    UNTIL(r.base, fake_frame_count(r.engine) == 200000);
    CHECK_INT(fake_numbers(r.engine, 0, 200000), 0);
    rig_free(&r);
}

TEST(tail_keeps_a_waiting_block_through_truncation)
{
    struct rig r = rig_new("log");

    put_lines("log", 0, 1000);
    r.engine->room = 0;
    rig_start(&r);
    UNTIL(r.base, r.engine->refused == 1);
    copytruncate("log", "log.1");
    put_lines("log", 1000, 1100);
    polls(&r, 2);
    r.engine->room = -1;
    r.ops->resume(r.in);
    UNTIL(r.base, fake_frame_count(r.engine) >= 1100);
    polls(&r, 2);
    CHECK_INT(fake_numbers(r.engine, 0, 1100), 0);
    rig_free(&r);
}

TEST(tail_from_end_leaves_out_what_was_there_and_nothing_later)
{
    struct rig r = rig_new("log*");

    put("log", "w", "old\nold\nline ");
    put("log2", "w", "");
    r.cfg.from_end = true;
    rig_start(&r);
    polls(&r, 2);
    CHECK_INT(r.engine->frame_n, 0);
    rig_stop(&r);
    put("log", "a", "0\n"); /* written while we were down: after first sight */
    rig_start(&r);
    put_lines("log", 1, 2);
    put_lines("log2", 2, 3);
    put_lines("log3", 3, 4);
    UNTIL(r.base, r.engine->frame_n == 4);
    CHECK_INT(fake_numbers(r.engine, 0, 4), 0);
    rig_free(&r);
}

TEST(tail_gives_every_file_its_turn)
{
    struct rig r = rig_new("?.log");
    char name[] = "0.log";
    size_t firsts[8] = {0};

    for (int i = 0; i < 8; i++, name[0]++)
        put_lines(name, i * 50000, (i + 1) * 50000);
    rig_start(&r);
    UNTIL(r.base, fake_frame_count(r.engine) == 400000);
    CHECK_INT(fake_numbers(r.engine, 0, 400000), 0);
    for (size_t i = r.engine->frame_n; i-- > 0;)
        firsts[r.engine->frames[i].name[0] - '0'] = i;
    /* Every file began before any was half read. */
    for (int i = 0; i < 8; i++)
        CHECK(firsts[i] < 8 * 30000);
    rig_free(&r);
}

TEST(tail_leaves_compressed_neighbours_alone)
{
    struct rig r = rig_new("log*");

    put("log.2.gz", "w", "\x1f\x8b\x08 and so on\n");
    put_lines("log", 0, 3);
    rig_start(&r);
    UNTIL(r.base, r.engine->frame_n == 3);
    put("log.1.gz", "w", ""); /* opened before it has bytes */
    polls(&r, 2);
    put("log.1.gz", "a", "\x1f\x8b\x08 and so on\n");
    polls(&r, 2);
    CHECK_INT(r.engine->frame_n, 3);
    rig_free(&r);
}

TEST(tail_follows_a_symbolic_link_to_its_next_target)
{
    struct rig r = rig_new("current");

    put_lines("one", 0, 10);
    CHECK(symlink("one", "current") == 0);
    rig_start(&r);
    UNTIL(r.base, r.engine->frame_n == 10);
    put_lines("two", 10, 20);
    CHECK(symlink("two", "next") == 0 && rename("next", "current") == 0);
    put_lines("one", 20, 25);
    UNTIL(r.base, r.engine->frame_n == 25);
    put_lines("two", 25, 30);
    UNTIL(r.base, r.engine->frame_n == 30);
    CHECK_INT(fake_numbers(r.engine, 0, 30), 0);
    rig_free(&r);
}
