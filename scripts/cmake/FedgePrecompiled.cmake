# fedge_precompile(TARGET SET): headers that many files include, parsed once for all of them. Half of a build's time
# went into parsing the same headers of gRPC, LibTorch and GoogleTest. Each file still includes what it uses: the clang
# preset builds without this.
#
#   torch  what the files over LibTorch include
#   grpc   gRPC and the generated messages
#   grpc_test  the same, with GoogleTest
#   test   GoogleTest alone
option(FEDGE_PRECOMPILE "Parse the headers of gRPC, LibTorch and GoogleTest once" ON)

# Programs are compiled as libraries are (-fPIC, not -fPIE), or they could not share their precompiled headers.
set(CMAKE_CXX_COMPILE_OPTIONS_PIE ${CMAKE_CXX_COMPILE_OPTIONS_PIC})

function(fedge_precompiled_set name)
  cmake_parse_arguments(ARG "" "" "HEADERS;DEPS" ${ARGN})
  set(source "${CMAKE_BINARY_DIR}/generated/headers_${name}.cc")
  file(CONFIGURE OUTPUT "${source}" CONTENT "// Carries the precompiled headers.\n")
  add_library(fedge_headers_${name} OBJECT EXCLUDE_FROM_ALL "${source}")
  target_link_libraries(fedge_headers_${name} PRIVATE fedge_warnings ${ARG_DEPS})
  target_precompile_headers(fedge_headers_${name} PRIVATE ${ARG_HEADERS})
endfunction()

if(FEDGE_PRECOMPILE)
  set(FEDGE_STANDARD_HEADERS <algorithm> <chrono> <filesystem> <functional> <map> <memory> <optional> <span> <string>
      <string_view> <utility> <variant> <vector>)
  set(FEDGE_TEST_HEADERS <gmock/gmock.h> <gtest/gtest.h>)
  set(FEDGE_GRPC_HEADERS <fmt/format.h> <grpcpp/grpcpp.h> <fedge/v1/admin.grpc.pb.h> <fedge/v1/federation.grpc.pb.h>)
  if(FEDGE_LIBTORCH)
    fedge_precompiled_set(torch
      HEADERS ${FEDGE_STANDARD_HEADERS} <ATen/core/Tensor.h> <torch/csrc/jit/api/module.h> <torch/csrc/jit/ir/ir.h>
      DEPS fedge_libtorch)
  endif()
  if(FEDGE_TESTS)
    fedge_precompiled_set(test HEADERS ${FEDGE_STANDARD_HEADERS} ${FEDGE_TEST_HEADERS} DEPS GTest::gmock)
  endif()
  if(NOT FEDGE_EDGE_ONLY)
    fedge_precompiled_set(grpc
      HEADERS ${FEDGE_STANDARD_HEADERS} ${FEDGE_GRPC_HEADERS}
      DEPS fedge::proto fmt::fmt)
  endif()
  if(FEDGE_TESTS AND NOT FEDGE_EDGE_ONLY)
    fedge_precompiled_set(grpc_test
      HEADERS ${FEDGE_STANDARD_HEADERS} ${FEDGE_GRPC_HEADERS} ${FEDGE_TEST_HEADERS}
      DEPS fedge::proto fmt::fmt GTest::gmock)
  endif()
endif()

# Files over LibTorch take about a gigabyte each to compile, so no more than two are compiled at once.
function(fedge_precompile target set)
  if(set STREQUAL "torch")
    set_target_properties(${target} PROPERTIES JOB_POOL_COMPILE torch_pool)
  endif()
  if(FEDGE_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM fedge_headers_${set})
    # GCC 12's false findings in the standard library's own code come through, as it forgets which headers are the
    # system's.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-stringop-overflow>)
  endif()
endfunction()
