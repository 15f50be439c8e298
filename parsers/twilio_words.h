/*
 * twilio_words.h - how a call ended, as Twilio spells it: no-answer, noanswer, fail, failed.
 */
#ifndef TWILIO_WORDS_H
#define TWILIO_WORDS_H

#include "format_tables.h"

/* "rejected" or "failed"; empty of calls that were answered, and of any other word. */
static inline struct span
twilio_outcome(struct span status)
{
    char folded[WORD_MAX];

    switch (outcome_word(word_fold(status, folded))) {
    case OUTCOME_REJECTED:
        return SPAN("rejected");
    case OUTCOME_FAILED:
        return SPAN("failed");
    default:
        return SPAN("");
    }
}

#endif
