/*
 * fault.c - ends the process where a test wants it, and takes out what a test wants out.
 */
#include "fault.h"

#ifdef CALLSWELL_FAULTS

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

void
fault_point(const char *place)
{
    static atomic_long passed;
    const char *wanted = getenv("CALLSWELL_FAULT");
    size_t n = strlen(place);

    if (!wanted || strncmp(wanted, place, n) != 0 || wanted[n] != ':')
        return;
    if (atomic_fetch_add(&passed, 1) + 1 == atol(wanted + n + 1))
        raise(SIGKILL);
}

bool
guard_stands(const char *guard)
{
    const char *without = getenv("CALLSWELL_WITHOUT");

    return !without || strcmp(without, guard) != 0;
}

#endif
