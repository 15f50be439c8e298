/*
 * commands.h - what a person does with `callswell`: one function a command.
 *
 * argv[0] is "callswell NAME", argv[1..] its arguments. The result is the exit code.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

int command_import(int argc, char **argv);
int command_status(int argc, char **argv);
int command_top(int argc, char **argv);
int command_signal(int argc, char **argv);
int command_export(int argc, char **argv);
int command_webhook(int argc, char **argv);
int command_what_if(int argc, char **argv);
int command_why(int argc, char **argv);
int command_report(int argc, char **argv);
int command_customer(int argc, char **argv);
int command_calendar(int argc, char **argv);
int command_roster(int argc, char **argv);
int command_quarantine(int argc, char **argv);
int command_token(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_ledger(int argc, char **argv);
int command_stream(int argc, char **argv);
int command_rebuild(int argc, char **argv);
int command_validate(int argc, char **argv);
int command_redis_key(int argc, char **argv);
int command_formats(int argc, char **argv);
int command_generate(int argc, char **argv);
int command_erlang(int argc, char **argv);
int command_backtest(int argc, char **argv);

#endif
