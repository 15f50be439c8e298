/*
 * server_process.c - looked up in /proc, ended by signal.
 */
#include "server_process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

#define TERM_MS 5000
#define STEP_MS 10

/* The 22nd word of /proc/PID/stat (proc(5)); the second is a name in parentheses, which may hold
 * anything, the third a state. 0: there is no such process, or it is dead and nobody has waited for
 * it. */
static uint64_t
start_of(pid_t pid)
{
    char path[64], text[1024], *at;
    uint64_t ticks = 0;
    size_t n = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    f = fopen(path, "re");
    if (f) {
        n = fread(text, 1, sizeof text - 1, f);
        fclose(f);
    }
    text[n] = '\0';
    at = strrchr(text, ')');
    if (at && (strncmp(at, ") Z", 3) == 0 || strncmp(at, ") X", 3) == 0))
        return 0;
    for (int word = 2; at && word < 22; word++)
        at = strchr(at + 1, ' ');
    if (at)
        sscanf(at, "%" SCNu64, &ticks);
    return ticks;
}

static bool
works_in(const char *folder, pid_t pid)
{
    char path[64];
    struct stat cwd, dir;

    snprintf(path, sizeof path, "/proc/%ld/cwd", (long)pid);
    return pid > 1 && stat(path, &cwd) == 0 && stat(folder, &dir) == 0 &&
           cwd.st_dev == dir.st_dev && cwd.st_ino == dir.st_ino;
}

int
server_process_start(struct server_process *p, char *const argv[], const char *folder,
                     const char *log)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, usual;
    pid_t pid;
    int failed;

    sigemptyset(&none);
    sigfillset(&usual);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    posix_spawn_file_actions_addclosefrom_np(&files, 3);
    posix_spawn_file_actions_addchdir_np(&files, folder);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                        POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &usual);
    failed = posix_spawnp(&pid, argv[0], &files, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    if (!failed)
        *p = (struct server_process){.pid = pid, .child = true, .started = start_of(pid)};
    return failed;
}

bool
server_process_found(struct server_process *p, pid_t pid, const char *folder)
{
    *p = (struct server_process){.pid = pid, .started = start_of(pid)};
    if (!works_in(folder, pid))
        *p = (struct server_process){0};
    return p->pid > 0;
}

/* A child keeps its number until it is waited for. */
bool
server_process_gone(struct server_process *p)
{
    int status;

    if (p->pid == 0)
        return true;
    if (p->child ? waitpid(p->pid, &status, WNOHANG) != 0 : start_of(p->pid) != p->started)
        *p = (struct server_process){0};
    return p->pid == 0;
}

bool
server_process_wait(struct server_process *p, int64_t limit_ms)
{
    int64_t end = clock_mono_ms() + limit_ms;

    while (!server_process_gone(p) && clock_mono_ms() < end)
        poll(NULL, 0, STEP_MS);
    return p->pid == 0;
}

bool
server_process_end(struct server_process *p)
{
    if (server_process_gone(p))
        return true;
    kill(p->pid, SIGTERM);
    if (server_process_wait(p, TERM_MS))
        return true;
    log_warn("redis_server_killed", "pid=%ld", (long)p->pid);
    kill(p->pid, SIGKILL);
    return server_process_wait(p, TERM_MS);
}
