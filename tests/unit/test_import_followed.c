/*
 * test_import_followed.c - files that were followed, rotated and packed, and then imported.
 */
#include <fcntl.h>

#include "tail_rig.h"

static void
run(const char *command)
{
    if (system(command) != 0)
        test_fail(__FILE__, __LINE__, "%s", command);
}

static void
import(struct rig *r, const char *path, const char *source, struct import_progress *p)
{
    struct import_options opt = {
        .fd = open(path, O_RDONLY), .path = path, .format = "lines", .source = source};
    struct error err;

    CHECK(opt.fd >= 0);
    if (import_stream(r->engine, &opt, p, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", path, err.text);
    close(opt.fd);
}

/* The place where the file was read to. */
static uint64_t
follow(struct rig *r, int lines)
{
    uint64_t place;

    rig_start(r);
    UNTIL(r->base, fake_frame_count(r->engine) == (size_t)lines);
    place = r->engine->checkpoints[r->engine->checkpoint_n - 1].cursor.position;
    rig_stop(r);
    return place;
}

TEST(import_knows_a_rotated_file_that_was_followed_to_its_end)
{
    static const int sizes[] = {1, 10, 40, 5000, 50000};

    test_need_program("zstd");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct rig r = rig_new("log");
        struct import_progress p;
        uint64_t place;

        put_lines("log", 0, sizes[i]);
        place = follow(&r, sizes[i]);
        run("mv log log.1 && gzip -kn log.1 && zstd -q log.1");
        import(&r, "log.1.gz", NULL, &p);
        CHECK_INT(p.resumed_at, place);
        import(&r, "log.1.zst", NULL, &p);
        CHECK_INT(p.resumed_at, place);
        import(&r, "log.1", NULL, &p);
        CHECK_INT(p.resumed_at, place);
        CHECK_INT(fake_numbers(r.engine, 0, sizes[i]), 0);
        CHECK_INT(r.engine->frame_n, sizes[i]);
        run("rm log.1*");
        rig_free(&r);
    }
}

/* Rotated and packed while nobody looked: only what was not read yet. */
TEST(import_goes_on_where_a_followed_file_was_read_to)
{
    static const int read[] = {1, 100, 4000, 30000};

    for (size_t i = 0; i < sizeof read / sizeof *read; i++) {
        struct rig r = rig_new("log");
        struct import_progress p;
        uint64_t place;

        if (i % 2)
            put("log", "w", "");
        rig_start(&r); /* every other file is known by nothing: it was empty at first sight */
        put_lines("log", 0, read[i]);
        UNTIL(r.base, fake_frame_count(r.engine) == (size_t)read[i]);
        rig_stop(&r);
        place = r.engine->checkpoints[0].cursor.position;
        put_lines("log", read[i], 40000);
        run("mv log log.1 && gzip -n log.1");
        import(&r, "log.1.gz", NULL, &p);
        CHECK_INT(p.resumed_at, place);
        CHECK_INT(fake_numbers(r.engine, 0, 40000), 0);
        import(&r, "log.1.gz", NULL, &p); /* and it is an import from now on */
        CHECK_INT(r.engine->frame_n, 40000);
        run("rm log.1.gz");
        rig_free(&r);
    }
}

TEST(import_takes_for_followed_only_what_is_the_same_up_to_the_place)
{
    struct rig r = rig_new("log");
    struct import_progress p;

    put_lines("log", 0, 20000);
    follow(&r, 20000);
    /* Begins the same, for much longer than a file is known by; ends sooner, and differently. */
    run("(head -n 12000 log; echo other; tail -n 7000 log) >a; (head -n 3000 log; echo short) >b");
    import(&r, "a", NULL, &p);
    CHECK_INT(p.resumed_at, 0);
    CHECK_INT(r.engine->frame_n, 20000 + 19001);
    import(&r, "b", NULL, &p);
    CHECK_INT(p.resumed_at, 0);
    CHECK_INT(r.engine->frame_n, 20000 + 19001 + 3001);
    /* Ids of another source are other ids. */
    import(&r, "log", "elsewhere", &p);
    CHECK_INT(p.resumed_at, 0);
    CHECK_INT(r.engine->frame_n, 20000 + 19001 + 3001 + 20000);
    rig_free(&r);
}

/* A pipe cannot go back: a file that was followed from its first byte on proves nothing there. */
TEST(import_from_a_pipe_does_not_stumble_over_files_known_by_little)
{
    struct rig r = rig_new("log");
    struct import_progress p;

    put("log", "w", "");
    rig_start(&r);
    put_lines("log", 0, 30000);
    UNTIL(r.base, fake_frame_count(r.engine) == 30000);
    rig_stop(&r);
    CHECK(mkfifo("pipe", 0600) == 0);
    run("seq -f 'other %.0f' 1 60000 >x; (cat x >pipe) &");
    import(&r, "pipe", NULL, &p);
    CHECK_INT(p.resumed_at, 0);
    CHECK_INT(r.engine->frame_n, 90000);
    rig_free(&r);
}
