# SPDX-License-Identifier: GPL-2.0-only
# cmake -DSOURCE=DIR -DVERSION=N -DOUT=FILE -P version.cmake: which rmapdiff this is, as a header. Runs in each build, and
# leaves OUT alone when that has not changed, so that nothing is compiled again.
# In a repository of its own: what git calls the commit; in a tarball, or without git, VERSION alone.
cmake_minimum_required(VERSION 3.25)
set(text "${VERSION}")
find_program(GIT git)
if(GIT)
  # Empty at the top of a repository: it may also lie in another one's.
  execute_process(COMMAND ${GIT} -C ${SOURCE} rev-parse --show-cdup
    OUTPUT_VARIABLE up OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
  if(failed EQUAL 0 AND up STREQUAL "")
    execute_process(COMMAND ${GIT} -C ${SOURCE} describe --always --tags --dirty
      OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
    if(failed EQUAL 0 AND commit MATCHES "^[-_.a-zA-Z0-9]+$")
      string(APPEND text " (${commit})")
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT "${OUT}" CONTENT "#define RMAPDIFF_VERSION \"@text@\"\n" @ONLY)
