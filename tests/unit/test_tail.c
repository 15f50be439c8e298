/*
 * test_tail.c - files that grow, rotate, shrink, come back.
 */
#include "tail_rig.h"

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

static bool
is_empty(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && st.st_size == 0;
}

static void
truncate_log(void)
{
    CHECK(truncate("log", 0) == 0);
}

/* The original is truncated after the scan that finds the copy has looked at it, and nothing of
 * what was read of it is committed: between the two the scan asks for the checkpoints. */
TEST(tail_knows_a_copy_by_what_was_read_and_is_not_committed)
{
    struct rig r = rig_new("log*");

    put("log", "w", "");
    rig_start(&r);
    r.engine->commits_late = true;
    put_lines("log", 0, 1000);
    UNTIL(r.base, fake_frame_count(r.engine) >= 1000);
    r.engine->on_checkpoints = truncate_log;
    copy_file("log", "log.1");
    UNTIL(r.base, is_empty("log"));
    r.engine->on_checkpoints = NULL;
    put_lines("log", 1000, 1100);
    UNTIL(r.base, fake_frame_count(r.engine) >= 1100);
    polls(&r, 3);
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
    put("log.3.zst", "w", "\x28\xb5\x2f\xfd and so on\n");
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
