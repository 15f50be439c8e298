/*
 * cmd_top.c - `callswell top`: what the daemon is doing, a picture a second.
 *
 * Counters come from the daemon's status; what is shown of them is their change between two looks.
 * On a terminal each picture is drawn over the one before; elsewhere they follow one another.
 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "control.h"
#include "figures.h"
#include "options.h"
#include "top_frame.h"

static volatile sig_atomic_t over;

static void
on_signal(int number)
{
    (void)number;
    over = 1;
}

struct screen {
    bool terminal;
    struct termios before;
};

static void
write_all(const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(STDOUT_FILENO, p, n);

        if (done < 0 && errno != EINTR)
            return;
        p += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
}

/* Keys come at once and are not shown; the screen as it was comes back at the end. */
static void
screen_begin(struct screen *s)
{
    static const char begin[] = "\033[?1049h\033[?25l";
    struct sigaction act = {.sa_handler = on_signal};
    struct termios raw;

    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGHUP, &act, NULL);
    act.sa_handler = SIG_DFL;
    s->terminal =
        isatty(STDOUT_FILENO) && isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &s->before) == 0;
    if (!s->terminal)
        return;
    raw = s->before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    write_all(begin, sizeof begin - 1);
}

static void
screen_end(const struct screen *s)
{
    static const char end[] = "\033[?25h\033[?1049l";

    if (!s->terminal)
        return;
    write_all(end, sizeof end - 1);
    tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
}

static void
screen_size(const struct screen *s, struct top_size *size)
{
    struct winsize w;

    *size = (struct top_size){.columns = 80, .lines = 0};
    if (s->terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col && w.ws_row)
        *size = (struct top_size){.columns = w.ws_col, .lines = w.ws_row};
    size->blocks = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void
screen_show(const struct screen *s, const struct buf *frame)
{
    struct buf out = {0};

    if (s->terminal)
        buf_str(&out, "\033[H");
    for (size_t i = 0; i < frame->n; i++) {
        if (s->terminal && frame->p[i] == '\n')
            buf_str(&out, "\033[K");
        buf_char(&out, frame->p[i]);
    }
    buf_str(&out, s->terminal ? "\033[J" : "\n");
    write_all(out.p, out.n);
    buf_clear(&out);
}

/* False: somebody has pressed q, or sent a signal. */
static bool
screen_wait(const struct screen *s, int64_t until_ms)
{
    struct pollfd key = {.fd = s->terminal ? STDIN_FILENO : -1, .events = POLLIN};
    int64_t left;

    while (!over && (left = until_ms - clock_mono_ms()) > 0) {
        char c;

        if (poll(&key, 1, (int)left) <= 0)
            continue; /* the time is over, or the window has another size */
        if (read(STDIN_FILENO, &c, 1) <= 0 || c == 'q' || c == 'Q')
            over = 1;
    }
    return !over;
}

static void
on_answer(void *arg, const struct json_value *line)
{
    top_take(arg, json_find(line, "status"), clock_mono_ms());
}

struct top_run {
    const struct config *config;
    double interval;
    long count;
};

static int
watch(const struct top_run *run)
{
    struct screen screen;
    struct top *top = top_new(run->config->state_dir);
    struct top_size size;
    struct error err;
    int code = 0;

    screen_begin(&screen);
    for (long shown = -1; !over && (run->count == 0 || shown < run->count);) {
        int64_t next = clock_mono_ms() + (int64_t)(run->interval * 1000);
        enum status st = control_call(run->config->state_dir, "status", NULL, NULL, 0, on_answer,
                                      top, &code, &err);

        if (st != ST_OK && !screen.terminal) {
            fprintf(stderr, "callswell: %s\n", err.text);
            code = EXIT_UNAVAILABLE;
            break;
        }
        if (st != ST_OK)
            top_lose(top, err.text);
        if (screen.terminal || shown >= 0) { /* of one look alone nothing changes */
            struct buf frame = {0};

            screen_size(&screen, &size);
            top_draw(top, &size, &frame);
            screen_show(&screen, &frame);
            buf_clear(&frame);
        }
        shown++;
        if ((run->count == 0 || shown < run->count) && !screen_wait(&screen, next))
            break;
    }
    screen_end(&screen);
    top_free(top);
    return code;
}

int
command_top(int argc, char **argv)
{
    struct top_run run = {.interval = 1};
    const char *path = NULL;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"interval", OPTION_REAL, &run.interval, "S", "seconds between two looks (1)"},
        {"count", OPTION_INT, &run.count, "N",
         "end after so many pictures (terminal: with q; else 1)"},
    };
    const struct option_use use = {
        "callswell top [--config FILE] [--interval S] [--count N]",
        "What the daemon is doing: records a second, each input, what waits, memory.", rows,
        sizeof rows / sizeof rows[0], NULL};
    struct config *c;

    setlocale(LC_CTYPE, "");
    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    if (!(run.interval >= 0.05 && run.interval <= 3600) || run.count < 0) {
        fprintf(stderr, "callswell top: an interval is 0.05 to 3600 seconds, a count 0 or more\n");
        return EXIT_USAGE;
    }
    if (run.count == 0 && !isatty(STDOUT_FILENO))
        run.count = 1;
    c = options_config(path, &code);
    if (!c)
        return code;
    run.config = c;
    code = watch(&run);
    config_free(c);
    return code;
}
