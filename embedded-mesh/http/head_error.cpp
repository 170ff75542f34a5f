// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/head_parser.h"

namespace meshyard::http {

int statusFor(HeadError error)
{
    switch (error) {
    case HeadError::TargetTooLong:
        return 414;
    case HeadError::BadExpectation:
        return 417;
    case HeadError::TooManyFields:
    case HeadError::HeadTooLarge:
        return 431;
    case HeadError::UnknownTransferEncoding:
        return 501;
    case HeadError::UnsupportedVersion:
        return 505;
    default:
        return 400;
    }
}

std::string_view describe(HeadError error)
{
    switch (error) {
    case HeadError::None:
        return "no error";
    case HeadError::BadStartLine:
        return "malformed start line";
    case HeadError::BadMethod:
        return "malformed method";
    case HeadError::BadTarget:
        return "malformed request target";
    case HeadError::TargetTooLong:
        return "request target too long";
    case HeadError::BadVersion:
        return "malformed HTTP version";
    case HeadError::NotHttp:
        return "not HTTP";
    case HeadError::UnsupportedVersion:
        return "unsupported HTTP version";
    case HeadError::BadStatus:
        return "malformed status code";
    case HeadError::BareLineEnd:
        return "bare line end";
    case HeadError::BadFieldName:
        return "malformed field name";
    case HeadError::SpaceBeforeColon:
        return "space before colon";
    case HeadError::FoldedLine:
        return "folded field line";
    case HeadError::ControlInValue:
        return "control character in a line";
    case HeadError::TooManyFields:
        return "too many fields";
    case HeadError::HeadTooLarge:
        return "head too large";
    case HeadError::MissingHost:
        return "missing host";
    case HeadError::DuplicateHost:
        return "duplicate host";
    case HeadError::BadHost:
        return "malformed host";
    case HeadError::BadContentLength:
        return "malformed content length";
    case HeadError::DuplicateContentLength:
        return "duplicate content length";
    case HeadError::LengthAndTransferEncoding:
        return "content length beside transfer encoding";
    case HeadError::BadTransferEncoding:
        return "malformed transfer encoding";
    case HeadError::UnknownTransferEncoding:
        return "unknown transfer encoding";
    case HeadError::BadConnection:
        return "malformed connection options";
    case HeadError::BadExpectation:
        return "unknown expectation";
    case HeadError::BadChunk:
        return "malformed chunk";
    case HeadError::BadTrailer:
        return "malformed trailer";
    }
    return "unknown error";
}

} // namespace meshyard::http
