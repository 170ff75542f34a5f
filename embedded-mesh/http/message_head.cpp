// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/message_head.h"

#include "embedded-mesh/http/field_rules.h"

namespace meshyard::http {

void MessageHead::reset(const char* base)
{
    m_base = base;
    m_size = 0;
    m_fieldCount = 0; // the array keeps what it held: clearing it would cost each request
    m_framing = {};
    m_minorVersion = 1;
    m_keepAlive = true;
    m_wantsUpgrade = false;
}

void RequestHead::reset(const char* base)
{
    MessageHead::reset(base);
    m_method = Method::Other;
    m_form = TargetForm::Origin;
    m_expectsContinue = false;
    m_methodAt = m_methodSize = 0;
    m_targetAt = m_targetSize = 0;
    m_pathAt = m_pathSize = 0;
    m_authorityAt = m_authoritySize = 0;
}

void ResponseHead::reset(const char* base)
{
    MessageHead::reset(base);
    m_status = 0;
    m_reasonAt = m_reasonSize = 0;
}

std::size_t MessageHead::lineEnd(std::size_t index) const
{
    return index + 1 < m_fieldCount ? m_fields[index + 1].nameAt : m_size - 2;
}

std::optional<std::string_view> MessageHead::find(KnownHeader known) const
{
    for (const Field& field : fields()) {
        if (field.known == known)
            return value(field);
    }
    return std::nullopt;
}

std::optional<std::string_view> MessageHead::find(std::string_view lower) const
{
    for (const Field& field : fields()) {
        if (equalsIgnoringCase(name(field), lower))
            return value(field);
    }
    return std::nullopt;
}

std::string_view RequestHead::path() const
{
    if (m_pathSize != 0)
        return at(m_pathAt, m_pathSize);
    return m_method == Method::Options && m_form == TargetForm::Absolute ? "*" : "/";
}

} // namespace meshyard::http
