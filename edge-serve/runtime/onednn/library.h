#pragma once

#include <memory>
#include <string>

#include <oneapi/dnnl/dnnl.h>

#include "fedge/common/result.h"

namespace fedge::onednn {

// The functions of oneDNN's C API that are used here, without "dnnl_".
#define FEDGE_ONEDNN_FUNCTIONS(X)            \
  X(version)                                 \
  X(get_effective_cpu_isa)                   \
  X(set_primitive_cache_capacity)            \
  X(engine_create)                           \
  X(engine_destroy)                          \
  X(stream_create)                           \
  X(stream_destroy)                          \
  X(memory_create)                           \
  X(memory_destroy)                          \
  X(memory_set_data_handle)                  \
  X(memory_desc_init_by_strides)             \
  X(memory_desc_get_size)                    \
  X(post_ops_create)                         \
  X(post_ops_destroy)                        \
  X(post_ops_append_sum)                     \
  X(post_ops_append_eltwise)                 \
  X(post_ops_append_binary)                  \
  X(primitive_attr_create)                   \
  X(primitive_attr_destroy)                  \
  X(primitive_attr_set_scratchpad_mode)      \
  X(primitive_attr_set_post_ops)             \
  X(primitive_attr_set_output_scales)        \
  X(dilated_convolution_forward_desc_init)   \
  X(dilated_deconvolution_forward_desc_init) \
  X(matmul_desc_init)                        \
  X(sgemm)                                   \
  X(primitive_desc_create)                   \
  X(primitive_desc_destroy)                  \
  X(primitive_desc_query)                    \
  X(primitive_desc_query_md)                 \
  X(reorder_primitive_desc_create)           \
  X(primitive_create)                        \
  X(primitive_destroy)                       \
  X(primitive_execute)

// oneDNN as it was found when it was opened; stays open until the process ends, since OpenMP's
// threads do. Immutable, thread-safe.
struct Library {
  // See MakeOneDnnProvider.
  static Result<std::shared_ptr<const Library>> Open(const std::string& path,
                                                     bool own_symbols_first);

#define FEDGE_ONEDNN_POINTER(name) decltype(&::dnnl_##name) name = nullptr;
  FEDGE_ONEDNN_FUNCTIONS(FEDGE_ONEDNN_POINTER)
#undef FEDGE_ONEDNN_POINTER

  // OpenMP's; absent where oneDNN was built without.
  void (*omp_set_num_threads)(int) = nullptr;
  int (*omp_get_max_threads)() = nullptr;
};

}  // namespace fedge::onednn
