/*
 * test_tail_resume.c - copies of followed files, and daemons that stop meanwhile.
 */
#include <fcntl.h>

#include "tail_rig.h"

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

/* As a program that keeps its place in the file, whatever becomes of the file. */
static void
write_lines_at(int fd, int from, int to)
{
    char line[32];

    for (int i = from; i < to; i++) {
        int n = snprintf(line, sizeof line, "line %d\n", i);

        CHECK(write(fd, line, (size_t)n) == n);
    }
}

TEST(tail_steps_over_the_hole_that_a_writer_without_append_leaves)
{
    struct rig r = rig_new("log");
    int fd = open("log", O_WRONLY | O_CREAT, 0644), n = 0;

    CHECK(fd >= 0);
    rig_start(&r);
    for (int round = 0; round < 8; round++) {
        write_lines_at(fd, n, n + 300);
        UNTIL(r.base, fake_count(r.engine, first_line(n)) == 1);
        /* From the third round on the hole is longer than any record, then than any read. */
        write_lines_at(fd, n + 300, n + 400);
        n += 400;
        copytruncate("log", "log.1");
        if (round == 4)
            CHECK(lseek(fd, 600000, SEEK_SET) == 600000);
        write_lines_at(fd, n, n + 50);
        n += 50;
        if (round % 2) { /* nobody looked meanwhile */
            rig_stop(&r);
            rig_start(&r);
        }
        UNTIL(r.base, fake_frame_count(r.engine) >= (size_t)n);
        polls(&r, 2);
    }
    CHECK_INT(fake_numbers(r.engine, 0, n), 0);
    close(fd);
    rig_free(&r);
}

TEST(tail_reads_a_file_made_anew_on_the_same_inode_while_it_was_down)
{
    struct rig r = rig_new("log");
    int n = 0, same = 0;

    for (int round = 0; round < 40; round++) {
        struct stat a, b;

        put_lines("log", n, n + 20 + round);
        n += 20 + round;
        rig_start(&r);
        UNTIL(r.base, fake_frame_count(r.engine) == (size_t)n);
        rig_stop(&r);
        CHECK(stat("log", &a) == 0 && unlink("log") == 0);
        put_lines("log", n, n + 60); /* longer than the one before, or not */
        CHECK(stat("log", &b) == 0);
        same += a.st_ino == b.st_ino;
        n += 60;
    }
    rig_start(&r);
    UNTIL(r.base, fake_frame_count(r.engine) == (size_t)n);
    polls(&r, 2);
    CHECK_INT(fake_numbers(r.engine, 0, n), 0);
    printf("%d of 40 on the same inode\n", same);
    rig_free(&r);
}

TEST(tail_reads_all_generations_of_a_glob_that_came_while_it_was_down)
{
    struct rig r = rig_new("log*");
    int n = 0;

    for (int round = 0; round < 6; round++) {
        rig_start(&r);
        put_lines("log", n, n + 30);
        n += 30;
        UNTIL(r.base, fake_frame_count(r.engine) == (size_t)n);
        put("log", "a", "line ");
        polls(&r, 1);
        rig_stop(&r);
        for (int down = 0; down < 3; down++) {
            char rest[32];

            if (down == 0) {
                snprintf(rest, sizeof rest, "%d\n", n++);
                put("log", "a", rest);
            }
            put_lines("log", n, n + 10);
            n += 10;
            for (int i = round * 3 + down; i > 0; i--) {
                char a[16], b[16];

                snprintf(a, sizeof a, "log.%d", i);
                snprintf(b, sizeof b, "log.%d", i + 1);
                CHECK(rename(a, b) == 0);
            }
            CHECK(rename("log", "log.1") == 0);
        }
        put("log", "w", "");
    }
    rig_start(&r);
    UNTIL(r.base, fake_frame_count(r.engine) == (size_t)n);
    polls(&r, 2);
    CHECK_INT(fake_numbers(r.engine, 0, n), 0);
    rig_free(&r);
}

TEST(tail_follows_a_symbolic_link_that_was_turned_while_it_was_down)
{
    struct rig r = rig_new("current");

    put_lines("one", 0, 10);
    CHECK(symlink("one", "current") == 0);
    rig_start(&r);
    UNTIL(r.base, r.engine->frame_n == 10);
    rig_stop(&r);
    put_lines("one", 10, 15);
    put_lines("two", 15, 20);
    CHECK(symlink("two", "next") == 0 && rename("next", "current") == 0);
    rig_start(&r);
    UNTIL(r.base, r.engine->frame_n == 20);
    put_lines("two", 20, 25);
    UNTIL(r.base, r.engine->frame_n == 25);
    /* And back: what was read of the first is not read again. */
    CHECK(symlink("one", "next") == 0 && rename("next", "current") == 0);
    put_lines("one", 25, 30);
    UNTIL(r.base, r.engine->frame_n == 30);
    polls(&r, 2);
    CHECK_INT(fake_numbers(r.engine, 0, 30), 0);
    rig_free(&r);
}

static unsigned long long
inode_of(const char *path)
{
    struct stat st;

    CHECK(stat(path, &st) == 0);
    return st.st_ino;
}

static bool
said_to_be_gone(const struct rig *r, unsigned long long inode)
{
    for (size_t i = 0; i < r->engine->checkpoint_n; i++) {
        unsigned long long ino = 0;

        if (sscanf(r->engine->checkpoints[i].cursor.identity, "%*x:%llx", &ino) == 1 &&
            ino == inode)
            return r->engine->checkpoints[i].gone;
    }
    test_fail(__FILE__, __LINE__, "inode %llu has no checkpoint", inode);
    return false;
}

TEST(tail_says_which_files_are_gone)
{
    struct rig r = rig_new("logs/*.log");
    unsigned long long gone, quiet, renamed;

    CHECK(mkdir("logs", 0700) == 0);
    put_lines("logs/a.log", 0, 10);
    put_lines("logs/b.log", 10, 20);
    put_lines("logs/c.log", 20, 30);
    gone = inode_of("logs/a.log");
    quiet = inode_of("logs/b.log");
    renamed = inode_of("logs/c.log");
    rig_start(&r);
    UNTIL(r.base, r.engine->frame_n == 30);
    rig_stop(&r);
    CHECK(rename("logs", "elsewhere") == 0); /* not mounted, say: nothing is known */
    rig_start(&r);
    polls(&r, 2);
    CHECK(!said_to_be_gone(&r, gone) && !said_to_be_gone(&r, quiet));
    rig_stop(&r);
    CHECK(rename("elsewhere", "logs") == 0);
    CHECK(unlink("logs/a.log") == 0);
    CHECK(rename("logs/c.log", "logs/c.log.1") == 0);
    rig_start(&r);
    polls(&r, 2);
    CHECK(said_to_be_gone(&r, gone));
    CHECK(!said_to_be_gone(&r, quiet) && !said_to_be_gone(&r, renamed));
    CHECK_INT(fake_numbers(r.engine, 0, 30), 0);
    rig_free(&r);
}
