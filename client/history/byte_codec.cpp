// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/byte_codec.h"

#include <zstd.h>

#include <memory>

namespace meshyard::history {

namespace {

constexpr unsigned long long kLargest = 256ULL << 20U;

struct FreeContext
{
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

} // namespace

std::string compressed(std::string_view bytes)
{
    thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    const std::size_t size
        = ZSTD_compressCCtx(context.get(), out.data(), out.size(), bytes.data(), bytes.size(), 1);
    out.resize(ZSTD_isError(size) != 0 ? 0 : size);
    return out;
}

std::string decompressed(std::string_view bytes)
{
    thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
    const unsigned long long size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > kLargest)
        return {};
    std::string out(static_cast<std::size_t>(size), '\0');
    const std::size_t got
        = ZSTD_decompressDCtx(context.get(), out.data(), out.size(), bytes.data(), bytes.size());
    if (ZSTD_isError(got) != 0 || got != out.size())
        return {};
    return out;
}

} // namespace meshyard::history
