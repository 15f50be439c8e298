/*
 * test_zone.c - time zones against the C library, python's zoneinfo, and damaged files.
 */
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "civil.h"
#include "test.h"
#include "zone.h"

static const struct zone *
load(const char *name)
{
    const struct zone *z = NULL;
    struct error err;

    if (zone_load(&z, name, &err) != ST_OK)
        test_skip("%s", err.text);
    return z;
}

static const char *const names[] = {
    "Europe/Berlin",   "America/New_York",    "Asia/Jerusalem",    "Asia/Shanghai",
    "Asia/Kolkata",    "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca",
    "Pacific/Apia",    "Europe/Dublin",       "America/Nuuk",      "Asia/Tehran",
    "Pacific/Chatham", "Antarctica/Troll",    "EST5EDT",           "Asia/Kathmandu",
    "America/Caracas", "Africa/Monrovia",     "Australia/Sydney",  "America/St_Johns",
};
#define NAMES (sizeof names / sizeof *names)

static uint64_t
next_random(uint64_t *s)
{
    *s = *s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *s >> 20;
}

TEST(offsets_agree_with_the_c_library_from_1900_to_2400)
{
    uint64_t seed = 7;

    for (size_t i = 0; i < NAMES; i++) {
        const struct zone *z = load(names[i]);

        setenv("TZ", names[i], 1);
        tzset();
        for (int n = 0; n < 20000; n++) {
            time_t t = (time_t)(next_random(&seed) % UINT64_C(15778800000)) - 2208988800;
            struct tm tm;

            localtime_r(&t, &tm);
            if (zone_offset_at(z, t) != tm.tm_gmtoff)
                test_fail(__FILE__, __LINE__, "%s at %lld: %d, not %ld", names[i], (long long)t,
                          zone_offset_at(z, t), tm.tm_gmtoff);
        }
    }
}

TEST(years_far_ahead_follow_the_same_rule)
{
    const struct zone *z = load("Europe/Berlin");
    const struct civil summer = {9998, 7, 1, 12, 0, 0}, winter = {9998, 1, 1, 12, 0, 0};

    CHECK_INT(zone_offset_at(z, utc_from_civil(&summer)), 7200);
    CHECK_INT(zone_offset_at(z, utc_from_civil(&winter)), 3600);
    CHECK_INT(zone_to_utc(z, utc_from_civil(&summer)), utc_from_civil(&summer) - 7200);
    CHECK_INT(zone_offset_at(z, INT64_MAX / 2), zone_offset_at(z, INT64_MAX / 2));
}

/* Europe/Berlin 2026: forward on 29 March at 01:00 UTC, back on 25 October at 01:00 UTC. */
TEST(the_hour_that_is_missing_and_the_hour_that_comes_twice)
{
    const struct zone *z = load("Europe/Berlin");
    const struct civil gap = {2026, 3, 29, 2, 30, 0}, fold = {2026, 10, 25, 2, 30, 0};
    const struct civil before = {2026, 10, 25, 1, 59, 59}, after = {2026, 10, 25, 3, 0, 0};
    char text[CIVIL_TEXT];

    CHECK_STR(format_utc(text, zone_to_utc(z, utc_from_civil(&gap))), "2026-03-29T01:30:00Z");
    CHECK_STR(format_utc(text, zone_to_utc(z, utc_from_civil(&fold))), "2026-10-25T00:30:00Z");
    CHECK_STR(format_utc(text, zone_to_utc(z, utc_from_civil(&before))), "2026-10-24T23:59:59Z");
    CHECK_STR(format_utc(text, zone_to_utc(z, utc_from_civil(&after))), "2026-10-25T02:00:00Z");
}

/* python's zoneinfo with fold=0 has the same two conventions. Every zone's changes of 1970 to
 * 2050 are met by half-hour steps around them, as python lists them. */
