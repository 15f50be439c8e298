/*
 * fault.h - places where a test may end the process, as a crash would.
 *
 * Compiled in only with CALLSWELL_FAULTS (builds with sanitizers). CALLSWELL_FAULT in the
 * environment names a place and which time it is passed: "commit_written:3". The process is
 * then killed there, without a word to anybody.
 */
#ifndef FAULT_H
#define FAULT_H

#ifdef CALLSWELL_FAULTS
void fault_point(const char *place);
#else
#define fault_point(place) ((void)0)
#endif

#endif
