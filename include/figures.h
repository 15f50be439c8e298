/*
 * figures.h - figures as people read them.
 */
#ifndef FIGURES_H
#define FIGURES_H

#include <stdint.h>

#define FIGURE 32

const char *figure_count(char out[FIGURE], int64_t v);   /* "1,234,567" */
const char *figure_bytes(char out[FIGURE], int64_t v);   /* "12.3 MiB" */
const char *figure_seconds(char out[FIGURE], int64_t s); /* "3 h 7 min": the two largest units */
/* "1,234", "12.3", "0.0457": whole where there are three digits before the point, else so many
 * digits that three count; "?" for what is not finite. */
const char *figure_real(char out[FIGURE], double v);
const char *figure_rate(char out[FIGURE], double v); /* a second: "0.4", "12", "1,234" */

#endif