TEST(local_times_agree_with_python)
{
    static const char script[] =
        "import sys,random\n"
        "from datetime import datetime,timedelta,timezone\n"
        "from zoneinfo import ZoneInfo\n"
        "random.seed(5)\n"
        "E=datetime(1970,1,1)\n"
        "for name in sys.argv[1:]:\n"
        "  z=ZoneInfo(name)\n"
        "  off=lambda t:(datetime.fromtimestamp(t,z).utcoffset())\n"
        "  ts=[random.randrange(0,2524608000) for _ in range(300)]\n"
        "  a=off(0)\n"
        "  for t in range(0,2524608000,86400*5):\n"
        "    b=off(t)\n"
        "    if b!=a:\n"
        "      lo,hi=t-86400*5,t\n"
        "      while hi-lo>1:\n"
        "        m=(lo+hi)//2\n"
        "        if off(m)==a: lo=m\n"
        "        else: hi=m\n"
        "      ts+=[hi+int(a.total_seconds())+d for d in range(-7200,7201,1800)]\n"
        "      ts+=[hi+int(a.total_seconds())+d for d in (-3601,-3599,-1,1,3599,3601)]\n"
        "      a=b\n"
        "  for l in ts:\n"
        "    d=E+timedelta(seconds=l)\n"
        "    print(name,l,int(d.replace(tzinfo=z,fold=0).timestamp()))\n";
    char command[4096], name[64];
    long long local, want;
    int count = 0;
    FILE *f, *out = fopen("locals.py", "w");

    CHECK(out);
    fputs(script, out);
    fclose(out);
    strcpy(command, "python3 locals.py");
    for (size_t i = 0; i < NAMES; i++) {
        strcat(command, " ");
        strcat(command, names[i]);
    }
    f = popen(command, "r");
    CHECK(f);
    while (fscanf(f, "%63s %lld %lld", name, &local, &want) == 3) {
        int64_t got = zone_to_utc(load(name), local);

        if (got != want)
            test_fail(__FILE__, __LINE__, "%s %lld: %lld, not %lld", name, local, (long long)got,
                      want);
        count++;
    }
    pclose(f);
    if (count == 0)
        test_skip("no python3 with zoneinfo");
    CHECK(count > 20000);
}

TEST(utc_and_fixed_offsets_need_no_file)
{
    const struct zone *z, *again;
    struct error err;

    setenv("TZDIR", "/nonexistent", 1);
    CHECK_INT(zone_load(&z, "", &err), ST_OK);
    CHECK_INT(zone_offset_at(z, 0), 0);
    CHECK_INT(zone_load(&again, "UTC", &err), ST_OK);
    CHECK(z == again);
    CHECK_INT(zone_load(&again, NULL, &err), ST_OK);
    CHECK(z == again);
    CHECK_INT(zone_load(&z, "+05:30", &err), ST_OK);
    CHECK_INT(zone_offset_at(z, 0), 19800);
    CHECK_INT(zone_to_utc(z, 19800), 0);
    CHECK_INT(zone_load(&z, "-0330", &err), ST_OK);
    CHECK_INT(zone_offset_at(z, 0), -12600);
    CHECK_INT(zone_load(&z, "+9", &err), ST_OK);
    CHECK_INT(zone_offset_at(z, 0), 32400);
}

TEST(a_zone_loaded_twice_is_the_same_object)
{
    CHECK(load("Europe/Berlin") == load("Europe/Berlin"));
}

TEST(names_that_are_none_are_configuration_errors)
{
    static const char *const bad[] = {
        "Mars/Olympus",
        "../../etc/passwd",
        "/etc/passwd",
        "Europe/../Europe/Berlin",
        "Europe",
        "+5x",
        "+",
        "+27:00",
        "+05:61",
        "Europe/Berlin ",
        "a\nb",
        "%s%s%n",
        "+123456",
        "posixrules/x",
        ".",
    };
    const struct zone *z;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {.text = ""};

        CHECK_INT(zone_load(&z, bad[i], &err), ST_BAD_CONFIG);
        CHECK(strncmp(err.text, "timezone", 8) == 0);
    }
}

static size_t
read_zone_file(const char *name, unsigned char *bytes, size_t max)
{
    char path[256];
    FILE *f;
    size_t n;

    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    f = fopen(path, "rb");
    if (!f)
        test_skip("no %s", path);
    n = fread(bytes, 1, max, f);
    fclose(f);
    return n;
}

/* Writes bytes as ./NAME, loads it with TZDIR here, and asks it something. */
static enum status
try_bytes(const char *name, const unsigned char *bytes, size_t n)
{
    const struct zone *z;
    FILE *f = fopen(name, "wb");
    enum status st;

    CHECK(f && fwrite(bytes, 1, n, f) == n);
    fclose(f);
    st = zone_load(&z, name, NULL);
    if (st == ST_OK)
        for (int64_t t = -5000000000; t < 20000000000; t += 700000001) {
            int64_t back = zone_to_utc(z, t) + zone_offset_at(z, t);

            CHECK(back > t - 400000 && back < t + 400000);
        }
    unlink(name);
    return st;
}

TEST(a_file_cut_off_anywhere_is_refused)
{
    unsigned char bytes[8192];
    size_t n = read_zone_file("Europe/Berlin", bytes, sizeof bytes);
    char name[32];

    setenv("TZDIR", ".", 1);
    for (size_t cut = 0; cut < n; cut++) {
        snprintf(name, sizeof name, "cut%zu", cut);
        CHECK_INT(try_bytes(name, bytes, cut), ST_BAD_CONFIG);
    }
    CHECK_INT(try_bytes("whole", bytes, n), ST_OK);
}

