// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/known_header.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace meshyard::http {

/// Bounds of a head. More fields than kMaxFields are never accepted.
struct HeadLimits
{
    std::size_t bytes = 60 * 1024; // at most 65535
    std::size_t fields = 100;
    std::size_t target = 16 * 1024;
};

/// One field line, as offsets into the head, so that it survives a move of the bytes.
struct Field
{
    std::uint16_t nameAt = 0;
    std::uint16_t nameSize = 0;
    std::uint16_t valueAt = 0;
    std::uint16_t valueSize = 0;
    KnownHeader known = KnownHeader::Other;
    bool hopByHop = false; // by nature or because Connection names it
};

/// How the end of a body is known.
enum class BodyKind : std::uint8_t { None, Length, Chunked, UntilClose };

struct BodyFraming
{
    BodyKind kind = BodyKind::None;
    std::uint64_t length = 0; // of BodyKind::Length

    bool operator==(const BodyFraming&) const = default;
};

/// A parsed head: offsets into bytes that somebody else keeps. Reusable; never allocates.
class MessageHead
{
public:
    static constexpr std::size_t kMaxFields = 128;

    /// Everything from the start line to the empty line, both included.
    std::string_view bytes() const { return {m_base, m_size}; }
    std::size_t size() const { return m_size; }
    /// The same bytes now live there.
    void rebase(const char* base) { m_base = base; }

    std::span<const Field> fields() const { return {m_fields.data(), m_fieldCount}; }
    std::string_view name(const Field& field) const { return at(field.nameAt, field.nameSize); }
    std::string_view value(const Field& field) const { return at(field.valueAt, field.valueSize); }
    /// Offset behind the CRLF of the index-th field, so runs of fields can be copied at once.
    std::size_t lineEnd(std::size_t index) const;
    /// Value of the first such field.
    std::optional<std::string_view> find(KnownHeader known) const;
    /// @param lower the name in lower case; prefer the KnownHeader where there is one.
    std::optional<std::string_view> find(std::string_view lower) const;

    int minorVersion() const { return m_minorVersion; } // of HTTP/1
    bool keepAlive() const { return m_keepAlive; }
    const BodyFraming& framing() const { return m_framing; }
    /// Connection names "upgrade" and there is an Upgrade field.
    bool wantsUpgrade() const { return m_wantsUpgrade; }

protected:
    std::string_view at(std::size_t offset, std::size_t size) const
    {
        return {m_base + offset, size};
    }
    void reset(const char* base);

private:
    friend class HeadParser;
    friend class H2HeadBuilder;

    const char* m_base = nullptr;
    std::size_t m_size = 0;
    std::size_t m_fieldCount = 0;
    BodyFraming m_framing;
    int m_minorVersion = 1;
    bool m_keepAlive = true;
    bool m_wantsUpgrade = false;
    std::array<Field, kMaxFields> m_fields;
};

/// How a request names its target (RFC 9112 3.2).
enum class TargetForm : std::uint8_t { Origin, Absolute, Authority, Asterisk };

class RequestHead final : public MessageHead
{
public:
    Method method() const { return m_method; }
    std::string_view methodText() const { return at(m_methodAt, m_methodSize); }
    /// As sent.
    std::string_view target() const { return at(m_targetAt, m_targetSize); }
    TargetForm targetForm() const { return m_form; }
    /// Path and query to route and forward by: "/" for an absolute-form target without a path.
    std::string_view path() const;
    /// Where the request goes: of an absolute-form target, else the Host; may be empty.
    std::string_view authority() const { return at(m_authorityAt, m_authoritySize); }
    bool expectsContinue() const { return m_expectsContinue; }

private:
    friend class HeadParser;
    friend class H2HeadBuilder;
    void reset(const char* base);

    Method m_method = Method::Other;
    TargetForm m_form = TargetForm::Origin;
    bool m_expectsContinue = false;
    std::size_t m_methodAt = 0;
    std::size_t m_methodSize = 0;
    std::size_t m_targetAt = 0;
    std::size_t m_targetSize = 0;
    std::size_t m_pathAt = 0;
    std::size_t m_pathSize = 0;
    std::size_t m_authorityAt = 0;
    std::size_t m_authoritySize = 0;
};

class ResponseHead final : public MessageHead
{
public:
    int status() const { return m_status; }
    std::string_view reason() const { return at(m_reasonAt, m_reasonSize); }
    /// 100..199 but not 101: another head follows.
    bool isInterim() const { return m_status < 200 && m_status != 101; }

private:
    friend class HeadParser;
    friend class H2HeadBuilder;
    void reset(const char* base);

    int m_status = 0;
    std::size_t m_reasonAt = 0;
    std::size_t m_reasonSize = 0;
};

} // namespace meshyard::http
