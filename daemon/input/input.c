/*
 * input.c - the table of inputs.
 */
#include "input.h"

#include <stddef.h>
#include <string.h>

extern const struct input_ops input_tail, input_tcp, input_udp, input_relp;

const struct input_ops *const inputs[] = {&input_tail, &input_tcp, &input_udp, &input_relp, NULL};

const struct input_ops *
input_find(const char *type)
{
    for (size_t i = 0; inputs[i]; i++)
        if (strcmp(inputs[i]->name, type) == 0)
            return inputs[i];
    return NULL;
}
