/*
 * crc64.h - the checksum of Redis' dumps and files.
 *
 * CRC-64 "Jones": reflected, begins with 0, no complement; of "123456789" it is e9c6d914c4b8d9ca.
 */
#ifndef CRC64_H
#define CRC64_H

#include <stddef.h>
#include <stdint.h>

/* Of more bytes behind those that crc is of; 0 is of none. */
uint64_t crc64_add(uint64_t crc, const void *bytes, size_t n);
/* Of bytes with sum `first` and n bytes with sum `second` behind them. */
uint64_t crc64_join(uint64_t first, uint64_t second, uint64_t n);

#endif
