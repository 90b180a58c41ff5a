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
target_include_directories(fedge_libtorch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(fedge_libtorch INTERFACE ${TORCH_LIBRARIES})
