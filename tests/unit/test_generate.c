/*
 * test_generate.c - generated records: the same for the same seed, as many as asked for, and
 * told truly.
 */
#include "../../daemon/ctl/commands.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "clock.h"
#include "test.h"

#define MAX_ARGS 40

/* Runs "generate" with blank-separated options; answers its exit code. */
static int
generate(const char *options)
{
    char line[1024], *argv[MAX_ARGS] = {"generate"};
    int argc = 1;

    snprintf(line, sizeof line, "%s", options);
    for (char *p = strtok(line, " "); p && argc < MAX_ARGS - 1; p = strtok(NULL, " "))
        argv[argc++] = p;
    return command_generate(argc, argv);
}

static char *
read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    char *p;

    CHECK(f != NULL);
    CHECK(fstat(fileno(f), &st) == 0);
    p = malloc((size_t)st.st_size + 1);
    *n = fread(p, 1, (size_t)st.st_size, f);
    p[*n] = 0;
    fclose(f);
    return p;
}

static size_t
count_lines(const char *path)
{
    size_t n, lines = 0;
    char *p = read_file(path, &n);

    for (size_t i = 0; i < n; i++)
        lines += p[i] == '\n';
    free(p);
    return lines;
}

static bool
same_bytes(const char *a, const char *b)
{
    size_t n, m;
    char *p = read_file(a, &n), *q = read_file(b, &m);
    bool same = n == m && memcmp(p, q, n) == 0;

    free(p);
    free(q);
    return same;
}

TEST(the_same_seed_gives_the_same_bytes)
{
    CHECK_INT(generate("--records 5000 --until 2026-03-31 --out a"), 0);
    CHECK_INT(generate("--records 5000 --until 2026-03-31 --out b --truth t"), 0);
    CHECK_INT(generate("--records 5000 --until 2026-03-31 --seed 2 --out c"), 0);
    CHECK(same_bytes("a", "b"));
    CHECK(!same_bytes("a", "c"));
}

/* FNV-1a, 64 bits: any machine must come to these. */
static uint64_t
fingerprint(const char *path)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);
    size_t n;
    char *p = read_file(path, &n);

    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)p[i]) * UINT64_C(0x100000001B3);
    free(p);
    return h;
}

TEST(every_machine_gives_the_same_bytes)
{
    CHECK_INT(generate("--records 3000 --until 2025-12-31 --seed 42 --out a"), 0);
    CHECK_INT(generate("--records 3000 --until 2025-12-31 --seed 42 --format ndjson --out b"), 0);
    CHECK(fingerprint("a") == UINT64_C(0x17907A6E7DA2F2AB));
    CHECK(fingerprint("b") == UINT64_C(0xC98CA8372C98D2FE));
}

TEST(just_as_many_records_come_out_as_were_asked_for)
{
    CHECK_INT(generate("--records 1 --until 2026-03-31 --format ndjson --out a"), 0);
    CHECK_INT(count_lines("a"), 1);
    CHECK_INT(generate("--records 777 --days 1 --customers 1 --until 2026-03-31 --out a"), 0);
    CHECK_INT(count_lines("a"), 778); /* with a header */
    CHECK_INT(generate("--records 4000 --broken 0.3 --duplicates 0.3 --late 0.4 --contacts 1 "
                       "--days 3 --until 2026-03-31 --format ndjson --out a"),
              0);
    CHECK_INT(count_lines("a"), 4000);
}

TEST(no_good_record_lies_in_the_future)
{
    size_t n;
    char *p;

    /* 00:07 on a day: the period ends within a quarter hour. */
    clock_fix(INT64_C(1774915620));
    CHECK_INT(generate("--records 3000 --days 2 --broken 0 --out a"), 0);
    p = read_file("a", &n);
    CHECK(strstr(p, "2026-03-30T") != NULL);
    CHECK(strstr(p, "2026-03-31T00:08") == NULL && strstr(p, "2026-04") == NULL);
    free(p);
    clock_fix(0);
}

TEST(impossible_options_are_refused)
{
    static const char *const rows[] = {
        "--records 0",
        "--records -5",
        "--records many",
        "--days 0",
        "--days 99999",
        "--customers 0",
        "--until 2026-02-30",
        "--until 2999-01-01",
        "--until yesterday",
        "--seed x",
        "--format xml",
        "--broken 1.5",
        "--late -1",
        "--late nan",
        "--contacts x",
        "surplus",
        "--no-such-option",
        "--duplicates ",
        "--truth",
    };

    CHECK(freopen("messages", "w", stderr) != NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_INT(generate(rows[i]), 64);
    CHECK_INT(generate("--records 10 --out /no/such/folder/file"), 1);
    CHECK_INT(generate("--records 10 --out a --truth /no/such/folder/file"), 1);
    CHECK(freopen("messages", "w", stdout) != NULL);
    CHECK_INT(generate("--help"), 0);
}

static void
check_against_oracle(const char *options, const char *file)
{
    char command[8192], arguments[1024];

    test_need_program("python3");
    snprintf(arguments, sizeof arguments, "%s --truth truth --out %s", options, file);
    CHECK_INT(generate(arguments), 0);
    snprintf(command, sizeof command, "python3 '%s' %s > told 2> messages",
             test_path("tests/tools/oracle.py"), file);
    CHECK_INT(system(command), 0);
    snprintf(command, sizeof command, "python3 '%s' --truth-compare truth told",
             test_path("tests/tools/oracle.py"));
    CHECK_INT(system(command), 0);
}

TEST(the_truth_about_csv_is_what_an_independent_count_finds)
{
    check_against_oracle("--records 20000 --customers 300 --days 40 --until 2026-03-31 "
                         "--broken 0.02 --duplicates 0.03 --late 0.02",
                         "records.csv");
}

TEST(the_truth_about_ndjson_is_what_an_independent_count_finds)
{
    check_against_oracle("--records 20000 --customers 300 --days 40 --until 2024-03-05 --seed 9 "
                         "--broken 0.02 --duplicates 0.03 --late 0.02 --format ndjson",
                         "records.ndjson");
}
