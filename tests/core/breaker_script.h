// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/breaker.h"

#include <QByteArray>
#include <QList>

#include <vector>

/// Plays a breaker by words, so that a table of cases reads like the rule it checks.
///
/// Words (each may end in `*N`): `s` success, `f` failure, `q` soft failure (429), `w` slow
/// success, `x` slow failure, `i` ignored (404), `c` caller cancelled, `n` no endpoint, `r` failure
/// with Retry-After 30 s, `a` admit and keep the permit, `S`/`F` finish the oldest kept permit,
/// `+MS` let MS milliseconds pass (ticking every 50 ms), `R` reset.
class BreakerScript
{
public:
    using Duration = meshyard::Breaker::Duration;

    explicit BreakerScript(meshyard::BreakerPolicy policy, std::uint64_t seed = 1)
        : breaker(std::move(policy), seed, now,
              [this](const meshyard::BreakerEvent& event) { events.push_back(event); })
    {
    }

    void play(const QByteArray& script)
    {
        for (const QByteArray& word : script.split(' ')) {
            if (word.isEmpty())
                continue;
            if (word.startsWith('+')) {
                pass(std::chrono::milliseconds(word.mid(1).toInt()));
                continue;
            }
            const QList<QByteArray> parts = word.split('*');
            const int times = parts.size() > 1 ? parts[1].toInt() : 1;
            for (int i = 0; i < times; ++i)
                step(parts[0].at(0));
        }
    }

    void pass(Duration time)
    {
        const Duration until = now + time;
        while (now < until) {
            now = std::min<Duration>(now + std::chrono::milliseconds(50), until);
            breaker.tick(now);
        }
    }

    meshyard::BreakerDecision admit()
    {
        const auto decision = breaker.admit({hash++, std::chrono::seconds(15)}, now);
        decision.admission == meshyard::Admission::Admitted ? ++admitted : ++refused;
        return decision;
    }

    static meshyard::CallOutcome outcomeOf(char word)
    {
        using End = meshyard::CallOutcome::End;
        meshyard::CallOutcome outcome;
        outcome.latency = std::chrono::milliseconds(word == 'w' || word == 'x' ? 1500 : 5);
        switch (word) {
        case 'f':
        case 'x':
        case 'F':
        case 'r':
            outcome.status = 500;
            break;
        case 'q':
            outcome.status = 429;
            break;
        case 'i':
            outcome.status = 404;
            break;
        case 'c':
            outcome.end = End::Cancelled;
            break;
        case 'n':
            outcome.end = End::NoEndpoint;
            break;
        default:
            break;
        }
        if (word == 'r')
            outcome.retryAfter = std::chrono::seconds(30);
        return outcome;
    }

    Duration now{0};
    std::vector<meshyard::BreakerEvent> events;
    std::vector<meshyard::BreakerPermit> kept;
    int admitted = 0;
    int refused = 0;
    std::uint64_t hash = 0;
    meshyard::Breaker breaker;

private:
    void step(char word)
    {
        if (word == 'R')
            return breaker.reset("tester", now);
        if (word == 'S' || word == 'F') {
            if (kept.empty())
                return;
            breaker.finish(kept.front(), outcomeOf(word), now);
            kept.erase(kept.begin());
            return;
        }
        const auto decision = admit();
        if (decision.admission != meshyard::Admission::Admitted)
            return;
        if (word == 'a')
            kept.push_back(decision.permit);
        else
            breaker.finish(decision.permit, outcomeOf(word), now);
    }
};
