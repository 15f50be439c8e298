/*
 * cmd_import.c - `callswell import`: files or standard input into the pipeline.
 *
 * With a daemon running, the daemon does it: the open file is handed to it through the control
 * socket, so it needs no permission of its own. Without one, this process runs the same
 * pipeline itself. Either way it returns when all is committed, in Redis, and analysed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "control.h"
#include "input.h"
#include "json_read.h"
#include "json_write.h"
#include "options.h"
#include "work.h"

#define SETTLE_TIMEOUT_MS (3600 * 1000) /* a person watches, and can stop waiting */
#define MAX_NODE          32
#define REDIS_TIMEOUT_MS  (60 * 1000)

struct import_run {
    const char *format, *source, *timezone;
    bool dry_run, json, terminal;
    struct engine *engine;
    _Atomic uint64_t records, accepted, duplicates, quarantined, ignored;
    struct left_out left_out;
    int64_t begun_ms, shown_ms;
    const char *path;
};

static void
counted(void *arg, enum status st, const struct outcome_count *count, uint64_t batch)
{
    struct import_run *run = arg;

    (void)st, (void)batch;
    run->records += count->records;
    run->accepted += count->accepted;
    run->duplicates += count->duplicates;
    run->quarantined += count->quarantined;
    run->ignored += count->ignored;
}

/* --- progress --- */

static void
show_line(struct import_run *run, uint64_t read, uint64_t total, uint64_t records)
{
    double seconds = (double)(clock_mono_ms() - run->begun_ms) / 1000;
    double share = total ? (double)read / (double)total : 0;
    const char *name = strrchr(run->path, '/');
    char left[32] = "";

    if (!run->terminal || seconds <= 0)
        return;
    if (share > 0.01)
        snprintf(left, sizeof left, ", %.0f s left", seconds / share - seconds);
    fprintf(stderr, "\r\033[K%.30s: ", name ? name + 1 : run->path);
    if (total)
        fprintf(stderr, "%3.0f %%, ", share * 100);
    fprintf(stderr, "%.1f MB/s", (double)read / 1e6 / seconds);
    if (records)
        fprintf(stderr, ", %.2f M records committed", (double)records / 1e6);
    fputs(left, stderr);
    fflush(stderr);
}

static void
progress(void *arg, const struct import_progress *p)
{
    struct import_run *run = arg;

    show_line(run, p->bytes_read, p->bytes_total, run->records);
}

static void
end_line(const struct import_run *run)
{
    if (run->terminal)
        fputs("\r\033[K", stderr);
}

/* --- the result --- */

/* Of this process alone: neither a daemon's nor a managed Redis'. When all was in Redis is told,
 * too: the analyst may take longer. */
