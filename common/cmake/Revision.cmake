# CHAT_REVISION: what git says about this checkout when the build is configured. -DCHAT_REVISION=… sets it where there is
# no clone, as in a tarball or an image.
set(CHAT_REVISION "" CACHE STRING "Revision that --version and chat_build_info show; empty: ask git")
set(chat_revision "${CHAT_REVISION}")
if(NOT chat_revision)
  execute_process(COMMAND git describe --tags --always --dirty
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE chat_revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
    RESULT_VARIABLE chat_git_failed)
  if(chat_git_failed OR NOT chat_revision MATCHES "^[A-Za-z0-9._/+-]+$")
    set(chat_revision unknown)
  endif()
endif()
