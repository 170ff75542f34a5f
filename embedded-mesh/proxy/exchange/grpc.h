// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/grpc.h"

namespace meshyard::proxy {

using http::appendGrpcMessage;
using http::GrpcCode;
using http::grpcCodeOfHttp;
using http::grpcStatusOf;
using http::httpStatusOfGrpc;
using http::isGrpcContentType;
using http::parseGrpcStatus;
using http::parseGrpcTimeout;

} // namespace meshyard::proxy
