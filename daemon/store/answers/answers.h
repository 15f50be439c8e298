/*
 * answers.h - the questions, for their list in answer.c.
 */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "answer.h"

/* Columns leave out what most of them do not have: SQL of their own, and being there always. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* answers_service.c */
extern const struct answer answer_staffing, answer_services, answer_service_intervals;
/* answers_staffing.c */
extern const struct answer answer_roster, answer_calendar, answer_forecast_scores,
    answer_availability, answer_staffing_moves, answer_staffing_skills, answer_seasons;
/* answers_conference.c */
extern const struct answer answer_conferences, answer_conference_sizes;
/* answers_response.c */
extern const struct answer answer_responses;
/* answers_feature.c */
extern const struct answer answer_features;
/* answers_customer.c */
extern const struct answer answer_customers, answer_stale, answer_customer_usage,
    answer_customer_days;
/* answers_segment.c */
extern const struct answer answer_segments, answer_segment_members, answer_stage_history,
    answer_segment_changes, answer_segment_flows;
/* answers_outlook.c */
extern const struct answer answer_stages, answer_customer_growth, answer_usage_groups,
    answer_models;
/* answers_signal.c */
extern const struct answer answer_signals;
/* answers_feed.c */
extern const struct answer answer_completeness, answer_signals_rest;
extern const struct answer answer_feeds, answer_quarantine, answer_quarantine_reasons;
/* answers_access.c */
extern const struct answer answer_tokens, answer_audit;
/* answers_message.c */
extern const struct answer answer_webhook_messages;

#endif
