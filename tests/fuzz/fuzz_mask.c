/*
 * fuzz_mask.c - what is hidden in any bytes: nothing beside them is touched, nothing grows, and
 * what was hidden once stays as it is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
copy_of(const void *p, size_t n)
{
    char *copy = malloc(n ? n : 1); /* of its own, so that over-reads are seen */

    if (!copy)
        abort();
    if (n)
        memcpy(copy, p, n);
    return copy;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *first = copy_of(data, size), *again;

    mask_secrets(first, size);
    again = copy_of(first, size);
    mask_secrets(again, size);
    if (memcmp(first, again, size) != 0)
        abort();
    mask_people(again, size);
    for (size_t i = 0; i < size; i++) /* nothing appears but asterisks */
        if (again[i] != first[i] && again[i] != '*')
            abort();
    free(first);
    free(again);
    return 0;
}
