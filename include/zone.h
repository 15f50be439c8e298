/*
 * zone.h - time zones of the IANA database, read from the system's TZif files (RFC 8536).
 *
 * libc's own conversions work on one zone per process; here every input has its own. A
 * zone is immutable once loaded and may be shared by threads.
 */
#ifndef ZONE_H
#define ZONE_H

#include <stdint.h>

#include "status.h"

struct zone;

/* Loads "Europe/Berlin", "UTC" or "" (UTC), or a fixed offset "+05:30". Names with ".."
 * or a leading "/" are refused. Loading a name twice gives the same object. Zones live as
 * long as the process. ST_BAD_CONFIG: no such zone. */
enum status zone_load(const struct zone **out, const char *name, struct error *err);

const char *zone_name(const struct zone *z);

/* Seconds east of UTC at a moment. Beyond the table the file's POSIX rule holds. */
int32_t zone_offset_at(const struct zone *z, int64_t utc);

/* Local wall-clock seconds (civil time read as if UTC) to UTC. A local time that occurs
 * twice (autumn) is taken as its first occurrence; one that does not occur (spring) is
 * moved forward by the gap, as a clock would have shown it: both are what RFC 5545
 * 3.3.5 prescribes. */
int64_t zone_to_utc(const struct zone *z, int64_t local);

#endif
