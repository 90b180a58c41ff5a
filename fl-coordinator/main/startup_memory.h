#pragma once

namespace fedge {

// Gives back what only starting up needed: code pages that are not touched again, free heap. What
// is needed after all comes back from the page cache.
void ReleaseStartupMemory();

}  // namespace fedge
