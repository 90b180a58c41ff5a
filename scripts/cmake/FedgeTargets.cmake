# fedge_library(NAME SOURCES ... DEPS ... [PRIVATE_DEPS ...]), fedge_program, fedge_test, fedge_include_root:
# every target of Fedge gets the same warnings and the same include root.

set(FEDGE_INCLUDE_DIR "${CMAKE_BINARY_DIR}/include")

add_library(fedge_warnings INTERFACE)
target_compile_options(fedge_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  $<$<BOOL:${FEDGE_WERROR}>:-Werror>
  # GCC 12 sees overlapping copies where std::string is appended to a literal (GCC bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Wno-gnu-zero-variadic-macro-arguments>
  # The same numbers on every machine: no fused multiply-add that the source does not spell out.
  -ffp-contract=off)
# GCC 12 takes instrumented destructors of variants for uses of what is not initialised.
if(FEDGE_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(fedge_warnings INTERFACE -Wno-maybe-uninitialized)
endif()

# Sources in FOLDER are included as "fedge/NAME/...".
function(fedge_include_root name folder)
  file(MAKE_DIRECTORY "${FEDGE_INCLUDE_DIR}/fedge")
  file(CREATE_LINK "${PROJECT_SOURCE_DIR}/${folder}" "${FEDGE_INCLUDE_DIR}/fedge/${name}" SYMBOLIC)
endfunction()

function(fedge_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  string(REPLACE "fedge_" "fedge::" alias ${name})
  add_library(${alias} ALIAS ${name})
  target_include_directories(${name} PUBLIC "${FEDGE_INCLUDE_DIR}")
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE fedge_warnings ${ARG_PRIVATE_DEPS})
endfunction()

function(fedge_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE "${FEDGE_INCLUDE_DIR}")
  target_link_libraries(${name} PRIVATE fedge_warnings ${ARG_DEPS})
  set_property(GLOBAL APPEND PROPERTY FEDGE_PROGRAMS ${name})
  add_dependencies(programs ${name})
endfunction()

# fedge_test(NAME SOURCES ... DEPS ... [LABELS ...] [PRECOMPILED SET]): one GoogleTest binary; its cases are found when
# ctest runs.
function(fedge_test name)
  cmake_parse_arguments(ARG "" "PRECOMPILED" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE "${FEDGE_INCLUDE_DIR}")
  target_link_libraries(${name} PRIVATE fedge_warnings ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  # Half the time of a build's compilers went into optimising tests.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  target_compile_definitions(${name} PRIVATE FEDGE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  if(NOT ARG_PRECOMPILED)
    set(ARG_PRECOMPILED test)
  endif()
  fedge_precompile(${name} ${ARG_PRECOMPILED})
  set(properties TIMEOUT 300)
  if(ARG_LABELS)
    list(APPEND properties LABELS "${ARG_LABELS}")
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES ${properties})
endfunction()

# All programs that users run; scripts/demo.sh builds just these.
add_custom_target(programs)
