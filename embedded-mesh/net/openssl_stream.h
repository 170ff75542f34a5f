// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/openssl_context.h"

namespace meshyard::net {

/// TlsStream by OpenSSL 3. Its BIO is this object: reads take from the borrowed input, writes
/// append to the thread's output, so that a turn costs one read() and one send() however many
/// records move.
class OpensslStream final : public TlsStream
{
public:
    OpensslStream(std::shared_ptr<const OpensslContext> context, const std::string& serverName,
        std::string peerKey);
    ~OpensslStream() override;
    OpensslStream(const OpensslStream&) = delete;
    OpensslStream& operator=(const OpensslStream&) = delete;

    void setInput(std::string_view ciphertext) override;
    void keepInput() override;
    bool hasInput() const override;
    Progress handshake() override;
    std::size_t decrypt(std::span<char> buffer, Progress& progress) override;
    bool encrypt(std::initializer_list<std::string_view> parts) override;
    void sayClose() override;
    std::string& output() override;

    const Error& error() const override { return *m_error; }
    std::string_view protocol() const override;
    std::string_view serverName() const override;
    const PeerIdentity* peer() const override { return m_peer.get(); }
    bool isResumed() const override { return SSL_session_reused(m_ssl.get()) == 1; }

    const std::string& peerKey() const { return m_peerKey; }
    const OpensslContext& context() const { return *m_context; }

private:
    using SslPointer = std::unique_ptr<SSL, OpensslFree<SSL_free>>;

    static const BIO_METHOD* bioMethod();
    static int onBioRead(BIO* bio, char* data, int size);
    static int onBioWrite(BIO* bio, const char* data, int size);
    static long onBioControl(BIO* bio, int command, long number, void* pointer);

    Progress finishHandshake();
    Progress failed(Error error);
    bool writeRecord(std::string_view plain);

    std::shared_ptr<const OpensslContext> m_context;
    SslPointer m_ssl;
    std::string_view m_input; // into the thread's buffer, or m_kept
    std::unique_ptr<const std::string> m_kept; // mostly nothing: connections are many
    std::string m_peerKey;
    std::shared_ptr<const PeerIdentity> m_peer;
    std::unique_ptr<const Error> m_error; // once m_failed
    bool m_inputIsKept = false;
    bool m_ended = false; // close_notify came
    bool m_failed = false;
};

} // namespace meshyard::net
