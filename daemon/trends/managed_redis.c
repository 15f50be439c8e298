/*
 * managed_redis.c - a redis-server of our own: started, found again, revived, stopped.
 *
 * It works in state_dir/redis (its append-only file, log and pid file) and listens on the unix
 * socket state_dir/redis.sock only. It is no part of our process group, so Ctrl-C on a terminal
 * reaches us first, and it outlives a crash of ours: the next start finds it by its socket and
 * asks it where it works before taking it over. One whose socket is gone, or which takes
 * connections and says nothing for too long, is found by its pid file and ended, because two
 * servers must never write one append-only file. So is one that stops answering later on.
 *
 * One that was killed may have left half of somebody's MULTI in its append-only file. Redis 7.0
 * skips it at the next start, and at the start after that takes what was written behind it for a
 * part of it. The file is therefore written anew (BGREWRITEAOF) as soon as the server works. One
 * that does not start because the file is damaged is started without it.
 *
 * A server is only ever signalled by its process id, after /proc has said that this process
 * works in our folder, or that it is our child (server_process.c).
 */
#include "projection.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "fault.h"
#include "log.h"
#include "managed_files.h"
#include "redis_link.h"
#include "server_process.h"

#define READY_MS    60000
#define LOADED_MS   2000
#define SHUTDOWN_MS 20000
#define STEP_MS     10
#define LISTEN_MS   1000

struct managed_redis {
    pthread_mutex_t mutex;
    char *program;
    char *dir;          /* state_dir/redis */
    char *start_folder; /* in it */
    char *url;
    char *socket;
    struct redis_url where;
    struct server_process process;
    int64_t hang_ms;         /* 0: one that hangs is left to itself */
    int64_t silent_since_ms; /* it was asked and said nothing since then; 0: it answers */
    atomic_llong hung_at;    /* UTC seconds: one was ended for it; 0: none */
    bool unclean;   /* its forerunner was killed: something may hide in the append-only file */
    bool ready;     /* it has been seen to work */
    off_t log_from; /* where the log of its start begins */
};

/* --- asking it --- */

static enum status
open_link(const struct managed_redis *m, struct redis_link **link, struct error *err)
{
    struct redis_link_options opt = {.url = &m->where,
                                     .name = "callswell:manager",
                                     .connect_timeout_ms = 1000,
                                     .silence_timeout_ms = SHUTDOWN_MS};

    return redis_link_open(link, &opt, err);
}

static bool
same_folder(const struct managed_redis *m, struct redis_link *link)
{
    redisReply *r = NULL;
    struct stat his, ours;
    bool same = false;

    if (redis_link_must(link, &r, NULL, "CONFIG", "GET", "dir", NULL) != ST_OK)
        return false;
    if (r->type == REDIS_REPLY_ARRAY && r->elements == 2 &&
        r->element[1]->type == REDIS_REPLY_STRING)
        same = stat(r->element[1]->str, &his) == 0 && stat(m->dir, &ours) == 0 &&
               his.st_dev == ours.st_dev && his.st_ino == ours.st_ino;
    freeReplyObject(r);
    return same;
}

static pid_t
ask_pid(struct redis_link *link)
{
    redisReply *r = NULL;
    struct span text;
    int64_t pid = 0;

    if (redis_link_must(link, &r, NULL, "INFO", "server", NULL) != ST_OK)
        return 0;
    if (r->type != REDIS_REPLY_STRING ||
        !redis_info_find(span_of(r->str, r->len), "process_id", &text) || !span_to_i64(text, &pid))
        pid = 0;
    freeReplyObject(r);
    return (pid_t)pid;
}

/* ST_OK: it says something, be it an error, or we cannot know. ST_RETRY: it is silent.
 * ST_NOT_FOUND: nobody listens. */
static enum status
listen_to(const struct managed_redis *m)
{
    bool silent = false;
    struct redis_link_options opt = {.url = &m->where,
                                     .name = "callswell:manager",
                                     .connect_timeout_ms = LISTEN_MS,
                                     .silence_timeout_ms = LISTEN_MS,
                                     .silent = &silent};
    struct redis_link *link = NULL;
    enum status st = redis_link_open(&link, &opt, NULL);

    redis_link_close(link);
    return silent ? ST_RETRY : st == ST_NOT_FOUND ? st : ST_OK;
}

