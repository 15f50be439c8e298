/*
 * segment_members.h - who is in which segment, as SQL.
 *
 * A stage of life is a segment, too, and so is a group of like usage: everybody is in one, or in
 * none yet.
 */
#ifndef SEGMENT_MEMBERS_H
#define SEGMENT_MEMBERS_H

/* A table: segment, customer, since, evidence. */
#define SEGMENT_MEMBERS_SQL                                                                        \
    "(SELECT segment, customer, since, evidence FROM segment_member UNION ALL SELECT 'stage:' ||"  \
    " stage, customer, coalesce(stage_since, as_of), NULL FROM customer_outlook WHERE stage <> ''" \
    " UNION ALL SELECT 'usage:' || usage_group, customer, as_of, NULL FROM customer_outlook"       \
    " WHERE usage_group <> '')"

#endif
