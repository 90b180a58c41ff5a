# Toolchain file: builds for 64-bit ARM Linux on another machine, and runs what was built under QEMU. The compiler and
# QEMU are the distribution's; the libraries lie in .deps/aarch64, where `scripts/setup.sh --check-tools` unpacks them,
# or in FEDGE_SYSROOT: a device's own root file system, say.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FEDGE_SYSROOT)
if(NOT FEDGE_SYSROOT)
  get_filename_component(FEDGE_SYSROOT "${CMAKE_CURRENT_LIST_DIR}/../../.deps/aarch64" ABSOLUTE)
endif()
if(NOT EXISTS "${FEDGE_SYSROOT}/usr/include")
  message(FATAL_ERROR "${FEDGE_SYSROOT} holds no libraries for aarch64: run scripts/setup.sh --check-tools, "
    "or name the root file system of a device with -DFEDGE_SYSROOT=FOLDER.")
endif()
set(CMAKE_SYSROOT "${FEDGE_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER) # protoc runs here
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${FEDGE_SYSROOT}")
set(ENV{PKG_CONFIG_LIBDIR} "${FEDGE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${FEDGE_SYSROOT}/usr/share/pkgconfig")

find_program(QEMU_AARCH64 NAMES qemu-aarch64 qemu-aarch64-static)
mark_as_advanced(QEMU_AARCH64)
if(QEMU_AARCH64)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${QEMU_AARCH64};-L;${FEDGE_SYSROOT}")
endif()
