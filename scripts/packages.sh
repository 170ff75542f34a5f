# SPDX-License-Identifier: GPL-3.0-or-later
# Debian 12 packages, and the one function that installs what is missing. Sourced, not run.

# What builds and runs Meshyard.
MESHYARD_RUN_PACKAGES="
    build-essential cmake ninja-build ccache mold pkg-config git ca-certificates python3
    qt6-base-dev qt6-base-dev-tools qt6-tools-dev qt6-tools-dev-tools qt6-l10n-tools qt6-svg-dev libqt6svg6
    qt6-translations-l10n libgl-dev libqcustomplot-dev libqscintilla2-qt6-dev
    libgrpc++-dev libgrpc-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc libabsl-dev libre2-dev libc-ares-dev
    libsqlite3-dev libspdlog-dev libfmt-dev libyaml-cpp-dev libnghttp2-dev libssl-dev zlib1g-dev libzstd-dev
    libexpected-dev libcli11-dev nlohmann-json3-dev libboost-dev
    fonts-inter fonts-jetbrains-mono fonts-noto-core fonts-noto-cjk fonts-dejavu-core"

# What the tests want besides: displays, a plain client, peers to be measured beside.
MESHYARD_TEST_PACKAGES="xvfb xauth xdotool curl dbus haproxy nftables python3-venv procps nghttp2-client nghttp2-server"

# Installs those of its arguments that are missing; asks for root only if some are.
meshyard_install_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        echo "packages: all $# are installed"
        return 0
    fi
    echo "packages: installing ${#missing[@]} of $#: ${missing[*]}"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "packages are missing and neither root nor sudo is at hand; as root run:" >&2
            echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
            return 1
        }
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq
    # A service that a package starts would take ports of this machine: none of ours needs one.
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Options::=--force-confold "${missing[@]}" >/dev/null
}
