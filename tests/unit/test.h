/*
 * test.h - a test is a sentence: TEST(ledger_commit_refuses_when_full) { ... }
 *
 * Tests register themselves; each runs in a child process of its own with a time limit and an
 * empty folder as its working directory, which is removed when the test passed.
 */
#ifndef TEST_H
#define TEST_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void test_function(void);
void test_register(const char *name, test_function *fn);
void test_fail(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), noreturn));
/* Says why and ends this test as skipped. */
void test_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* Skips the test if this program is not installed. */
void test_need_program(const char *name);
/* Absolute path of a file of the project ("tests/data/x"); the program was told by make. */
const char *test_path(const char *relative);
/* A file beside the project ("shared/ref/x"), or NULL when it is not there. */
const char *test_beside(const char *relative);

#define TEST(name)                                                                                 \
    static void test_##name(void);                                                                 \
    __attribute__((constructor)) static void test_##name##_register(void)                          \
    {                                                                                              \
        test_register(#name, test_##name);                                                         \
    }                                                                                              \
    static void test_##name(void)

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond))                                                                               \
            test_fail(__FILE__, __LINE__, "%s", #cond);                                            \
    } while (0)
#define CHECK_INT(got, want)                                                                       \
    do {                                                                                           \
        long long got_ = (long long)(got), want_ = (long long)(want);                              \
        if (got_ != want_)                                                                         \
            test_fail(__FILE__, __LINE__, "%s is %lld, not %lld", #got, got_, want_);              \
    } while (0)
#define CHECK_STR(got, want)                                                                       \
    do {                                                                                           \
        const char *got_ = (got), *want_ = (want);                                                 \
        if (strcmp(got_, want_) != 0)                                                              \
            test_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #got, got_, want_);          \
    } while (0)
#define CHECK_SPAN(got, want)                                                                      \
    do {                                                                                           \
        struct span got_ = (got);                                                                  \
        const char *want_ = (want);                                                                \
        if (got_.n != strlen(want_) || memcmp(got_.p, want_, got_.n) != 0)                         \
            test_fail(__FILE__, __LINE__, "%s is \"%.*s\", not \"%s\"", #got, (int)got_.n, got_.p, \
                      want_);                                                                      \
    } while (0)
/* Relative tolerance; absolute near zero. */
#define CHECK_NEAR(got, want, tolerance)                                                           \
    do {                                                                                           \
        double got_ = (got), want_ = (want);                                                       \
        if (!(fabs(got_ - want_) <= (tolerance)*fmax(1.0, fabs(want_))))                           \
            test_fail(__FILE__, __LINE__, "%s is %.12g, not %.12g", #got, got_, want_);            \
    } while (0)

#endif