/* After each time that nothing was heard of it. */
static bool
is_overdue(struct managed_redis *m)
{
    int64_t now = clock_mono_ms();

    if (m->silent_since_ms == 0)
        m->silent_since_ms = now;
    return now - m->silent_since_ms >= m->hang_ms;
}

/* Somebody listens, and goes on saying nothing. */
static bool
stays_silent(struct managed_redis *m)
{
    while (m->hang_ms > 0 && listen_to(m) == ST_RETRY)
        if (is_overdue(m))
            return true;
    return false;
}

/* ST_OK: taken over. ST_NOT_FOUND: nobody is there. */
static enum status
adopt(struct managed_redis *m, struct error *err)
{
    int64_t end = clock_mono_ms() + READY_MS;
    struct redis_link *link = NULL;
    enum status st = open_link(m, &link, err);

    while (st == ST_RETRY && clock_mono_ms() < end) {
        poll(NULL, 0, STEP_MS);
        st = open_link(m, &link, err);
    }
    if (st != ST_OK)
        return st;
    if (!same_folder(m, link))
        st = fail(err, ST_BAD_CONFIG,
                  "Another Redis listens on %.100s: stop it, or choose another state_dir",
                  m->where.shown);
    else if (server_process_found(&m->process, ask_pid(link), m->dir))
        log_info("redis_server_taken_over", "pid=%ld", (long)m->process.pid);
    if (st == ST_OK) /* a daemon that ended while it was about to end the server left it paused */
        redis_link_must(link, NULL, NULL, "CLIENT", "UNPAUSE", NULL);
    redis_link_close(link);
    return st;
}

/* --- starting --- */

/* True if there was one. */
static bool
end_orphan(struct managed_redis *m, const char *why)
{
    if (!server_process_found(&m->process, managed_files_pid(m->dir), m->dir))
        return false;
    log_warn("redis_server_unreachable", "pid=%ld text=\"ended, because %s\"", (long)m->process.pid,
             why);
    server_process_end(&m->process);
    return true;
}

static enum status
spawn(struct managed_redis *m, struct error *err)
{
    /* Paths are relative to the folder the server works in, so their length does not matter. */
    char *argv[] = {m->program, "--port", "0", "--unixsocket", "../redis.sock", "--unixsocketperm",
                    "700", "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
                    /* Counters compress badly for what it costs, and a file that is read in a
                     * second needs no rewriting: after an import it would grow through it. */
                    "--rdbcompression", "no", "--auto-aof-rewrite-min-size", "192mb",
                    "--maxmemory-policy", "noeviction", "--daemonize", "no", "--logfile",
                    "redis.log", "--pidfile", "redis.pid", NULL};
    char *log = xasprintf("%s/redis.log", m->dir);
    int failed = server_process_start(&m->process, argv, m->dir, log);

    free(log);
    if (!failed)
        return ST_OK;
    return fail(err, ST_BAD_CONFIG,
                "Cannot run %.100s (%s): install redis-server, or set url in the redis section",
                m->program, strerror(failed));
}

/* Until it has loaded its data, or that takes long, or nobody wants to wait any more: then who uses
 * it tries until it has, and nothing else waits for it. cancel: NULL allowed. */
static enum status
wait_ready(struct managed_redis *m, int64_t loaded_ms, const atomic_bool *cancel, struct error *err)
{
    int64_t begun = clock_mono_ms(), waited;
    struct redis_link *link = NULL;
    struct error last = {.text = "it does not answer"};
    enum status answered, loaded;
    char tail[140];

    for (;;) {
        answered = loaded = open_link(m, &link, &last);
        if (answered == ST_OK) {
            loaded = redis_link_must(link, NULL, &last, "PING", NULL);
            redis_link_close(link);
        }
        waited = clock_mono_ms() - begun;
        if (loaded == ST_OK || (answered == ST_OK && waited >= loaded_ms) ||
            (cancel && atomic_load(cancel)))
            return ST_OK;
        if (server_process_gone(&m->process)) {
            managed_files_log_tail(m->dir, tail, sizeof tail);
            return fail(err, ST_RETRY, "redis-server ended at once; %.40s/redis.log ends: %s",
                        strlen(m->dir) > 40 ? "redis" : m->dir, tail);
        }
        if (waited >= READY_MS)
            return fail(err, ST_RETRY, "redis-server was started but: %.180s", last.text);
        poll(NULL, 0, STEP_MS);
    }
}

