/*
 * fault.h - places where a test may end the process, and guards that it may take out.
 *
 * Compiled in only with CALLSWELL_FAULTS (builds with sanitizers, and SAN=chaos). CALLSWELL_FAULT
 * in the environment names a place and which time it is passed: "commit_written:3". The process is
 * then killed there, without a word to anybody. CALLSWELL_WITHOUT names one guard of the protocol
 * that is taken out, so that the tests can show that they would notice.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>

#ifdef CALLSWELL_FAULTS
void fault_point(const char *place);
bool guard_stands(const char *guard);
#else
#define fault_point(place)  ((void)0)
#define guard_stands(guard) ((void)(guard), true)
#endif

#endif