TEST(a_file_with_changed_bytes_never_crashes)
{
    unsigned char bytes[8192], copy[8192];
    size_t n = read_zone_file("America/New_York", bytes, sizeof bytes);
    uint64_t seed = 3;
    char name[32];

    setenv("TZDIR", ".", 1);
    for (int i = 0; i < 3000; i++) {
        enum status st;

        memcpy(copy, bytes, n);
        for (int k = 0; k < 1 + i % 4; k++) {
            /* Mostly in headers, counts and the footer, where it hurts. */
            size_t at = next_random(&seed) % n;

            if (i % 3 == 0)
                at = next_random(&seed) % 64;
            else if (i % 3 == 1)
                at = n - 1 - next_random(&seed) % 64;
            copy[at] = (unsigned char)next_random(&seed);
        }
        snprintf(name, sizeof name, "bad%d", i);
        st = try_bytes(name, copy, n);
        CHECK(st == ST_OK || st == ST_BAD_CONFIG);
    }
}

TEST(a_folder_or_a_pipe_is_no_zone)
{
    const struct zone *z;

    setenv("TZDIR", ".", 1);
    CHECK(mkdir("dir", 0700) == 0 && mkfifo("pipe", 0600) == 0);
    CHECK_INT(zone_load(&z, "dir", NULL), ST_BAD_CONFIG);
    CHECK_INT(zone_load(&z, "pipe", NULL), ST_BAD_CONFIG);
}

/* A version 2 file with no changes and a given footer, made by hand from RFC 8536. */
static size_t
footer_only(unsigned char *out, const char *footer)
{
    unsigned char header[44] = "TZif2";
    size_t n = 0;

    header[39] = 1; /* one type */
    header[43] = 4; /* characters of its name */
    for (int i = 0; i < 2; i++) {
        memcpy(out + n, header, 44);
        memset(out + n + 44, 0, 6);
        memcpy(out + n + 50, "LMT", 4);
        n += 54;
    }
    return n + (size_t)sprintf((char *)out + n, "\n%s\n", footer);
}

TEST(footers_of_every_form_agree_with_the_c_library)
{
    static const char *const rules[] = {
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "EST5EDT,M3.2.0,M11.1.0",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        "AAA3BBB,J60/0,J300/0",
        "AAA3BBB,59/1,300/1:30",
        "IST-2IDT,M3.4.4/26,M10.5.0",
        "AAA-12",
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
    };
    unsigned char bytes[512];
    uint64_t seed = 11;

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct zone *z;
        char name[16];
        FILE *f;

        snprintf(name, sizeof name, "rule%zu", i);
        f = fopen(name, "wb");
        CHECK(f);
        fwrite(bytes, 1, footer_only(bytes, rules[i]), f);
        fclose(f);
        setenv("TZDIR", ".", 1);
        CHECK_INT(zone_load(&z, name, NULL), ST_OK);
        setenv("TZ", rules[i], 1);
        tzset();
        for (int n = 0; n < 20000; n++) {
            time_t t = (time_t)(next_random(&seed) % UINT64_C(9000000000));
            struct tm tm;

            localtime_r(&t, &tm);
            if (zone_offset_at(z, t) != tm.tm_gmtoff)
                test_fail(__FILE__, __LINE__, "%s at %lld: %d, not %ld", rules[i], (long long)t,
                          zone_offset_at(z, t), tm.tm_gmtoff);
        }
    }
}

TEST(footers_that_are_no_rules_are_refused)
{
    static const char *const rules[] = {"CET",
                                        "C-1",
                                        "CET-1CEST",
                                        "CET-1CEST,M3.5.0",
                                        "CET-1CEST,M13.5.0,M1.1.0",
                                        "CET-1CEST,M3.6.0,M10.5.0",
                                        "CET-1CEST,M3.5.7,M10.5.0",
                                        "CET-1CEST,J0,J5",
                                        "CET-1CEST,M3.5.0,M10.5.0/3x",
                                        "CET-1CEST,M3.5.0/168,M10.5.0",
                                        "<CET-1",
                                        "CET-25",
                                        "CET-1CEST,366,J5"};
    unsigned char bytes[512];

    setenv("TZDIR", ".", 1);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        char name[16];

        snprintf(name, sizeof name, "bad%zu", i);
        CHECK_INT(try_bytes(name, bytes, footer_only(bytes, rules[i])), ST_BAD_CONFIG);
    }
}

/* Summer time all year round, as RFC 8536 section 3.3.1 writes it. */
TEST(summer_time_that_never_ends)
{
    unsigned char bytes[512];
    const struct zone *z;
    FILE *f = fopen("always", "wb");

    CHECK(f);
    fwrite(bytes, 1, footer_only(bytes, "EST5EDT,0/0,J365/25"), f);
    fclose(f);
    setenv("TZDIR", ".", 1);
    CHECK_INT(zone_load(&z, "always", NULL), ST_OK);
    for (int64_t t = 0; t < 10000000000; t += 86400 * 13 + 7)
        CHECK_INT(zone_offset_at(z, t), -4 * 3600);
}
