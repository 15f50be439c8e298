/*
 * signal_held.h - signals whose data are incomplete wait until they are there.
 */
#ifndef SIGNAL_HELD_H
#define SIGNAL_HELD_H

#include "signals.h"

/* Completes the row with what its data are worth: its completeness, and why it is to be held
 * (borrowed from *held), if it is. */
void signal_judge_data(const struct pass *p, struct signal_row *row, struct buf *held);
/* Are the last days of what the subject depends on there? While they are not, that nothing is out
 * of the ordinary is no news either. */
bool signal_data_are_there(const struct pass *p, const char *subject_type, struct span subject);

#endif
