/*
 * folder.h - the state folder and its one owner at a time.
 */
#ifndef FOLDER_H
#define FOLDER_H

#include "status.h"

/* Makes the folder if need be and takes its lock, which is held until *fd is closed.
 * ST_RETRY: another process has it. ST_BAD_CONFIG: a network file system, on which neither the
 * lock nor SQLite's log can be relied on. */
enum status folder_take(const char *path, int *fd, struct error *err);

#endif
