/*
 * managed_files.h - the files of a managed server: those it cannot read any more, and new ones.
 *
 * They hold a projection of the ledger and nothing else, so a server that does not start because of
 * them is started without them and filled again. They are kept, the last ones that is.
 */
#ifndef MANAGED_FILES_H
#define MANAGED_FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "status.h"

/* How long the server's log is: what it writes from here on is about its next start. */
off_t managed_files_log_end(const char *folder);
/* The process that the server's pid file names; 0: there is no such file, which a server that ends
 * in an orderly way takes with it; -1: it cannot be read. */
pid_t managed_files_pid(const char *folder);
/* The last words of a server that ended, on one line. */
void managed_files_log_tail(const char *folder, char *out, size_t size);
/* Did the server, according to its log from there on, end because it could not read its
 * append-only file? Then that is moved aside. True if it was. */
bool managed_files_set_aside(const char *folder, off_t log_from);
/* Puts another folder (start_files.h) in the place of the append-only one, of which nothing is
 * kept. No server runs. If it is cut short, there is none, and a server starts empty. */
enum status managed_files_replace(const char *folder, const char *by, struct error *err);
/* Removes a folder that has files and no folders in it, if it is there. */
void managed_files_remove(const char *path);

#endif
