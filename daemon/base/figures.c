/*
 * figures.c - figures as people read them.
 */
#include "figures.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

const char *
figure_count(char out[FIGURE], int64_t v)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)v), o = 0;

    for (int i = 0; i < n && o < FIGURE - 1; i++) {
        if (i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-')
            out[o++] = ',';
        out[o++] = digits[i];
    }
    out[o] = '\0';
    return out;
}

const char *
figure_bytes(char out[FIGURE], int64_t v)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double size = (double)v;
    int u = 0;

    while (size >= 1024 && u < 4)
        size /= 1024, u++;
    snprintf(out, FIGURE, u ? "%.1f %s" : "%.0f %s", size, units[u]);
    return out;
}

const char *
figure_seconds(char out[FIGURE], int64_t s)
{
    static const struct unit {
        int64_t seconds;
        char name[4];
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};

    for (size_t i = 0; i + 1 < sizeof units / sizeof *units; i++)
        if (s >= units[i].seconds) {
            snprintf(out, FIGURE, "%lld %s %lld %s", (long long)(s / units[i].seconds),
                     units[i].name, (long long)(s % units[i].seconds / units[i + 1].seconds),
                     units[i + 1].name);
            return out;
        }
    snprintf(out, FIGURE, "%lld s", (long long)s);
    return out;
}

const char *
figure_real(char out[FIGURE], double v)
{
    if (!isfinite(v))
        snprintf(out, FIGURE, "?");
    else if (fabs(v) >= 1e15)
        snprintf(out, FIGURE, "%.3g", v);
    else if (fabs(v) >= 100 || v == rint(v))
        figure_count(out, (int64_t)rint(v));
    else
        snprintf(out, FIGURE, "%.3g", v);
    return out;
}

const char *
figure_rate(char out[FIGURE], double v)
{
    if (v > 0 && v < 10)
        snprintf(out, FIGURE, "%.1f", v);
    else
        figure_count(out, (int64_t)(v + 0.5));
    return out;
}
