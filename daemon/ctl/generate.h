/*
 * generate.h - `callswell generate`: usage records of a conference company that never was.
 */
#ifndef GENERATE_H
#define GENERATE_H

/* argv[0] is "generate". Answers the exit code: 0, 1 failure, 64 usage. */
int command_generate(int argc, char **argv);

#endif
