// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/openssl_stream.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace meshyard::net {

namespace {

constexpr std::size_t kRecord = SSL3_RT_MAX_PLAIN_LENGTH;
constexpr std::size_t kOutputKept = 256 * 1024; // what the thread's output may hold between turns

std::string& threadOutput()
{
    thread_local std::string output;
    return output;
}

} // namespace

const BIO_METHOD* OpensslStream::bioMethod()
{
    static BIO_METHOD* const method = [] {
        BIO_METHOD* const made = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "meshyard");
        BIO_meth_set_read(made, &OpensslStream::onBioRead);
        BIO_meth_set_write(made, &OpensslStream::onBioWrite);
        BIO_meth_set_ctrl(made, &OpensslStream::onBioControl);
        return made;
    }();
    return method;
}

int OpensslStream::onBioRead(BIO* bio, char* data, int size)
{
    auto& self = *static_cast<OpensslStream*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (self.m_input.empty()) {
        BIO_set_retry_read(bio);
        return -1;
    }
    const std::size_t taken = std::min(self.m_input.size(), static_cast<std::size_t>(size));
    std::memcpy(data, self.m_input.data(), taken);
    self.m_input.remove_prefix(taken);
    return static_cast<int>(taken);
}

int OpensslStream::onBioWrite(BIO* bio, const char* data, int size)
{
    BIO_clear_retry_flags(bio);
    threadOutput().append(data, static_cast<std::size_t>(size));
    return size;
}

