// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meshyard::net {

/// What a peer's certificate says about it.
struct PeerIdentity
{
    std::vector<std::string> uriSans; // SPIFFE ids stand here
    std::vector<std::string> dnsSans;
    std::string subject; // RFC 2253 text
    std::string fingerprint; // SHA-256 of the certificate, lower-case hex
    bool verified = false; // its chain and names were checked and found good
};

/// TLS of one connection, over bytes that somebody else moves: ciphertext comes in by setInput(),
/// goes out by output(). Has no buffer of its own while nothing is half done.
///
/// Thread: its loop's.
class TlsStream
{
public:
    enum class Progress { Wants, Done, Failed };

    virtual ~TlsStream() = default;

    /// @param ciphertext borrowed until keepInput() or until it is used up.
    virtual void setInput(std::string_view ciphertext) = 0;
    /// Copies what is left of the borrowed input.
    virtual void keepInput() = 0;
    /// decrypt() has something to say without new input.
    virtual bool hasInput() const = 0;

    virtual Progress handshake() = 0;
    /// Decrypts whole records until the buffer is full or the input used up.
    /// @return bytes written; 0 with Done = close_notify came; 0 with Wants = more input is needed.
    virtual std::size_t decrypt(std::span<char> buffer, Progress& progress) = 0;
    /// The parts as one text, in full records. @return false = the stream is broken.
    virtual bool encrypt(std::initializer_list<std::string_view> parts) = 0;
    virtual void sayClose() = 0;
    /// What has to go out since the last look: one per thread, empty it at once.
    virtual std::string& output() = 0;

    /// Why handshake() or decrypt() failed.
    virtual const Error& error() const = 0;
    /// ALPN; empty = none was agreed on.
    virtual std::string_view protocol() const = 0;
    /// SNI, sent or received.
    virtual std::string_view serverName() const = 0;
    /// nullptr = the peer showed no certificate.
    virtual const PeerIdentity* peer() const = 0;
    virtual bool isResumed() const = 0;
};

} // namespace meshyard::net
