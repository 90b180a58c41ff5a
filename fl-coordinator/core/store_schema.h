#pragma once

#include <string>
#include <vector>

#include "fedge/common/status.h"
#include "fedge/coordinator/sqlite.h"

namespace fedge {

// Grows with every change of tables.h; a database of an older version is brought to this one by
// Open.
inline constexpr std::int64_t kSchemaVersion = 2;

// The tables and indexes, as SQLite stores them.
std::vector<std::string> SchemaStatements();

// Gives an empty database its schema, or checks that the one there is ours. kFailedPrecondition for
// a newer version or another program's database; kDataLoss if the schema is not what its version
// says, or the database is empty and had content.
Status PrepareSchema(sqlite::Database& database, bool had_content = false);

// Checks the structure of the database and the checksum of every row. Of a database larger than
// `full_check_bytes`, the tasks of past rounds, its only table without a bound, are left for when
// they are read.
Status VerifyContent(sqlite::Database& database, std::int64_t full_check_bytes);

}  // namespace fedge
