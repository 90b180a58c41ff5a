#pragma once

#include <thread>

namespace fedge {

// Gives back what nothing needs at the moment: code pages, free heap. What is needed again comes
// back from the page cache.
void ReleaseUnusedMemory();

// Gives back what many short transfers leave between the few allocations that stay: without it, 500
// connections that brought 1 MB each keep 200 KB each. Looks a few times a second at the process's
// resident memory, and trims the heap when that has grown; when the process rests after work, all
// that is unused goes. For as long as the object lives.
class HeapTrimmer {
 public:
  HeapTrimmer();

 private:
  std::jthread thread_;
};

}  // namespace fedge
