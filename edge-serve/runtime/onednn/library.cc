#include "fedge/engine/onednn/library.h"

#include <cstdlib>

#include <dlfcn.h>

namespace fedge::onednn {
namespace {

template <class Function>
bool Find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kOwnSymbolsFirst = 0;
#else
constexpr int kOwnSymbolsFirst = RTLD_DEEPBIND;
#endif

}  // namespace

Result<std::shared_ptr<const Library>> Library::Open(const std::string& path,
                                                     bool own_symbols_first) {
  // libgomp reads it when it is loaded. Threads that spin while they wait take the cores from
  // everybody else: 24 ms became 143 ms with another busy process.
  setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
  const int flags = RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE;
  void* const handle = dlopen(path.c_str(), flags | (own_symbols_first ? kOwnSymbolsFirst : 0));
  if (handle == nullptr) {
    const char* const reason = dlerror();
    return Unavailable("oneDNN can't be opened: {}", reason == nullptr ? path : reason);
  }
  auto library = std::make_shared<Library>();
#define FEDGE_ONEDNN_FIND(name)                                                  \
  if (!Find(handle, "dnnl_" #name, library->name)) {                             \
    return FailedPrecondition("{} has no dnnl_" #name ": not oneDNN 2.6", path); \
  }
  FEDGE_ONEDNN_FUNCTIONS(FEDGE_ONEDNN_FIND)
#undef FEDGE_ONEDNN_FIND
  const dnnl_version_t* const version = library->version();
  if (version->major != 2 || version->minor < 6) {
    return FailedPrecondition("{} is oneDNN {}.{}, but must be 2.6 or newer 2.x", path,
                              version->major, version->minor);
  }
  Find(handle, "omp_set_num_threads", library->omp_set_num_threads);
  Find(handle, "omp_get_max_threads", library->omp_get_max_threads);
  // A model that is unloaded gives its kernels' memory back.
  library->set_primitive_cache_capacity(0);
  return std::shared_ptr<const Library>(std::move(library));
}

}  // namespace fedge::onednn
