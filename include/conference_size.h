/*
 * conference_size.h - classes of conferences by how many people were in them, in SQL.
 *
 * Of a row of the store's table conference: a text, "1-2" to "26+".
 */
#ifndef CONFERENCE_SIZE_H
#define CONFERENCE_SIZE_H

#define CONFERENCE_SIZE_SQL                                                                        \
    "CASE WHEN people <= 2 THEN '1-2' WHEN people <= 5 THEN '3-5' WHEN people <= 10 THEN '6-10'"   \
    " WHEN people <= 25 THEN '11-25' ELSE '26+' END"

#endif