/* One that is silent, or whose socket is gone, must have ended before another one may write to its
 * files. */
static enum status
clear_way(struct managed_redis *m, struct error *err)
{
    enum status st;

    if (!stays_silent(m)) {
        st = adopt(m, err);
        if (st != ST_NOT_FOUND)
            return st;
        end_orphan(m, "its socket is gone");
    } else if (!end_orphan(m, "it does not answer")) {
        return fail(err, ST_RETRY, "Whoever listens on %.100s says nothing and is none of ours",
                    m->where.shown);
    }
    if (!server_process_gone(&m->process))
        return fail(err, ST_RETRY, "redis-server cannot be ended (pid %ld)", (long)m->process.pid);
    return ST_NOT_FOUND;
}

/* Finds a living server or starts one. */
static enum status
bring_up(struct managed_redis *m, struct error *err)
{
    enum status st = clear_way(m, err);
    struct stat s;

    m->ready = false;
    m->silent_since_ms = 0;
    if (st != ST_NOT_FOUND)
        return st;
    m->unclean |= managed_files_pid(m->dir) != 0;
    m->log_from = managed_files_log_end(m->dir);
    if (lstat(m->socket, &s) == 0 && S_ISSOCK(s.st_mode))
        unlink(m->socket);
    return spawn(m, err);
}

/* --- the public side --- */

static char *
socket_url(const char *path)
{
    struct buf b = {0};

    buf_str(&b, "unix://");
    for (; *path; path++)
        if (strchr("%?#@", *path))
            buf_printf(&b, "%%%02X", (unsigned char)*path);
        else
            buf_char(&b, *path);
    return b.p;
}

/* At which the managed server of that folder answers. The caller frees. */
static char *
url_of(const char *state_dir)
{
    char *root = realpath(state_dir, NULL); /* the path in a URL is absolute */
    char *path = xasprintf("%s/redis.sock", root ? root : state_dir), *url = socket_url(path);

    free(root);
    free(path);
    return url;
}

char *
trends_url(const struct config *c)
{
    return strcmp(c->redis_url, "managed") == 0 ? url_of(c->state_dir) : xstrdup(c->redis_url);
}

static void
free_managed(struct managed_redis *m)
{
    redis_url_clear(&m->where);
    pthread_mutex_destroy(&m->mutex);
    free(m->program);
    free(m->dir);
    free(m->start_folder);
    free(m->url);
    free(m->socket);
    free(m);
}

enum status
managed_redis_start(struct managed_redis **out, const char *program, const char *state_dir,
                    int64_t hang_ms, struct error *err)
{
    char *root = realpath(state_dir, NULL);
    struct managed_redis *m;
    enum status st;

    if (!root)
        return fail(err, ST_IO, "Cannot use state_dir %.120s: %s", state_dir, strerror(errno));
    m = xcalloc(1, sizeof *m);
    pthread_mutex_init(&m->mutex, NULL);
    m->program = xstrdup(program && program[0] ? program : "redis-server");
    m->hang_ms = hang_ms;
    m->dir = xasprintf("%s/redis", root);
    m->start_folder = xasprintf("%s/appendonlydir.new", m->dir);
    m->socket = xasprintf("%s/redis.sock", root);
    m->url = url_of(root);
    free(root);
    st = redis_url_parse(&m->where, m->url, err);
    if (st == ST_OK && mkdir(m->dir, 0700) != 0 && errno != EEXIST)
        st = fail(err, ST_IO, "Cannot make %.120s: %s", m->dir, strerror(errno));
    managed_files_remove(m->start_folder); /* of a start that was cut short */
    if (st == ST_OK)
        st = bring_up(m, err);
    if (st == ST_OK)
        st = wait_ready(m, LOADED_MS, NULL, err);
    if (st != ST_OK && m->process.pid == 0 && managed_files_set_aside(m->dir, m->log_from)) {
        st = bring_up(m, err);
        if (st == ST_OK)
            st = wait_ready(m, LOADED_MS, NULL, err);
    }
    if (st == ST_OK) {
        log_info("redis_server_answers", "pid=%ld", (long)m->process.pid);
        *out = m;
    } else {
        if (m->process.child)
            server_process_end(&m->process);
        free_managed(m);
    }
    return st;
}

