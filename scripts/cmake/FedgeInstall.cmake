# cmake --install: programs, their man pages and shell completions, sample configuration, documents. Man pages and
# completions are written by the programs themselves (--generate), so that they always say what the programs do.
include(GNUInstallDirs)

set(FEDGE_GENERATED_DIR "${CMAKE_BINARY_DIR}/generated/share")
file(MAKE_DIRECTORY "${FEDGE_GENERATED_DIR}/man" "${FEDGE_GENERATED_DIR}/bash" "${FEDGE_GENERATED_DIR}/zsh")
get_property(FEDGE_ALL_PROGRAMS GLOBAL PROPERTY FEDGE_PROGRAMS)

set(documents)
foreach(program IN LISTS FEDGE_ALL_PROGRAMS)
  set(man "${FEDGE_GENERATED_DIR}/man/${program}.1")
  set(bash "${FEDGE_GENERATED_DIR}/bash/${program}")
  set(zsh "${FEDGE_GENERATED_DIR}/zsh/_${program}")
  add_custom_command(
    OUTPUT "${man}" "${bash}" "${zsh}"
    COMMAND ${program} --generate man > "${man}"
    COMMAND ${program} --generate bash > "${bash}"
    COMMAND ${program} --generate zsh > "${zsh}"
    DEPENDS ${program}
    COMMENT "Man page and completions of ${program}"
    VERBATIM)
  list(APPEND documents "${man}" "${bash}" "${zsh}")
  install(TARGETS ${program} RUNTIME)
  install(FILES "${man}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
  install(FILES "${bash}" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
  install(FILES "${zsh}" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
endforeach()
add_custom_target(program_documents ALL DEPENDS ${documents})
add_dependencies(programs program_documents)

# LibTorch stays where it is: installed programs find it there, unless a copy lies in the lib folder beside them.
foreach(program fl-client compress)
  if(TARGET ${program})
    set_target_properties(${program} PROPERTIES
      INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};${TORCH_INSTALL_PREFIX}/lib")
    install(CODE "message(STATUS \"${program} needs LibTorch: that in ${TORCH_INSTALL_PREFIX}/lib, \"
      \"or a copy of its libraries in \${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}\")")
  endif()
endforeach()

install(DIRECTORY "${PROJECT_SOURCE_DIR}/configs/" DESTINATION "${CMAKE_INSTALL_DATADIR}/fedge"
        PATTERN "alerts_test.yml" EXCLUDE)
# The documents, with what they link to.
foreach(document README.md CHANGELOG.md ARCHITECTURE.md DECISIONS.md BENCHMARKS.md CONTRIBUTING.md LICENSE)
  install(FILES "${PROJECT_SOURCE_DIR}/${document}" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
endforeach()
install(FILES "${PROJECT_SOURCE_DIR}/docs/flow.svg" DESTINATION "${CMAKE_INSTALL_DOCDIR}/docs")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/scripts/bench/results" DESTINATION "${CMAKE_INSTALL_DOCDIR}/scripts/bench"
        FILES_MATCHING PATTERN "*.svg")
file(RELATIVE_PATH configs_from_documents "${CMAKE_INSTALL_FULL_DOCDIR}" "${CMAKE_INSTALL_FULL_DATADIR}/fedge")
install(CODE "file(CREATE_LINK \"${configs_from_documents}\"
  \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}/configs\" SYMBOLIC)")
