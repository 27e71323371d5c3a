# bptt_node_api: headers, definitions and libraries of Node-API 9, the newest that Node 20 has.
# cmake-js gives CMAKE_JS_INC and CMAKE_JS_LIB.

# Without cmake-js (an installed package, a plain `cmake` run for editors) the headers are those in native/third_party, which the
# package brings, or those of node_modules.
if(NOT CMAKE_JS_INC)
  foreach(folder IN ITEMS "native/third_party" "node_modules")
    if(NOT bptt_node_headers AND EXISTS "${PROJECT_SOURCE_DIR}/${folder}/node-addon-api/napi.h")
      set(bptt_node_headers "${PROJECT_SOURCE_DIR}/${folder}")
    endif()
  endforeach()
  if(NOT bptt_node_headers)
    message(FATAL_ERROR "bptt: node-addon-api was found neither in native/third_party nor in node_modules. Run `npm ci` first.")
  endif()
  set(CMAKE_JS_INC "${bptt_node_headers}/node-api-headers/include" "${bptt_node_headers}/node-addon-api")
  if(MSVC)  # the import library of the functions that node.exe exports
    set(CMAKE_JS_NODELIB_DEF "${bptt_node_headers}/node-api-headers/def/node_api.def")
    set(CMAKE_JS_NODELIB_TARGET "${CMAKE_CURRENT_BINARY_DIR}/node.lib")
    set(CMAKE_JS_LIB "${CMAKE_JS_NODELIB_TARGET}")
  elseif(APPLE)
    set(bptt_node_link_options "LINKER:-undefined,dynamic_lookup")
  endif()
endif()

add_library(bptt_node_api INTERFACE)
target_include_directories(bptt_node_api SYSTEM INTERFACE ${CMAKE_JS_INC})
# SWALLOW_UNTHROWABLE: an error that meets an environment that is being torn down (a worker thread that was terminated)
# must not abort the process.
target_compile_definitions(bptt_node_api INTERFACE
  NAPI_VERSION=9 NAPI_CPP_EXCEPTIONS NODE_ADDON_API_DISABLE_DEPRECATED NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED
  NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS)
target_link_libraries(bptt_node_api INTERFACE ${CMAKE_JS_LIB})
target_link_options(bptt_node_api INTERFACE ${bptt_node_link_options})
if(MSVC)
  target_compile_options(bptt_node_api INTERFACE /EHsc)
  if(CMAKE_JS_NODELIB_DEF AND CMAKE_JS_NODELIB_TARGET)
    execute_process(COMMAND ${CMAKE_AR} /def:${CMAKE_JS_NODELIB_DEF} /out:${CMAKE_JS_NODELIB_TARGET} ${CMAKE_STATIC_LINKER_FLAGS})
  endif()
endif()