const char *
managed_redis_url(const struct managed_redis *m)
{
    return m->url;
}

bool
managed_redis_alive(struct managed_redis *m)
{
    bool alive;

    pthread_mutex_lock(&m->mutex);
    alive = !server_process_gone(&m->process);
    pthread_mutex_unlock(&m->mutex);
    return alive;
}

/* What it had not written to its file yet is sent again: the ledger has it. */
static enum status
end_hung(struct managed_redis *m, struct error *err)
{
    log_error("redis_server_hung",
              "pid=%ld text=\"it has not answered for %lld s: it is ended and started again\"",
              (long)m->process.pid, (long long)(clock_mono_ms() - m->silent_since_ms) / 1000);
    atomic_store(&m->hung_at, clock_now());
    if (!server_process_end(&m->process))
        return fail(err, ST_RETRY, "redis-server does not answer and cannot be ended (pid %ld)",
                    (long)m->process.pid);
    return ST_OK;
}

enum status
managed_redis_revive(struct managed_redis *m, struct error *err)
{
    enum status st = ST_OK;

    pthread_mutex_lock(&m->mutex);
    if (server_process_gone(&m->process)) {
        log_warn("redis_server_died", "text=\"it is started again\"");
        if (!m->ready)
            managed_files_set_aside(m->dir, m->log_from);
        st = bring_up(m, err);
    } else if (m->hang_ms == 0 || listen_to(m) == ST_OK) {
        m->silent_since_ms = 0;
    } else if (is_overdue(m)) {
        st = end_hung(m, err);
        if (st == ST_OK)
            st = bring_up(m, err);
    }
    pthread_mutex_unlock(&m->mutex);
    return st;
}

int64_t
managed_redis_hung_at(const struct managed_redis *m)
{
    return atomic_load(&m->hung_at);
}

void
managed_redis_ready(struct managed_redis *m)
{
    struct redis_link *link = NULL;
    struct error err = {0};
    enum status st = ST_OK;

    pthread_mutex_lock(&m->mutex);
    m->ready = true;
    if (m->unclean) {
        st = open_link(m, &link, &err);
        if (st == ST_OK)
            st = redis_link_must(link, NULL, &err, "BGREWRITEAOF", NULL);
        redis_link_close(link);
        m->unclean = st != ST_OK;
    }
    pthread_mutex_unlock(&m->mutex);
    if (st != ST_OK)
        log_warn("redis_file_not_rewritten", "error=\"%s\"", err.text);
}

/* SHUTDOWN writes and syncs the append-only file before it ends the server. */
static bool
shut_down(struct managed_redis *m)
{
    struct redis_link *link = NULL;
    redisReply *r = NULL;

    if (!server_process_gone(&m->process) && open_link(m, &link, NULL) == ST_OK) {
        /* A broken connection is the answer hoped for. */
        if (redis_link_ask(link, &r, NULL, "SHUTDOWN", NULL) == ST_OK) {
            log_warn("redis_server_refuses_to_stop", "text=\"%.200s\"", r->str ? r->str : "");
            freeReplyObject(r);
        }
        redis_link_close(link);
        server_process_wait(&m->process, r ? 0 : SHUTDOWN_MS);
    }
    return server_process_end(&m->process);
}

void
managed_redis_stop(struct managed_redis *m)
{
    if (!m)
        return;
    shut_down(m);
    free_managed(m);
}

const char *
managed_redis_start_folder(const struct managed_redis *m)
{
    return m->start_folder;
}

enum status
managed_redis_refill(struct managed_redis *m, const atomic_bool *cancel, struct error *err)
{
    enum status st = ST_OK;

    pthread_mutex_lock(&m->mutex);
    if (!shut_down(m))
        st = fail(err, ST_RETRY, "redis-server cannot be ended (pid %ld)", (long)m->process.pid);
    if (st == ST_OK)
        st = managed_files_replace(m->dir, m->start_folder, err);
    fault_point("redis_files_in_place");
    if (st == ST_OK)
        st = bring_up(m, err);
    if (st == ST_OK)
        st = wait_ready(m, READY_MS, cancel, err);
    pthread_mutex_unlock(&m->mutex);
    return st;
}
