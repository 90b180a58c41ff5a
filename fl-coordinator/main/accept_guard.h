#pragma once

namespace fedge {

// Raises the limit of open files to what the system allows, and keeps one file in reserve. From
// then on a connection that comes while no file is left is closed at once. gRPC 1.51 would leave it
// where it is and never accept another one, even after the crowd has gone. Once, at the program's
// begin.
void GuardAccept();

}  // namespace fedge
