#pragma once

namespace fedge {

// Raises the limit of open files to what the system allows, and keeps some of them for the
// program's own: a connection that would take one of those is closed at once. Without this a crowd
// would keep the program from opening its database, and gRPC 1.51, once no file is left, would
// never accept again, even after the crowd has gone. Once, at the program's begin.
void GuardAccept();

}  // namespace fedge
