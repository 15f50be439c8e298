/*
 * crm_export.h - customers with profile, segments and signals as CSV that a CRM takes in bulk.
 *
 * One column is the customer's id here, to be an external id (or alternate key) there: so the same
 * file twice changes nothing. docs/EXPORT.md says which fields are to be made in each CRM and how
 * the file is loaded. Sources: Salesforce "Bulk API 2.0 Developer Guide" (Prepare CSV Files: empty
 * values are ignored, #N/A clears a field), Microsoft "Import data" for Dataverse, SuiteCRM and
 * EspoCRM administrators' guides on import.
 */
#ifndef CRM_EXPORT_H
#define CRM_EXPORT_H

#include "memory.h"
#include "status.h"
#include "store.h"

struct crm;

#define CRM_NAMES "salesforce dynamics suitecrm espocrm"

const struct crm *crm_find(const char *name);        /* NULL: none of that name */
const char *crm_name(const struct crm *crm);         /* "salesforce" */
const char *crm_way(const struct crm *crm);          /* how such a file is loaded there */
void crm_id(const struct crm *crm, struct buf *out); /* appends the external id's field */

/* Which customers; NULL: whosesoever, of any segment. Borrowed. */
struct crm_choice {
    const char *owner, *segment;
    const char *viewer; /* who asks sees customers of this owner alone */
};

/* Gets the file in parts. Anything but ST_OK ends the export with that. */
struct crm_sink {
    enum status (*take)(void *arg, struct span part, struct error *err);
    void *arg;
};

/* The whole file, of one moment of the store. *rows: customers in it. */
enum status crm_export(struct store *s, const struct crm *crm, const struct crm_choice *choice,
                       const struct crm_sink *sink, uint64_t *rows, struct error *err);

#endif
