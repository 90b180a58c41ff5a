# Finds LibTorch as the imported target fedge_libtorch. Its package adds compile flags to everything in sight, so only
# the targets that name fedge_libtorch see it.
find_package(Torch 2.1 QUIET)
if(NOT Torch_FOUND)
  message(FATAL_ERROR
    "LibTorch 2.1 or newer was not found. Run scripts/setup.sh, or set LIBTORCH (or CMAKE_PREFIX_PATH) to a LibTorch "
    "folder, or configure with -DFEDGE_LIBTORCH=OFF to build only what does not need it.")
endif()
if(TORCH_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
  message(FATAL_ERROR
    "The LibTorch in ${TORCH_INSTALL_PREFIX} uses the old C++ ABI (_GLIBCXX_USE_CXX11_ABI=0), which gRPC and protobuf "
    "of this system do not. Use a LibTorch with the C++11 ABI: 'libtorch-cxx11-abi', or 2.7 and newer.")
endif()
message(STATUS "LibTorch ${Torch_VERSION} in ${TORCH_INSTALL_PREFIX}")

add_library(fedge_libtorch INTERFACE)
# Searched after the system's folders: newer wheels bring headers of their own for libraries that Fedge takes from the
# distribution (fmt, protobuf), and those are not the ones whose code is linked.
foreach(target torch torch_library torch_cpu torch_cpu_library torch_cuda torch_cuda_library c10 c10_cuda)
  if(TARGET ${target})
    set_property(TARGET ${target} PROPERTY INTERFACE_INCLUDE_DIRECTORIES "")
  endif()
endforeach()
foreach(folder IN LISTS TORCH_INCLUDE_DIRS)
  target_compile_options(fedge_libtorch INTERFACE "SHELL:-idirafter ${folder}")
endforeach()
target_link_libraries(fedge_libtorch INTERFACE ${TORCH_LIBRARIES})