static void
print_cost(const struct import_run *run, struct json_writer *w)
{
    struct engine *e = run->engine;
    struct engine_status st = {0};
    struct rusage u;

    if (e)
        engine_status(e, &st);
    getrusage(RUSAGE_SELF, &u);
    json_real(w, "cpu_seconds",
              (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                  (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
    json_real(w, "analytics_cpu_seconds", (double)st.analytics_cpu_us / 1e6);
    if (st.redis_applied_ms > run->begun_ms)
        json_real(w, "redis_seconds", (double)(st.redis_applied_ms - run->begun_ms) / 1000);
    json_i64(w, "peak_kilobytes", u.ru_maxrss);
    if (e)
        json_u64(w, "open_legs", st.pairing.legs);
}

static void
print_json(const struct import_run *run, double seconds)
{
    struct json_writer w;
    struct buf b = {0};

    json_begin(&w, &b);
    json_object(&w, NULL);
    json_u64(&w, "records", run->records);
    json_u64(&w, "accepted", run->accepted);
    json_u64(&w, "duplicates", run->duplicates);
    json_u64(&w, "quarantined", run->quarantined);
    json_u64(&w, "ignored", run->ignored);
    left_out_write(&run->left_out, &w, "left_out");
    json_real(&w, "seconds", seconds);
    print_cost(run, &w);
    json_bool(&w, "dry_run", run->dry_run);
    json_close(&w);
    puts(b.p);
    buf_clear(&b);
}

/* Joins whose end may be in the next file. */
static void
print_open(struct engine *e)
{
    struct engine_status st = {0};

    if (e)
        engine_status(e, &st);
    if (st.pairing.legs)
        printf("%llu legs are still open, in %llu conferences\n",
               (unsigned long long)st.pairing.legs, (unsigned long long)st.pairing.conferences);
}

/* code: 0, or what was complained about; then nothing read is not worth a line. */
static void
print_result(const struct import_run *run, int code)
{
    double seconds = (double)(clock_mono_ms() - run->begun_ms) / 1000;

    if (code != 0 && run->records == 0 && !run->json)
        return;
    if (run->json) {
        print_json(run, seconds);
        return;
    }
    printf("%s %llu records in %.1f s: %llu accepted, %llu duplicates, %llu quarantined,"
           " %llu ignored\n",
           run->dry_run ? "counted (nothing kept)" : "imported", (unsigned long long)run->records,
           seconds, (unsigned long long)run->accepted, (unsigned long long)run->duplicates,
           (unsigned long long)run->quarantined, (unsigned long long)run->ignored);
    for (size_t i = 0; i < run->left_out.count; i++)
        printf("  ignored %llu: %s\n", (unsigned long long)run->left_out.at[i].records,
               run->left_out.at[i].why);
    print_open(run->engine);
    if (run->quarantined && !run->dry_run)
        printf("why were some refused: callswell quarantine list\n");
}

/* --- in this process --- */

static int
import_file(struct import_run *run, const char *path)
{
    struct import_options opt = {
        .fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC),
        .path = path,
        .format = run->format,
        .source = run->source,
        .timezone = run->timezone,
        .progress = progress,
        .progress_arg = run,
        .done = counted,
        .done_arg = run,
        .left_out = &run->left_out,
    };
    struct import_progress result = {0};
    struct error err;
    enum status st;

    run->path = path;
    if (opt.fd < 0) {
        fprintf(stderr, "callswell: %s: %s\n", path, strerror(errno));
        return 1;
    }
    st = import_stream(run->engine, &opt, &result, &err);
    end_line(run);
    if (opt.fd != STDIN_FILENO)
        close(opt.fd);
    if (st != ST_OK) {
        fprintf(stderr, "callswell: %s: %s\n", path, err.text);
        return st == ST_BAD_CONFIG ? EXIT_CONFIG : 1;
    }
    if (result.resumed_at && !run->json)
        printf("%s: the first %llu bytes were read before\n", path,
               (unsigned long long)result.resumed_at);
    return 0;
}

static int
settle(struct import_run *run)
{
    struct error err;

    if (engine_settle(run->engine, SETTLE_COMMITTED, SETTLE_TIMEOUT_MS, &err) != ST_OK ||
        engine_import_over(run->engine, &err) != ST_OK) {
        fprintf(stderr, "callswell: %s\n", err.text);
        return 1;
    }
    if (run->dry_run)
        return 0;
    if (engine_settle(run->engine, SETTLE_ANALYSED, SETTLE_TIMEOUT_MS, &err) != ST_OK) {
        fprintf(stderr, "callswell: committed, but not analysed: %s\n", err.text);
        return 1;
    }
    if (engine_settle(run->engine, SETTLE_REDIS, REDIS_TIMEOUT_MS, &err) != ST_OK) {
        fprintf(stderr, "callswell: committed, but not yet in Redis: %s\n", err.text);
        return EXIT_UNAVAILABLE;
    }
    return 0;
}

/* Leaves out what is still being written, by its name; the number of those that remain. */
static int
finished_paths(char **paths, int count)
{
    int n = 0;

    for (int i = 0; i < count; i++) {
        if (input_unfinished(paths[i]))
            fprintf(stderr, "callswell: %s is left out: by its name it is still being written\n",
                    paths[i]);
        else
            paths[n++] = paths[i];
    }
    return n;
}

static int
import_here(struct import_run *run, struct config *c, char **paths, int count)
{
    int code = 0, settled;

    run->engine = work_open(c, run->dry_run, &code);
    if (!run->engine)
        return code;
    for (int i = 0; i < count; i++) {
        int one = import_file(run, paths[i]);

        if (code == 0)
            code = one;
    }
    settled = settle(run);
    print_result(run, code);
    engine_close(run->engine, WORK_CLOSE_MS);
    return code ? code : settled;
}

/* --- in the daemon --- */

static void
add_left_out(struct import_run *run, const struct json_value *list)
{
    for (const struct json_value *v = list ? list->first : NULL; v; v = v->next)
        left_out_add(&run->left_out, json_get_text(v, "why", ""),
                     (uint64_t)json_get_i64(v, "records", 0));
}

static void
daemon_line(void *arg, const struct json_value *line)
{
    struct import_run *run = arg;

    show_line(run, (uint64_t)json_get_i64(line, "bytes_read", 0),
              (uint64_t)json_get_i64(line, "bytes_total", 0), 0);
    if (!json_get_bool(line, "done", false))
        return;
    run->records += (uint64_t)json_get_i64(line, "records", 0);
    run->accepted += (uint64_t)json_get_i64(line, "accepted", 0);
    run->duplicates += (uint64_t)json_get_i64(line, "duplicates", 0);
    run->quarantined += (uint64_t)json_get_i64(line, "quarantined", 0);
    run->ignored += (uint64_t)json_get_i64(line, "ignored", 0);
    add_left_out(run, json_find(line, "left_out"));
    end_line(run);
    if (json_get_i64(line, "resumed_at", 0) && !run->json)
        printf("%s: the first %lld bytes were read before\n", run->path,
               (long long)json_get_i64(line, "resumed_at", 0));
}

static int
import_by_daemon(struct import_run *run, const struct config *c, const char *path)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct json_writer w;
    struct buf args = {0};
    struct error err;
    int code = 0;
    enum status st;

    run->path = path;
    if (fd < 0) {
        fprintf(stderr, "callswell: %s: %s\n", path, strerror(errno));
        return 1;
    }
    json_begin(&w, &args);
    json_object(&w, NULL);
    json_text(&w, "path", path);
    json_text(&w, "format", run->format);
    if (run->source)
        json_text(&w, "source", run->source);
    if (run->timezone)
        json_text(&w, "timezone", run->timezone);
    json_close(&w);
    st = control_call(c->state_dir, "import", args.p, &fd, 1, daemon_line, run, &code, &err);
    end_line(run);
    if (st != ST_OK || code != 0) {
        fprintf(stderr, "callswell: %s: %s\n", path, err.text);
        code = code ? code : 1;
    }
    buf_clear(&args);
    if (fd != STDIN_FILENO)
        close(fd);
    return code;
}

/* One after the other, and then all of it is waited for: events that belong together may stand in
 * different files. */
static int
import_all_by_daemon(struct import_run *run, const struct config *c, char **paths, int count)
{
    struct error err;
    int code = 0, over = 0;

    for (int i = 0; i < count && code == 0; i++)
        code = import_by_daemon(run, c, paths[i]);
    if (control_call(c->state_dir, "import-over", NULL, NULL, 0, NULL, NULL, &over, &err) !=
            ST_OK ||
        over != 0) {
        fprintf(stderr, "callswell: %s\n", err.text);
        code = code ? code : over ? over : 1;
    }
    return code;
}

/* Writes as another node than the configuration says. */
static bool
take_node(struct config *c, const char *node, bool dry_run)
{
    size_t n = strspn(node, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    if (node[n] || n < 1 || n > MAX_NODE) {
        fprintf(stderr, "callswell import: --node: expected 1 to %d of A-Z a-z 0-9 _ and -\n",
                MAX_NODE);
        return false;
    }
    if (strcmp(node, c->node) != 0 && !dry_run && control_available(c->state_dir)) {
        fprintf(stderr,
                "callswell import: a daemon runs on %s as node %s, and so would this import:"
                " leave out --node, or use another state_dir\n",
                c->state_dir, c->node);
        return false;
    }
    free(c->node);
    c->node = xstrdup(node);
    return true;
}

int
command_import(int argc, char **argv)
{
    struct import_run run = {.terminal = isatty(STDERR_FILENO)};
    const char *path = NULL, *node = NULL;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"format", OPTION_TEXT, &run.format, "NAME", "how to read it: `callswell formats`"},
        {"source", OPTION_TEXT, &run.source, "NAME", "namespace of the records' ids"},
        {"timezone", OPTION_TEXT, &run.timezone, "ZONE", "of times without an offset"},
        {"node", OPTION_TEXT, &node, "N", "write as this node (without a daemon)"},
        {"dry-run", OPTION_FLAG, &run.dry_run, NULL, "count and check, keep nothing"},
        {"json", OPTION_FLAG, &run.json, NULL, "the result as JSON"},
    };
    const struct option_use use = {
        "callswell import [--config FILE] --format NAME [OPTION...] PATH...",
        "Reads usage records from files (plain, gzip, zstd) or standard input (-).\n"
        "A file that was imported before is resumed where it ended: the same file again\n"
        "changes nothing. Returns when all is committed, in Redis, and analysed.",
        rows, sizeof rows / sizeof rows[0],
        "  callswell import --config cs.conf --format asterisk-cdr Master.csv*\n"
        "  zcat old.gz | callswell import --config cs.conf --format ndjson -"};
    struct config *c;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    if (!run.format || first == argc) {
        fprintf(stderr, "callswell import: --format and at least one file are needed\nusage: %s\n",
                use.usage);
        return EXIT_USAGE;
    }
    c = options_config(path, &code);
    if (!c)
        return code;
    if (node && !take_node(c, node, run.dry_run)) {
        config_free(c);
        return EXIT_CONFIG;
    }
    argc = first + finished_paths(argv + first, argc - first);
    run.begun_ms = clock_mono_ms();
    if (!run.dry_run && control_available(c->state_dir)) {
        code = import_all_by_daemon(&run, c, argv + first, argc - first);
        print_result(&run, code);
    } else {
        code = import_here(&run, c, argv + first, argc - first);
    }
    config_free(c);
    return code;
}
