/*
 * test.c - runs every registered test, each in a child of its own.
 *
 * Usage: test_x [-v] [PATTERN]. Ends with "N passed, N failed, N skipped".
 */
#include "test.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_TESTS       1024
#define TIME_LIMIT      300 /* seconds: against hanging only, machines may be busy */
#define EXIT_SKIPPED    77
#define PROJECT_DEFAULT "."

static struct {
    const char *name;
    test_function *fn;
} tests[MAX_TESTS];
static int test_count;

void
test_register(const char *name, test_function *fn)
{
    if (test_count == MAX_TESTS)
        abort();
    tests[test_count].name = name;
    tests[test_count++].fn = fn;
}

void
test_fail(const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    fflush(NULL);
    _exit(1);
}

void
test_skip(const char *fmt, ...)
{
    va_list ap;

    fputs("skipped: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    _exit(EXIT_SKIPPED);
}

void
test_need_program(const char *name)
{
    char command[200];

    snprintf(command, sizeof command, "command -v '%s' >/dev/null", name);
    if (system(command) != 0)
        test_skip("%s is not installed", name);
}

static const char *
project_folder(void)
{
    const char *dir = getenv("CALLSWELL_PROJECT");

    return dir ? dir : PROJECT_DEFAULT;
}

const char *
test_path(const char *relative)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/%s", project_folder(), relative);
    return path;
}

const char *
test_beside(const char *relative)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/../%s", project_folder(), relative);
    return access(path, R_OK) == 0 ? path : NULL;
}

static int
remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static int
run_one(int i)
{
    char dir[] = "/tmp/callswell-test-XXXXXX";
    int status = 0;
    pid_t pid;

    if (!mkdtemp(dir)) {
        perror("mkdtemp");
        return 1;
    }
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        if (chdir(dir) != 0)
            _exit(1);
        alarm(TIME_LIMIT);
        tests[i].fn();
        exit(0); /* not _exit: leak checkers report here */
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return 1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED)
        status = EXIT_SKIPPED;
    else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        status = 0;
    else {
        if (WIFSIGNALED(status))
            fprintf(stderr, "%s: ended by signal %d\n", tests[i].name, WTERMSIG(status));
        fprintf(stderr, "FAILED %s (folder kept: %s)\n", tests[i].name, dir);
        return 1;
    }
    nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return status;
}

int
main(int argc, char **argv)
{
    int passed = 0, failed = 0, skipped = 0, i;
    bool verbose = false;
    const char *pattern = NULL;

    for (i = 1; i < argc; i++)
        if (strcmp(argv[i], "-v") == 0)
            verbose = true;
        else
            pattern = argv[i];
    for (i = 0; i < test_count; i++) {
        int r;

        if (pattern && !strstr(tests[i].name, pattern))
            continue;
        r = run_one(i);
        if (r == 0)
            passed++;
        else if (r == EXIT_SKIPPED)
            skipped++;
        else
            failed++;
        if (verbose)
            printf("%-7s %s\n",
                   r == 0              ? "ok"
                   : r == EXIT_SKIPPED ? "skipped"
                                       : "FAILED",
                   tests[i].name);
    }
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return failed ? 1 : 0;
}
