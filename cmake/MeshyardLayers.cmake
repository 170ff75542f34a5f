# SPDX-License-Identifier: GPL-3.0-or-later
# Which room may use which: the one table. Linking outside it fails at configure, including outside
# it fails the test `layers` (scripts/check_layers.py reads what meshyard_write_layer_table() wrote).

# room = folder : what it may use
set(MESHYARD_ROOMS
    "core=embedded-mesh/core:"
    "document=embedded-mesh/document:core"
    "api_meshyard=embedded-mesh/api/meshyard:"
    "api_envoy=embedded-mesh/api/envoy:"
    "api_istio=embedded-mesh/api/istio:"
    "config=embedded-mesh/config:document,api_istio,core"
    "net=embedded-mesh/net:core"
    "http=embedded-mesh/http:net,core"
    "control_plane=embedded-mesh/control_plane:config,document,http,net,api_meshyard,api_envoy,api_istio,core"
    "proxy=embedded-mesh/proxy:document,http,net,api_envoy,api_meshyard,core"
    "workloads=embedded-mesh/workloads:http,net,core"
    "supervisor=embedded-mesh/supervisor:api_meshyard,net,core"
    "model=client/model:core"
    "history=client/history:model,core"
    "client=client:api_meshyard,config,model,history,core"
    "layout=widgets/layout:"
    "scene=widgets/scene:layout"
    "widgets=widgets:scene,layout"
    "ui=ui:widgets,scene,layout,client,history,model,config,core"
    "meshyard_app=app/meshyard:ui,widgets,scene,layout,client,history,model,config,core"
    "meshyardctl_app=app/meshyardctl:scene,layout,client,history,model,config,core"
)

foreach(_room IN LISTS MESHYARD_ROOMS)
    string(REGEX MATCH "^([^=]+)=([^:]+):(.*)$" _ "${_room}")
    string(REPLACE "," ";" MESHYARD_MAY_USE_${CMAKE_MATCH_1} "${CMAKE_MATCH_3}")
    set(MESHYARD_KNOWN_${CMAKE_MATCH_1} TRUE)
endforeach()

# Fails the configure step when `room` links a room that the table does not allow it.
function(meshyard_check_layers room)
    if(NOT MESHYARD_KNOWN_${room})
        message(FATAL_ERROR "${room} is not a room of cmake/MeshyardLayers.cmake: add it there")
    endif()
    foreach(used IN LISTS ARGN)
        if(NOT used IN_LIST MESHYARD_MAY_USE_${room})
            message(FATAL_ERROR "${room} may not use ${used} (cmake/MeshyardLayers.cmake)")
        endif()
    endforeach()
endfunction()

function(meshyard_write_layer_table)
    string(REPLACE ";" "\n" table "${MESHYARD_ROOMS}")
    file(WRITE "${CMAKE_BINARY_DIR}/layers.txt" "${table}\n")
endfunction()
