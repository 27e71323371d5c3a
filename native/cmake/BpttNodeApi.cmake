# bptt_node_api: headers, definitions and libraries of Node-API 9, the newest that Node 20 has.
# cmake-js gives CMAKE_JS_INC and CMAKE_JS_LIB; without it (a plain `cmake` run for editors) node_modules is asked.

if(NOT CMAKE_JS_INC)
  set(CMAKE_JS_INC
    "${PROJECT_SOURCE_DIR}/node_modules/node-api-headers/include" "${PROJECT_SOURCE_DIR}/node_modules/node-addon-api")
endif()
set(bptt_napi_header "")
foreach(folder IN LISTS CMAKE_JS_INC)
  if(EXISTS "${folder}/napi.h")
    set(bptt_napi_header "${folder}/napi.h")
  endif()
endforeach()
if(NOT bptt_napi_header)
  message(FATAL_ERROR "bptt: napi.h was not found in ${CMAKE_JS_INC}. Run `npm ci` first, then `npm run build:native`.")
endif()

add_library(bptt_node_api INTERFACE)
target_include_directories(bptt_node_api SYSTEM INTERFACE ${CMAKE_JS_INC})
# SWALLOW_UNTHROWABLE: an error that meets an environment that is being torn down (a worker thread that was terminated)
# must not abort the process.
target_compile_definitions(bptt_node_api INTERFACE
  NAPI_VERSION=9 NAPI_CPP_EXCEPTIONS NODE_ADDON_API_DISABLE_DEPRECATED NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED
  NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS)
target_link_libraries(bptt_node_api INTERFACE ${CMAKE_JS_LIB})
if(MSVC)
  target_compile_options(bptt_node_api INTERFACE /EHsc)
  if(CMAKE_JS_NODELIB_DEF AND CMAKE_JS_NODELIB_TARGET)  # import library of the functions that node.exe exports
    execute_process(COMMAND ${CMAKE_AR} /def:${CMAKE_JS_NODELIB_DEF} /out:${CMAKE_JS_NODELIB_TARGET} ${CMAKE_STATIC_LINKER_FLAGS})
  endif()
endif()
