/*
 * test_frame.c - where lines end and a counted frame begins; the short way against the plain one.
 */
#include "test.h"

#include "../../daemon/input/frame.h"
#include "memory.h"

static void
both_say(struct span s, bool eof, size_t want)
{
    CHECK_INT(frame_lines_plain(s, eof), want);
    CHECK_INT(frame_lines(s, eof), want);
}

TEST(a_count_is_known_by_its_digits_and_its_space)
{
    static const struct {
        const char *text;
        size_t open, ended; /* what is lines: while more may come; of all there is */
    } rows[] = {
        {"", 0, 0},
        {"a,b\n", 4, 4},
        {"a,b\nc", 5, 5},
        {"a,b\n5 <13>", 4, 4},
        {"5 <13>\n5 <13>", 7, 7}, /* what the first line is has been decided */
        {"a\nb\n1234567 x", 4, 4},
        {"a\nb\n12345678 x", 14, 14}, /* too many digits: a line */
        {"a\n0 x\n05 x", 10, 10},     /* counts have no leading zeros */
        {"a\n77,acme 5 x\n", 14, 14},
        {"a\n12", 2, 4}, /* may become a count */
        {"a\n12345678", 10, 10},
        {"a\n1234567", 2, 9},
        {"a\n12\n7 x", 5, 5},
        {"a\n 7 x", 6, 6},
        {"\n7 x", 1, 1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = strlen(rows[i].text);

        for (size_t before = 0; before < 140; before++) { /* at every place of a step */
            char *p = xmalloc(before + n ? before + n : 1);
            size_t front = n && rows[i].text[0] != '\n' ? before : before / 2 * 2;

            memset(p, 'x', before);
            memcpy(p + front, rows[i].text, n);
            both_say(span_of(p, front + n), false, front + rows[i].open);
            both_say(span_of(p, front + n), true, front + rows[i].ended);
            free(p);
        }
    }
}

/* Of few bytes, so that nearly everything that may follow another thing does. */
TEST(lines_are_found_as_the_plain_way_finds_them)
{
    static const char bytes[] = "\n\n1209 9 x ,/:";
    uint64_t seed = 88172645463325252u;

    for (int turn = 0; turn < 20000; turn++) {
        size_t n = (size_t)turn % 300, texts = turn % 7 ? 3 : sizeof bytes - 1;
        char *p = xmalloc(n ? n : 1); /* of its own: what is read beyond it is noticed */
        struct span s = span_of(p, n);

        for (size_t i = 0; i < n; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            p[i] = seed >> 40 & 7 ? 'x' : bytes[seed % texts * (sizeof bytes - 1) / texts];
            if (turn & 1 && seed >> 50 & 1)
                p[i] = bytes[seed % (sizeof bytes - 1)];
        }
        CHECK_INT(frame_lines(s, false), frame_lines_plain(s, false));
        CHECK_INT(frame_lines(s, true), frame_lines_plain(s, true));
        free(p);
    }
}
