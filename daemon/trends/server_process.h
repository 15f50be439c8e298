/*
 * server_process.h - the process of a managed server: run, known for certain, waited for, ended.
 *
 * A number alone names no process: it may be another one's by now. One that works in the server's
 * folder and began when ours did is ours. Nothing else is ever signalled.
 */
#ifndef SERVER_PROCESS_H
#define SERVER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct server_process {
    pid_t pid;        /* 0: none */
    bool child;       /* ours to wait for */
    uint64_t started; /* in ticks since the system's start */
};

/* Runs a program, looked for along PATH, in a folder and a process group of its own; what it says
 * goes to a file. 0, or errno. */
int server_process_start(struct server_process *p, char *const argv[], const char *folder,
                         const char *log);
/* Another's child, if it works in this folder; false if not, and p is none then. */
bool server_process_found(struct server_process *p, pid_t pid, const char *folder);

/* Has it ended? Then p is none. */
bool server_process_gone(struct server_process *p);
bool server_process_wait(struct server_process *p, int64_t limit_ms); /* true: it has ended */
/* SIGTERM and, if it does not help, SIGKILL; waits for some seconds after each. True: it has
 * ended. */
bool server_process_end(struct server_process *p);

#endif
