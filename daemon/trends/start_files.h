/*
 * start_files.h - an append-only folder of Redis 7, from which a server starts with all it is to
 * hold.
 *
 * It costs a server less than half of what the same keys sent as commands do: nothing is looked up,
 * logged and answered, and its tables have their size from the beginning. The folder has a base of
 * keys, in which each may stand once, and a log of commands that is played behind it.
 *
 * Keys and commands are gathered in memory until start_files_flush, so they may be added while
 * somebody waits. One thread.
 */
#ifndef START_FILES_H
#define START_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"
#include "span.h"
#include "status.h"

struct start_files;

/* The folder is made with the first flush of more than `least` bytes; until then nothing is
 * written. One that is there is replaced. */
struct start_files *start_files_new(const char *folder, size_t least);
/* Accepts NULL. Removes the folder, unless it has been moved to where a server looks for it. */
void start_files_free(struct start_files *f);

/* From here on no key comes that came before. */
void start_files_forget(struct start_files *f);
/* Did this key not come yet? Then it may be added once. */
bool start_files_first(struct start_files *f, struct span key);
/* Keys for the base, with the end of their lives in UTC milliseconds, 0 for none. Entries are those
 * of redis_dump.h, at most DUMP_MAX_FIELDS fields. */
void start_files_string(struct start_files *f, struct span key, struct span value, int64_t at_ms);
void start_files_hash(struct start_files *f, struct span key, struct span entries, size_t fields,
                      int64_t at_ms);
/* More for the log: whole commands in their wire form. */
void start_files_log(struct start_files *f, struct span commands);

size_t start_files_held(const struct start_files *f);   /* bytes not yet written */
size_t start_files_memory(const struct start_files *f); /* held for them, and to know keys */
/* Is that enough to be flushed? */
bool start_files_due(const struct start_files *f);
enum status start_files_flush(struct start_files *f, struct error *err);
/* Has anything been written? */
bool start_files_begun(const struct start_files *f);
/* Could the files not be written? Then flush or end said why. */
bool start_files_failed(const struct start_files *f);
/* Writes the rest and brings it to the disk. */
enum status start_files_end(struct start_files *f, struct error *err);

#endif
