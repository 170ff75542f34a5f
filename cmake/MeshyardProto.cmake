# SPDX-License-Identifier: GPL-3.0-or-later

# meshyard_add_proto_library(room [GRPC] PROTOS path/relative/to/import/root.proto …)
# Generates C++ below the build tree; includes read "meshyard/v1/observer.pb.h" and are SYSTEM.
# The import root is embedded-mesh/api.
function(meshyard_add_proto_library room)
    cmake_parse_arguments(A "" "" "PROTOS;GRPC_PROTOS;USES" ${ARGN})
    set(root "${PROJECT_SOURCE_DIR}/embedded-mesh/api")
    set(out "${PROJECT_BINARY_DIR}/generated")
    file(MAKE_DIRECTORY "${out}")
    set(sources "")
    foreach(proto IN LISTS A_PROTOS A_GRPC_PROTOS)
        string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
        set(outputs "${out}/${stem}.pb.cc" "${out}/${stem}.pb.h")
        set(plugin "")
        if(proto IN_LIST A_GRPC_PROTOS)
            list(APPEND outputs "${out}/${stem}.grpc.pb.cc" "${out}/${stem}.grpc.pb.h")
            set(plugin "--grpc_out=${out}" "--plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN}")
        endif()
        add_custom_command(OUTPUT ${outputs}
            COMMAND protobuf::protoc --proto_path=${root} --cpp_out=${out} ${plugin} ${root}/${proto}
            DEPENDS ${root}/${proto} VERBATIM)
        list(APPEND sources ${outputs})
    endforeach()
    meshyard_check_layers(${room} ${A_USES})
    add_library(meshyard_${room} STATIC ${sources})
    add_library(meshyard::${room} ALIAS meshyard_${room})
    target_include_directories(meshyard_${room} SYSTEM PUBLIC "${out}")
    target_compile_options(meshyard_${room} PRIVATE -w -O1)
    target_link_libraries(meshyard_${room} PUBLIC meshyard_grpc)
endfunction()
