/*
 * test_words.c - texts in lines that fit a terminal.
 */
#include "test.h"
#include "words.h"

static const char *
flow(const char *before, int indent, const char *text)
{
    static char out[2000];
    struct buf b = {0};

    buf_str(&b, before);
    words_flow(&b, indent, span_str(text));
    snprintf(out, sizeof out, "%s", b.p ? b.p : "");
    buf_clear(&b);
    return out;
}

static char *
repeat(char *out, const char *word, int times)
{
    out[0] = '\0';
    for (int i = 0; i < times; i++)
        strcat(out, word);
    return out;
}

TEST(short_texts_stay_in_their_line)
{
    CHECK_STR(flow("label: ", 7, "one two  three "), "label: one two three");
    CHECK_STR(flow("label: ", 7, ""), "label: ");
    CHECK_STR(flow("earlier\nlabel: ", 7, "one"), "earlier\nlabel: one");
}

TEST(lines_end_between_words_and_begin_behind_the_indent)
{
    char text[400], want[400], tail[400];

    repeat(text, "123456789 ", 10); /* 80 columns less the label hold seven */
    snprintf(want, sizeof want, "label: %.69s\n       %.29s", repeat(tail, "123456789 ", 7), text);
    CHECK_STR(flow("label: ", 7, text), want);
}

TEST(exactly_eighty_columns_fit)
{
    char word[200];

    repeat(word, "x", 73);
    strcat(word, " y");
    CHECK(strchr(flow("label: ", 7, word), '\n') != NULL);
    word[72] = ' ';
    word[73] = '\0';
    CHECK(strchr(flow("label: ", 7, word), '\n') == NULL);
}

TEST(columns_are_characters_and_wide_words_stay_whole)
{
    char word[400], got[402];

    CHECK(strchr(flow("label: ", 7, repeat(word, "\u00e4", 73)), '\n') == NULL);
    snprintf(got, sizeof got, "a %s", repeat(word, "x", 100));
    CHECK(strstr(flow("", 2, got), word) != NULL);
}