long OpensslStream::onBioControl(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/)
{
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

OpensslStream::OpensslStream(std::shared_ptr<const OpensslContext> context,
    const std::string& serverName, std::string peerKey)
    : m_context(std::move(context))
    , m_ssl(SSL_new(m_context->get()))
    , m_peerKey(std::move(peerKey))
{
    if (m_ssl == nullptr) {
        failed({ErrorCode::ResourceExhausted, "no memory for a TLS connection"});
        return;
    }
    BIO* const bio = BIO_new(bioMethod());
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(m_ssl.get(), bio, bio);
    if (m_context->side() == TlsContext::Side::Server) {
        SSL_set_accept_state(m_ssl.get());
        return;
    }
    SSL_set_connect_state(m_ssl.get());
    if (!serverName.empty()) // the macro for it has a C cast
        SSL_ctrl(m_ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
            const_cast<char*>(serverName.c_str()));
    if (const SessionPointer session = m_context->findSession(m_peerKey))
        SSL_set_session(m_ssl.get(), session.get());
}

OpensslStream::~OpensslStream()
{
    if (m_ssl == nullptr)
        return;
    // OpenSSL declares a session bad when its connection ends without close_notify both ways.
    SSL_set_quiet_shutdown(m_ssl.get(), 1);
    SSL_shutdown(m_ssl.get());
    ERR_clear_error();
}

void OpensslStream::setInput(std::string_view ciphertext)
{
    m_input = ciphertext;
    m_inputIsKept = false;
    m_kept.reset();
}

void OpensslStream::keepInput()
{
    if (m_input.empty() || m_inputIsKept)
        return;
    m_kept = std::make_unique<const std::string>(m_input);
    m_input = *m_kept;
    m_inputIsKept = true;
}

bool OpensslStream::hasInput() const
{
    return !m_input.empty() || m_ended || m_failed || SSL_pending(m_ssl.get()) > 0;
}

std::string& OpensslStream::output()
{
    std::string& output = threadOutput();
    if (output.empty() && output.capacity() > kOutputKept)
        output.shrink_to_fit();
    return output;
}

OpensslStream::Progress OpensslStream::failed(Error error)
{
    if (!m_failed)
        m_error = std::make_unique<Error>(std::move(error));
    m_failed = true;
    return Progress::Failed;
}

OpensslStream::Progress OpensslStream::handshake()
{
    if (m_failed)
        return Progress::Failed;
    ERR_clear_error();
    const int result = SSL_do_handshake(m_ssl.get());
    if (result == 1)
        return finishHandshake();
    if (SSL_get_error(m_ssl.get(), result) == SSL_ERROR_WANT_READ)
        return Progress::Wants;
    return failed(tlsFailure(m_ssl.get(), true));
}

OpensslStream::Progress OpensslStream::finishHandshake()
{
    if (X509* const certificate = SSL_get0_peer_certificate(m_ssl.get())) {
        // A ticket may live longer than the certificate that earned it.
        const bool stale = isResumed() && m_context->verifiesPeers() && !m_context->allowsExpired()
            && X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
        if (stale) {
            return failed({ErrorCode::Unauthenticated,
                "TLS handshake failed: the peer's certificate is refused: certificate has "
                "expired"});
        }
        m_peer = m_context->identityFor(certificate,
            m_context->verifiesPeers() && SSL_get_verify_result(m_ssl.get()) == X509_V_OK);
    }
    return Progress::Done;
}

std::size_t OpensslStream::decrypt(std::span<char> buffer, Progress& progress)
{
    progress = Progress::Wants;
    std::size_t filled = 0;
    if (!m_ended && !m_failed)
        ERR_clear_error();
    while (!m_ended && !m_failed && filled < buffer.size()) {
        std::size_t got = 0;
        const int result
            = SSL_read_ex(m_ssl.get(), buffer.data() + filled, buffer.size() - filled, &got);
        if (result == 1) {
            filled += got;
            if (m_input.empty() && SSL_has_pending(m_ssl.get()) == 0)
                break;
            continue;
        }
        const int reason = SSL_get_error(m_ssl.get(), result);
        if (reason == SSL_ERROR_WANT_READ)
            break;
        if (reason == SSL_ERROR_ZERO_RETURN)
            m_ended = true;
        else
            failed(tlsFailure(m_ssl.get(), false));
    }
    if (m_ended || m_failed)
        m_input = {}; // nothing behind the end counts
    if (filled == 0 && m_failed)
        progress = Progress::Failed;
    else if (filled == 0 && m_ended)
        progress = Progress::Done;
    return filled;
}

bool OpensslStream::writeRecord(std::string_view plain)
{
    std::size_t written = 0;
    ERR_clear_error();
    if (SSL_write_ex(m_ssl.get(), plain.data(), plain.size(), &written) == 1)
        return true; // whole: our BIO takes everything
    failed(tlsFailure(m_ssl.get(), false));
    return false;
}

bool OpensslStream::encrypt(std::initializer_list<std::string_view> parts)
{
    thread_local std::array<char, kRecord> record;
    std::size_t filled = 0;
    for (std::string_view part : parts) {
        while (!part.empty()) {
            if (filled == 0 && part.size() >= kRecord) { // full records straight from the caller
                const std::size_t whole = part.size() - part.size() % kRecord;
                if (!writeRecord(part.substr(0, whole)))
                    return false;
                part.remove_prefix(whole);
                continue;
            }
            const std::size_t taken = std::min(part.size(), kRecord - filled);
            std::memcpy(record.data() + filled, part.data(), taken);
            filled += taken;
            part.remove_prefix(taken);
            if (filled == kRecord && !writeRecord({record.data(), std::exchange(filled, 0)}))
                return false;
        }
    }
    return filled == 0 || writeRecord({record.data(), filled});
}

void OpensslStream::sayClose()
{
    if (!m_failed && SSL_is_init_finished(m_ssl.get()) == 1)
        SSL_shutdown(m_ssl.get());
    ERR_clear_error();
}

std::string_view OpensslStream::serverName() const
{
    const char* const name = SSL_get_servername(m_ssl.get(), TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? std::string_view() : std::string_view(name);
}

std::string_view OpensslStream::protocol() const
{
    const unsigned char* data = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(m_ssl.get(), &data, &size);
    return {reinterpret_cast<const char*>(data), size};
}

} // namespace meshyard::net
