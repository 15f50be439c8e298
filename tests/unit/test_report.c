/*
 * test_report.c - the reports over a real store: widths, programs' formats, refusals.
 */
#include <fcntl.h>
#include <unistd.h>

#include "../../daemon/ctl/commands.h"
#include "analyst.h"
#include "book.h"
#include "store.h"

#define TODAY         (days_from_civil(2026, 11, 22))
#define AT(day, hour) ((int64_t)(day)*DAY_SECONDS + (hour)*3600)

static void
write_config(void)
{
    FILE *f = fopen("c.conf", "w");

    fprintf(f, "state_dir = \".\"\ntimezone = \"Europe/Berlin\"\n");
    fclose(f);
}

/* Long names, names that are not ASCII, names that CSV must quote. */
static void
make_store(void)
{
    static const char *const names[] = {
        "a customer whose name goes on and on and on, well beyond what fits a line of a table",
        "M\xC3\xBCller \xE2\x80\x9CKonferenz\xE2\x80\x9D GmbH & Co. KG, Niederlassung K\xC3\xB6ln",
        "quote \" comma , semicolon ; end",
        "plain",
    };
    struct config config = {.timezone = (char *)"Europe/Berlin"};
    struct analyst_options opt = {&config, "ledger.db", "crm.db"};
    struct analyst *a;
    struct book b;
    struct error err;
    uint64_t seq;

    book_open(&b);
    for (int32_t d = TODAY - 60; d < TODAY; d++)
        for (int c = 0; c < 4; c++)
            for (int i = 0; i < (c == 1 && d >= TODAY - 7 ? 40 : 8); i++)
                book_leg(&b, names[c], AT(d, 8 + i % 10), 600, "ann", "k",
                         i % 2 ? "a feature with quite a long name, for a feature" : "polls",
                         i % 5 ? OUTCOME_OK : OUTCOME_FAILED);
    for (int32_t d = TODAY - 60; d < TODAY; d++)
        for (int i = 0; i < 200; i++)
            book_contact(&b, i % 2 ? "second level support for large customers" : "help",
                         AT(d, 8 + i % 10), 5, 200, OUTCOME_OK);
    book_commit(&b, NULL);
    CHECK_INT(analyst_open(&a, &opt, &err), ST_OK);
    if (analyst_run(a, AT(TODAY, 12), &seq, &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    analyst_close(a);
    book_close(&b);
    write_config();
}

/* Runs `report ...` with its output in "out"; the exit code. */
static int
report(const char *a, const char *b, const char *c, const char *d)
{
    char *argv[] = {(char *)"report", (char *)a, (char *)"--config", (char *)"c.conf",
                    (char *)b,        (char *)c, (char *)d,          NULL};
    int argc = 4 + (b != NULL) + (c != NULL) + (d != NULL), code, saved;

    fflush(stdout);
    saved = dup(1);
    close(1);
    if (open("out", O_WRONLY | O_CREAT | O_TRUNC, 0644) != 1)
        test_fail(__FILE__, __LINE__, "cannot write");
    code = command_report(argc, argv);
    fflush(stdout);
    dup2(saved, 1);
    close(saved);
    return code;
}

static void
check_width(const char *name)
{
    FILE *f = fopen("out", "r");
    char line[4096];
    int lines = 0;

    while (fgets(line, sizeof line, f)) {
        int width = 0;

        for (const char *p = line; *p && *p != '\n'; p++)
            width += ((unsigned char)*p & 0xC0) != 0x80;
        if (width > 80)
            test_fail(__FILE__, __LINE__, "report %s: %d columns: %s", name, width, line);
        lines++;
    }
    fclose(f);
    if (lines < 4)
        test_fail(__FILE__, __LINE__, "report %s says nothing", name);
}

TEST(reports_for_people_fit_80_columns)
{
    static const char *const all[] = {"staffing", "features", "segments", "customers", "signals"};

    make_store();
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        CHECK_INT(report(all[i], NULL, NULL, NULL), 0);
        check_width(all[i]);
    }
    CHECK_INT(report("staffing", "--service", "help", NULL), 0);
    check_width("staffing --service");
    CHECK_INT(report("segments", "--segment", "rfm:steady_low", NULL), 0);
    CHECK_INT(report("features", "--segment", "rfm:steady_low", NULL), 0);
    check_width("features --segment");
    CHECK_INT(report("customers", "--from", "2026-11-01", NULL), 0);
    check_width("customers --from");
}

TEST(reports_for_programs_are_valid_and_whole)
{
    static const char check[] =
        "python3 -c 'import json,csv,sys\n"
        "r=json.load(open(\"out.json\")); c=list(csv.DictReader(open(\"out\")))\n"
        "assert len(r)==len(c)>0, (len(r),len(c))\n"
        "for a,b in zip(r,c):\n"
        "  assert list(a)==list(b), (a,b)\n"
        "  for k in a:\n"
        "    v=a[k]\n"
        "    assert (\"\" if v is None else v if isinstance(v,str) else float(v)) =="
        " (float(b[k]) if isinstance(v,(int,float)) else b[k]), (k,v,b[k])'";
    static const char *const all[] = {"staffing", "features", "segments", "customers", "signals"};

    test_need_program("python3");
    make_store();
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        CHECK_INT(report(all[i], "--json", NULL, NULL), 0);
        CHECK_INT(rename("out", "out.json"), 0);
        CHECK_INT(report(all[i], "--csv", NULL, NULL), 0);
        CHECK_INT(system(check), 0);
    }
}

TEST(a_report_refuses_what_it_would_ignore)
{
    write_config();
    CHECK_INT(report("features", "--service", "help", NULL), 64);
    CHECK_INT(report("signals", "--service", "help", NULL), 64);
    CHECK_INT(report("customers", "--from", "yesterday", NULL), 64);
    CHECK_INT(report("nonsense", NULL, NULL, NULL), 64);
    CHECK_INT(report("customers", "--json", "--csv", NULL), 64);
    CHECK_INT(report("customers", "--limit", "-3", NULL), 64);
    CHECK_INT(report("customers", "--zone", "Mars/Base", NULL), 64);
}

TEST(without_a_store_a_report_says_so)
{
    write_config();
    CHECK_INT(report("customers", NULL, NULL, NULL), 69);
    CHECK(access("crm.db", F_OK) != 0);
}

TEST(an_empty_store_answers_in_words)
{
    struct store *s;
    struct error err;

    write_config();
    CHECK_INT(store_open(&s, "crm.db", STORE_ANALYST, &err), ST_OK);
    store_close(s);
    CHECK_INT(report("signals", NULL, NULL, NULL), 0);
    CHECK_INT(system("grep -q 'Nothing is out of the ordinary' out"), 0);
    CHECK_INT(report("staffing", NULL, NULL, NULL), 0);
    CHECK_INT(report("features", NULL, NULL, NULL), 0);
    CHECK_INT(report("customers", "--json", NULL, NULL), 0);
    CHECK_INT(system("grep -qx '\\[\\]' out"), 0);
}
